// SPDX-License-Identifier: GPL-3.0-or-later
/* `show sess` in a worker: which exchanges, and what is said of them. */
#include <sluice/ipc/place.h>
#include "ask_fixture.h"
#include "../../../src/worker/session.h"

static struct stream second;
static struct rt_listener lst;
static struct rt_bind_opts bind_opts = { .name = STR("here") };

static int open_sessions(void **state)
{
	open_asks(state);
	lst = (struct rt_listener){ .opts = &bind_opts };
	w.sess.lst = &lst;
	w.sess.nreq = 3;
	w.s.t.req_start = clock_now_ns - 5000000000u;
	w.s.req_counter = 1;
	w.s.srv_idx = 1;
	w.s.step = ST_CONNECT;
	w.s.log_method = STR("GET"), w.s.log_uri = STR("/a");
	second = w.s;
	second.req_counter = 2;
	second.srv_idx = RT_NONE;
	second.be = NULL;
	second.t.req_start = clock_now_ns;
	list_push(&wk.sessions, &w.sess.link);
	list_push(&w.sess.streams, &w.s.link);
	list_push(&w.sess.streams, &second.link);
	return 0;
}

static void has(const char *part)
{
	if (!strstr(told, part))
		fail_msg("'%s' is not in: %s", part, told);
}

TEST(each_exchange_is_a_line)
{
	struct ipc_ask q = anything();

	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 2);
	has("0x10000000001: proto=none src= fe=fe be=be srv=s1 ts=00 epoch=0 age=5s calls=3 ");
	has("0x10000000002: proto=none src= fe=fe be=<NONE> srv=<none> ts=00 epoch=0 age=0s ");
	has(" rc=0 c_exp= step=connect\n");
	assert_null(strstr(told, "uri="));
	q.flags = ASK_URI;
	ask_worker(ASK_SESS, &q);
	has(" uri=\"/a\"\n");
}

TEST(filters_leave_out_what_they_do_not_mean)
{
	struct ipc_ask q = anything();

	q.srv = 1;
	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 1);
	has("0x10000000001:");
	q = anything();
	q.be = 1;
	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 1);
	q = anything();
	q.fe = 1;
	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 0);
	q = anything();
	q.older_s = 3;
	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 1);
	has("0x10000000001:");
	q = anything();
	q.id = 1ull << 40 | 2;
	ask_worker(ASK_SESS, &q);
	assert_int_equal(found, 1);
	has("0x10000000002:");
}

TEST(deadlines_are_told_in_their_largest_units)
{
	static const struct { uint64_t ms; const char *text; } t[] = {
		{ 999, "c_exp=999ms " }, { 59999, "c_exp=59s " }, { 61000, "c_exp=1m1s " }, { 3660000, "c_exp=1h1m " },
	};
	struct ipc_ask q = anything();

	q.srv = 1;
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		w.s.exp = clock_ms() + t[i].ms; /* the first slice is made in this moment */
		ask_worker(ASK_SESS, &q);
		has(t[i].text);
	}
	w.s.exp = clock_ms() - 1;
	ask_worker(ASK_SESS, &q);
	has("c_exp=0ms ");
	w.s.step = ST_FORWARD;
	ask_worker(ASK_SESS, &q);
	has("c_exp= ");
}

TEST(the_long_form_says_where_the_server_is_now)
{
	struct srv_place p = { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000209), .port = 8080 } };
	struct ipc_ask q = anything();

	w.srv[1].addr = (struct addr){ .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 80 };
	q.srv = 1;
	q.flags = ASK_LONG;
	ask_worker(ASK_SESS, &q);
	has("  frontend=fe (id=2 mode=tcp), listener=here addr=");
	has("  backend=be (id=3 mode=tcp)\n  server=s1 (id=2) addr=192.0.2.1:80\n");
	has("  req: GET /a\n");
	assert_true(place_write(wk.seg, 1, &p));
	ask_worker(ASK_SESS, &q);
	has("  server=s1 (id=2) addr=192.0.2.9:8080\n");
}

#define TS(f) cmocka_unit_test_setup_teardown(f, open_sessions, close_asks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TS(each_exchange_is_a_line), TS(filters_leave_out_what_they_do_not_mean), TS(deadlines_are_told_in_their_largest_units),
		TS(the_long_form_says_where_the_server_is_now),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
