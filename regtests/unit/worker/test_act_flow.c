// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that decide: what is answered, with which letters in the log, and what goes on. */
#include "ruled.h"

TEST(requests_are_denied_returned_and_held_with_their_status_and_letters)
{
	static const struct ruled_row rows[] = {
		{ " http-request deny\n", { "http://h/" }, "403 PR" },
		{ " http-request deny status 429 if { path /x }\n", { "http://h/x" }, "429 PR" },
		{ " http-request deny status 429 if { path /x }\n", { "http://h/y" }, "/y" },
		{ " http-request return status 201 content-type text/plain string hi\n", { "http://h/" }, "201 LR" },
		{ " timeout tarpit 5s\n http-request tarpit\n", { "http://h/" }, "tarpit 500 PT" },
		{ " timeout tarpit 5s\n http-request tarpit deny_status 503\n", { "http://h/" }, "tarpit 503 PT" },
		{ " http-request auth realm R\n", { "http://h/" }, "401 LR" },
		{ " http-request reject\n", { "http://h/" }, "closed" },
		{ " http-request silent-drop\n", { "http://h/" }, "closed" },
		{ " http-request allow if { path /x }\n http-request deny\n", { "http://h/x" }, "/x" },
		{ " tcp-request content accept if { path /x }\n tcp-request content reject\n", { "http://h/x" }, "/x" },
		{ " tcp-request content reject if { path /x }\n", { "http://h/x" }, "closed" },
	};

	RULED_ROWS(rows);
}

static void goes_to(struct ruled *r, const char *const *ask, unsigned status, const char *location)
{
	struct stream *s = ruled_ask(r, ask);

	assert_true(s && s->step == ST_REPLY);
	assert_int_equal(s->res.status, status);
	assert_string_equal(ruled_hdr(&s->res, "location"), location);
}
#define GOES_TO(r, status, location, ...) goes_to((r), (const char *const[]){ __VA_ARGS__, NULL }, status, location)

TEST(redirects_are_made_of_scheme_prefix_or_location)
{
	struct ruled r;

	ruled_open(&r, " redirect scheme https code 301 if { path_beg /s }\n redirect prefix https://p.test drop-query append-slash if { path_beg /p }\n"
		       " redirect prefix / code 303 append-slash drop-query if { path_beg /only }\n"
		       " redirect location /l%[path] keep-query code 307 set-cookie SEEN=1 if { path_beg /q }\n"
		       " redirect location %[var(txn.none)] ignore-empty if { path_beg /e }\n http-request redirect location /last if { path_beg /e }\n", NULL);
	GOES_TO(&r, 301, "https://h/s?a=1", "http://h/s?a=1");
	GOES_TO(&r, 302, "https://p.test/p/", "http://h/p?a=1");
	GOES_TO(&r, 303, "/only/", "http://h/only?a=1");
	GOES_TO(&r, 307, "/l/q?a=1", "http://h/q?a=1");
	assert_string_equal(ruled_hdr(&r.s->res, "set-cookie"), "SEEN=1; path=/;");
	GOES_TO(&r, 302, "/last", "http://h/e");
	ruled_close(&r);
}

TEST(redirect_lines_hold_behind_an_allow)
{
	struct ruled r;

	ruled_open(&r, " http-request allow\n redirect location /x\n http-request deny\n", NULL);
	GOES_TO(&r, 302, "/x", "http://h/");
	ruled_close(&r);
}

TEST(a_proxy_that_a_client_knows_of_asks_for_proxy_credentials)
{
	struct ruled r;

	ruled_open(&r, " http-request auth realm \"a \\\"b\\\"\"\n", NULL);
	assert_string_equal(ruled_hdr(&ASK(&r, "http://h/")->res, "www-authenticate"), "Basic realm=\"a \\\"b\\\"\"");
	ruled_close(&r);
}

TEST(responses_are_denied_and_returned)
{
	struct ruled r;

	ruled_open(&r, " http-response deny if { status 201 }\n http-response deny status 418 if { status 202 }\n"
		       " http-response return status 204 if { status 203 }\n", NULL);
	static const struct { const char *head; unsigned status; char letters[3]; } rows[] = {
		{ "HTTP/1.1 201 OK\r\n\r\n", 502, "PH" }, { "HTTP/1.1 202 OK\r\n\r\n", 418, "PH" }, { "HTTP/1.1 203 OK\r\n\r\n", 204, "LH" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_non_null(ASK(&r, "http://h/"));
		assert_int_equal(ruled_response(&r, rows[i].head), RULE_ANSWERED);
		assert_int_equal(r.s->res.status, rows[i].status);
		assert_memory_equal(r.s->term, rows[i].letters, 2);
	}
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_denied_returned_and_held_with_their_status_and_letters),
		cmocka_unit_test(redirects_are_made_of_scheme_prefix_or_location),
		cmocka_unit_test(redirect_lines_hold_behind_an_allow),
		cmocka_unit_test(a_proxy_that_a_client_knows_of_asks_for_proxy_credentials),
		cmocka_unit_test(responses_are_denied_and_returned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
