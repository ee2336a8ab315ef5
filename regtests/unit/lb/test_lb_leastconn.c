// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static void the_idle_server_is_found_among_few_and_many(void **s)
{
	(void)s;
	static const unsigned sizes[] = { 2, 100, 1000 };

	for (unsigned k = 0; k < ARRAY_LEN(sizes); k++) {
		unsigned n = sizes[k];
		struct fx f;

		fx_open(&f, 4, n, NULL);
		for (unsigned i = 0; i < n; i++)
			if (i != n / 2)
				fx_load(&f, i, i % 4, 1 + (int32_t)(i % 3));
		fx_lb(&f, "leastconn");
		assert_int_equal(lb_pick(&f.lb, &any_req), n / 2);
		fx_close(&f);
	}
}

static void load_divides_by_weight(void **s)
{
	(void)s;
	struct fx f;
	int got[2] = { 0 };

	fx_open(&f, 1, 2, (unsigned[]){ 1, 3 });
	fx_lb(&f, "leastconn");
	for (int i = 0; i < 400; i++) {
		int p = lb_pick(&f.lb, &any_req);

		got[p]++;
		fx_load(&f, (unsigned)p, 0, 1);
	}
	assert_in_range(got[0], 98, 102);
	fx_close(&f);
}

static void ties_go_by_chance(void **s)
{
	(void)s;
	struct fx f;
	int got[4] = { 0 };

	fx_open(&f, 1, 4, NULL);
	fx_lb(&f, "leastconn");
	for (int i = 0; i < 8000; i++)
		got[lb_pick(&f.lb, &any_req)]++;
	for (int i = 0; i < 4; i++)
		assert_in_range(got[i], 1800, 2200);
	fx_close(&f);
}

static void waiting_requests_count_where_there_is_a_maxconn(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 2, 2, NULL);
	fx_admin(&f, 0, 0, 1, 10);
	fx_lb(&f, "leastconn");
	fx_load(&f, 1, 0, 1);
	live_add(f.seg, LIVE_SRV_QUEUE, 0, 1, 5);
	for (int i = 0; i < 20; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	fx_close(&f);
}

static void three_thousand_servers_fill_evenly_from_many_workers(void **s)
{
	(void)s;
	enum { N = 3000, W = 4 };
	struct lb lb[W];
	uint32_t max = 0, min = UINT32_MAX;
	struct fx f;

	fx_open(&f, W, N, NULL);
	fx_lb(&f, "leastconn");
	for (unsigned w = 0; w < W; w++)
		assert_true(lb_init(&lb[w], &f.px.be, 0, f.seg, w));
	for (unsigned i = 0; i < 5 * N; i++)
		fx_load(&f, (unsigned)lb_pick(&lb[i % W], &any_req), i % W, 1);
	for (unsigned i = 0; i < N; i++) {
		max = MAX(max, live_sum(f.seg, LIVE_SRV, i));
		min = MIN(min, live_sum(f.seg, LIVE_SRV, i));
	}
	assert_in_range(max, 5, 6);
	assert_in_range(min, 4, 5);
	for (unsigned w = 0; w < W; w++)
		lb_free(&lb[w]);
	fx_close(&f);
}

static void servers_relieved_by_others_are_noticed_within_a_rotation(void **s)
{
	(void)s;
	enum { N = 800 };
	struct fx f;
	int got = -1;

	fx_open(&f, 2, N, NULL);
	for (unsigned i = 0; i < N; i++)
		fx_load(&f, i, 1, 5);
	fx_lb(&f, "leastconn");
	lb_pick(&f.lb, &any_req);
	fx_load(&f, 700, 1, -5);
	for (int i = 0; i < N / 8 + 1 && got != 700; i++)
		got = lb_pick(&f.lb, &any_req);
	assert_int_equal(got, 700);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_idle_server_is_found_among_few_and_many),
		cmocka_unit_test(load_divides_by_weight),
		cmocka_unit_test(ties_go_by_chance),
		cmocka_unit_test(waiting_requests_count_where_there_is_a_maxconn),
		cmocka_unit_test(three_thousand_servers_fill_evenly_from_many_workers),
		cmocka_unit_test(servers_relieved_by_others_are_noticed_within_a_rotation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
