// SPDX-License-Identifier: GPL-3.0-or-later
/* What configuration adds to and saves of messages outside of the rules. */
#include "ruled.h"

static struct stream *with_headers(struct ruled *r, const char *front, const char *const *ask)
{
	ruled_open(r, front, NULL);
	struct stream *s = ruled_ask(r, ask);

	assert_non_null(s);
	headers_request(s);
	return s;
}
#define WITH(r, front, ...) with_headers((r), (front), (const char *const[]){ __VA_ARGS__, NULL })

TEST(the_client_is_told_to_the_server_once)
{
	struct ruled r;
	struct stream *s = WITH(&r, " option forwardfor\n", "http://h/", "--src", "192.0.2.7", "--header", "X-Forwarded-For: 10.0.0.1");

	assert_string_equal(ruled_hdr(&s->req, "x-forwarded-for"), "192.0.2.7");
	headers_request(s); /* another attempt */
	int n = 0;
	for (int i = msg_find(&s->req, STR("x-forwarded-for"), 0); i >= 0; i = msg_find(&s->req, STR("x-forwarded-for"), i + 1))
		n++;
	assert_int_equal(n, 2);
	ruled_close(&r);
}

TEST(who_is_left_out_is_not_told_and_what_is_there_may_stay_alone)
{
	struct ruled r;

	assert_string_equal(ruled_hdr(&WITH(&r, " option forwardfor except 192.0.2.0/24\n", "http://h/", "--src", "192.0.2.7")->req, "x-forwarded-for"), "-");
	ruled_close(&r);
	assert_string_equal(ruled_hdr(&WITH(&r, " option forwardfor if-none\n", "http://h/", "--header", "X-Forwarded-For: a")->req, "x-forwarded-for"), "a");
	ruled_close(&r);
	assert_string_equal(ruled_hdr(&WITH(&r, " option forwardfor header X-Client\n", "http://h/", "--src", "192.0.2.7")->req, "x-client"), "192.0.2.7");
	ruled_close(&r);
}

TEST(the_address_that_a_rule_has_set_is_the_one_that_is_told)
{
	struct ruled r;

	assert_string_equal(ruled_hdr(&WITH(&r, " option forwardfor\n http-request set-src ip(10.9.9.9)\n", "http://h/", "--src", "192.0.2.7")->req, "x-forwarded-for"),
			    "10.9.9.9");
	ruled_close(&r);
}

TEST(the_unique_id_is_made_once_and_put_where_it_was_asked_for)
{
	struct ruled r;
	struct stream *s = WITH(&r, " unique-id-format %[path]-%[rand(1000000000)]\n unique-id-header X-Id\n", "http://h/p");
	struct str first = s->unique_id;

	assert_true(str_starts(first, STR("/p-")));
	assert_slice(first, ruled_hdr(&s->req, "x-id"));
	assert_true(str_eq(strm_unique_id(s), first));
	ruled_close(&r);
}

TEST(captures_take_the_last_header_and_are_cut)
{
	struct ruled r;
	struct stream *s = WITH(&r, " capture request header Y len 3\n capture request header None len 9\n capture cookie SID= len 8\n", "http://h/", "--header",
				"Y: first", "--header", "Y: second", "--header", "Cookie: a=1; SID=123456; b=2");

	assert_slice(s->req_caps[0], "sec");
	assert_int_equal(s->req_caps[1].n, 0);
	assert_slice(s->req_cookie, "SID=1234");
	ruled_close(&r);
}

TEST(names_of_headers_are_restricted_where_that_was_asked_for)
{
	struct ruled r;

	ruled_open(&r, " option http-restrict-req-hdr-names reject\n", NULL);
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/", "--header", "A_B: 1")), "403 PR");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/", "--header", "A-B: 1")), "/");
	ruled_close(&r);
	ruled_open(&r, " option http-restrict-req-hdr-names delete\n", NULL);
	assert_string_equal(ruled_hdr(&ASK(&r, "http://h/", "--header", "A_B: 1")->req, "a_b"), "-");
	ruled_close(&r);
}

TEST(a_header_that_has_no_room_is_left_out_and_counted)
{
	struct ruled r;

	ruled_open(&r, "", NULL);
	struct stream *s = ASK(&r, "http://h/");

	while (s->req.nhdr < s->req.max_hdr)
		headers_add(s, &s->req, STR("fill"), STR("1"));
	headers_add(s, &s->req, STR("more"), STR("1"));
	assert_string_equal(ruled_hdr(&s->req, "more"), "-");
	headers_set(s, &s->req, STR("fill"), STR("2")); /* takes the place of those that go */
	assert_string_equal(ruled_hdr(&s->req, "fill"), "2");
	assert_string_equal(ruled_hdr(&s->req, "host"), "h");
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_is_told_to_the_server_once),
		cmocka_unit_test(who_is_left_out_is_not_told_and_what_is_there_may_stay_alone),
		cmocka_unit_test(the_address_that_a_rule_has_set_is_the_one_that_is_told),
		cmocka_unit_test(the_unique_id_is_made_once_and_put_where_it_was_asked_for),
		cmocka_unit_test(captures_take_the_last_header_and_are_cut),
		cmocka_unit_test(names_of_headers_are_restricted_where_that_was_asked_for),
		cmocka_unit_test(a_header_that_has_no_room_is_left_out_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
