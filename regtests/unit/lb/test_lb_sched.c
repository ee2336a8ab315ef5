// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"
#include "../../../src/lb/lb_priv.h"

static void with_weights(struct fx *f, unsigned n, const unsigned *w)
{
	fx_open(f, 1, n, w);
	fx_lb(f, "p2c");
	assert_int_equal(lb_usable(&f->lb), n);
}

static void every_server_gets_its_exact_share_of_a_cycle_for_any_weights(void **s)
{
	(void)s;
	for (unsigned round = 0; round < 60; round++) {
		unsigned n = 1 + (round * 7) % 40, w[40], got[40] = { 0 };
		struct lb_sched *sc;
		struct fx f;

		for (unsigned i = 0; i < n; i++)
			w[i] = 1 + (i * 2654435761u + round * 40503u) % 256;
		with_weights(&f, n, w);
		sc = lb_sched_new(&f.lb, lb_weight_now);
		for (uint64_t t = 0; t < lb_sched_cycle(sc); t++)
			got[lb_sched_at(sc, t)]++;
		for (unsigned i = 0; i < n; i++)
			assert_int_equal((uint64_t)got[i] * f.lb.total_weight, f.lb.cand[i].weight * lb_sched_cycle(sc));
		lb_sched_free(sc);
		fx_close(&f);
	}
}

static void turns_are_spread_so_that_no_prefix_strays_by_two(void **s)
{
	(void)s;
	static const unsigned w[] = { 7, 3, 2, 1 };
	unsigned got[4] = { 0 };
	struct lb_sched *sc;
	struct fx f;

	with_weights(&f, 4, w);
	sc = lb_sched_new(&f.lb, lb_weight_now);
	assert_int_equal(lb_sched_cycle(sc), 13);
	for (unsigned t = 0; t < 13; t++) {
		got[lb_sched_at(sc, t)]++;
		for (unsigned i = 0; i < 4; i++) {
			double due = (t + 1) * w[i] / 13.0;

			assert_true(got[i] < due + 2 && got[i] > due - 2);
		}
	}
	lb_sched_free(sc);
	fx_close(&f);
}

static void the_cycle_is_as_short_as_the_common_divisor_allows(void **s)
{
	(void)s;
	struct lb_sched *sc;
	struct fx f;

	with_weights(&f, 3, (unsigned[]){ 100, 200, 100 });
	sc = lb_sched_new(&f.lb, lb_weight_now);
	assert_int_equal(lb_sched_cycle(sc), 4);
	assert_int_equal(lb_sched_at(sc, UINT64_MAX), lb_sched_at(sc, UINT64_MAX % 4));
	lb_sched_free(sc);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_server_gets_its_exact_share_of_a_cycle_for_any_weights),
		cmocka_unit_test(turns_are_spread_so_that_no_prefix_strays_by_two),
		cmocka_unit_test(the_cycle_is_as_short_as_the_common_divisor_allows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
