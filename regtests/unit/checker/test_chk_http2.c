// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

/* Frames: SETTINGS, then HEADERS of stream 1 with :status from the static table of HPACK; RFC 9113 6, RFC 7541 A. */
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define OK_END "\0\0\1\1\5\0\0\0\1\x88"          /* 200, END_STREAM */
#define OK_HEAD "\0\0\1\1\4\0\0\0\1\x88"         /* 200, a body follows */
#define NOT_FOUND "\0\0\1\1\5\0\0\0\1\x8d"
#define EARLY "\0\0\5\1\4\0\0\0\1\x08\3" "103"   /* :status 103, literal */
#define DATA "\0\0\5\0\1\0\0\0\1" "hello"
#define RESET "\0\0\4\3\0\0\0\0\1\0\0\0\7"       /* REFUSED_STREAM */
#define GOAWAY "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\13"

struct h2_case { const char *name, *answer; size_t len; bool close; enum check_status want; unsigned code; const char *said; };
#define ANSWER(text) text, sizeof(text) - 1

static void run(const struct h2_case *c, struct chk_step *steps, unsigned n)
{
	struct origin o = { .wait_for = "PRI * HTTP/2.0", .answer = c->answer, .answer_len = c->len, .close_after = c->close };
	struct fx f;

	fx_init(&f, 1);
	f.px.check = (struct rt_check){ .kind = CHK_HTTP, .req = { .method = STR("GET"), .uri = STR("/up"), .version = STR("HTTP/1.0") },
					.steps = steps, .nsteps = n };
	f.o[0].inter = 200;
	f.o[0].check_proto = PROTO_H2;
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) != CHK_UNKNOWN);
	if (status_of(&f, 0) != c->want)
		fail_msg("%s: %s, not %s (%s)", c->name, check_status_word(status_of(&f, 0)), check_status_word(c->want), nlines ? lines[0] : "");
	assert_int_equal(check_word_code(atomic_load(&f.ck.seg->srv[0].check)), c->code);
	if (c->said && !strstr(lines[0], c->said))
		fail_msg("%s: '%s' does not say '%s'", c->name, lines[0], c->said);
	origin_close(&o);
	fx_close(&f);
}

static void the_status_decides(void **s)
{
	static const struct h2_case cases[] = {
		{ "200", ANSWER(SETTINGS OK_END), false, CHK_L7OK, 200, NULL },
		{ "after a 103", ANSWER(SETTINGS EARLY OK_END), false, CHK_L7OK, 200, NULL },
		{ "404", ANSWER(SETTINGS NOT_FOUND), false, CHK_L7STS, 404, NULL },
		{ "HTTP/1", ANSWER("HTTP/1.1 200 OK\r\n\r\n"), true, CHK_L7RSP, 0, "speaks HTTP/1" },
		{ "reset", ANSWER(SETTINGS RESET), false, CHK_L7RSP, 0, "stream reset by the server: REFUSED_STREAM" },
		{ "goaway", ANSWER(SETTINGS GOAWAY), true, CHK_L7RSP, 0, "server closes the connection: ENHANCE_YOUR_CALM" },
		{ "ends", ANSWER(SETTINGS), true, CHK_L7RSP, 0, "connection closed before the response was complete" },
		{ "silence", NULL, 0, false, CHK_L7TOUT, 0, NULL },
	};
	struct chk_step steps[] = { { .kind = CS_REQUEST }, { .kind = CS_EXPECT, .exp = { .match = CM_STATUS, .nstatus = 1, .status = { { 200, 399 } } } } };

	(void)s;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		run(&cases[i], steps, 2);
}

static void bodies_are_read_to_the_end_of_the_stream(void **s)
{
	static const struct h2_case yes = { "body", ANSWER(SETTINGS OK_HEAD DATA), false, CHK_L7OK, 200, NULL };
	static const struct h2_case no = { "no body", ANSWER(SETTINGS OK_END), false, CHK_L7RSP, 200, NULL };
	struct chk_step steps[] = { { .kind = CS_REQUEST }, { .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("hello") } } };

	(void)s;
	run(&yes, steps, 2);
	run(&no, steps, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_status_decides),
		cmocka_unit_test(bodies_are_read_to_the_end_of_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
