// SPDX-License-Identifier: GPL-3.0-or-later
/* Decisions as text: rules and targets with the values they saw, cookies, stick rules. */
#include "ruled.h"

static const char *traced(struct ruled *r, const char *const *words)
{
	struct stream *s = ruled_begin(r, words);
	enum step_result st = STEP_NEXT;

	r->said.n = 0;
	wk.trace = &r->said;
	while (st == STEP_NEXT && s->step < ST_CONNECT && s->step != ST_REPLY)
		st = strm_step(s);
	wk.trace = NULL;
	if (st == STEP_END)
		r->s = NULL;
	return sbuf_cstr(&r->said);
}
#define TRACED(r, ...) traced((r), (const char *const[]){ __VA_ARGS__, NULL })

static void has(const char *text, const char *want)
{
	if (!strstr(text, want))
		fail_msg("'%s' is not in\n%s", want, text);
}

TEST(rules_show_their_line_their_verdict_and_what_they_saw)
{
	struct ruled r;

	ruled_open(&r, " http-request set-header A b if { path /x }\n http-request deny status 429 unless { hdr(k) -m found }\n http-request set-header C d\n", NULL);
	const char *said = TRACED(&r, "http://h/y", "--header", "K: 1");

	has(said, "    http-request set-header A if { path -m str /x }  [t.cfg:8] false\n        { path -m str /x }: no match; path is \"/y\"\n");
	has(said, "    http-request deny 429 unless { hdr(k) -m found }  [t.cfg:9] false\n        { hdr(k) -m found }: match; hdr(k) is \"1\"\n");
	has(said, "    http-request set-header C  [t.cfg:10] always\n");
	ruled_close(&r);
}

TEST(routing_shows_each_target_up_to_the_one_that_is_taken)
{
	struct ruled r;

	ruled_open(&r, " use_backend one if { path /1 }\n use_backend two if { path /2 }\n", "backend b\n server s 127.0.0.1:1\nbackend one\n server s 127.0.0.1:1\n"
		   "backend two\n use-server s2 if { path /2 }\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2\n");
	const char *said = TRACED(&r, "http://h/2");

	has(said, "    use_backend one if { path -m str /1 }  [t.cfg:8] false\n");
	has(said, "    use_backend two if { path -m str /2 }  [t.cfg:9] true\n");
	has(said, "    use-server s2 if { path -m str /2 }  [t.cfg:16] true\n");
	has(TRACED(&r, "http://h/3"), "    default_backend b\n");
	ruled_close(&r);
}

TEST(cookies_say_whom_they_name_or_why_nobody)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n cookie SRV insert\n server s1 127.0.0.1:1 cookie one\n server s2 127.0.0.1:2 cookie two disabled\n");
	has(TRACED(&r, "http://h/"), "    cookie SRV: the request has none\n");
	has(TRACED(&r, "http://h/", "--header", "Cookie: SRV=one"), "    cookie SRV: it names s1\n");
	has(TRACED(&r, "http://h/", "--header", "Cookie: SRV=none"), "    cookie SRV: its value names no server\n");
	has(TRACED(&r, "http://h/", "--header", "Cookie: SRV=two"), "    cookie SRV: its server is down\n");
	ruled_close(&r);
}

TEST(stick_rules_show_their_key_and_whom_it_belongs_to)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n stick-table type string len 16 size 10\n stick on hdr(k)\n stick store-request hdr(q) if { path /q }\n server s1 127.0.0.1:1\n");
	has(TRACED(&r, "http://h/", "--header", "K: joe"), "    stick on in b with key joe  [t.cfg:11] no server is stored\n");
	has(TRACED(&r, "http://h/q", "--header", "Q: ann"), "    stick store-request in b with key ann if { path -m str /q }  [t.cfg:12] stored with the choice\n");
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_show_their_line_their_verdict_and_what_they_saw),
		cmocka_unit_test(routing_shows_each_target_up_to_the_one_that_is_taken),
		cmocka_unit_test(cookies_say_whom_they_name_or_why_nobody),
		cmocka_unit_test(stick_rules_show_their_key_and_whom_it_belongs_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
