// SPDX-License-Identifier: GPL-3.0-or-later
/* What the receiving half of the HTTP/1 mux shows to the owner, and what it keeps back. */
#include "harness.h"

static struct side s;

static int front_up(void **state) { (void)state; side_open(&s, &mux_h1, true); return 0; }
static int back_up(void **state) { (void)state; side_open(&s, &mux_h1, false); return 0; }
static int down(void **state) { (void)state; side_end(&s); return 0; }

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST5 "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

static void a_request_without_body_is_complete_with_its_head(void **state)
{
	(void)state;
	peer_write(&s, GET);
	assert_int_equal(s.begun, 1);
	assert_int_equal(s.wakes, 1);
	assert_int_equal(s.ep.flags, EP_NEW | EP_CONNECTED);
	pull(&s);
	assert_int_equal(s.ep.flags, EP_HEAD | EP_EOM | EP_CONNECTED);
	assert_true(str_eq(s.msg.target, STR("/a")));
	assert_true(s.ep.hold_head);
	assert_int_equal(s.ep.bytes_in, strlen(GET));
	assert_rx(&s, "");
}

static void a_head_may_come_byte_by_byte(void **state)
{
	static const char in[] = POST5 "hello";

	(void)state;
	for (size_t i = 0; i < sizeof(in) - 1; i++) {
		char one[2] = { in[i], 0 };
		peer_write(&s, one);
		pull(&s);
		assert_false(s.ep.flags & EP_ERR);
		assert_int_equal(!!(s.ep.flags & EP_RX_WAIT), i < sizeof(in) - 2);
	}
	assert_true(s.ep.flags & EP_EOM);
	assert_rx(&s, "hello");
}

static void head_slices_survive_later_body_bytes(void **state)
{
	char big[9000];

	(void)state;
	peer_write(&s, "POST /a HTTP/1.1\r\nHost: example\r\nContent-Length: 36000\r\n\r\n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	for (int i = 0; i < 4; i++) {
		peer_write(&s, big);
		pull(&s);
		buf_consume(&s.ep.rx, buf_len(&s.ep.rx));
		pull(&s);
		buf_consume(&s.ep.rx, buf_len(&s.ep.rx));
		assert_true(str_eq(s.msg.authority, STR("example")));
	}
	peer_write(&s, "last");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_true(str_eq(s.msg.authority, STR("example")));
}

static void bytes_of_the_next_request_stay_with_the_mux(void **state)
{
	(void)state;
	peer_write(&s, POST5 "helloGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_rx(&s, "hello");
	pull(&s);
	assert_rx(&s, "");
}

static void a_chunked_body_is_decoded_in_any_pieces(void **state)
{
	static const char body[] = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 7\r\nHost: evil\r\n\r\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof(body); piece++) {
		char all[32] = "", part[64];
		side_end(&s);
		side_open(&s, &mux_h1, true);
		peer_write(&s, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
		pull(&s);
		assert_true(s.ep.flags & EP_HEAD);
		for (size_t at = 0; at < sizeof(body) - 1; at += piece) {
			size_t n = MIN(piece, sizeof(body) - 1 - at);
			memcpy(part, body + at, n);
			part[n] = 0;
			peer_write(&s, part);
			pull(&s);
			if (at % 2 == 0) { /* sometimes the owner is slow */
				strncat(all, buf_at(&s.ep.rx), buf_len(&s.ep.rx));
				buf_consume(&s.ep.rx, buf_len(&s.ep.rx));
			}
		}
		strncat(all, s.ep.rx.cap ? buf_at(&s.ep.rx) : "", buf_len(&s.ep.rx));
		assert_string_equal(all, "hello world");
		assert_true(s.ep.flags & EP_EOM);
		assert_int_equal(s.msg.ntrl, 1);
	}
}

static void a_refused_head_tells_why(void **state)
{
	(void)state;
	peer_write(&s, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
	pull(&s);
	assert_true(s.ep.flags & EP_ERR);
	assert_int_equal(s.ep.err, EE_BAD_HEAD);
	assert_int_equal(s.ep.h1_err, H1E_CLEN_AND_TE);
}

static void refused_chunk_framing_is_a_bad_body(void **state)
{
	(void)state;
	peer_write(&s, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX");
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
	assert_int_equal(s.ep.err, EE_BAD_BODY);
	assert_int_equal(s.ep.h1_err, H1E_CHUNK_END);
	assert_rx(&s, "ab");
}

static void a_head_that_fills_the_buffer_is_too_big(void **state)
{
	char big[20000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	peer_write(&s, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	peer_write(&s, big);
	pull(&s);
	assert_int_equal(s.ep.err, EE_BAD_HEAD);
	assert_int_equal(s.ep.h1_err, H1E_HEAD_TOO_BIG);
}

static void a_full_buffer_stops_reading_until_bytes_are_consumed(void **state)
{
	char big[60001];
	size_t total = 0;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	peer_write(&s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
	peer_write(&s, big);
	pull(&s);
	assert_false(s.ep.flags & (EP_RX_WAIT | EP_EOM | EP_ERR));
	uint32_t before = buf_len(&s.ep.rx);
	assert_true(before > 0 && before <= buf_size());
	pull(&s);
	assert_int_equal(buf_len(&s.ep.rx), before);
	s.ep.hold_head = false;
	for (int i = 0; i < 1000 && !(s.ep.flags & EP_EOM); i++) {
		uint32_t n = MIN(buf_len(&s.ep.rx), 5000);
		total += n;
		buf_consume(&s.ep.rx, n);
		pull(&s);
		turns();
	}
	assert_int_equal(total + buf_len(&s.ep.rx), 60000);
}

static void a_client_that_leaves_inside_a_message_truncates_it(void **state)
{
	(void)state;
	peer_write(&s, POST5 "he");
	pull(&s);
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	assert_true(s.ep.flags & EP_EOF);
	assert_int_equal(s.ep.err, EE_TRUNCATED);
	assert_rx(&s, "he");
}

static void a_client_that_half_closes_after_its_request_is_reported(void **state)
{
	(void)state;
	peer_write(&s, GET);
	pull(&s);
	unsigned before = s.wakes;
	shutdown(s.peer, SHUT_WR);
	turns();
	assert_int_equal(s.wakes, before + 1);
	assert_true(s.ep.flags & EP_EOF);
	assert_false(s.ep.flags & EP_ERR);
	assert_true(respond(&s, 200, "hi", 0));
	assert_string_equal(peer_read(&s), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

static void a_client_that_resets_is_reported(void **state)
{
	(void)state;
	peer_write(&s, GET);
	pull(&s);
	sock_set_linger_reset(s.peer);
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(s.ep.err, EE_RESET);
}

static void a_response_with_length_ends_there(void **state)
{
	(void)state;
	assert_true(ask(&s, GET, 0));
	peer_write(&s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_int_equal(s.msg.status, 200);
	assert_rx(&s, "hello");
}

static void interim_heads_come_before_the_final_one(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	peer_write(&s, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
		       "OK\r\nContent-Length: 2\r\n\r\nhi");
	pull(&s);
	assert_int_equal(s.msg.status, 100);
	assert_false(s.ep.flags & EP_EOM);
	pull(&s);
	assert_int_equal(s.msg.status, 100); /* still with the owner */
	s.ep.flags &= (uint16_t)~EP_HEAD;
	pull(&s);
	assert_int_equal(s.msg.status, 103);
	s.ep.flags &= (uint16_t)~EP_HEAD;
	pull(&s);
	assert_int_equal(s.msg.status, 200);
	assert_true(s.ep.flags & EP_EOM);
	assert_rx(&s, "hi");
}

static void more_than_16_interim_heads_are_refused(void **state)
{
	unsigned n = 0;

	(void)state;
	ask(&s, GET, 0);
	for (; n < 30 && !(s.ep.flags & EP_ERR); n++) {
		peer_write(&s, "HTTP/1.1 100 Continue\r\n\r\n");
		s.ep.flags &= (uint16_t)~EP_HEAD;
		pull(&s);
	}
	assert_int_equal(n, 17);
	assert_int_equal(s.ep.h1_err, H1E_INTERIM_MANY);
}

static void a_response_to_head_has_no_body(void **state)
{
	(void)state;
	ask(&s, "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	peer_write(&s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	pull(&s);
	assert_int_equal(s.ep.flags & (EP_HEAD | EP_EOM), EP_HEAD | EP_EOM);
}

static void a_close_delimited_response_ends_with_the_connection(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	peer_write(&s, "HTTP/1.1 200 OK\r\n\r\nhel");
	pull(&s);
	assert_false(s.ep.flags & EP_EOM);
	peer_write(&s, "lo");
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_false(s.ep.flags & EP_ERR);
	assert_rx(&s, "hello");
}

static void a_response_cut_short_is_truncated(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	peer_write(&s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	assert_int_equal(s.ep.err, EE_TRUNCATED);
}

static void an_empty_response_has_no_bytes_in(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	assert_int_equal(s.ep.err, EE_TRUNCATED);
	assert_int_equal(s.ep.bytes_in, 0);
}

/* T10: what follows a request that asks for an upgrade is neither body nor request before the answer is known. */
static void bytes_behind_an_upgrade_are_held_and_become_tunnel_data(void **state)
{
	(void)state;
	peer_write(&s, "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nraw bytes");
	pull(&s);
	assert_true(s.ep.flags & EP_EOM);
	assert_true(s.msg.flags & MSG_UPGRADE);
	assert_rx(&s, "");
	s.mux->ops->tunnel(&s.ep);
	pull(&s);
	assert_true(s.ep.flags & EP_TUNNEL);
	assert_false(s.ep.flags & EP_EOM);
	assert_rx(&s, "raw bytes");
	peer_write(&s, "more");
	pull(&s);
	assert_rx(&s, "more");
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	assert_true(s.ep.flags & EP_EOF);
	assert_false(s.ep.flags & EP_ERR);
}

static void a_101_response_ends_its_message_and_starts_the_tunnel(void **state)
{
	(void)state;
	ask(&s, "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n", 0);
	assert_string_equal(peer_read(&s), "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n");
	peer_write(&s, "HTTP/1.1 101 Switching\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\nhello");
	pull(&s);
	assert_int_equal(s.msg.status, 101);
	assert_true(s.ep.flags & EP_EOM);
	assert_rx(&s, "");
	s.mux->ops->tunnel(&s.ep);
	pull(&s);
	assert_rx(&s, "hello");
}

/* An idle tunnel or a waiting request holds no buffer. */
static void a_side_that_waits_without_bytes_holds_no_buffer(void **state)
{
	(void)state;
	ask(&s, GET, 0);
	pull(&s);
	assert_true(s.ep.flags & EP_RX_WAIT);
	assert_int_equal(s.ep.rx.cap, 0);
}

#define FRONT(f) cmocka_unit_test_setup_teardown(f, front_up, down)
#define BACK(f) cmocka_unit_test_setup_teardown(f, back_up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FRONT(a_request_without_body_is_complete_with_its_head),
		FRONT(a_head_may_come_byte_by_byte),
		FRONT(head_slices_survive_later_body_bytes),
		FRONT(bytes_of_the_next_request_stay_with_the_mux),
		FRONT(a_chunked_body_is_decoded_in_any_pieces),
		FRONT(a_refused_head_tells_why),
		FRONT(refused_chunk_framing_is_a_bad_body),
		FRONT(a_head_that_fills_the_buffer_is_too_big),
		FRONT(a_full_buffer_stops_reading_until_bytes_are_consumed),
		FRONT(a_client_that_leaves_inside_a_message_truncates_it),
		FRONT(a_client_that_half_closes_after_its_request_is_reported),
		FRONT(a_client_that_resets_is_reported),
		BACK(a_response_with_length_ends_there),
		BACK(interim_heads_come_before_the_final_one),
		BACK(more_than_16_interim_heads_are_refused),
		BACK(a_response_to_head_has_no_body),
		BACK(a_close_delimited_response_ends_with_the_connection),
		BACK(a_response_cut_short_is_truncated),
		BACK(an_empty_response_has_no_bytes_in),
		FRONT(bytes_behind_an_upgrade_are_held_and_become_tunnel_data),
		BACK(a_101_response_ends_its_message_and_starts_the_tunnel),
		BACK(a_side_that_waits_without_bytes_holds_no_buffer),
	};

	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
