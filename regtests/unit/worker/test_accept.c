// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"
#include "../../../src/worker/accept.h"

static void a_worker_among_equals_accepts(void **state)
{
	(void)state;
	assert_false(accept_stand_back(0, 0));
	assert_false(accept_stand_back(8, 0));
	assert_false(accept_stand_back(1000, 1000));
}

static void a_worker_far_above_the_least_loaded_stands_back(void **state)
{
	(void)state;
	assert_true(accept_stand_back(9, 0));
	assert_true(accept_stand_back(1300, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_among_equals_accepts),
		cmocka_unit_test(a_worker_far_above_the_least_loaded_stands_back),
	};

	(void)fake_use(), (void)fake_world, (void)fake_world_end;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
