// SPDX-License-Identifier: GPL-3.0-or-later
/* Life of HTTP/1 connections: exchanges one after the other, what keeps a connection and what ends it, idle
 * connections. */
#include <sluice/base/pool.h>
#include "harness.h"

static struct side s;

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static int front_up(void **state) { (void)state; side_open(&s, &mux_h1, true); return 0; }
static int back_up(void **state) { (void)state; side_open(&s, &mux_h1, false); return 0; }
static int down(void **state) { (void)state; side_end(&s); return 0; }

static uint32_t buffers_used(void)
{
	for (struct pool *p = pool_first(); p; p = pool_next(p))
		if (strcmp(p->name, "buffer") == 0)
			return p->used;
	return 0;
}

static void exchange(void)
{
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_true(respond(&s, 200, "hi", 0));
	assert_string_equal(peer_read(&s), OK2);
}

static void a_client_connection_serves_one_request_after_the_other(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		peer_write(&s, GET);
		assert_int_equal(s.begun, i);
		exchange();
		assert_true(end(&s, MUX_KEEP));
	}
	assert_int_equal(s.mux->exchanges, 3);
}

static void an_idle_client_connection_holds_no_buffer(void **state)
{
	(void)state;
	peer_write(&s, GET);
	exchange();
	assert_true(end(&s, MUX_KEEP));
	turns();
	assert_int_equal(buffers_used(), 0);
}

static void pipelined_requests_come_one_after_the_other_from_the_loop(void **state)
{
	(void)state;
	peer_write(&s, GET "GET /b HTTP/1.1\r\nHost: a\r\n\r\n" "GET /c HTTP/1.1\r\nHost: a\r\n\r\nGET");
	exchange();
	assert_true(end(&s, MUX_KEEP));
	assert_int_equal(s.begun, 1); /* never from inside close() */
	turns();
	assert_int_equal(s.begun, 2);
	exchange();
	assert_true(str_eq(s.msg.target, STR("/b")));
	assert_true(end(&s, MUX_KEEP));
	turns();
	exchange();
	assert_true(str_eq(s.msg.target, STR("/c")));
	assert_true(end(&s, MUX_KEEP));
	turns();
	assert_int_equal(s.begun, 4);
	peer_write(&s, " /d HTTP/1.1\r\nHost: a\r\n\r\n");
	exchange();
	assert_true(str_eq(s.msg.target, STR("/d")));
}

static void a_client_that_leaves_without_a_byte_makes_no_exchange(void **state)
{
	(void)state;
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(s.begun, 0);
	assert_int_equal(s.dead, 1);
}

static void a_refused_exchange_closes_the_connection(void **state)
{
	(void)state;
	s.refuse = true;
	peer_write(&s, GET);
	assert_int_equal(s.dead, 1);
}

static void a_client_that_sent_a_request_and_fin_is_served_and_closed(void **state)
{
	(void)state;
	peer_write(&s, GET);
	pull(&s);
	shutdown(s.peer, SHUT_WR);
	turns();
	assert_true(respond(&s, 200, "hi", 0));
	assert_false(end(&s, MUX_KEEP));
	assert_true(peer_closed(&s));
}

static void a_server_connection_is_reused_after_a_complete_response(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(!!(s.ep.flags & EP_REUSED), i > 0);
		assert_true(ask(&s, GET, 0));
		assert_string_equal(peer_read(&s), GET);
		peer_write(&s, OK2);
		pull(&s);
		assert_true(s.ep.flags & EP_EOM);
		assert_true(end(&s, MUX_KEEP));
		assert_int_equal(buffers_used(), 0);
		side_ready(&s);
		assert_true(mux_h1.open(s.mux, &s.ep));
	}
}

static void not_kept(const char *response, unsigned ms)
{
	assert_true(ask(&s, GET, ms));
	peer_write(&s, response);
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
	assert_false(end(&s, MUX_KEEP));
}

static void a_server_that_says_close_is_not_kept(void **state)
{
	(void)state;
	not_kept("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", 0);
}

static void a_request_that_said_close_is_not_kept(void **state)
{
	(void)state;
	not_kept(OK2, MS_CLOSE);
}

static void an_http10_response_without_keep_alive_is_not_kept(void **state)
{
	(void)state;
	not_kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0);
}

static void an_incomplete_response_is_not_kept(void **state)
{
	(void)state;
	not_kept("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 0);
}

/* T12: ten bytes too many are never taken for the next response. */
static void extra_bytes_behind_a_response_discard_the_connection(void **state)
{
	(void)state;
	not_kept(OK2 "0123456789", 0);
}

static void extra_bytes_that_come_later_discard_the_connection_too(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	peer_write(&s, OK2);
	pull(&s);
	assert_rx(&s, "hi");
	peer_write(&s, "HTTP/1.1 200 evil");
	assert_false(end(&s, MUX_KEEP));
}

static void pooled(void)
{
	ask(&s, GET, 0);
	peer_write(&s, OK2);
	pull(&s);
	assert_true(end(&s, MUX_KEEP));
}

static void an_idle_server_connection_that_ends_is_forgotten(void **state)
{
	(void)state;
	pooled();
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(s.dead, 1);
}

static void a_response_on_an_idle_connection_discards_it(void **state)
{
	(void)state;
	pooled();
	peer_write(&s, OK2);
	assert_int_equal(s.dead, 1);
}

static void a_response_between_open_and_send_leaves_the_request_unsent(void **state)
{
	(void)state;
	pooled();
	side_ready(&s);
	assert_true(mux_h1.open(s.mux, &s.ep));
	peer_write(&s, OK2);
	assert_false(ask(&s, GET, 0));
	assert_true(s.ep.flags & EP_ERR);
	assert_int_equal(s.ep.err, EE_RESET);
	assert_int_equal(s.ep.bytes_out, 0);
	assert_string_equal(peer_read(&s), GET); /* the first one */
	assert_false(end(&s, MUX_KEEP));
}

static void an_exchange_that_touched_nothing_leaves_the_connection_usable(void **state)
{
	(void)state;
	assert_true(end(&s, MUX_KEEP));
	side_ready(&s);
	assert_true(mux_h1.open(s.mux, &s.ep));
}

static void tunnels_are_never_kept(void **state)
{
	(void)state;
	ask(&s, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 0);
	peer_write(&s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	mux_h1.tunnel(&s.ep);
	struct buf b;
	struct mux_tx tx = { .body = &b };
	body_of(&b, "raw");
	assert_true(mux_h1.send(&s.ep, &tx));
	mux_h1.shutw(&s.ep);
	assert_true(peer_closed(&s));
	assert_string_equal(got, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nraw");
	peer_write(&s, "back");
	pull(&s);
	assert_rx(&s, "back");
	assert_false(end(&s, MUX_KEEP));
	buf_release(&b);
}

static void abort_and_reset_close_at_once(void **state)
{
	char b;

	(void)state;
	peer_write(&s, GET);
	assert_false(end(&s, MUX_RESET));
	assert_int_equal(read(s.peer, &b, 1), -1);
	assert_int_equal(errno, ECONNRESET);
}

#define FRONT(f) cmocka_unit_test_setup_teardown(f, front_up, down)
#define BACK(f) cmocka_unit_test_setup_teardown(f, back_up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FRONT(a_client_connection_serves_one_request_after_the_other),
		FRONT(an_idle_client_connection_holds_no_buffer),
		FRONT(pipelined_requests_come_one_after_the_other_from_the_loop),
		FRONT(a_client_that_leaves_without_a_byte_makes_no_exchange),
		FRONT(a_refused_exchange_closes_the_connection),
		FRONT(a_client_that_sent_a_request_and_fin_is_served_and_closed),
		BACK(a_server_connection_is_reused_after_a_complete_response),
		BACK(a_server_that_says_close_is_not_kept),
		BACK(a_request_that_said_close_is_not_kept),
		BACK(an_http10_response_without_keep_alive_is_not_kept),
		BACK(an_incomplete_response_is_not_kept),
		BACK(extra_bytes_behind_a_response_discard_the_connection),
		BACK(extra_bytes_that_come_later_discard_the_connection_too),
		BACK(an_idle_server_connection_that_ends_is_forgotten),
		BACK(a_response_on_an_idle_connection_discards_it),
		BACK(a_response_between_open_and_send_leaves_the_request_unsent),
		BACK(an_exchange_that_touched_nothing_leaves_the_connection_usable),
		BACK(tunnels_are_never_kept),
		FRONT(abort_and_reset_close_at_once),
	};

	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
