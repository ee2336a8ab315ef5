// SPDX-License-Identifier: GPL-3.0-or-later
/* The way of a request from its head to the moment a server is wanted: what ends it early, with which letters. */
#include "ruled.h"

static const char *ended(struct ruled *r, const char *const *words)
{
	static char text[64];
	struct stream *s = ruled_ask(r, words);

	if (!s)
		return "closed";
	snprintf(text, sizeof(text), "%s %u %.2s", s->step == ST_REPLY ? "reply" : s->step == ST_TARPIT ? "tarpit" : s->step == ST_CONNECT ? "connect" : "?",
		 s->res.status, s->term);
	return text;
}
#define ENDED(r, want, ...) assert_string_equal(ended((r), (const char *const[]){ __VA_ARGS__, NULL }), want)

TEST(a_head_that_is_none_is_a_bad_request)
{
	struct ruled r;

	ruled_open(&r, "", NULL);
	ENDED(&r, "reply 400 PR", "http://h/", "--header", "Host: a", "--header", "Host: b");
	ENDED(&r, "reply 400 PR", "http://h/", "--header", "Transfer-Encoding: what");
	ENDED(&r, "connect 0 --", "http://h/");
	ruled_close(&r);
}

TEST(a_request_without_a_backend_or_a_server_is_refused)
{
	struct ruled r;

	ruled_open(&r, " use_backend off if { path /off }\n use_backend empty if { path /empty }\n use_backend down if { path /down }\n",
		   RULED_BACK "backend off\n disabled\nbackend empty\nbackend down\n server s 127.0.0.1:1 disabled\n");
	ENDED(&r, "reply 503 SC", "http://h/empty");
	ENDED(&r, "reply 503 SC", "http://h/down");
	ENDED(&r, "connect 0 --", "http://h/off"); /* passed over, as if it were not there */
	assert_slice(r.s->be->name, "b");
	ruled_close(&r);
}

TEST(rules_of_the_frontend_come_before_routing_and_those_of_the_backend_behind_it)
{
	struct ruled r;

	ruled_open(&r, " http-request set-header X f\n use_backend two if { hdr(x) f }\n",
		   RULED_BACK "backend two\n http-request set-header X %[hdr(x)]b\n http-request deny status 418 if { path /no }\n server s 127.0.0.1:1\n");
	ENDED(&r, "connect 0 --", "http://h/");
	assert_string_equal(ruled_hdr(&r.s->req, "x"), "fb");
	ENDED(&r, "reply 418 PR", "http://h/no");
	ruled_close(&r);
}

TEST(a_listen_section_runs_its_rules_once)
{
	struct ruled r;

	ruled_open(&r, "", RULED_BACK "listen l\n bind 127.0.0.1:90\n http-request add-header Y 1\n server s 127.0.0.1:1\n");
	struct stream *s = ASK(&r, "http://h:90/");
	int n = 0;

	for (int i = msg_find(&s->req, STR("y"), 0); i >= 0; i = msg_find(&s->req, STR("y"), i + 1))
		n++;
	assert_int_equal(n, 1);
	assert_ptr_equal(s->fe, s->be);
	ruled_close(&r);
}

TEST(a_tarpit_waits_for_its_time_before_it_answers)
{
	struct ruled r;

	ruled_open(&r, " timeout tarpit 7s\n http-request tarpit deny_status 429\n", NULL);
	ENDED(&r, "tarpit 429 PT", "http://h/");
	assert_in_range(r.s->exp, clock_ms() + 6000, clock_ms() + 7000);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_that_is_none_is_a_bad_request),
		cmocka_unit_test(a_request_without_a_backend_or_a_server_is_refused),
		cmocka_unit_test(rules_of_the_frontend_come_before_routing_and_those_of_the_backend_behind_it),
		cmocka_unit_test(a_listen_section_runs_its_rules_once),
		cmocka_unit_test(a_tarpit_waits_for_its_time_before_it_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
