// SPDX-License-Identifier: GPL-3.0-or-later
/* What the sending half of the HTTP/1 mux puts on the wire, also when the kernel takes only part of it. */
#include "harness.h"

static struct side s;

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

static int front_up(void **state) { (void)state; side_open(&s, &mux_h1, true); return 0; }
static int back_up(void **state) { (void)state; side_open(&s, &mux_h1, false); return 0; }
static int narrow_up(void **state) { (void)state; side_open_buf(&s, &mux_h1, true, 4096); return 0; }
static int down(void **state) { (void)state; side_end(&s); return 0; }

static void asked(const char *request)
{
	peer_write(&s, request);
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
}

/* The last answer leaves when the connection ends: what the client has got by then, and that it has ended. */
static const char *last_words(void)
{
	bool eof;

	assert_false(end(&s, MUX_KEEP));
	peer_read_eof(&s, &eof);
	assert_true(eof);
	return got;
}

static void head_and_body_go_out_together(void **state)
{
	(void)state;
	asked(GET);
	assert_true(respond(&s, 200, "hello", 0));
	assert_true(s.ep.flags & EP_TX_EOM);
	assert_string_equal(peer_read(&s), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_int_equal(s.ep.bytes_out, strlen(got));
}

static void the_connection_header_follows_version_and_flags(void **state)
{
	(void)state;
	asked("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	assert_true(respond(&s, 200, "", 0));
	assert_non_null(strstr(peer_read(&s), "\r\nConnection: keep-alive\r\n"));
	assert_true(end(&s, MUX_KEEP));
	asked("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(respond(&s, 200, "", MS_CLOSE));
	assert_non_null(strstr(last_words(), "\r\nConnection: close\r\n"));
}

static void a_client_that_asks_for_close_is_told_close(void **state)
{
	(void)state;
	asked("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(respond(&s, 200, "", 0));
	assert_non_null(strstr(last_words(), "\r\nConnection: close\r\n"));
}

static void a_draining_mux_says_close(void **state)
{
	(void)state;
	s.mux->ops->drain(s.mux);
	asked(GET);
	assert_true(respond(&s, 200, "", 0));
	assert_non_null(strstr(last_words(), "\r\nConnection: close\r\n"));
}

static void chunks_are_framed_as_they_come(void **state)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b };

	(void)state;
	asked(GET);
	out_msg(&m, hdrs, 200, MSG_CHUNKED, 0);
	body_of(&b, "hello");
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_null(tx.head);
	assert_int_equal(buf_len(&b), 0);
	buf_append(&b, STR("0123456789abcdef!"));
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_false(s.ep.flags & EP_TX_EOM);
	m.hdr[m.nhdr] = (struct hdr){ .name = "X-Sum", .nlen = 5, .val = "9", .vlen = 1 };
	m.ntrl = 1;
	tx.trailers_of = &m;
	tx.flags = MS_EOM;
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_true(s.ep.flags & EP_TX_EOM);
	assert_string_equal(peer_read(&s), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
					   "11\r\n0123456789abcdef!\r\n0\r\nX-Sum: 9\r\n\r\n");
	buf_release(&b);
}

/* A slow client with small socket buffers: whatever the cuts, the bytes must be those of an unhindered transfer. */
static void send_slowly(uint32_t framing, size_t total)
{
	static char sent[1 << 20], all[1 << 20];
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b = { 0 };
	struct mux_tx tx = { .head = &m, .body = &b };
	size_t made = 0, n = 0, chunk = 1;
	bool done = false, blocked = false;

	asked(GET);
	out_msg(&m, hdrs, 200, framing, total);
	assert_true(buf_acquire(&b));
	for (int i = 0; i < 200000 && !done; i++) {
		buf_compact(&b);
		size_t add = MIN(MIN(total - made, chunk), buf_room(&b));
		for (size_t k = 0; k < add; k++, made++)
			b.mem[b.tail++] = sent[made] = (char)('a' + made % 23);
		chunk = chunk * 3 % 4001;
		tx.flags = made == total ? MS_EOM : 0;
		done = mux_h1.send(&s.ep, &tx) && made == total;
		blocked |= (s.ep.flags & EP_TX_WAIT) != 0;
		if (s.ep.flags & EP_TX_WAIT) {
			ssize_t r = read(s.peer, all + n, 700);
			n += r > 0 ? (size_t)r : 0;
		}
		loop_turn(0);
	}
	assert_true(done);
	assert_true(blocked);
	assert_true(s.ep.flags & EP_TX_EOM);
	const char *rest = peer_read(&s);
	memcpy(all + n, rest, strlen(rest) + 1);
	n += strlen(rest);
	assert_int_equal(n, s.ep.bytes_out);
	buf_release(&b);

	struct h1_head_opts o = { .max_head = 4096 };
	struct http_msg in;
	struct hdr in_hdrs[8];
	struct h1_chunk c;
	enum h1_error e;
	uint32_t scan = 0, used = 0, data = (uint32_t)total;
	msg_init(&in, in_hdrs, 8, NULL, false);
	assert_int_equal(h1_head_parse(&in, str_n(all, n), &o, &scan, &e), H1_OK);
	if (framing & MSG_CHUNKED) {
		h1_chunk_init(&c);
		assert_int_equal(
			h1_chunk_decode(&c, all + in.head_len, (uint32_t)n - in.head_len, &used, &data, NULL, &e),
			H1_OK);
		assert_int_equal(used, n - in.head_len);
	} else {
		assert_int_equal(n - in.head_len, total);
	}
	assert_int_equal(data, total);
	assert_memory_equal(all + in.head_len, sent, total);
}

static void a_chunked_body_survives_partial_writes(void **state)
{
	(void)state;
	send_slowly(MSG_CHUNKED, 150000);
}

static void a_body_with_length_survives_partial_writes(void **state)
{
	(void)state;
	send_slowly(MSG_CLEN, 150000);
}

static void a_large_head_survives_partial_writes(void **state)
{
	static char big[10000], more[20000];
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM };
	unsigned rounds = 0;
	size_t n = 0;

	(void)state;
	asked(GET);
	body_of(&b, "body");
	out_msg(&m, hdrs, 200, MSG_CHUNKED, 0);
	memset(big, 'v', sizeof(big));
	assert_true(msg_add(&m, STR("Big"), str_n(big, sizeof(big))));
	while (!mux_h1.send(&s.ep, &tx) && rounds++ < 1000) {
		assert_false(s.ep.flags & EP_ERR);
		ssize_t r = read(s.peer, more + n, 100);
		n += r > 0 ? (size_t)r : 0;
		loop_turn(0);
	}
	assert_true(rounds > 0);
	const char *rest = peer_read(&s);
	memcpy(more + n, rest, strlen(rest) + 1);
	assert_int_equal(n + strlen(rest), s.ep.bytes_out);
	assert_string_equal(strstr(more, "\r\n\r\n"), "\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
	assert_true(s.ep.flags & EP_TX_EOM);
	buf_release(&b);
}

static void an_interim_head_is_followed_by_the_final_one(void **state)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct mux_tx tx = { .head = &m, .flags = MS_EOM };

	(void)state;
	asked(GET);
	out_msg(&m, hdrs, 103, MSG_NO_BODY, 0);
	assert_true(msg_add(&m, STR("Link"), STR("x")));
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_null(tx.head);
	assert_false(s.ep.flags & EP_TX_EOM);
	assert_true(respond(&s, 200, "hi", 0));
	assert_string_equal(
		peer_read(&s),
		"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

static void the_body_of_a_response_to_head_is_swallowed(void **state)
{
	(void)state;
	asked("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(respond(&s, 200, "hello", 0));
	assert_string_equal(peer_read(&s), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	assert_true(end(&s, MUX_KEEP));
}

static void bytes_beyond_the_announced_length_never_leave(void **state)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM };

	(void)state;
	asked(GET);
	body_of(&b, "helloHTTP/1.1 200 evil");
	out_msg(&m, hdrs, 200, MSG_CLEN, 5);
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_int_equal(buf_len(&b), 0);
	assert_string_equal(peer_read(&s), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	assert_false(end(&s, MUX_KEEP));
	buf_release(&b);
}

static void a_body_shorter_than_announced_ends_the_connection(void **state)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct mux_tx tx = { .head = &m, .flags = MS_EOM };

	(void)state;
	asked(GET);
	out_msg(&m, hdrs, 200, MSG_CLEN, 5);
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_false(end(&s, MUX_KEEP));
}

static void a_close_delimited_response_says_close_and_ends_with_fin(void **state)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM };

	(void)state;
	asked("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	body_of(&b, "hello");
	out_msg(&m, hdrs, 200, MSG_CLOSE_DELIM, 0);
	assert_true(mux_h1.send(&s.ep, &tx));
	assert_string_equal(last_words(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
	buf_release(&b);
}

static void a_request_waits_for_the_connection(void **state)
{
	struct addr dst = { .family = AF_INET, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	struct sock_connect_opts o = { .tos = -1, .mark = -1 };
	struct side b;
	struct addr bound;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage sa;

	(void)state;
	assert_int_equal(bind(l, (struct sockaddr *)&sa, addr_to_sockaddr(&dst, &sa)), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_true(sock_local(l, &bound));
	memset(&b, 0, sizeof(b));
	arena_init(&b.arena, 0);
	side_ready(&b);
	struct conn *c = conn_new_back(&bound, &o, &xprt_raw, NULL, NULL, NULL);
	assert_non_null(c);
	b.mux = mux_h1.init(c, false, &test_cfg);
	assert_true(mux_h1.open(b.mux, &b.ep));
	assert_false(ask(&b, GET, 0));
	assert_int_equal(b.ep.flags, EP_TX_WAIT);
	turns();
	assert_int_equal(b.wakes, 1);
	assert_true(b.ep.flags & EP_CONNECTED);
	assert_true(ask(&b, GET, 0));
	b.peer = accept(l, NULL, NULL);
	fcntl(b.peer, F_SETFL, O_NONBLOCK);
	assert_string_equal(peer_read(&b), GET);
	side_end(&b);
	close(l);
}

static void a_refused_connection_is_reported_as_such(void **state)
{
	struct addr dst = { .family = AF_INET, .port = 1, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	struct sock_connect_opts o = { .tos = -1, .mark = -1 };
	struct side b;

	(void)state;
	memset(&b, 0, sizeof(b));
	arena_init(&b.arena, 0);
	side_ready(&b);
	b.peer = -1;
	struct conn *c = conn_new_back(&dst, &o, &xprt_raw, NULL, NULL, NULL);
	if (c) {
		b.mux = mux_h1.init(c, false, &test_cfg);
		assert_true(mux_h1.open(b.mux, &b.ep));
		turns();
		assert_int_equal(b.wakes, 1);
		assert_int_equal(b.ep.err, EE_CONNECT);
		assert_int_equal(c->err, ECONNREFUSED);
		assert_false(end(&b, MUX_KEEP));
	}
	side_end(&b);
}

/* The response that a server sends before it stops reading must still arrive. */
static void a_server_that_stops_reading_may_still_answer(void **state)
{
	struct h1_head_opts o = { .request = true, .max_head = 4096 };
	struct hdr hdrs[HDRS];
	struct http_msg m;
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b };
	enum h1_error e;
	uint32_t scan = 0;

	(void)state;
	msg_init(&m, hdrs, HDRS, &s.arena, true);
	assert_int_equal(
		h1_head_parse(&m, STR("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n"), &o, &scan, &e),
		H1_OK);
	body_of(&b, "hello");
	assert_true(mux_h1.send(&s.ep, &tx));
	peer_write(&s, "HTTP/1.1 413 Big\r\nContent-Length: 2\r\n\r\nno");
	close(s.peer); /* with unread bytes: RST */
	s.peer = -1;
	turns();
	for (int i = 0; i < 3; i++) {
		buf_append(&b, STR("more"));
		assert_true(mux_h1.send(&s.ep, &tx));
		assert_int_equal(buf_len(&b), 0);
		turns();
	}
	pull(&s);
	assert_int_equal(s.msg.status, 413);
	assert_rx(&s, "no");
	assert_true(s.ep.flags & EP_EOM);
	assert_false(end(&s, MUX_KEEP));
	buf_release(&b);
}

#define FRONT(f) cmocka_unit_test_setup_teardown(f, front_up, down)
#define NARROW(f) cmocka_unit_test_setup_teardown(f, narrow_up, down)
#define BACK(f) cmocka_unit_test_setup_teardown(f, back_up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FRONT(head_and_body_go_out_together),
		FRONT(the_connection_header_follows_version_and_flags),
		FRONT(a_client_that_asks_for_close_is_told_close),
		FRONT(a_draining_mux_says_close),
		FRONT(chunks_are_framed_as_they_come),
		NARROW(a_chunked_body_survives_partial_writes),
		NARROW(a_body_with_length_survives_partial_writes),
		NARROW(a_large_head_survives_partial_writes),
		FRONT(an_interim_head_is_followed_by_the_final_one),
		FRONT(the_body_of_a_response_to_head_is_swallowed),
		FRONT(bytes_beyond_the_announced_length_never_leave),
		FRONT(a_body_shorter_than_announced_ends_the_connection),
		FRONT(a_close_delimited_response_says_close_and_ends_with_fin),
		cmocka_unit_test(a_request_waits_for_the_connection),
		cmocka_unit_test(a_refused_connection_is_reported_as_such),
		BACK(a_server_that_stops_reading_may_still_answer),
	};

	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
