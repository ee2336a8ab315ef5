// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static void one_draw_ignores_load(void **s)
{
	(void)s;
	struct fx f;
	int got[2] = { 0 };

	fx_open(&f, 1, 2, NULL);
	f.px.be.draws = 1;
	fx_lb(&f, "random");
	fx_load(&f, 0, 0, 1000);
	for (int i = 0; i < 10000; i++)
		got[lb_pick(&f.lb, &any_req)]++;
	assert_in_range(got[0], 4700, 5300);
	fx_close(&f);
}

static void more_draws_find_the_idle_server_more_often(void **s)
{
	(void)s;
	int found[3];
	static const uint32_t draws[] = { 1, 0 /* = 2 */, 5 };

	for (unsigned k = 0; k < 3; k++) {
		struct fx f;

		fx_open(&f, 1, 10, NULL);
		f.px.be.draws = draws[k];
		fx_lb(&f, "random");
		for (unsigned i = 1; i < 10; i++)
			fx_load(&f, i, 0, 1);
		found[k] = 0;
		for (int i = 0; i < 10000; i++)
			found[k] += lb_pick(&f.lb, &any_req) == 0;
		fx_close(&f);
	}
	assert_in_range(found[0], 850, 1150);   /* 1 - 0.9 */
	assert_in_range(found[1], 1700, 2100);  /* 1 - 0.9^2 */
	assert_in_range(found[2], 3850, 4350);  /* 1 - 0.9^5 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_draw_ignores_load),
		cmocka_unit_test(more_draws_find_the_idle_server_more_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
