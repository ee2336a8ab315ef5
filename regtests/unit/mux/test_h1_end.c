// SPDX-License-Identifier: GPL-3.0-or-later
/* T09: the input that nobody wants after an early response: thrown away within limits, never parsed as a request, and
 * never the cause of a reset that destroys the response. */
#include "harness.h"

static struct side s;

#define EVIL "GET /evil HTTP/1.1\r\nHost: a\r\nX: 1234567890123456789012345678901\r\n\r\n"
#define DENIED "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"

static int up(void **state) { (void)state; side_open(&s, &mux_h1, true); return 0; }
static int down(void **state) { (void)state; side_end(&s); return 0; }

static void deny(const char *sent)
{
	peer_write(&s, sent);
	pull(&s);
	assert_true(s.ep.flags & EP_HEAD);
	assert_true(respond(&s, 403, "no", 0));
}

static void post(char *out, size_t cap, size_t body, const char *rest)
{
	snprintf(out, cap, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", body, rest);
}

static void next_request_works(const char *sent)
{
	peer_write(&s, sent);
	assert_int_equal(s.begun, 2);
	pull(&s);
	assert_true(str_eq(s.msg.target, STR("/next")));
	assert_true(respond(&s, 200, "hi", 0));
}

static void a_body_in_the_same_packet_is_thrown_away(void **state)
{
	char in[512];

	(void)state;
	post(in, sizeof(in), strlen(EVIL), EVIL "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
	deny(in);
	assert_string_equal(peer_read(&s), DENIED);
	assert_true(end(&s, MUX_KEEP));
	turns();
	next_request_works("");
}

static void a_body_that_comes_later_is_thrown_away(void **state)
{
	char in[512];

	(void)state;
	post(in, sizeof(in), strlen(EVIL), "");
	deny(in);
	assert_true(end(&s, MUX_KEEP));
	peer_write(&s, EVIL);
	assert_int_equal(s.begun, 1);
	next_request_works("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void a_chunked_body_in_pieces_is_thrown_away(void **state)
{
	(void)state;
	deny("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGE");
	assert_true(end(&s, MUX_KEEP));
	peer_write(&s, "T \r\n0\r\nX-Tr");
	peer_write(&s, "ailer: 1\r\n");
	assert_int_equal(s.begun, 1);
	next_request_works("\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void a_bad_chunk_while_skipping_ends_the_connection(void **state)
{
	(void)state;
	deny("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	assert_true(end(&s, MUX_KEEP));
	peer_write(&s, "zz\r\n");
	assert_int_equal(s.dead, 1);
	assert_int_equal(s.begun, 1);
}

static void a_client_that_leaves_while_skipping_is_forgotten(void **state)
{
	char in[512];

	(void)state;
	post(in, sizeof(in), 60, "");
	deny(in);
	assert_true(end(&s, MUX_KEEP));
	close(s.peer);
	s.peer = -1;
	turns();
	assert_int_equal(s.dead, 1);
}

static void a_body_beyond_64_kib_is_not_waited_for(void **state)
{
	char in[512];

	(void)state;
	post(in, sizeof(in), 70000, "");
	deny(in);
	assert_false(end(&s, MUX_KEEP));
	assert_true(peer_closed(&s));
	assert_string_equal(got, DENIED);
}

static void a_client_that_waits_for_100_is_told_close(void **state)
{
	(void)state;
	deny("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\nExpect: 100-continue\r\n\r\n");
	assert_false(end(&s, MUX_KEEP));
	assert_true(peer_closed(&s));
	assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
}

/* The client goes on sending after our FIN: it must see the whole response and end of file, not a reset. */
static void late_input_does_not_destroy_the_response(void **state)
{
	char in[512], more[8192];

	(void)state;
	post(in, sizeof(in), 1000000, "");
	deny(in);
	assert_false(end(&s, MUX_CLOSE));
	assert_int_equal(mux_lingering(), 1);
	memset(more, 'x', sizeof(more));
	for (int i = 0; i < 5; i++) {
		assert_int_equal(write(s.peer, more, sizeof(more)), sizeof(more));
		turns();
	}
	assert_true(peer_closed(&s));
	assert_string_equal(got, DENIED);
	assert_int_equal(s.begun, 1);
}

static void lingering_ends_after_64_kib(void **state)
{
	char in[512], more[8192];
	ssize_t r = 0;

	(void)state;
	post(in, sizeof(in), 1000000, "");
	deny(in);
	assert_false(end(&s, MUX_CLOSE));
	memset(more, 'x', sizeof(more));
	for (int i = 0; i < 20 && r >= 0; i++) {
		r = send(s.peer, more, sizeof(more), MSG_NOSIGNAL);
		turns();
	}
	assert_int_equal(r, -1);
	assert_int_equal(mux_lingering(), 0);
}

static void a_refused_head_is_answered_and_closed(void **state)
{
	(void)state;
	peer_write(&s, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" EVIL);
	pull(&s);
	assert_int_equal(s.ep.err, EE_BAD_HEAD);
	assert_true(respond(&s, 400, "no", 0));
	assert_false(end(&s, MUX_CLOSE));
	assert_true(peer_closed(&s));
	assert_string_equal(got, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	assert_int_equal(s.begun, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_body_in_the_same_packet_is_thrown_away),
		TEST(a_body_that_comes_later_is_thrown_away),
		TEST(a_chunked_body_in_pieces_is_thrown_away),
		TEST(a_bad_chunk_while_skipping_ends_the_connection),
		TEST(a_client_that_leaves_while_skipping_is_forgotten),
		TEST(a_body_beyond_64_kib_is_not_waited_for),
		TEST(a_client_that_waits_for_100_is_told_close),
		TEST(late_input_does_not_destroy_the_response),
		TEST(lingering_ends_after_64_kib),
		TEST(a_refused_head_is_answered_and_closed),
	};

	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
