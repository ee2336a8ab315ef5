// SPDX-License-Identifier: GPL-3.0-or-later
/* `show errors` in a worker: the last bad message of each proxy and direction, as bytes that a terminal can show. */
#include "ask_fixture.h"

static void bad(bool request, const char *text, size_t n)
{
	struct endp *e = request ? &w.s.cli : &w.s.srv;

	e->bad = str_n(text, n);
	errors_capture(&w.s, request);
}
#define BAD(request, text) bad(request, text, sizeof(text) - 1)

static const char *shown(unsigned flags)
{
	struct ipc_ask q = anything();

	q.flags = flags;
	return ask_worker(ASK_ERRORS, &q);
}

static void has(const char *part)
{
	if (!strstr(told, part))
		fail_msg("'%s' is not in: %s", part, told);
}

TEST(a_message_is_shown_with_where_it_came_from)
{
	w.s.srv_idx = 1;
	BAD(true, "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n");
	shown(ASK_REQ | ASK_RES);
	has("frontend fe (#2): invalid request\n");
	has("  backend be (#3), server s1 (#2), event #");
	has("length 33 bytes");
	has("  00000  GET / HTTP/1.1\\r\\n\n  00016  Bad Header: x\\r\\n\n  00031  \\r\\n\n");
}

TEST(bytes_that_a_terminal_obeys_are_written_out)
{
	BAD(true, "\033[2J\\\t\0\x7f\xff");
	shown(ASK_REQ);
	has("  00000  \\e[2J\\\\\\t\\x00\\x7F\\xFF\n");
}

TEST(long_lines_go_on_with_a_plus)
{
	char text[200];

	memset(text, 'a', sizeof(text));
	bad(true, text, sizeof(text));
	shown(ASK_REQ);
	has("\n  00066+ aaaa");
	has("\n  00132+ aaaa");
}

TEST(the_last_one_of_each_proxy_and_direction_is_kept)
{
	BAD(true, "first");
	BAD(true, "second");
	BAD(false, "answer");
	shown(ASK_REQ | ASK_RES);
	has("second");
	has("answer");
	has("backend be (#3): invalid response\n  frontend fe (#2)");
	assert_null(strstr(told, "first"));
	shown(ASK_RES);
	assert_null(strstr(told, "second"));
	has("answer");
	shown(ASK_REQ);
	assert_null(strstr(told, "answer"));
}

TEST(a_proxy_that_is_both_keeps_one_of_each_direction)
{
	w.s.be = w.s.fe;
	BAD(true, "request");
	BAD(false, "answer");
	shown(ASK_REQ | ASK_RES);
	has("request\n");
	has("answer");
}

TEST(a_proxy_can_be_chosen)
{
	struct ipc_ask q = anything();

	BAD(true, "request");
	BAD(false, "answer");
	q.flags = ASK_REQ | ASK_RES;
	q.be = 1;
	ask_worker(ASK_ERRORS, &q);
	has("answer");
	assert_null(strstr(told, "request\n"));
	q.be = 0; /* what its requests have led to, too */
	ask_worker(ASK_ERRORS, &q);
	has("answer");
	has("request\n");
}

TEST(no_more_than_sixteen_kilobytes_are_kept_of_one)
{
	static char text[20000];

	memset(text, 'b', sizeof(text));
	bad(true, text, sizeof(text));
	shown(ASK_REQ);
	has("length 16384 bytes");
	w.s.cli.bad = STR_NULL;
	errors_capture(&w.s, true); /* nothing was bad */
	shown(ASK_REQ);
	has("length 16384 bytes");
}

#define TA(f) cmocka_unit_test_setup_teardown(f, open_asks, close_asks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TA(a_message_is_shown_with_where_it_came_from), TA(bytes_that_a_terminal_obeys_are_written_out), TA(long_lines_go_on_with_a_plus),
		TA(the_last_one_of_each_proxy_and_direction_is_kept), TA(a_proxy_that_is_both_keeps_one_of_each_direction),
		TA(a_proxy_can_be_chosen), TA(no_more_than_sixteen_kilobytes_are_kept_of_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
