// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static void of_two_servers_the_less_loaded_one_wins_whoever_loaded_it(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 4, 2, NULL);
	fx_lb(&f, "p2c");
	fx_load(&f, 0, 3, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	fx_load(&f, 1, 2, 2);
	for (int i = 0; i < 100; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 0);
	fx_close(&f);
}

static void ties_are_broken_by_chance_in_proportion_to_weight(void **s)
{
	(void)s;
	struct fx f;
	int got[2] = { 0 };

	fx_open(&f, 1, 2, (unsigned[]){ 3, 1 });
	fx_lb(&f, "p2c");
	for (int i = 0; i < 10000; i++)
		got[lb_pick(&f.lb, &any_req)]++;
	assert_in_range(got[0], 7200, 7800);
	fx_close(&f);
}

static void the_fullest_of_100_servers_stays_near_the_mean(void **s)
{
	(void)s;
	double sum = 0;

	for (int trial = 0; trial < 30; trial++) {
		struct fx f;
		uint32_t max = 0;

		fx_open(&f, 8, 100, NULL);
		rand_seed_fixed((uint64_t)trial + 1);
		fx_lb(&f, "p2c");
		for (unsigned i = 0; i < 1000; i++)
			fx_load(&f, (unsigned)lb_pick(&f.lb, &any_req), i % 8, 1);
		for (unsigned i = 0; i < 100; i++)
			max = MAX(max, live_sum(f.seg, LIVE_SRV, i));
		sum += max;
		fx_close(&f);
	}
	assert_true(sum / 30 <= 12.3);
}

static void who_asks_is_told_both_draws_and_what_they_cost(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 3, (unsigned[]){ 1, 1, 1 });
	fx_lb(&f, "p2c");
	fx_load(&f, 0, 0, 4);
	fx_load(&f, 1, 0, 2);
	for (int i = 0; i < 100; i++) {
		struct lb_drawn d = { 0 };
		struct lb_req r = { .drawn = &d };
		int won = lb_pick(&f.lb, &r);

		assert_int_equal(d.n, 2);
		assert_int_not_equal(d.at[0].srv, d.at[1].srv);
		for (unsigned k = 0; k < 2; k++)
			assert_true(d.at[k].cost == (d.at[k].srv == 0 ? 4.0 : d.at[k].srv == 1 ? 2.0 : 0.0));
		assert_int_equal(won, d.at[d.at[1].cost < d.at[0].cost].srv);
	}
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_servers_the_less_loaded_one_wins_whoever_loaded_it),
		cmocka_unit_test(who_asks_is_told_both_draws_and_what_they_cost),
		cmocka_unit_test(ties_are_broken_by_chance_in_proportion_to_weight),
		cmocka_unit_test(the_fullest_of_100_servers_stays_near_the_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
