// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP/2 mux against a peer that is nghttp2 itself, over a socket pair. */
#include "harness.h"
#include "h2_harness.h"

static void a_request_is_one_exchange_with_its_head(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	peer_request(&p, "GET", "/a", NULL);
	assert_int_equal(s.begun, 1);
	assert_int_equal(s.wakes, 1);
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD && s.ep.flags & EP_EOM);
	assert_int_equal(s.msg.ver, 20);
	assert_true(respond(&s, 200, "hello", 0));
	assert_true(s.ep.flags & EP_TX_EOM);
	assert_true(end(&s, MUX_KEEP));
	peer_turns(&p);
	assert_int_equal(p.status, 200);
	assert_string_equal(p.body, "hello");
	assert_int_equal(p.closed, 1);
	h2_side_end(&s, &p);
}

static void a_body_waits_for_its_window(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;
	size_t taken = 0;

	h2_side_open(&s, &p, true);
	peer_request(&p, "POST", "/a", peer_endless);
	peer_turns(&p);
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
	size_t before = p.sent;
	peer_turns(&p);
	assert_true(before <= test_h2_window + buf_size()); /* nobody consumes: the window of the stream is the limit */
	assert_int_equal(p.sent, before);
	for (int i = 0; i < 20; i++) {
		taken += buf_len(&s.ep.rx);
		buf_consume(&s.ep.rx, buf_len(&s.ep.rx));
		pull(&s);
		peer_turns(&p);
	}
	assert_true(p.sent > before && taken > before / 2);
	end(&s, MUX_ABORT);
	h2_side_end(&s, &p);
}

static void a_body_to_a_peer_without_window_waits_and_wakes(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM };

	h2_side_open(&s, &p, true);
	peer_settings(&p, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 3);
	peer_request(&p, "GET", "/a", NULL);
	pull(&s);
	body_of(&b, "hello");
	out_msg(&m, hdrs, 200, MSG_CLEN, 5);
	assert_false(s.ep.mux->ops->send(&s.ep, &tx));
	assert_null(tx.head);
	assert_true(s.ep.flags & EP_TX_WAIT);
	assert_int_equal(buf_len(&b), 2);
	unsigned wakes = s.wakes;
	peer_turns(&p); /* the peer's window opens as it reads */
	assert_true(s.wakes > wakes);
	assert_true(s.ep.mux->ops->send(&s.ep, &tx));
	assert_true(end(&s, MUX_KEEP));
	peer_turns(&p);
	assert_string_equal(p.body, "hello");
	buf_release(&b);
	h2_side_end(&s, &p);
}

static void a_reset_is_told_at_once(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	int32_t id = peer_request(&p, "GET", "/a", NULL);
	pull(&s);
	nghttp2_submit_rst_stream(p.ng, 0, id, NGHTTP2_CANCEL);
	peer_turns(&p);
	assert_true(s.ep.flags & EP_ERR);
	assert_int_equal(s.ep.err, EE_RESET);
	assert_true(end(&s, MUX_ABORT));
	h2_side_end(&s, &p);
}

static void a_request_reset_before_it_was_looked_at_is_never_begun(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	int32_t id = peer_submit(&p, "GET", "/a", NULL);
	peer_push(&p);
	nghttp2_submit_rst_stream(p.ng, 0, id, NGHTTP2_CANCEL);
	peer_push(&p);
	turns();
	assert_int_equal(s.begun, 0);
	h2_side_end(&s, &p);
}

static void a_refused_exchange_is_refused_on_the_wire(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	s.refuse = true;
	peer_request(&p, "GET", "/a", NULL);
	assert_int_equal(p.closed, 1);
	assert_int_equal(p.error, NGHTTP2_REFUSED_STREAM);
	h2_side_end(&s, &p);
}

static void a_connection_that_ends_idle_is_reported(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(s.dead, 1);
	h2_side_end(&s, &p);
}

static void the_last_close_on_a_dead_connection_says_so(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	peer_request(&p, "GET", "/a", NULL);
	pull(&s);
	sock_set_linger_reset(s.peer);
	close(s.peer);
	s.peer = -1;
	turns();
	assert_true(s.ep.flags & EP_ERR);
	assert_false(end(&s, MUX_ABORT));
	assert_int_equal(s.dead, 0);
	turns();
	h2_side_end(&s, &p);
}

static void a_drain_goes_in_two_steps_and_serves_what_comes_between(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, true);
	s.mux->ops->drain(s.mux);
	peer_submit(&p, "GET", "/a", NULL); /* crosses our first GOAWAY */
	peer_push(&p);
	turns();
	assert_int_equal(s.begun, 1);
	peer_turns(&p);
	assert_int_equal(p.goaways, 2);
	assert_int_equal(p.goaway_first, INT32_MAX);
	assert_int_equal(p.goaway_last, 1);
	pull(&s);
	assert_true(respond(&s, 200, "hello", 0));
	assert_int_equal(s.dead, 0);
	end(&s, MUX_KEEP);
	peer_turns(&p);
	assert_string_equal(p.body, "hello");
	assert_int_equal(s.dead, 1);
	assert_int_equal(mux_lingering(), 1);
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(mux_lingering(), 0);
	h2_side_end(&s, &p);
}

static void a_back_exchange_asks_and_is_answered(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, false);
	assert_true(s.ep.flags & EP_CONNECTED);
	assert_true(ask(&s, "GET /b HTTP/1.1\r\nHost: h\r\nX-Y: z\r\n\r\n", 0));
	peer_turns(&p);
	assert_int_equal(p.requests, 1);
	peer_answer(&p, 1, "200", "world");
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
	assert_int_equal(s.msg.status, 200);
	assert_rx(&s, "world");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_true(end(&s, MUX_KEEP));
	h2_side_end(&s, &p);
}

static void a_refused_request_says_that_it_may_be_sent_again(void **st UNUSED)
{
	struct side s;
	struct h2_peer p;

	h2_side_open(&s, &p, false);
	assert_true(ask(&s, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n", 0));
	peer_turns(&p);
	nghttp2_submit_rst_stream(p.ng, 0, 1, NGHTTP2_REFUSED_STREAM);
	peer_turns(&p);
	pull(&s);
	assert_true(s.ep.flags & EP_ERR);
	assert_int_equal(s.ep.err, EE_REFUSED);
	end(&s, MUX_ABORT);
	h2_side_end(&s, &p);
}

static void the_preface_is_known_by_its_bytes(void **st UNUSED)
{
	assert_int_equal(mux_h2_preface(STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore")), 1);
	assert_int_equal(mux_h2_preface(STR("PRI * HT")), -1);
	assert_int_equal(mux_h2_preface(STR_NULL), -1);
	assert_int_equal(mux_h2_preface(STR("PRI / HT")), 0);
	assert_int_equal(mux_h2_preface(STR("GET")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_exchange_with_its_head),
		cmocka_unit_test(a_body_waits_for_its_window),
		cmocka_unit_test(a_body_to_a_peer_without_window_waits_and_wakes),
		cmocka_unit_test(a_reset_is_told_at_once),
		cmocka_unit_test(a_request_reset_before_it_was_looked_at_is_never_begun),
		cmocka_unit_test(a_refused_exchange_is_refused_on_the_wire),
		cmocka_unit_test(a_connection_that_ends_idle_is_reported),
		cmocka_unit_test(the_last_close_on_a_dead_connection_says_so),
		cmocka_unit_test(a_drain_goes_in_two_steps_and_serves_what_comes_between),
		cmocka_unit_test(a_back_exchange_asks_and_is_answered),
		cmocka_unit_test(a_refused_request_says_that_it_may_be_sent_again),
		cmocka_unit_test(the_preface_is_known_by_its_bytes),
	};
	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
