// SPDX-License-Identifier: GPL-3.0-or-later
/* Figures of the process. */
#include "stats_fixture.h"

static struct stat_val v[INFO_COUNT];
static char text[64];

TEST(figures_are_sums_over_the_workers)
{
	for (unsigned w = 0; w < 3; w++) {
		ctr_add(&proc_ctr(seg, w)->conn_tot, 10);
		live_add(seg, LIVE_PROCESS, 0, w, 2);
		live_add(seg, LIVE_SRV_QUEUE, 1, w, 1);
	}
	stats_fill_info(&src, v, text, sizeof(text));
	assert_int_equal(v[INF_cumconns].u, 30);
	assert_int_equal(v[INF_currconns].u, 6);
	assert_int_equal(v[INF_run_queue].u, 3);
	assert_int_equal(v[INF_nbthread].u, 3);
}

TEST(volumes_are_rates_in_bytes_and_idleness_is_what_the_workers_leave)
{
	ctr_rate_hit(&proc_ctr(seg, 0)->comp_in_rate, src.now_ms, 8);
	ctr_rate_hit(&proc_ctr(seg, 1)->comp_in_rate, src.now_ms, 2);
	ctr_rate_hit(&proc_ctr(seg, 1)->bout_rate, src.now_ms, 3);
	ctr_rate_hit(&proc_ctr(seg, 2)->ssl_key_rate, src.now_ms, 5);
	atomic_store(&seg->h->busy_pct, 30);
	stats_fill_info(&src, v, text, sizeof(text));
	assert_int_equal(v[INF_compressbpsin].u, 10240);
	assert_int_equal(v[INF_bytesoutrate].u, 3072);
	assert_int_equal(v[INF_sslfrontendkeyrate].u, 5);
	assert_int_equal(v[INF_idle_pct].u, 70);
}

TEST(uptime_counts_from_the_start_of_the_generation)
{
	src.now_ms = 100000000, seg->h->started_ms = src.now_ms - 90061 * 1000ull;
	stats_fill_info(&src, v, text, sizeof(text));
	assert_int_equal(v[INF_uptime_sec].u, 90061);
	assert_slice(v[INF_uptime].str, "1d 1h01m01s");
}

TEST(a_draining_generation_says_so)
{
	stats_fill_info(&src, v, text, sizeof(text));
	assert_int_equal(v[INF_stopping].u, 0);
	atomic_store(&seg->h->state, SEG_DRAINING);
	stats_fill_info(&src, v, text, sizeof(text));
	assert_int_equal(v[INF_stopping].u, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(figures_are_sums_over_the_workers), T(uptime_counts_from_the_start_of_the_generation),
					    T(volumes_are_rates_in_bytes_and_idleness_is_what_the_workers_leave), T(a_draining_generation_says_so) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
