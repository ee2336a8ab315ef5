// SPDX-License-Identifier: GPL-3.0-or-later
/* Rule lists: order, ends, holding; routing by first match; and that short lists, long lists and the memo say the same. */
#include "ruled.h"

#include <sluice/expr/memo.h>

TEST(rules_run_in_order_until_one_ends_the_list)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-header X 1\n http-request set-header X %[hdr(x)]2\n http-request set-header X %[hdr(x)]3 unless { path /p }\n", { "http://h/p" }, "12" },
		{ " http-request deny if { path /q }\n http-request return status 200\n http-request deny\n", { "http://h/p" }, "200 LR" },
	};

	RULED_ROWS(rows);
}

TEST(a_list_that_was_held_goes_on_behind_the_rule_that_held_it)
{
	struct ruled r;

	ruled_open(&r, " http-request add-header Y 1\n http-request pause 10s\n http-request add-header Y 2\n http-request set-header X %[hdr_cnt(y)]\n", NULL);
	struct stream *s = ASK(&r, "http://h/");

	assert_int_equal(s->step, ST_REQ_RULES);
	assert_true(s->hold_until > clock_ms());
	s->hold_until = clock_ms(); /* the time is over */
	while (s->step < ST_PICK && strm_step(s) == STEP_NEXT)
		;
	assert_string_equal(ruled_hdr(&s->req, "x"), "2");
	ruled_close(&r);
}

TEST(the_first_backend_that_is_open_takes_the_request)
{
	static const char *const back = "backend b\nbackend off\n disabled\nbackend one\nbackend two\n";
	static const struct { const char *url, *be; } rows[] = {
		{ "http://h/one", "one" }, { "http://h/two/one", "two" }, { "http://h/off", "b" }, { "http://h/dyn?to=two", "two" }, { "http://h/dyn?to=gone", "b" },
		{ "http://h/x", "b" },
	};
	struct ruled r;

	ruled_open(&r, " use_backend off if { path_beg /off }\n use_backend two if { path_beg /two }\n use_backend one if { path_end /one }\n"
		       " use_backend %[urlp(to)] if { path /dyn }\n", back);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stream *s = ruled_begin(&r, (const char *const[]){ rows[i].url, NULL });

		while (s->step <= ST_ROUTE)
			assert_int_equal(strm_step(s), STEP_NEXT);
		assert_slice(s->be->name, rows[i].be);
	}
	ruled_close(&r);
}

TEST(use_server_passes_over_servers_that_are_down)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n use-server s1 if { path_beg /a }\n use-server s2 if { path_beg /a }\n server s1 127.0.0.1:1 disabled\n"
			   " server s2 127.0.0.1:2\n server s3 127.0.0.1:3\n");
	for (int i = 0; i < 20; i++) {
		struct stream *s = ASK(&r, "http://h/a");

		assert_int_equal(s->srv_idx, 1);
		assert_true(s->flags & SF_PINNED);
	}
	ruled_close(&r);
}

TEST(the_monitor_answers_before_any_rule)
{
	struct ruled r;

	ruled_open(&r, " monitor-uri /up\n acl sick hdr(sick) -m found\n monitor fail if sick\n http-request deny\n", NULL);
	assert_int_equal(ASK(&r, "http://h/up")->res.status, 200);
	assert_true(r.s->flags & SF_MONITOR);
	assert_int_equal(ASK(&r, "http://h/up", "--header", "Sick: 1")->res.status, 503);
	assert_int_equal(ASK(&r, "http://h/up/")->res.status, 403);
	ruled_close(&r);
}

TEST(an_expression_of_several_rules_is_evaluated_once_a_request)
{
	struct ruled r;

	ruled_open(&r, " http-request deny if { path,lower -m beg /x }\n http-request deny if { path,lower -m beg /y }\n"
		       " http-request set-header A %[path,lower]\n use_backend b if { path,lower -m end .png }\n", NULL);
	for (unsigned i = 1; i <= 3; i++) {
		assert_non_null(ASK(&r, "http://h/Abc"));
		assert_string_equal(ruled_hdr(&r.s->req, "a"), "/abc");
		assert_int_equal(memo_counted(wk.memo).evaluated, i);
		assert_int_equal(memo_counted(wk.memo).spared, i * 3);
	}
	ruled_close(&r);
}

TEST(a_rewrite_makes_it_evaluated_again_and_only_what_depends_on_it)
{
	struct ruled r;

	ruled_open(&r, " http-request deny if { path,lower -m beg /x } or { hdr(y),lower a }\n http-request set-path /N%[path]\n"
		       " http-request deny if { path,lower -m beg /y } or { hdr(y),lower b }\n http-request set-header X %[path,lower]\n", NULL);
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/Abc", "--header", "Y: q")), "/n/abc");
	assert_int_equal(memo_counted(wk.memo).evaluated, 3); /* path twice, the header once */
	ruled_close(&r);
}

TEST(backends_go_on_with_what_frontends_have_seen_unless_it_was_edited)
{
	static const char *const back = "backend b\n http-request deny if { path,lower -m beg /y }\n http-request deny if { path,lower -m beg /z }\n";
	struct ruled r;

	ruled_open(&r, " http-request deny if { path,lower -m beg /x }\n", back);
	struct stream *s = ruled_begin(&r, (const char *const[]){ "http://h/A", NULL });

	while (s->step <= ST_BE_RULES)
		assert_int_equal(strm_step(s), STEP_NEXT);
	assert_int_equal(memo_counted(wk.memo).evaluated, 1);
	s = ruled_begin(&r, (const char *const[]){ "http://h/A", NULL });
	while (s->step <= ST_ROUTE)
		assert_int_equal(strm_step(s), STEP_NEXT);
	msg_set_target(&s->req, STR("/Z")); /* by something that is no rule */
	assert_int_equal(strm_step(s), STEP_NEXT);
	assert_int_equal(s->res.status, 403);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_run_in_order_until_one_ends_the_list),
		cmocka_unit_test(a_list_that_was_held_goes_on_behind_the_rule_that_held_it),
		cmocka_unit_test(the_first_backend_that_is_open_takes_the_request),
		cmocka_unit_test(use_server_passes_over_servers_that_are_down),
		cmocka_unit_test(the_monitor_answers_before_any_rule),
		cmocka_unit_test(an_expression_of_several_rules_is_evaluated_once_a_request),
		cmocka_unit_test(a_rewrite_makes_it_evaluated_again_and_only_what_depends_on_it),
		cmocka_unit_test(backends_go_on_with_what_frontends_have_seen_unless_it_was_edited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
