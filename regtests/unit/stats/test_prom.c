// SPDX-License-Identifier: GPL-3.0-or-later
/* Metrics in the text format. */
#include <stdio.h>
#include "stats_fixture.h"
#include <sluice/stats/page.h>

static struct sbuf out;

static int close_all(void **state)
{
	sbuf_free(&out);
	return fx_close(state);
}
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, fx_open, close_all)

static const char *metrics(unsigned scopes, bool no_maint)
{
	struct stats_prom p = { .scopes = scopes, .no_maint = no_maint };

	out.n = 0;
	while (stats_prom_step(&src, &p, &out))
		;
	return sbuf_cstr(&out);
}

static bool has(const char *line) { return strstr(sbuf_cstr(&out), line) != NULL; }

TEST(lines_of_a_metric_stand_together_behind_one_head)
{
	const char *p = metrics(PROM_ALL, false);
	char name[128] = "", seen[128];

	for (const char *l = p; *l; l = strchr(l, '\n') + 1) {
		if (l[0] == '#') {
			if (l[2] == 'T')
				sscanf(l, "# TYPE %127s", name);
			continue;
		}
		sscanf(l, "%127[a-zA-Z0-9_:]", seen);
		if (strncmp(seen, name, strlen(name)))
			fail_msg("%s stands under %s", seen, name);
	}
	for (const char *l = strstr(p, "# TYPE "); l; l = strstr(l + 1, "# TYPE ")) {
		size_t n = strcspn(l, "\n");
		char head[160];
		snprintf(head, sizeof(head), "%.*s\n", (int)MIN(n, (size_t)150), l);
		assert_null(strstr(l + 1, head));
	}
}

TEST(states_are_one_gauge_for_each)
{
	fx_state(0, SRV_DOWN, 0), fx_admin(1, ADM_FORCED_DRAIN, 1);
	metrics(PROM_SERVER | PROM_BACKEND, false);
	assert_true(has("haproxy_server_status{proxy=\"app\",server=\"a\",state=\"DOWN\"} 1\n"));
	assert_true(has("haproxy_server_status{proxy=\"app\",server=\"a\",state=\"UP\"} 0\n"));
	assert_true(has("haproxy_server_status{proxy=\"app\",server=\"b\",state=\"DRAIN\"} 1\n"));
	assert_true(has("haproxy_backend_status{proxy=\"app\",state=\"UP\"} 1\n"));
	assert_true(has("haproxy_backend_agg_server_status{proxy=\"app\",state=\"UP\"} 3\n"));
}

TEST(a_frontend_that_was_shut_is_down_and_one_that_is_paused_is_not)
{
	for (unsigned st = FE_OPEN; st <= FE_SHUT; st++) {
		atomic_store(&seg->be[PX_WEB].fe_state, st);
		metrics(PROM_FRONTEND, false);
		assert_int_equal(has("haproxy_frontend_status{proxy=\"web\",state=\"UP\"} 1\n"), st != FE_SHUT);
	}
}

TEST(counters_come_under_both_names)
{
	ctr_add(&px_ctr(seg, PX_WEB, 1)->fe.hrsp_5xx, 9);
	ctr_add(&srv_ctr(seg, 5, 0)->stot, 4);
	metrics(PROM_ALL, false);
	assert_true(has("haproxy_frontend_http_responses_total{proxy=\"web\",code=\"5xx\"} 9\n"));
	assert_true(has("sluice_frontend_hrsp_5xx_total{proxy=\"web\"} 9\n"));
	assert_true(has("haproxy_server_sessions_total{proxy=\"raw\",server=\"only\"} 4\n"));
	assert_true(has("sluice_server_stot_total{proxy=\"raw\",server=\"only\"} 4\n"));
	assert_true(has("haproxy_listener_status{proxy=\"web\",listener=\"sock-2\",state=\"OPEN\"} 1\n"));
	assert_true(has("haproxy_server_limit_sessions{proxy=\"app\",server=\"a\"} NaN\n"));
}

TEST(histograms_are_cumulative)
{
	for (unsigned i = 0; i < 10; i++)
		ctr_inc(&px_hist(seg, PX_APP, 0)->be.total[hist_bucket(100)]);
	ctr_inc(&px_hist(seg, PX_APP, 2)->be.total[hist_bucket(3000000)]);
	metrics(PROM_SLUICE, false);
	assert_true(has("sluice_backend_total_seconds_bucket{proxy=\"app\",le=\"0.000064\"} 0\n"));
	assert_true(has("sluice_backend_total_seconds_bucket{proxy=\"app\",le=\"0.000128\"} 10\n"));
	assert_true(has("sluice_backend_total_seconds_bucket{proxy=\"app\",le=\"4.194304\"} 11\n"));
	assert_true(has("sluice_backend_total_seconds_bucket{proxy=\"app\",le=\"+Inf\"} 11\n"));
	assert_true(has("sluice_backend_total_seconds_count{proxy=\"app\"} 11\n"));
}

TEST(scopes_and_no_maint_narrow_the_answer)
{
	fx_admin(0, ADM_FORCED_MAINT, 1);
	metrics(PROM_SERVER, true);
	assert_false(has("haproxy_frontend_") || has("haproxy_process_") || has("sluice_") || has("server=\"a\""));
	assert_true(has("server=\"b\""));
	assert_string_equal(metrics(0, false), "");
}

TEST(labels_are_escaped)
{
	px[PX_WEB].name = STR("a\"b\\c\nd");
	metrics(PROM_FRONTEND, false);
	assert_true(has("{proxy=\"a\\\"b\\\\c\\nd\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines_of_a_metric_stand_together_behind_one_head), T(states_are_one_gauge_for_each), T(a_frontend_that_was_shut_is_down_and_one_that_is_paused_is_not), T(counters_come_under_both_names),
		T(histograms_are_cumulative), T(scopes_and_no_maint_narrow_the_answer), T(labels_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
