// SPDX-License-Identifier: GPL-3.0-or-later
/* Which protocol is spoken, and within which limits. */
#include "fake_req.h"
#include "../../../src/worker/muxes.h"

TEST(limits_are_the_sides_own_else_the_processs_else_ours)
{
	struct mux_cfg c = { 0 };

	mux_limits(&c, 0, 0);
	assert_int_equal(c.max_head, 16384 - 1024);
	assert_int_equal(c.max_hdr, 101);
	assert_int_equal(c.h2_streams, 100);
	assert_int_equal(c.h2_window, 65536);
	assert_int_equal(c.h2_table, 4096);
	assert_int_equal(c.h2_frame, 16384);
	w.rt.g.h2.streams = 10, w.rt.g.h2.window = 1000, w.rt.g.h2.table = 64, w.rt.g.h2.frame = 20000;
	mux_limits(&c, 0, 2000);
	assert_int_equal(c.h2_streams, 10);
	assert_int_equal(c.h2_window, 2000);
	assert_int_equal(c.h2_table, 64);
	assert_int_equal(c.h2_frame, 20000);
	mux_limits(&c, 5, 0);
	assert_int_equal(c.h2_streams, 5);
	assert_int_equal(c.h2_window, 1000);
}

TEST(a_listener_says_what_it_speaks_and_when_a_client_may_say_otherwise)
{
	struct rt_bind_opts o = { 0 };
	struct rt_listener lst = { .opts = &o };

	w.sess.lst = &lst;
	assert_ptr_equal(mux_select_front(&w.sess), &mux_tcp);
	assert_false(mux_may_upgrade(&w.sess));
	w.px[0].mode = MODE_HTTP;
	o.proto = PROTO_H1;
	assert_ptr_equal(mux_select_front(&w.sess), &mux_h1);
	assert_false(mux_may_upgrade(&w.sess));
	o.proto = PROTO_H2;
	assert_ptr_equal(mux_select_front(&w.sess), &mux_h2);
	o.proto = PROTO_AUTO;
	assert_true(mux_may_upgrade(&w.sess));
	o.ssl = true; /* ALPN has said it */
	assert_false(mux_may_upgrade(&w.sess));
	o.ssl = false;
	w.px[0].opts = OPT_NO_H2_UPGRADE;
	assert_false(mux_may_upgrade(&w.sess));
}

TEST(a_websocket_is_told_by_its_upgrade)
{
	static const struct { const char *upgrade; unsigned flags; bool is; } t[] = {
		{ "websocket", MSG_UPGRADE, true }, { "WebSocket", MSG_UPGRADE, true }, { "websocket", 0, false }, { "h2c", MSG_UPGRADE, false },
		{ NULL, MSG_UPGRADE, false },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		fake_request(&w, "/");
		if (t[i].upgrade)
			fake_header(&w, "upgrade", t[i].upgrade);
		w.s.req.flags |= t[i].flags;
		assert_int_equal(mux_is_websocket(&w.s.req), t[i].is);
	}
}

TEST(a_server_may_speak_otherwise_with_websockets)
{
	struct rt_srv_opts o = { .proto = PROTO_H2, .ws = PROTO_H1 };

	w.srv[0].o = &o;
	fake_request(&w, "/");
	assert_int_equal(mux_proto_back(&w.s, &w.srv[0]), PROTO_H2);
	fake_header(&w, "upgrade", "websocket");
	w.s.req.flags |= MSG_UPGRADE;
	assert_int_equal(mux_proto_back(&w.s, &w.srv[0]), PROTO_H1);
	o.ws = PROTO_AUTO;
	assert_int_equal(mux_proto_back(&w.s, &w.srv[0]), PROTO_H2);
	o.ws = PROTO_H1;
	w.s.flags = 0; /* in mode tcp there is no request to look at */
	assert_int_equal(mux_proto_back(&w.s, &w.srv[0]), PROTO_H2);
	assert_ptr_equal(mux_select_back(PROTO_H2, NULL, false), &mux_tcp);
	assert_ptr_equal(mux_select_back(PROTO_H2, NULL, true), &mux_h2);
	assert_ptr_equal(mux_select_back(PROTO_H1, NULL, true), &mux_h1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(limits_are_the_sides_own_else_the_processs_else_ours), T(a_listener_says_what_it_speaks_and_when_a_client_may_say_otherwise),
		T(a_websocket_is_told_by_its_upgrade), T(a_server_may_speak_otherwise_with_websockets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
