// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static void sample(struct fx *f, unsigned srv, uint32_t us, bool failed)
{
	lb_done(&f->lb, &(struct lb_done){ .srv = srv, .rtt_us = us, .failed = failed });
}

static uint32_t average(struct fx *f, unsigned srv)
{
	return (uint32_t)(atomic_load(&f->seg->srv[srv].ewma) >> 32) / 64;
}

static void pass_ms(unsigned ms)
{
	clock_now_ns += ms * 1000000ull;
}

static void open2(struct fx *f)
{
	fx_open(f, 2, 2, NULL);
	fx_lb(f, "ewma");
	lb_usable(&f->lb);
}

static void a_slower_sample_counts_at_once_and_a_faster_one_by_time(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 1000, false);
	sample(&f, 0, 50000, false);
	assert_int_equal(average(&f, 0), 50000);
	sample(&f, 0, 1000, false);
	assert_int_equal(average(&f, 0), 50000);
	pass_ms(10000);
	sample(&f, 0, 1000, false);
	assert_in_range(average(&f, 0), 18000, 20000); /* 50000/e + 1000(1-1/e) */
	fx_close(&f);
}

static void many_fast_samples_lower_it_no_faster_than_few(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 2000, false);
	sample(&f, 1, 2000, false);
	for (unsigned ms = 0; ms < 5000; ms++) {
		pass_ms(1);
		sample(&f, 0, 1000, false);
	}
	sample(&f, 1, 1000, false);
	assert_in_range(average(&f, 0), average(&f, 1) - 60, average(&f, 1) + 60);
	fx_close(&f);
}

static void the_faster_server_wins_until_its_queue_costs_more(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 1000, false);
	sample(&f, 1, 5000, false);
	for (int i = 0; i < 50; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 0);
	fx_load(&f, 0, 1, 5);
	for (int i = 0; i < 50; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	fx_close(&f);
}

static void a_failure_is_at_least_a_second_and_repeats_grow(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 300, true);
	assert_int_equal(average(&f, 0), 1000000);
	sample(&f, 0, 300, true);
	assert_int_equal(average(&f, 0), 2000000);
	for (int i = 0; i < 20; i++)
		sample(&f, 0, 300, true);
	assert_int_equal(average(&f, 0), 60000000);
	fx_close(&f);
}

static void a_punished_server_regains_trust_by_time_alone(void **s)
{
	(void)s;
	struct fx f;
	int got0 = 0;

	open2(&f);
	sample(&f, 1, 2000, false);
	sample(&f, 0, 300, true);
	assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	for (int sec = 0; sec < 90; sec++) {
		pass_ms(1000);
		sample(&f, 1, 2000, false);
		got0 += lb_pick(&f.lb, &any_req) == 0;
	}
	assert_true(got0 > 5);
	fx_close(&f);
}

static void an_unknown_server_is_probed_by_one_request(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 1000, false);
	assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	fx_load(&f, 1, 0, 1);
	for (int i = 0; i < 50; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 0);
	fx_close(&f);
}

/* The peak of a server that is left alone decays, so equals that differ by the noise of a measurement take turns. */
static void noise_of_microseconds_starves_no_server(void **s)
{
	(void)s;
	struct fx f;
	unsigned got[3] = { 0 };

	fx_open(&f, 1, 3, NULL);
	fx_lb(&f, "ewma");
	lb_usable(&f.lb);
	for (int i = 0; i < 300; i++) {
		int k = lb_pick(&f.lb, &any_req);

		got[k]++;
		pass_ms(1);
		sample(&f, (unsigned)k, 300 + rand_below(100), false);
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(got[i], 30, 240);
	fx_close(&f);
}

static void weight_divides_the_cost(void **s)
{
	(void)s;
	struct fx f;
	int got1 = 0;

	fx_open(&f, 1, 2, (unsigned[]){ 1, 10 });
	fx_lb(&f, "ewma");
	lb_usable(&f.lb);
	sample(&f, 0, 1000, false);
	sample(&f, 1, 5000, false);
	for (int i = 0; i < 1000; i++)
		got1 += lb_pick(&f.lb, &any_req) == 1;
	assert_true(got1 > 950); /* the light one wins only when it is drawn twice */
	fx_close(&f);
}

static void no_rtt_and_no_failure_teach_nothing(void **s)
{
	(void)s;
	struct fx f;

	open2(&f);
	sample(&f, 0, 0, false);
	assert_int_equal(atomic_load(&f.seg->srv[0].ewma), 0);
	sample(&f, 99, 5, false);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slower_sample_counts_at_once_and_a_faster_one_by_time),
		cmocka_unit_test(many_fast_samples_lower_it_no_faster_than_few),
		cmocka_unit_test(the_faster_server_wins_until_its_queue_costs_more),
		cmocka_unit_test(a_failure_is_at_least_a_second_and_repeats_grow),
		cmocka_unit_test(a_punished_server_regains_trust_by_time_alone),
		cmocka_unit_test(an_unknown_server_is_probed_by_one_request),
		cmocka_unit_test(noise_of_microseconds_starves_no_server),
		cmocka_unit_test(weight_divides_the_cost),
		cmocka_unit_test(no_rtt_and_no_failure_teach_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
