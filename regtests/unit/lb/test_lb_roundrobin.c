// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/wait.h>
#include <unistd.h>
#include "lb_fixture.h"

static void equal_weights_go_round_in_configuration_order(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 5, NULL);
	fx_lb(&f, "roundrobin");
	for (int i = 0; i < 23; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), i % 5);
	fx_close(&f);
}

static void a_cycle_counts_weights_exactly_and_interleaves_them(void **s)
{
	(void)s;
	struct fx f;
	int got[3] = { 0 }, run = 0, longest = 0, last = -1;

	fx_open(&f, 1, 3, (unsigned[]){ 5, 1, 1 });
	fx_lb(&f, "roundrobin");
	for (int i = 0; i < 7; i++) {
		int p = lb_pick(&f.lb, &any_req);

		got[p]++;
		run = p == last ? run + 1 : 1;
		longest = MAX(longest, run);
		last = p;
	}
	assert_int_equal(got[0], 5);
	assert_int_equal(got[1], 1);
	assert_int_equal(got[2], 1);
	assert_true(longest <= 3);
	fx_close(&f);
}

static void forked_workers_share_one_cursor_to_the_request(void **s)
{
	(void)s;
	struct fx f;
	pid_t pid[8];

	fx_open(&f, 8, 10, (unsigned[]){ 1, 2, 3, 4, 5, 1, 2, 3, 4, 5 });
	for (unsigned w = 0; w < 8; w++) {
		pid[w] = fork();
		if (pid[w])
			continue;
		f.px.be.algo = lb_algo_find(STR("roundrobin"));
		if (!lb_init(&f.lb, &f.px.be, 0, f.seg, w))
			_exit(1);
		for (int i = 0; i < 300; i++)
			fx_load(&f, (unsigned)lb_pick(&f.lb, &any_req), w, 1);
		_exit(0);
	}
	for (unsigned w = 0; w < 8; w++) {
		int st;

		waitpid(pid[w], &st, 0);
		assert_int_equal(st, 0);
	}
	for (unsigned i = 0; i < 10; i++) /* 2400 requests = 80 cycles of 30 */
		assert_int_equal(live_sum(f.seg, LIVE_SRV, i), 80 * f.rt.srv[i].weight);
	fx_lb(&f, "roundrobin");
	fx_close(&f);
}

static void static_rr_keeps_to_configured_weights(void **s)
{
	(void)s;
	struct fx f;
	int got[2] = { 0 };

	fx_open(&f, 1, 2, (unsigned[]){ 3, 1 });
	fx_lb(&f, "static-rr");
	fx_admin(&f, 0, 0, 100, 0);
	for (int i = 0; i < 40; i++)
		got[lb_pick(&f.lb, &any_req)]++;
	assert_int_equal(got[0], 30);
	fx_close(&f);
}

static void runtime_weights_take_effect_at_once(void **s)
{
	(void)s;
	struct fx f;
	int got[2] = { 0 };

	fx_open(&f, 1, 2, NULL);
	fx_lb(&f, "roundrobin");
	lb_pick(&f.lb, &any_req);
	fx_admin(&f, 0, 0, 3, 0);
	for (int i = 0; i < 40; i++)
		got[lb_pick(&f.lb, &any_req)]++;
	assert_int_equal(got[0], 30);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_weights_go_round_in_configuration_order),
		cmocka_unit_test(a_cycle_counts_weights_exactly_and_interleaves_them),
		cmocka_unit_test(forked_workers_share_one_cursor_to_the_request),
		cmocka_unit_test(static_rr_keeps_to_configured_weights),
		cmocka_unit_test(runtime_weights_take_effect_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
