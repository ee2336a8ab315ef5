// SPDX-License-Identifier: GPL-3.0-or-later
/* Parts of the request target in all its forms, and parameters in their order. */
#include "expr_test.h"

static void targets_without_a_path_have_none(void **s)
{
	struct canned *t = *s;

	canned_target(t, "*");
	expect_expr(t, "path", NULL);
	expect_expr(t, "pathq", NULL);
	expect_expr(t, "url", "*");
	expect_expr(t, "query", "");
	expect_expr(t, "base", "Example.com:8080");
}

static void absolute_targets_show_whole_in_url_only(void **s)
{
	struct canned *t = *s;

	t->req.flags |= MSG_ABS_FORM;
	t->req.scheme = STR("http"), t->req.authority = STR("10.0.0.9:81");
	expect_expr(t, "url", "http://10.0.0.9:81/a/b?x=1&y=2%20z");
	expect_expr(t, "path", "/a/b");
	expect_expr(t, "url_ip", "10.0.0.9");
	expect_expr(t, "url_port", "81");
	expect_cond(t, "HTTP_URL_ABS", COND_TRUE);
	t->req.authority = STR("[2001:db8::1]");
	expect_expr(t, "url_port", "80");
}

static void parameters_need_a_value_and_come_in_order(void **s)
{
	struct canned *t = *s;

	canned_target(t, "/p?flag&a=1;a=2&A=3&b=");
	expect_expr(t, "url_param(a)", "1");
	expect_expr(t, "url_param(A)", "3");
	expect_expr(t, "url_param(flag)", NULL);
	expect_expr(t, "url_param(b)", "");
	expect_expr(t, "url_param(B,,i)", "");
	expect_expr(t, "urlp_val(a)", "1");
	expect_cond(t, "{ url_param(a) 2 }", COND_TRUE);
	expect_cond(t, "{ url_param(a,,i) 3 }", COND_TRUE);
	expect_cond(t, "{ url_param 3 }", COND_TRUE);
	canned_target(t, "/p;a=1;b=2");
	expect_expr(t, "url_param(b,;)", "2");
}

static void versions_and_methods_are_text_too(void **s)
{
	struct canned *t = *s;

	t->req.ver = 10, t->req.method = HTTP_OTHER, t->req.method_s = STR("PURGE");
	expect_expr(t, "req.ver", "1.0");
	expect_expr(t, "method,lower", "purge");
	expect_cond(t, "{ method PURGE } HTTP_1.0", COND_TRUE);
	t->ctx.res = NULL;
	expect_expr(t, "status", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(targets_without_a_path_have_none),
		TEST(absolute_targets_show_whole_in_url_only),
		TEST(parameters_need_a_value_and_come_in_order),
		TEST(versions_and_methods_are_text_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
