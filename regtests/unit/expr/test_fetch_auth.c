// SPDX-License-Identifier: GPL-3.0-or-later
/* Credentials: which header they come from, and what is none. */
#include "expr_test.h"

static void authorization(struct canned *t, const char *name, const char *value)
{
	t->req.nhdr = 0;
	canned_hdr(&t->req, name, value);
}

static void basic_credentials_are_user_and_password(void **state)
{
	struct canned *t = *state;

	authorization(t, "Authorization", "basic dTpwOnc="); /* u:p:w */
	expect_expr(t, "http_auth_user", "u");
	expect_expr(t, "http_auth_pass", "p:w");
	expect_expr(t, "http_auth_type", "basic");
	expect_expr(t, "http_auth_bearer", NULL);
}

static void what_is_not_basic_has_no_user(void **state)
{
	static const char *const bad[] = { "Basic", "Basic !", "Basic dQ==", "Bearer abc", "" };
	struct canned *t = *state;

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		authorization(t, "Authorization", bad[i]);
		expect_expr(t, "http_auth_user", NULL);
	}
}

static void tokens_come_from_the_header_named(void **state)
{
	struct canned *t = *state;

	authorization(t, "Authorization", "Bearer  abc.def ");
	expect_expr(t, "http_auth_bearer", "abc.def");
	expect_expr(t, "http_auth_bearer(x-other)", NULL);
}

static void a_client_that_uses_us_as_its_proxy_has_another_header(void **state)
{
	struct canned *t = *state;

	authorization(t, "Proxy-Authorization", "Basic dTpw");
	expect_expr(t, "http_auth_user", NULL);
	t->req.flags |= MSG_ABS_FORM;
	expect_expr(t, "http_auth_user", NULL);
	canned_hdr(&t->req, "Proxy-Connection", "keep-alive");
	expect_expr(t, "http_auth_user", "u");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(basic_credentials_are_user_and_password),
		TEST(what_is_not_basic_has_no_user),
		TEST(tokens_come_from_the_header_named),
		TEST(a_client_that_uses_us_as_its_proxy_has_another_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
