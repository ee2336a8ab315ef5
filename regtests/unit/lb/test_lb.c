// SPDX-License-Identifier: GPL-3.0-or-later
/* Which servers may be chosen at all, and when that is worked out anew. */
#include "lb_fixture.h"

static void every_word_of_the_table_finds_an_algorithm(void **s)
{
	(void)s;
	static const char *const words[] = { "p2c", "ewma", "roundrobin", "static-rr", "leastconn", "first", "random", "source", "uri",
					     "url_param", "hdr", "hash", "maglev" };

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		assert_non_null(lb_algo_find(str_c(words[i])));
	assert_null(lb_algo_find(STR("leastcon")));
	assert_true(lb_algo_find(STR("source"))->by_key);
	assert_false(lb_algo_find(STR("p2c"))->by_key);
}

static void down_maint_drain_stopping_and_weight_0_servers_get_nothing(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 2, 7, NULL);
	fx_lb(&f, "roundrobin");
	assert_int_equal(lb_usable(&f.lb), 7);
	fx_state(&f, 0, SRV_DOWN, 100);
	fx_admin(&f, 1, ADM_FORCED_MAINT, 1, 0);
	fx_admin(&f, 2, ADM_FORCED_DRAIN, 1, 0);
	fx_state(&f, 3, SRV_STOPPING, 100);
	fx_admin(&f, 4, 0, 0, 0);
	fx_admin(&f, 5, ADM_RESOLUTION, 1, 0);
	assert_int_equal(lb_usable(&f.lb), 1);
	assert_int_equal(lb_pick(&f.lb, &any_req), 6);
	fx_state(&f, 6, SRV_DOWN, 100);
	assert_int_equal(lb_pick(&f.lb, &any_req), -1);
	fx_close(&f);
}

static void persistent_requests_reach_draining_stopping_and_weight_0_servers(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 5, NULL);
	fx_lb(&f, "p2c");
	fx_admin(&f, 0, ADM_FORCED_DRAIN, 1, 0);
	fx_state(&f, 1, SRV_STOPPING, 100);
	fx_admin(&f, 2, 0, 0, 0);
	fx_admin(&f, 3, ADM_CONFIG_MAINT, 1, 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(lb_srv_usable(&f.lb, i, true));
		assert_false(lb_srv_usable(&f.lb, i, false));
	}
	assert_false(lb_srv_usable(&f.lb, 3, true));
	fx_state(&f, 4, SRV_DOWN, 100);
	assert_false(lb_srv_usable(&f.lb, 4, true));
	assert_false(lb_srv_usable(&f.lb, 5, true));
	fx_close(&f);
}

static void one_backup_serves_when_no_active_server_can_and_all_with_allbackups(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 4, NULL);
	f.rt.srv[0].flags = f.rt.srv[2].flags = f.rt.srv[3].flags = SRVF_BACKUP;
	fx_lb(&f, "roundrobin");
	assert_int_equal(lb_pick(&f.lb, &any_req), 1);
	assert_false(f.lb.on_backup);
	fx_state(&f, 1, SRV_DOWN, 100);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), 0);
	assert_true(f.lb.on_backup);
	fx_state(&f, 0, SRV_DOWN, 100);
	assert_int_equal(lb_pick(&f.lb, &any_req), 2);
	f.px.be.allbackups = true;
	fx_state(&f, 0, SRV_UP, 100);
	assert_int_equal(lb_usable(&f.lb), 3);
	fx_state(&f, 1, SRV_UP, 100);
	assert_int_equal(lb_usable(&f.lb), 1);
	assert_false(f.lb.on_backup);
	fx_close(&f);
}

static void slow_start_scales_the_weight_and_never_to_nothing(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 2, (unsigned[]){ 10, 10 });
	fx_lb(&f, "roundrobin");
	fx_state(&f, 1, SRV_STARTING, 25);
	assert_int_equal(lb_usable(&f.lb), 2);
	assert_int_equal(f.lb.cand[0].weight, 10 * LB_WEIGHT_SCALE);
	assert_int_equal(f.lb.cand[1].weight, 10 * LB_WEIGHT_SCALE / 4);
	fx_state(&f, 1, SRV_STARTING, 0);
	assert_int_equal(lb_usable(&f.lb), 2);
	assert_int_equal(f.lb.cand[1].weight, 1);
	fx_close(&f);
}

static void a_change_elsewhere_keeps_what_the_algorithm_has_built(void **s)
{
	(void)s;
	struct fx f;
	const void *before;

	fx_open(&f, 1, 3, NULL);
	fx_lb(&f, "p2c");
	lb_pick(&f.lb, &any_req);
	before = f.lb.state;
	atomic_fetch_add(&f.seg->h->epoch_checker, 1);
	lb_pick(&f.lb, &any_req);
	assert_ptr_equal(f.lb.state, before);
	fx_close(&f);
}

static void every_algorithm_skips_tried_servers_and_says_when_none_is_left(void **s)
{
	(void)s;
	static const char *const words[] = { "p2c", "ewma", "roundrobin", "static-rr", "leastconn", "first", "random", "source", "maglev" };

	for (unsigned big = 0; big < 2; big++)
		for (unsigned w = 0; w < 2 * ARRAY_LEN(words); w++) {
			unsigned n = big ? 200 : 3;
			uint32_t avoid[200];
			struct lb_req r = { .hash = 12345 * w, .has_key = w % 2, .avoid = avoid, .navoid = n - 1 };
			struct fx f;

			fx_open(&f, 3, n, NULL);
			f.px.be.hash_consistent = w >= ARRAY_LEN(words);
			fx_lb(&f, words[w % ARRAY_LEN(words)]);
			for (uint32_t i = 0; i + 1 < n; i++)
				avoid[i] = i < n / 2 ? i : i + 1;
			assert_int_equal(lb_pick(&f.lb, &r), n / 2);
			avoid[n - 1] = n / 2;
			r.navoid = n;
			assert_int_equal(lb_pick(&f.lb, &r), -1);
			fx_close(&f);
		}
}

static void a_backend_without_servers_has_none_to_give(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 1, NULL);
	f.px.be.nsrv = 0;
	fx_lb(&f, "leastconn");
	assert_int_equal(lb_pick(&f.lb, &any_req), -1);
	lb_done(&f.lb, &(struct lb_done){ .srv = 0 });
	fx_close(&f);
}

static void indices_outside_the_segment_are_refused(void **s)
{
	(void)s;
	struct fx f;
	struct lb lb;

	fx_open(&f, 2, 2, NULL);
	f.px.be.algo = lb_algo_find(STR("p2c"));
	assert_false(lb_init(&lb, &f.px.be, 1, f.seg, 0));
	assert_false(lb_init(&lb, &f.px.be, 0, f.seg, 2));
	f.px.be.srv0 = 1;
	assert_false(lb_init(&lb, &f.px.be, 0, f.seg, 0));
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_the_table_finds_an_algorithm),
		cmocka_unit_test(down_maint_drain_stopping_and_weight_0_servers_get_nothing),
		cmocka_unit_test(persistent_requests_reach_draining_stopping_and_weight_0_servers),
		cmocka_unit_test(one_backup_serves_when_no_active_server_can_and_all_with_allbackups),
		cmocka_unit_test(slow_start_scales_the_weight_and_never_to_nothing),
		cmocka_unit_test(a_change_elsewhere_keeps_what_the_algorithm_has_built),
		cmocka_unit_test(every_algorithm_skips_tried_servers_and_says_when_none_is_left),
		cmocka_unit_test(a_backend_without_servers_has_none_to_give),
		cmocka_unit_test(indices_outside_the_segment_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
