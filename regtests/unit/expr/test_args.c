// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of fetches and converters: kinds, how many, where an error points. */
#include "expr_test.h"
#include "../../../src/expr/expr_priv.h"

#include <stdlib.h>

static void hexadecimal_needs_whole_bytes(void **s)
{
	struct canned *t = *s;
	struct str out;

	assert_true(hex_decode(&t->mem, STR("00fFA1"), &out));
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.p, "\x00\xff\xa1", 3);
	assert_true(hex_decode(&t->mem, STR(""), &out));
	assert_int_equal(out.n, 0);
	assert_false(hex_decode(&t->mem, STR("abc"), &out));
	assert_false(hex_decode(&t->mem, STR("0g"), &out));
}

static void arguments_are_counted(void **s)
{
	expect_expr_error(*s, "int", 0, 3, "'int' needs 1 argument");
	expect_expr_error(*s, "int(1,2)", 6, 1, "'int' takes 1 argument");
	expect_expr_error(*s, "src,ipmask(1,2,3)", 15, 1, "'ipmask' takes at most 2 arguments");
	expect_expr_error(*s, "str(a),field(1)", 7, 5, "'field' needs 2 arguments");
}

static void each_kind_says_what_it_wanted(void **s)
{
	expect_expr_error(*s, "int(x)", 4, 1, "'x' is not an integer");
	expect_expr_error(*s, "bin(abc)", 4, 3, "'abc' is not an even number of hexadecimal digits");
	expect_expr_error(*s, "ip(1.2.3)", 3, 5, "'1.2.3' is not an IP address");
	expect_expr_error(*s, "src,ipmask(33)", 11, 2, "'33' is not an IPv4 mask");
	expect_expr_error(*s, "src,ipmask(24,129)", 14, 3, "'129' is not an IPv6 mask");
	expect_expr_error(*s, "bool(maybe)", 5, 5, "'maybe' is not true, false or an integer");
}

static void a_mask_is_a_length_or_an_address(void **s)
{
	expect_expr(*s, "ip(10.1.2.3),ipmask(0)", "0.0.0.0");
	expect_expr(*s, "ip(10.1.2.3),ipmask(32)", "10.1.2.3");
	expect_expr(*s, "ip(10.1.2.3),ipmask(255.255.254.0)", "10.1.2.0");
	expect_expr(*s, "ip(2001:db8::1),ipmask(24,ffff:ffff::)", "2001:db8::");
	expect_expr(*s, "ip(2001:db8::1),ipmask(24,128)", "2001:db8::1");
	expect_expr(*s, "ip(2001:db8::1),ipmask(24,::)", "::");
	expect_expr_error(*s, "src,ipmask(255.0.255.0)", 11, 11, "'255.0.255.0' is not an IPv4 mask");
	expect_expr_error(*s, "src,ipmask(ffff::)", 11, 6, "'ffff::' is not an IPv4 mask");
	expect_expr_error(*s, "src,ipmask(24,255.0.0.0)", 14, 9, "'255.0.0.0' is not an IPv6 mask");
}

static void truth_has_words_and_numbers(void **s)
{
	expect_expr(*s, "bool(TRUE)", "1");
	expect_expr(*s, "bool(on)", "1");
	expect_expr(*s, "bool(No)", "0");
	expect_expr(*s, "bool(0)", "0");
	expect_expr(*s, "bool(7)", "1");
}

static void the_environment_is_read_at_compile_time(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	struct str got;

	setenv("ARGS_T", "then", 1);
	struct expr *e = expr_compile(&t->env, STR("env(ARGS_T)"), &err);

	setenv("ARGS_T", "now", 1);
	assert_true(expr_eval_str(e, &t->ctx, &got));
	assert_true(str_eq(got, STR("then")));
	unsetenv("ARGS_T");
	expect_expr(t, "env(ARGS_T)", NULL);
}

static void proxies_and_servers_are_resolved_by_name(void **s)
{
	expect_expr_error(*s, "nbsrv(bee)", 6, 3, "unknown backend 'bee'");
	expect_expr_error(*s, "srv_is_up(be/s2)", 10, 5, "unknown server 'be/s2'");
	expect_expr(*s, "nbsrv(be)", "109");
}

static void a_wrong_pattern_points_at_itself(void **s)
{
	struct canned *t = *s;
	struct xerr err = { 0 };

	assert_null(expr_compile(&t->env, STR("path,regsub((,x)"), &err));
	assert_true(err.off >= 5 && err.len > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hexadecimal_needs_whole_bytes),
		TEST(arguments_are_counted),
		TEST(each_kind_says_what_it_wanted),
		TEST(a_mask_is_a_length_or_an_address),
		TEST(truth_has_words_and_numbers),
		TEST(the_environment_is_read_at_compile_time),
		TEST(proxies_and_servers_are_resolved_by_name),
		TEST(a_wrong_pattern_points_at_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
