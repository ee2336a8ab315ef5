// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS in expressions: of a client that somebody describes, and of one that speaks in the clear. */
#include "expr_test.h"

#include <sluice/tls/said.h>

static struct tls_said said;
static struct conn conn;

static void describe(struct canned *t)
{
	said = (struct tls_said){ .sni = STR("shop.test"), .alpn = STR("h2"), .version = STR("TLSv1.3") };
	assert_true(tls_said_client(&said, STR("/C=DE/O=Example/OU=a/OU=b/CN=joe"), STR("/CN=ca")));
	conn = (struct conn){ .flags = CONN_FRONT, .xprt = &xprt_said, .xprt_ctx = &said };
	t->ctx.fc = &conn;
}

static void a_described_client_answers(void **s)
{
	struct canned *t = *s;

	describe(t);
	expect_expr(t, "ssl_fc", "1");
	expect_expr(t, "ssl_fc_sni,field(1,.)", "shop");
	expect_expr(t, "ssl_fc_alpn", "h2");
	expect_expr(t, "ssl_fc_protocol", "TLSv1.3");
	expect_expr(t, "ssl_c_used", "1");
	expect_expr(t, "ssl_fc_err", "0");
	tls_said_free(&said);
}

static void names_are_asked_for_by_attribute_and_occurrence(void **s)
{
	struct canned *t = *s;

	describe(t);
	expect_expr(t, "ssl_c_s_dn(CN)", "joe");
	expect_expr(t, "ssl_c_s_dn(OU,1)", "a");
	expect_expr(t, "ssl_c_s_dn(OU,2)", "b");
	expect_expr(t, "ssl_c_s_dn(OU,-1)", "b");
	expect_expr(t, "ssl_c_s_dn(OU,3)", NULL);
	expect_expr(t, "ssl_c_s_dn", "/C=DE/O=Example/OU=a/OU=b/CN=joe");
	expect_expr(t, "ssl_c_i_dn(CN)", "ca");
	tls_said_free(&said);
}

static void in_the_clear_there_is_nothing_and_no_error(void **s)
{
	struct canned *t = *s;

	conn = (struct conn){ .flags = CONN_FRONT, .xprt = &xprt_raw };
	t->ctx.fc = &conn;
	expect_expr(t, "ssl_fc", "0");
	expect_expr(t, "ssl_fc_sni", NULL);
	expect_expr(t, "fc_err_str", "Success");
	t->ctx.fc = NULL;
	expect_expr(t, "ssl_fc", NULL);
	expect_expr(t, "fc_err", "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_described_client_answers),
		TEST(names_are_asked_for_by_attribute_and_occurrence),
		TEST(in_the_clear_there_is_nothing_and_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
