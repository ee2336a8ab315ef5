// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of the connection and of raw bytes, also where there is no address or not enough bytes. */
#include "expr_test.h"

static void connections_without_ip_addresses_have_none(void **s)
{
	struct canned *t = *s;

	t->src.family = AF_UNIX;
	t->ctx.dst = NULL;
	expect_expr(t, "src", NULL);
	expect_expr(t, "dst", NULL);
	expect_expr(t, "dst_port", NULL);
	expect_expr(t, "dst_is_local", NULL);
	expect_cond(t, "{ src 0.0.0.0/0 }", COND_FALSE);
}

static void local_means_loopback_or_the_same_address(void **s)
{
	struct canned *t = *s;

	assert_true(addr_parse_ip(&t->dst, STR("198.51.100.1")));
	expect_expr(t, "src_is_local", "0");
	assert_true(addr_parse_ip(&t->dst, STR("192.0.2.7")));
	t->dst.port = 80;
	expect_expr(t, "src_is_local", "1");
	expect_expr(t, "dst_is_local", "1");
	assert_true(addr_parse_ip(&t->src, STR("127.9.9.9")) && addr_parse_ip(&t->dst, STR("198.51.100.1")));
	expect_expr(t, "src_is_local", "1");
	expect_expr(t, "dst_is_local", "0");
}

static void payload_slices_stay_inside_of_what_came(void **s)
{
	struct canned *t = *s;

	t->ctx.l6_req = STR("abcdef");
	expect_expr(t, "req.payload(0,6)", "abcdef");
	expect_expr(t, "req.payload(2,2)", "cd");
	expect_expr(t, "req.payload(2,0)", "cdef");
	expect_expr(t, "req.payload(0,7)", NULL);
	expect_expr(t, "req.payload(6,0)", NULL);
	expect_expr(t, "req.payload(7,0)", NULL);
	expect_expr(t, "req.len", "6");
}

static void whole_slices_are_settled_and_open_ones_are_not(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	struct smp v;

	t->ctx.final = false;
	t->ctx.l6_req = STR("abcdef");
	assert_true(expr_eval(expr_compile(&t->env, STR("req.payload(0,3)"), &err), &t->ctx, &v));
	assert_false(v.may_change);
	assert_true(expr_eval(expr_compile(&t->env, STR("req.payload(0,0)"), &err), &t->ctx, &v));
	assert_true(v.may_change);
	assert_false(expr_eval(expr_compile(&t->env, STR("req.payload(0,9)"), &err), &t->ctx, &v));
	assert_true(v.may_change);
}

static void http_is_told_by_its_request_line(void **s)
{
	static const struct { const char *in; enum cond_result verdict; } v[] = {
		{ "GET / HTTP/1.1\r\n", COND_TRUE }, { "GET / HTTP/1.1\n", COND_TRUE }, { "GE", COND_WAIT },
		{ "GET / HTTP/1.1", COND_WAIT },     { "", COND_WAIT },		     { " GET / HTTP/1.1\r\n", COND_FALSE },
		{ "GET /\r\n", COND_FALSE },	     { "SSH-2.0-x\r\n", COND_FALSE }, { "\x16\x03\x01", COND_FALSE },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", COND_FALSE },
	};
	struct canned *t = *s;

	t->ctx.req = NULL;
	for (unsigned i = 0; i < ARRAY_LEN(v); i++) {
		t->ctx.l6_req = str_c(v[i].in);
		t->ctx.final = false;
		expect_cond(t, "{ req.proto_http }", v[i].verdict);
		t->ctx.final = true;
		expect_cond(t, "{ req.proto_http }", v[i].verdict == COND_TRUE ? COND_TRUE : COND_FALSE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connections_without_ip_addresses_have_none),
		TEST(local_means_loopback_or_the_same_address),
		TEST(payload_slices_stay_inside_of_what_came),
		TEST(whole_slices_are_settled_and_open_ones_are_not),
		TEST(http_is_told_by_its_request_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
