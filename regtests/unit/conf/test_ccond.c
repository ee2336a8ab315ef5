// SPDX-License-Identifier: GPL-3.0-or-later
/* The condition language of .if and -cc. */
#include "conf_test.h"

static int eval(const char *text)
{
	char err[256] = "";
	int r = conf_eval_condition(str_c(text), err, sizeof(err));

	assert_int_equal(r < 0, err[0] != '\0');
	return r;
}

static void expect_error(const char *text, const char *msg)
{
	char err[256] = "";

	assert_int_equal(conf_eval_condition(str_c(text), err, sizeof(err)), -1);
	assert_string_equal(err, msg);
}

static void empty_and_zero_are_false_other_integers_true(void **st)
{
	(void)st;
	assert_int_equal(eval(""), 0);
	assert_int_equal(eval("  \t"), 0);
	assert_int_equal(eval("0"), 0);
	assert_int_equal(eval("00"), 0);
	assert_int_equal(eval(" 1 "), 1);
	assert_int_equal(eval("2"), 1);
	assert_int_equal(eval("-1"), 1);
	assert_int_equal(eval("''"), 0);
	assert_int_equal(eval("\"\""), 0);
}

static void and_binds_tighter_than_or_and_not_tightest(void **st)
{
	(void)st;
	assert_int_equal(eval("1 || 0 && 0"), 1);
	assert_int_equal(eval("(1||0)&&0"), 0);
	assert_int_equal(eval("!0 && !0"), 1);
	assert_int_equal(eval("!1||1"), 1);
	assert_int_equal(eval("!(1||1)"), 0);
	assert_int_equal(eval("!!!0"), 1);
	assert_int_equal(eval("0 || 0 || 1"), 1);
}

static void a_quoted_operand_is_a_condition_of_its_own(void **st)
{
	(void)st;
	setenv("C_E", "", 1);
	setenv("C_1", "1", 1);
	setenv("C_C", "streq(a,b) || 1", 1);
	assert_int_equal(eval("\"$C_E\""), 0);
	assert_int_equal(eval("\"$C_NONE\" || \"$C_1\""), 1);
	assert_int_equal(eval("!\"${C_NONE-1}\""), 0);
	assert_int_equal(eval("\"$C_C\" && 1"), 1);
	assert_int_equal(eval("'0'"), 0);
	expect_error("'foo'", "unknown predicate 'foo' in condition");
}

static void strings_compare(void **st)
{
	(void)st;
	setenv("C_V", "a,b)", 1);
	assert_int_equal(eval("streq(a,a)"), 1);
	assert_int_equal(eval("streq( a , a )"), 1);
	assert_int_equal(eval("streq(a b,'a b')"), 1);
	assert_int_equal(eval("streq(\"$C_V\",'a,b)')"), 1);
	assert_int_equal(eval("streq(,)"), 1);
	assert_int_equal(eval("streq(a,)"), 0);
	assert_int_equal(eval("streq(' a',a)"), 0);
	assert_int_equal(eval("strneq(a,b)"), 1);
	assert_int_equal(eval("strstr(haystack,yst)"), 1);
	assert_int_equal(eval("strstr(yst,haystack)"), 0);
	assert_int_equal(eval("streq(\"\\x41\\\"\",A\\\")"), 1);
}

static void defined_looks_at_the_environment(void **st)
{
	(void)st;
	setenv("C_E", "", 1);
	unsetenv("C_NONE");
	assert_int_equal(eval("defined(C_E)"), 1);
	assert_int_equal(eval("defined(C_NONE)"), 0);
	assert_int_equal(eval("defined()"), 0);
}

static void features_answer_for_names_of_haproxy(void **st)
{
	(void)st;
	assert_int_equal(eval("feature(PCRE2)"), 1);
	assert_int_equal(eval("feature(EPOLL)"), 1);
	assert_int_equal(eval("feature(LUA)"), 0);
	assert_int_equal(eval("feature(NO_SUCH)"), 0);
	assert_int_equal(eval("enabled(EPOLL) && enabled(POLL)"), 1);
	assert_int_equal(eval("enabled(KQUEUE)"), 0);
}

static void versions_compare_with_the_language_level(void **st)
{
	(void)st;
	assert_int_equal(eval("version_atleast(2.4)"), 1);
	assert_int_equal(eval("version_atleast(2.4-dev19)"), 1);
	assert_int_equal(eval("version_atleast(3.5)"), 1);
	assert_int_equal(eval("version_atleast(3.5-dev1)"), 1);
	assert_int_equal(eval("version_atleast(3.5.0)"), 1);
	assert_int_equal(eval("version_atleast(3.5.1)"), 0);
	assert_int_equal(eval("version_atleast(3.10)"), 0);
	assert_int_equal(eval("version_atleast(4)"), 0);
	assert_int_equal(eval("version_before(3.5)"), 0);
	assert_int_equal(eval("version_before(3.6-dev0)"), 1);
	expect_error("version_atleast(x)", "'x' is not a version number");
	expect_error("version_before(3.)", "'3.' is not a version number");
	expect_error("version_before(3.5-rc1)", "'3.5-rc1' is not a version number");
	expect_error("version_atleast(1.2.3.4)", "'1.2.3.4' is not a version number");
}

static void predicates_about_tls_are_known(void **st)
{
	(void)st;
	assert_int_equal(eval("awslc_api_atleast(32)"), 0);
	assert_int_equal(eval("awslc_api_before(32)"), 0);
	assert_int_equal(eval("fips_mode"), 0);
	assert_int_equal(eval("fips_mode()"), 0);
	assert_int_equal(eval("ssllib_name_startswith(NoSuch)"), 0);
	assert_true(eval("openssl_version_atleast(0.9) || openssl_version_before(0.9) || 1"));
	expect_error("openssl_version_atleast(x)", "'x' is not a version number");
}

static void broken_conditions_say_what_is_wrong(void **st)
{
	(void)st;
	expect_error("1 &&", "condition ends too early");
	expect_error("!", "condition ends too early");
	expect_error("((1)", "condition ends before ')'");
	expect_error("1)", "unexpected ')' in condition");
	expect_error("()", "unexpected ')' in condition");
	expect_error("1 2", "unexpected '2' in condition");
	expect_error("1 & 1", "unexpected character '&' in condition");
	expect_error("streq(a", "')' is missing behind the arguments of 'streq'");
	expect_error("streq(a,\"b)", "double quote is not closed in the arguments of 'streq'");
	expect_error("streq(a)", "'streq' takes 2 arguments, not 1");
	expect_error("streq(a,b,c,d,e,f)", "'streq' takes 2 arguments, not 6");
	expect_error("feature", "'feature' takes 1 argument, not 0");
	expect_error("fips_mode(x)", "'fips_mode' takes 0 arguments, not 1");
	expect_error("definde(X)", "unknown predicate 'definde' in condition (did you mean 'defined'?)");
	expect_error("99999999999999999999", "integer out of range");
	expect_error("'abc", "single quote is not closed on its line");
	expect_error("\"abc", "double quote is not closed");
}

static void nesting_is_bounded(void **st)
{
	char text[20002];

	(void)st;
	memset(text, '(', 20000);
	text[20000] = '1';
	text[20001] = '\0';
	assert_int_equal(eval(text), -1);
	setenv("C_R", "\"$C_R\"", 1);
	expect_error("\"$C_R\"", "quoted conditions are nested too deep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_zero_are_false_other_integers_true),
		cmocka_unit_test(and_binds_tighter_than_or_and_not_tightest),
		cmocka_unit_test(a_quoted_operand_is_a_condition_of_its_own),
		cmocka_unit_test(strings_compare),
		cmocka_unit_test(defined_looks_at_the_environment),
		cmocka_unit_test(features_answer_for_names_of_haproxy),
		cmocka_unit_test(versions_compare_with_the_language_level),
		cmocka_unit_test(predicates_about_tls_are_known),
		cmocka_unit_test(broken_conditions_say_what_is_wrong),
		cmocka_unit_test(nesting_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
