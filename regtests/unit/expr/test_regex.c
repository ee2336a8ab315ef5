// SPDX-License-Identifier: GPL-3.0-or-later
/* Regular expressions: matching, substitution, and the bound on the work of one match. */
#include "expr_test.h"

static struct regex *re(struct canned *t, const char *pattern, bool icase)
{
	struct xerr err;
	struct regex *r = regex_compile(&t->mem, str_c(pattern), icase, &err);

	if (!r)
		fail_msg("%s: %s", pattern, err.msg);
	return r;
}

static void expect_subst(struct canned *t, const char *pattern, const char *s, const char *tpl, bool global,
			 const char *want)
{
	struct str out = STR_NULL;
	bool ok = regex_subst(re(t, pattern, false), str_c(s), str_c(tpl), global, &t->tmp, &out);

	assert_int_equal(ok, want != NULL);
	if (want && !str_eq(out, str_c(want)))
		fail_msg("'" STR_FMT "' instead of '%s'", STR_ARG(out), want);
}

static void patterns_match_anywhere_and_case_is_a_choice(void **s)
{
	assert_true(regex_match(re(*s, "b+", false), STR("abbc")));
	assert_false(regex_match(re(*s, "^b", false), STR("ab")));
	assert_false(regex_match(re(*s, "B", false), STR("ab")));
	assert_true(regex_match(re(*s, "B", true), STR("ab")));
	assert_true(regex_match(re(*s, "^$", false), STR_NULL));
	assert_true(regex_match(re(*s, "a.c", false), str_n("a\0c", 3)));
}

static void substitution_replaces_the_first_match_or_all(void **s)
{
	expect_subst(*s, "b", "abcb", "X", false, "aXcb");
	expect_subst(*s, "b", "abcb", "X", true, "aXcX");
	expect_subst(*s, "z", "abcb", "X", true, NULL);
	expect_subst(*s, "(.)(.)", "abcd", "\\2\\1", true, "badc");
	expect_subst(*s, "(x)?b", "abc", "[\\1\\0\\9]", false, "a[b]c");
	expect_subst(*s, "b", "abc", "\\x41\\\\", false, "aA\\c");
	expect_subst(*s, "x*", "abc", "-", true, "-a-b-c-");
	expect_subst(*s, "", "", "x", true, "x");
}

static void long_results_grow(void **s)
{
	char text[3000], *p = text;
	struct canned *t = *s;
	struct str out;

	memset(text, 'a', sizeof(text));
	assert_true(regex_subst(re(t, "a", false), str_n(p, sizeof(text)), STR("xyz"), true, &t->tmp, &out));
	assert_int_equal(out.n, 9000);
}

static void runaway_patterns_count_as_no_match(void **s)
{
	char text[64];

	memset(text, 'a', sizeof(text));
	assert_false(regex_match(re(*s, "^(a+)+$x|(a*)*\\1b", false), str_n(text, sizeof(text))));
}

static void errors_say_where(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	assert_null(regex_compile(&t->mem, STR("a(b"), false, &err));
	assert_int_equal(err.off, 3);
	assert_string_equal(err.msg, "bad regular expression: missing closing parenthesis");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(patterns_match_anywhere_and_case_is_a_choice),
		TEST(substitution_replaces_the_first_match_or_all),
		TEST(long_results_grow),
		TEST(runaway_patterns_count_as_no_match),
		TEST(errors_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
