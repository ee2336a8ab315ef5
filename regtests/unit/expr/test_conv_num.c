// SPDX-License-Identifier: GPL-3.0-or-later
/* Arithmetic that saturates, masks of addresses, hashes with known answers. */
#include "expr_test.h"

static void sums_and_products_stop_at_the_ends(void **s)
{
	expect_expr(*s, "int(-9223372036854775808),sub(1)", "-9223372036854775808");
	expect_expr(*s, "int(-9223372036854775808),add(-1)", "-9223372036854775808");
	expect_expr(*s, "int(9223372036854775807),sub(-1)", "9223372036854775807");
	expect_expr(*s, "int(-9223372036854775808),mul(-2)", "9223372036854775807");
	expect_expr(*s, "int(5),mul(-3)", "-15");
	expect_expr(*s, "int(-7),div(2)", "-3");
}

static void bits_are_those_of_twos_complement(void **s)
{
	expect_expr(*s, "int(12),and(10)", "8");
	expect_expr(*s, "int(12),or(3)", "15");
	expect_expr(*s, "int(12),xor(10)", "6");
	expect_expr(*s, "int(0),cpl", "-1");
	expect_expr(*s, "int(-5),neg", "5");
}

static void predicates_of_negative_numbers_hold_too(void **s)
{
	expect_expr(*s, "int(-3),odd", "1");
	expect_expr(*s, "int(-4),even", "1");
	expect_expr(*s, "int(-3),even", "0");
	expect_expr(*s, "int(-3),bool", "1");
	expect_expr(*s, "int(0),not", "1");
}

static void masks_cut_at_any_bit(void **s)
{
	expect_expr(*s, "ip(255.255.255.255),ipmask(1)", "128.0.0.0");
	expect_expr(*s, "ip(255.255.255.255),ipmask(9)", "255.128.0.0");
	expect_expr(*s, "ip(255.255.255.255),ipmask(31)", "255.255.255.254");
	expect_expr(*s, "ip(ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff),ipmask(24,65)", "ffff:ffff:ffff:ffff:8000::");
	expect_expr(*s, "ip(ffff::1),ipmask(24)", NULL);
}

static void hashes_have_the_published_check_values(void **s)
{
	expect_expr(*s, "str(123456789),crc32", "3421780262");
	expect_expr(*s, "str(123456789),crc32c", "3808858755");
	expect_expr(*s, "str(a),xxh32", "1426945110");
	expect_expr(*s, "str(a),xxh64", "-3292477735350538661");
}

static void an_avalanche_changes_the_hash(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	struct str a, b;

	assert_true(expr_eval_str(expr_compile(&t->env, STR("str(x),djb2"), &err), &t->ctx, &a));
	assert_true(expr_eval_str(expr_compile(&t->env, STR("str(x),djb2(1)"), &err), &t->ctx, &b));
	assert_false(str_eq(a, b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sums_and_products_stop_at_the_ends),
		TEST(bits_are_those_of_twos_complement),
		TEST(predicates_of_negative_numbers_hold_too),
		TEST(masks_cut_at_any_bit),
		TEST(hashes_have_the_published_check_values),
		TEST(an_avalanche_changes_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
