// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"
#include "../../../src/lb/lb_priv.h"

static void draws_follow_the_weights(void **s)
{
	(void)s;
	static const unsigned w[] = { 1, 2, 4, 8, 85, 100 };
	unsigned got[6] = { 0 };
	struct lb_draw *d;
	struct fx f;

	fx_open(&f, 1, 6, w);
	fx_lb(&f, "p2c");
	lb_usable(&f.lb);
	d = lb_draw_new(&f.lb);
	assert_false(lb_draw_uniform(d));
	for (unsigned i = 0; i < 200000; i++)
		got[lb_draw_one(d)]++;
	for (unsigned i = 0; i < 6; i++) {
		double want = 1000.0 * w[i];

		assert_true(got[i] > want * 0.9 && got[i] < want * 1.1);
	}
	free(d);
	fx_close(&f);
}

static void equal_weights_draw_two_different_servers(void **s)
{
	(void)s;
	struct lb_draw *d;
	struct fx f;

	fx_open(&f, 1, 2, NULL);
	fx_lb(&f, "p2c");
	lb_usable(&f.lb);
	d = lb_draw_new(&f.lb);
	assert_true(lb_draw_uniform(d));
	for (unsigned i = 0; i < 1000; i++) {
		uint32_t a, b;

		assert_true(lb_draw_two(&f.lb, d, &any_req, &a, &b));
		assert_int_not_equal(a, b);
	}
	free(d);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_follow_the_weights),
		cmocka_unit_test(equal_weights_draw_two_different_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
