// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/vec.h>
#include "../unit.h"

TEST(elements_survive_growth_in_order)
{
	VEC(int) v = { 0 };
	for (int i = 0; i < 1000; i++)
		VEC_PUSH(&v, i);
	assert_int_equal(v.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.at[i], i);
	assert_int_equal(VEC_LAST(&v), 999);
	VEC_FREE(&v);
	assert_int_equal(v.n + v.cap, 0);
	assert_null(v.at);
}

TEST(the_frozen_form_is_a_copy)
{
	struct arena a;
	VEC(short) v = { 0 };
	arena_init(&a, 0);
	VEC_PUSH(&v, 7);
	VEC_PUSH(&v, 8);
	short *f = VEC_FREEZE(&v, &a);
	v.at[0] = 1;
	assert_int_equal(f[0], 7);
	assert_int_equal(f[1], 8);
	VEC_FREE(&v);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(elements_survive_growth_in_order),
		cmocka_unit_test(the_frozen_form_is_a_copy),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
