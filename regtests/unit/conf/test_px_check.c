// SPDX-License-Identifier: GPL-3.0-or-later
/* What is said of a proxy once all of it is known. */
#include "sema_test.h"

static void expect_quiet(const char *text)
{
	struct compiled c;

	compile_ok(&c, text);
	assert_string_equal(c.p.diags, "");
	compiled_close(&c);
}

static void missing_timeouts_are_listed_once_a_proxy(void **st)
{
	(void)st;
	expect_warning("listen l\n mode tcp\n bind :1\n server s 127.0.0.1:1\n",
		       "t.cfg:1:8: warning: 'l' has no timeout for: client connect server; 60s are used for client");
	expect_warning("backend b\n mode tcp\n timeout connect 1s\n server s 127.0.0.1:1\n",
		       "t.cfg:1:9: warning: 'b' has no timeout for: server\n");
	expect_quiet("listen l\n mode tcp\n bind :1\n" TIMES " server s 127.0.0.1:1\n");
	expect_quiet("backend b\n mode tcp\n");
}

static void a_timeout_switched_off_is_not_missing(void **st)
{
	(void)st;
	expect_quiet("frontend f\n mode tcp\n bind :1\n timeout client 0\n");
}

static void a_frontend_without_a_bind_is_suspect(void **st)
{
	(void)st;
	expect_warning("frontend f\n mode tcp\n timeout client 1s\n", "frontend 'f' has no 'bind'");
	expect_quiet("frontend f\n mode tcp\n timeout client 1s\n disabled\n");
}

static void a_frontend_in_mode_http_wants_a_backend_in_mode_http(void **st)
{
	(void)st;
	expect_error("frontend f\n mode http\n bind :1\n timeout client 1s\n default_backend b\nbackend b\n mode tcp\n",
		     "5:18", "'b' is in mode tcp, this frontend in mode http: both must agree");
	expect_quiet("frontend f\n mode tcp\n bind :1\n timeout client 1s\n default_backend b\nbackend b\n mode http\n");
}

static void an_acl_that_nothing_uses_is_told_where_it_stands(void **st)
{
	(void)st;
	expect_warning("frontend f\n mode http\n bind :1\n timeout client 1s\n acl used path /a\n acl lost path /b\n"
		       " http-request deny if used\n", "t.cfg:6:6: warning: acl 'lost' is never used");
	expect_quiet("frontend f\n mode http\n bind :1\n timeout client 1s\n acl a path /a\n http-request deny if !a\n");
}

static void http_settings_in_a_tcp_proxy_are_without_effect(void **st)
{
	(void)st;
	expect_warning("frontend f\n mode tcp\n bind :1\n timeout client 1s\n monitor-uri /up\n",
		       "'monitor-uri' has no effect in 'f', which is in mode tcp");
	expect_warning("frontend f\n mode tcp\n bind :1\n timeout client 1s\n capture request header Host len 9\n",
		       "'capture' has no effect in 'f', which is in mode tcp");
}

static void check_steps_need_the_option_that_runs_them(void **st)
{
	(void)st;
	expect_warning("backend b\n mode http\n http-check expect status 200\n",
		       "the check steps of 'b' have no effect without 'option httpchk' or 'option tcp-check'");
	expect_quiet("backend b\n mode http\n option httpchk\n http-check expect status 200\n");
}

static void what_is_missing_is_not_told_beside_an_error(void **st)
{
	struct compiled c;

	(void)st;
	compile(&c, "frontend f\n mode tcp\n bnd :1\n");
	assert_int_equal(c.p.d.errors, 1);
	assert_null(strstr(c.p.diags, "has no 'bind'"));
	assert_null(strstr(c.p.diags, "has no timeout"));
	compiled_close(&c);
}

#define WEB "frontend f\n mode http\n bind :1\n timeout client 1s\n"
#define TWO "backend a\n mode http\nbackend b\n mode http\n"

static void a_route_that_an_earlier_one_covers_is_never_reached(void **st)
{
	(void)st;
	expect_warning(WEB " use_backend a if { path_beg /api }\n use_backend b if { path_beg /api/v1 } { method GET }\n" TWO,
		       "t.cfg:6:2: warning: this rule is never reached: the condition of t.cfg:5 holds whenever this one does");
	expect_quiet(WEB " use_backend a if { path_beg /api/v1 }\n use_backend b if { path_beg /api }\n" TWO);
	expect_quiet(WEB " use_backend a if { path_beg /api } { method GET }\n use_backend b if { path_beg /api/v1 }\n" TWO);
	expect_quiet(WEB " use_backend a if { path_beg /api }\n use_backend b if { path_beg /api }\nbackend a\n mode http\n disabled\nbackend b\n mode http\n");
}

static void a_rule_behind_a_final_one_that_covers_it_is_never_reached_unless_one_between_rewrites(void **st)
{
	(void)st;
	expect_warning(WEB " http-request deny if { path_beg /admin }\n http-request set-header a b if { path /admin/x }\n",
		       "t.cfg:6:2: warning: this rule is never reached: the condition of t.cfg:5 holds");
	expect_quiet(WEB " http-request deny if { path_beg /admin }\n http-request set-path /admin/x if { path /y }\n"
		     " http-request deny if { path /admin/x }\n");
	expect_quiet(WEB " http-request set-header a b if { path_beg /admin }\n http-request deny if { path /admin/x }\n");
	/* what happens between them may leave alone what the two see */
	expect_warning(WEB " http-request deny if { path_beg /admin }\n http-request set-header x y\n http-request return if { path /admin/x }\n",
		       "t.cfg:7:2: warning: this rule is never reached: the condition of t.cfg:5 holds");
	expect_quiet(WEB " http-request deny if { hdr(x) y }\n http-request set-header X y\n http-request return if { hdr(x) y }\n");
	expect_quiet(WEB " http-request deny if { path,set-var(txn.a) /a }\n http-request return if { path,set-var(txn.a) /a }\n");
}

static void an_allow_ends_the_rules_but_not_the_redirect_lines(void **st)
{
	(void)st;
	expect_quiet(WEB " http-request allow if { path_beg /a }\n redirect location / if { path /a/b }\n");
	expect_warning(WEB " http-request deny if { path_beg /a }\n redirect location / if { path /a/b }\n", "t.cfg:6:2: warning: this rule is never reached");
	expect_warning(WEB " http-request allow if { path_beg /a }\n http-request deny if { path /a/b }\n", "t.cfg:6:2: warning: this rule is never reached");
}

static void a_rule_far_behind_the_one_that_covers_it_is_found(void **st)
{
	static char text[40000];
	int n = snprintf(text, sizeof(text), WEB " http-request deny if { path_beg /admin }\n");

	(void)st;
	for (int i = 0; i < 500; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " http-request deny if { path_reg ^/x%d/.*$ }\n", i);
	snprintf(text + n, sizeof(text) - (size_t)n, " http-request return if { path_dir x } { path_beg /admin/y }\n");
	expect_warning(text, "t.cfg:506:2: warning: this rule is never reached: the condition of t.cfg:5 holds");
}

static void a_backend_with_servers_that_nothing_names_is_told(void **st)
{
	(void)st;
	expect_warning(WEB "backend lost\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n", "t.cfg:5:9: warning: backend 'lost' is never used");
	expect_quiet(WEB " http-request deny if { nbsrv(b) lt 1 }\nbackend b\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n");
	expect_quiet(WEB " http-request deny if !{ srv_is_up(b/s) }\nbackend b\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n");
	expect_quiet(WEB " http-request track-sc0 src table b\nbackend b\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n"
		     " stick-table type ip size 10\n");
	expect_quiet(WEB " use_backend %[hdr(x)]\nbackend b\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n");
	expect_quiet(WEB " default_backend b\nbackend b\n mode http\n timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_timeouts_are_listed_once_a_proxy),
		cmocka_unit_test(a_timeout_switched_off_is_not_missing),
		cmocka_unit_test(a_frontend_without_a_bind_is_suspect),
		cmocka_unit_test(a_frontend_in_mode_http_wants_a_backend_in_mode_http),
		cmocka_unit_test(an_acl_that_nothing_uses_is_told_where_it_stands),
		cmocka_unit_test(http_settings_in_a_tcp_proxy_are_without_effect),
		cmocka_unit_test(a_route_that_an_earlier_one_covers_is_never_reached),
		cmocka_unit_test(a_rule_behind_a_final_one_that_covers_it_is_never_reached_unless_one_between_rewrites),
		cmocka_unit_test(an_allow_ends_the_rules_but_not_the_redirect_lines),
		cmocka_unit_test(a_rule_far_behind_the_one_that_covers_it_is_found),
		cmocka_unit_test(a_backend_with_servers_that_nothing_names_is_told),
		cmocka_unit_test(check_steps_need_the_option_that_runs_them),
		cmocka_unit_test(what_is_missing_is_not_told_beside_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
