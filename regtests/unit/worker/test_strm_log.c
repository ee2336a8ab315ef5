// SPDX-License-Identifier: GPL-3.0-or-later
/* What a log line is made of, and which exchanges have none. */
#include <sluice/ipc/place.h>
#include <sluice/log/logfmt.h>
#include "fake_req.h"
#include "../../../src/worker/session.h"
#include "../../../src/worker/steps.h"

#define MS 1000000u

static struct rt_listener lst;
static struct rt_bind_opts bind_opts = { .name = STR("here") };
static struct log_data d;

static int open_log(void **state)
{
	open_world(state);
	clock_update();
	lst = (struct rt_listener){ .opts = &bind_opts };
	w.sess.lst = &lst;
	w.px[0].name = STR("fe"), w.px[1].name = STR("be");
	w.srv[0].name = STR("s0");
	fake_request(&w, "/");
	return 0;
}

TEST(a_server_is_logged_where_it_was_reached)
{
	struct srv_place p = { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000209), .port = 8080 } };

	strm_log_data(&w.s, &d);
	assert_null(d.srv);
	assert_true(d.no_server);
	w.s.srv_idx = 0;
	w.srv[0].addr = (struct addr){ .family = AF_INET, .port = 80 };
	strm_log_data(&w.s, &d);
	assert_int_equal(d.srv->port, 80);
	assert_slice(d.srv_name, "s0");
	assert_true(place_write(wk.seg, 0, &p));
	strm_log_data(&w.s, &d);
	assert_int_equal(d.srv->port, 8080);
	assert_int_equal(d.srv->in4.s_addr, p.addr.in4.s_addr);
}

TEST(names_and_gauges_are_those_of_the_moment)
{
	wk_live(LIVE_PROCESS, 0, 9);
	wk_live(LIVE_FE, 0, 5);
	wk_live(LIVE_BE, 1, 4);
	wk_live(LIVE_SRV, 0, 3);
	strm_log_data(&w.s, &d);
	assert_slice(d.fe_name, "fe");
	assert_slice(d.be_name, "be");
	assert_slice(d.bind_name, "here");
	assert_int_equal(d.actconn, 9);
	assert_int_equal(d.feconn, 5);
	assert_int_equal(d.beconn, 4);
	assert_int_equal(d.srvconn, 0);
	w.s.srv_idx = 0;
	w.s.be = NULL; /* never routed: the frontend stands for its backend */
	strm_log_data(&w.s, &d);
	assert_slice(d.be_name, "fe");
	assert_int_equal(d.beconn, 0);
	assert_int_equal(d.srvconn, 3);
}

TEST(an_exchange_counts_from_when_its_turn_began)
{
	w.sess.accept_date = (struct timespec){ .tv_sec = 100, .tv_nsec = 900000000 };
	w.sess.t_accept = 1000 * MS;
	w.sess.t_idle = 1500 * MS;
	w.s.t.req_start = 1700 * MS;
	strm_log_data(&w.s, &d); /* the first */
	assert_true(d.t_accept == 1000 * MS);
	assert_int_equal(d.accept_date.tv_sec, 100);
	w.s.flags |= SF_NOT_FIRST; /* a later one: since the one before has ended */
	strm_log_data(&w.s, &d);
	assert_true(d.t_accept == 1500 * MS);
	assert_int_equal(d.accept_date.tv_sec, 101);
	assert_int_equal(d.accept_date.tv_nsec, 400000000);
	w.sess.flags = SESS_MANY; /* one among others: since it began */
	strm_log_data(&w.s, &d);
	assert_true(d.t_accept == 1700 * MS);
	assert_int_equal(d.accept_date.tv_nsec, 600000000);
}

TEST(a_bad_request_has_no_captures)
{
	w.px[0].nreq_cap = 2, w.px[0].nres_cap = 1;
	strm_log_data(&w.s, &d);
	assert_int_equal(d.n_req_caps, 0);
	w.s.log_method = STR("GET");
	strm_log_data(&w.s, &d);
	assert_int_equal(d.n_req_caps, 2);
	assert_int_equal(d.n_res_caps, 1);
}

TEST(what_nobody_wants_is_not_logged)
{
	const struct log_target *none[1] = { NULL };
	struct rt_logging *log = &w.px[0].log;
	struct logfmt *fmt = (struct logfmt *)(uintptr_t)&d; /* it is not looked at */

	strm_log(&w.s); /* no format */
	assert_false(w.s.flags & SF_LOGGED);
	*log = (struct rt_logging){ .fmt = fmt };
	strm_log(&w.s); /* no target */
	assert_false(w.s.flags & SF_LOGGED);
	*log = (struct rt_logging){ .fmt = fmt, .targets = none, .ntargets = 1, .dontlognull = true };
	strm_log(&w.s); /* not a byte has come */
	assert_false(w.s.flags & SF_LOGGED);
	*log = (struct rt_logging){ .fmt = fmt, .targets = none, .ntargets = 1, .dontlog_normal = true };
	w.s.status = 200;
	strm_log(&w.s); /* nothing went wrong */
	memcpy(w.s.term, "LR--", 4);
	strm_log(&w.s); /* an answer of our own is not wrong either */
	assert_false(w.s.flags & SF_LOGGED);
	*log = (struct rt_logging){ .fmt = fmt, .targets = none, .ntargets = 1 };
	w.s.log_level = LOG_SILENT;
	strm_log(&w.s);
	assert_false(w.s.flags & SF_LOGGED);
	w.s.log_level = 0;
	w.s.flags |= SF_MONITOR;
	strm_log(&w.s);
	assert_false(w.s.flags & SF_LOGGED);
}

#define TL(f) cmocka_unit_test_setup_teardown(f, open_log, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TL(a_server_is_logged_where_it_was_reached), TL(names_and_gauges_are_those_of_the_moment),
		TL(an_exchange_counts_from_when_its_turn_began), TL(a_bad_request_has_no_captures), TL(what_nobody_wants_is_not_logged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
