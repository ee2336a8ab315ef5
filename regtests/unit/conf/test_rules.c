// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n"

static const struct rule *first(const struct rt *rt, enum rule_phase ph)
{
	assert_true(px(rt, "f")->rules[ph].n > 0);
	return &px(rt, "f")->rules[ph].at[0];
}

static void a_rule_has_its_action_condition_and_place(void **st)
{
	struct compiled c;
	const struct rule *r =
		first(compile_ok(&c, FE " http-request set-header X-A %[src] if { path /x }\n"), PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r->act, ACT_SET_HEADER);
	STR_IS(r->name, "X-A");
	assert_non_null(r->fmt);
	assert_non_null(r->cond);
	assert_int_equal(r->loc.line, 8);
	assert_string_equal(r->loc.file, "t.cfg");
	compiled_close(&c);
}

static void a_quoted_if_is_an_argument(void **st)
{
	struct compiled c;
	const struct rule *r =
		first(compile_ok(&c, FE " http-request set-header X \"if\" if { path /x }\n"), PH_HTTP_REQ);

	(void)st;
	STR_IS(logfmt_literal(r->fmt), "if");
	compiled_close(&c);
}

static void deny_has_the_status_of_its_phase_or_the_one_given(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, FE " http-request deny if { path /a }\n http-request deny deny_status 429 if { path /b }\n"
		       " http-request deny status 404 content-type text/plain string no hdr X-Why y if { path /c }\n "
		       "http-response deny if { status 500 }\n"
		       " http-request tarpit if { path /d }\n");
	const struct rule *r = first(rt, PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r[0].status, 403);
	assert_null(r[0].reply);
	assert_int_equal(r[1].status, 429);
	assert_null(r[1].reply);
	assert_int_equal(r[2].reply->status, 404);
	STR_IS(r[2].reply->body, "no");
	STR_IS(r[2].reply->content_type, "text/plain");
	assert_int_equal(r[2].reply->nhdrs, 1);
	assert_int_equal(r[3].act, ACT_TARPIT);
	assert_int_equal(r[3].status, 500);
	assert_int_equal(first(rt, PH_HTTP_RES)->status, 502);
	compiled_close(&c);
}

static void return_gives_a_constant_or_a_computed_body(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " http-request return string hello if { path /a }\n"
		" http-request return status 201 content-type text/html lf-string \"you are %[src]\"\n");
	const struct rule *r = first(rt, PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r[0].reply->status, 200);
	STR_IS(r[0].reply->body, "hello");
	STR_IS(r[0].reply->content_type, "text/plain");
	assert_int_equal(r[1].reply->status, 201);
	assert_non_null(r[1].reply->body_fmt);
	STR_IS(r[1].reply->content_type, "text/html");
	compiled_close(&c);
}

static void redirects_come_in_three_kinds_with_flags_and_cookies(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " http-request redirect location /x code 301 if { path /a }\n"
		" http-request redirect prefix http://h drop-query append-slash set-cookie A=1 if { path /b }\n"
		" http-request redirect scheme https clear-cookie B\n");
	const struct rule *r = first(rt, PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r[0].kind, REDIR_LOCATION);
	assert_int_equal(r[0].status, 301);
	assert_int_equal(r[1].kind, REDIR_PREFIX);
	assert_int_equal(r[1].status, 302);
	assert_int_equal(r[1].flags, REDIR_DROP_QUERY | REDIR_APPEND_SLASH);
	STR_IS(r[1].extra, "A=1; path=/;");
	assert_int_equal(r[2].kind, REDIR_SCHEME);
	STR_IS(r[2].extra, "B=; path=/; Max-Age=0;");
	compiled_close(&c);
}

static void redirect_lines_run_after_http_request_rules(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, FE " redirect prefix /r if { path /a }\n http-request allow if { path /b }\n");
	const struct rule_list *rl = &px(rt, "f")->rules[PH_HTTP_REQ];

	(void)st;
	assert_int_equal(rl->n, 2);
	assert_int_equal(rl->late, 1);
	assert_int_equal(rl->at[0].act, ACT_ALLOW);
	assert_int_equal(rl->at[1].act, ACT_REDIRECT);
	compiled_close(&c);
}

static void tcp_rules_go_to_their_phases(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, FE " tcp-request inspect-delay 5s\n tcp-request connection reject if { src 10.0.0.0/8 }\n"
		       " tcp-request session accept\n tcp-request content accept if WAIT_END\n");

	(void)st;
	assert_int_equal(px(rt, "f")->inspect_delay, 5000);
	assert_int_equal(first(rt, PH_TCP_CONN)->act, ACT_REJECT);
	assert_int_equal(first(rt, PH_TCP_SESS)->act, ACT_ACCEPT);
	assert_int_equal(first(rt, PH_TCP_CONTENT)->act, ACT_ACCEPT);
	compiled_close(&c);
}

static void an_expression_that_needs_what_does_not_exist_yet_is_refused(void **st)
{
	(void)st;
	expect_error(FE " tcp-request connection reject if { path /x }\n", "8:37", "does not exist here");
	expect_error(FE " http-response set-header X %[req.len]\n", "8:31", "does not exist here");
}

static void a_response_rule_or_a_log_format_that_reads_the_request_keeps_its_head(void **st)
{
	static const char *const readers[] = {
		" http-response set-header X y if { path /x }\n", " http-response set-header X %[path]\n", " acl x path /x\n http-response deny if x\n",
		" http-after-response set-header X %[req.hdr(a)]\n", " log stdout local0\n log-format %[path]\n",
	};
	static const char *const others[] = {
		" http-request set-header X %[path]\n", " http-response set-header X y if { status 200 }\n", " log stdout local0\n option httplog\n",
	};
	struct compiled c;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(readers) + ARRAY_LEN(others); i++) {
		bool reads = i < ARRAY_LEN(readers);
		char text[512];

		snprintf(text, sizeof(text), FE "%s", reads ? readers[i] : others[i - ARRAY_LEN(readers)]);
		if (px(compile_ok(&c, text), "f")->keeps_req != reads)
			fail_msg("%s", text);
		compiled_close(&c);
	}
}

static void removed_spellings_of_rules_still_work(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, FE " reqadd X-A:\\ b\\ c if { path /x }\n block if { path /y }\n rspadd X-B:d\n");
	const struct rule *r = first(rt, PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r[0].act, ACT_ADD_HEADER);
	STR_IS(r[0].name, "X-A");
	STR_IS(logfmt_literal(r[0].fmt), "b c");
	assert_non_null(r[0].cond);
	assert_int_equal(r[1].act, ACT_DENY);
	STR_IS(first(rt, PH_HTTP_RES)->name, "X-B");
	compiled_close(&c);
}

static void header_and_target_actions_read_their_arguments(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, FE " http-request del-header X-A -m beg\n http-request replace-path ^/a(.*) /b\\1\n"
		       " http-request replace-value X a b\n http-request set-log-level silent\n declare capture "
		       "request len 10\n"
		       " http-request capture req.hdr(x) id 0\n http-request capture src len 20\n http-response "
		       "set-status 404 reason Gone\n"
		       " http-after-response add-header X y\n http-request silent-drop rst-ttl 3 if { path /z }\n");
	const struct rule *r = first(rt, PH_HTTP_REQ);

	(void)st;
	assert_int_equal(r[0].kind, NAME_BEG);
	assert_non_null(r[1].re);
	assert_int_equal(r[2].act, ACT_REPLACE_VALUE);
	assert_int_equal(r[3].num, -1);
	assert_int_equal(r[4].num, 0);
	assert_int_equal(r[5].num, 1);
	assert_int_equal(px(rt, "f")->nreq_cap, 2);
	assert_int_equal(px(rt, "f")->req_cap[1].len, 20);
	assert_int_equal(r[6].num2, 3);
	assert_int_equal(first(rt, PH_HTTP_RES)->status, 404);
	STR_IS(first(rt, PH_HTTP_RES)->tpl, "Gone");
	assert_int_equal(first(rt, PH_HTTP_AFTER)->act, ACT_ADD_HEADER);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_has_its_action_condition_and_place),
		cmocka_unit_test(a_quoted_if_is_an_argument),
		cmocka_unit_test(deny_has_the_status_of_its_phase_or_the_one_given),
		cmocka_unit_test(return_gives_a_constant_or_a_computed_body),
		cmocka_unit_test(redirects_come_in_three_kinds_with_flags_and_cookies),
		cmocka_unit_test(redirect_lines_run_after_http_request_rules),
		cmocka_unit_test(tcp_rules_go_to_their_phases),
		cmocka_unit_test(an_expression_that_needs_what_does_not_exist_yet_is_refused),
		cmocka_unit_test(a_response_rule_or_a_log_format_that_reads_the_request_keeps_its_head),
		cmocka_unit_test(removed_spellings_of_rules_still_work),
		cmocka_unit_test(header_and_target_actions_read_their_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
