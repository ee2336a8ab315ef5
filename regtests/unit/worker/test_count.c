// SPDX-License-Identifier: GPL-3.0-or-later
/* What exchanges leave in the counters. */
#include "../unit.h"
#include <sluice/base/clock.h>
#include "../../../src/worker/count.h"
#include "fake.h"

static struct fake_world w;
static struct px_counters fe, be;
static struct px_hists hist;

static void sum(void)
{
	px_ctr_sum(wk.seg, 0, 0, &fe);
	px_ctr_sum(wk.seg, 1, 0, &be);
	px_hist_sum(wk.seg, 1, &hist);
}

static int open_world(void **state UNUSED)
{
	fake_world(&w);
	clock_update();
	return 0;
}

static int close_world(void **state UNUSED)
{
	fake_world_end(&w);
	return 0;
}

TEST(bytes_are_counted_while_they_move_and_never_twice)
{
	w.s.cli.bytes_in = 100, w.s.cli.bytes_out = 1000;
	count_bytes(&w.s);
	w.s.cli.bytes_in = 150, w.s.cli.bytes_out = 5000;
	count_bytes(&w.s);
	count_end(&w.s);
	sum();
	assert_int_equal(fe.fe.bin, 150);
	assert_int_equal(fe.fe.bout, 5000);
	assert_int_equal(be.be.bout, 5000);
	assert_int_equal(be.fe.bout, 0);
}

TEST(times_of_phases_that_were_reached_are_in_the_histograms)
{
	const uint64_t t0 = 1000000000, us = 1000;

	w.s.t = (struct strm_times){ .req_start = t0, .req_done = t0 + 5 * us, .queue_done = t0 + 105 * us, .conn_done = t0 + 405 * us,
				     .end = t0 + 9000 * us };
	count_end(&w.s);
	sum();
	assert_int_equal(hist.be.queue[hist_bucket(100)], 1);
	assert_int_equal(hist.be.connect[hist_bucket(300)], 1);
	assert_int_equal(hist_count(hist.be.response), 0);
	assert_int_equal(hist.be.total[hist_bucket(9000)], 1);
}

TEST(a_denial_is_no_error_and_no_interception)
{
	memcpy(w.s.term, "PR--", 4);
	w.s.flags |= SF_REPLY | SF_HTTP;
	w.s.status = 403;
	count_denied(&w.s, false);
	count_end(&w.s);
	sum();
	assert_int_equal(fe.fe.dreq, 1);
	assert_int_equal(be.be.dreq, 1);
	assert_int_equal(fe.fe.ereq + fe.fe.intercepted, 0);
	assert_int_equal(fe.fe.hrsp_4xx, 1);
}

TEST(an_answer_of_the_proxy_is_an_interception)
{
	memcpy(w.s.term, "LR--", 4);
	w.s.flags |= SF_REPLY | SF_HTTP;
	count_end(&w.s);
	sum();
	assert_int_equal(fe.fe.intercepted, 1);
	assert_int_equal(be.be.intercepted, 1);
}

TEST(a_client_that_leaves_before_its_request_is_whole_is_an_error)
{
	memcpy(w.s.term, "CR--", 4);
	count_end(&w.s);
	sum();
	assert_int_equal(fe.fe.ereq, 1);
	assert_int_equal(fe.fe.cli_abrt, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
	fake_use();
	const struct CMUnitTest tests[] = {
		T(bytes_are_counted_while_they_move_and_never_twice), T(times_of_phases_that_were_reached_are_in_the_histograms),
		T(a_denial_is_no_error_and_no_interception), T(an_answer_of_the_proxy_is_an_interception),
		T(a_client_that_leaves_before_its_request_is_whole_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
