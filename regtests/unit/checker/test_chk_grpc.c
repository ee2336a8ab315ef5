// SPDX-License-Identifier: GPL-3.0-or-later
/* A server's side of a call as bytes: SETTINGS, then HEADERS (`:status: 200` from the static table, the rest as literals), DATA, trailers. */
#include "checker_fixture.h"

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define HEAD "\0\0\40\1\4\0\0\0\1" "\210" "\0\14content-type" "\20application/grpc"
#define DATA(n, bytes) "\0\0" n "\0\0\0\0\0\1" bytes
#define STATUS(v) "\0\0\17\1\5\0\0\0\1" "\0\13grpc-status" "\1" v

struct grpc_case { const char *name; struct str answer; enum check_status want; unsigned code; const char *info; };
#define CASE(name, answer, ...) { name, { answer, sizeof(answer) - 1 }, __VA_ARGS__ }

static void verdict_is(const struct grpc_case *c)
{
	struct origin o = { .answer = c->answer.p, .answer_len = c->answer.n };
	char info[160];
	struct fx f;

	fx_init(&f, 1);
	f.px.check.kind = CHK_GRPC;
	f.px.check.service = STR("shop");
	f.o[0].inter = 200;
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) != CHK_UNKNOWN);
	if (status_of(&f, 0) != c->want)
		fail_msg("%s: %s (%s)", c->name, check_status_word(status_of(&f, 0)), nlines ? lines[0] : "");
	assert_int_equal(check_word_code(atomic_load(&f.ck.seg->srv[0].check)), c->code);
	snprintf(info, sizeof(info), "info: \"%s\"", c->info);
	if (!nlines || !strstr(lines[0], info))
		fail_msg("%s: %s", c->name, nlines ? lines[0] : "");
	origin_close(&o);
	fx_close(&f);
}

static void a_call_ends_as_the_server_says(void **s)
{
	(void)s;
	static const struct grpc_case cases[] = {
		CASE("serving", SETTINGS HEAD DATA("\7", "\0\0\0\0\2\10\1") STATUS("0"), CHK_L7OK, 0, "SERVING"),
		CASE("not serving", SETTINGS HEAD DATA("\7", "\0\0\0\0\2\10\2") STATUS("0"), CHK_L7STS, 0, "NOT_SERVING"),
		CASE("no message", SETTINGS HEAD STATUS("0"), CHK_L7RSP, 0, "no message in the response"),
		CASE("status of gRPC", SETTINGS HEAD STATUS("8"), CHK_L7STS, 8, "gRPC status 8 RESOURCE_EXHAUSTED"),
		CASE("reset", SETTINGS "\0\0\4\3\0\0\0\0\1\0\0\0\2", CHK_L7RSP, 0, "stream reset by the server: INTERNAL_ERROR"),
		CASE("given up", SETTINGS "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\15", CHK_L7RSP, 0, "server closes the connection: HTTP_1_1_REQUIRED"),
		CASE("another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", CHK_L7RSP, 0, "server speaks HTTP/1, not HTTP/2"),
		CASE("no protocol", "* OK IMAP4rev1 ready", CHK_L7RSP, 0, "server does not speak HTTP/2"),
		CASE("a wrong frame", SETTINGS "\0\0\1\6\0\0\0\0\0x", CHK_L7RSP, 0, "server breaks the rules of HTTP/2"),
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		verdict_is(&cases[i]);
}

static void silence_is_a_timeout_that_says_what_was_waited_for(void **s)
{
	static const struct grpc_case none = CASE("silence", "", CHK_L7TOUT, 0, "waiting for SETTINGS");
	static const struct grpc_case head = CASE("no head", SETTINGS, CHK_L7TOUT, 0, "waiting for the response");
	static const struct grpc_case data = CASE("no data", SETTINGS HEAD, CHK_L7TOUT, 0, "waiting for the message");

	(void)s;
	verdict_is(&none);
	verdict_is(&head);
	verdict_is(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_ends_as_the_server_says),
		cmocka_unit_test(silence_is_a_timeout_that_says_what_was_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
