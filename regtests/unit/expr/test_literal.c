// SPDX-License-Identifier: GPL-3.0-or-later
/* Literals of patterns: what is claimed is in every match, and nothing is claimed where the syntax is not understood. */
#include "expr_test.h"

#include "../../../src/expr/expr_priv.h"

/* want: the literals, joined by blanks; empty: none are known. */
static void expect(const char *regex, const char *want)
{
	struct str lit[PAT_LITERALS];
	struct sbuf got = { 0 };
	unsigned n = regex_literals(str_c(regex), lit);

	for (unsigned i = 0; i < n; i++) {
		if (i)
			sbuf_addc(&got, ' ');
		sbuf_add(&got, lit[i]);
	}
	if (!str_eq(sbuf_str(&got), str_c(want)))
		fail_msg("%s: '%s', not '%s'", regex, sbuf_cstr(&got), want);
	sbuf_free(&got);
}

static void the_longest_run_of_plain_characters_counts(void **s)
{
	(void)s;
	expect("^/api/v1/.*$", "/api/v1/");
	expect("ab.cdef[gh]i", "cdef");
	expect("\\.php$", ".php");
	expect("^/a\\.b/cd", ".b/cd");
	expect("abc", "abc");
	expect("", "");
	expect(".*", "");
}

static void what_may_be_missing_is_no_part_of_it(void **s)
{
	(void)s;
	expect("abcd?e", "abc");
	expect("ab+cd", "ab");
	expect("abc*d", "ab");
	expect("ab{2,3}c", "a");
	expect("a(bcd)?e", "a");
	expect("a(bcd)+e", "bcd");
	expect("x[abc]?yz", "yz");
	expect("ab++c", "ab");
}

static void each_alternative_has_one_or_there_is_none(void **s)
{
	(void)s;
	expect("^/one|^/two", "/one /two");
	expect("^/(foo|ba+r)/", "foo ba");
	expect("(?:abc|def)gh", "abc def");
	expect("abc|", "");
	expect("abc|.", "");
	expect("(a|b)cd", "cd");
}

static void syntax_that_is_not_understood_ends_the_attempt(void **s)
{
	static const char *const odd[] = { "(?i)abc", "\\Qabc\\E", "\\x61bc", "(?=abc)d", "(?!abc)d", "abc\\1", "(?#abc)d", "(*UTF8)abc", "abc[[:alpha:]]",
					   "abc{x", "*abc", "abc)", "(abc", "[abc", "abc\\", "abc\\K", "a\\Rb", "((((((((((abc))))))))))" };

	(void)s;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		expect(odd[i], "");
}

static void classes_and_escapes_are_skipped_as_they_are_written(void **s)
{
	(void)s;
	expect("[]abc]def", "def");
	expect("[^]abc]def", "def");
	expect("[\\]abc]def", "def");
	expect("\\d+abc\\b", "abc");
}

static struct pat pat(const char *text) { return (struct pat){ .text = str_c(text) }; }

static void words_count_without_what_separates_them(void **s)
{
	struct str lit[PAT_LITERALS];
	struct pat dir = pat("/img/"), dom = pat(".example.org."), none = pat("//");

	(void)s;
	assert_int_equal(pat_literals(MATCH_DIR, &dir, lit), 1);
	assert_true(str_eq(lit[0], STR("img")));
	assert_int_equal(pat_literals(MATCH_DOM, &dom, lit), 1);
	assert_true(str_eq(lit[0], STR("example.org")));
	assert_int_equal(pat_literals(MATCH_DIR, &none, lit), 0);
	assert_int_equal(pat_literals(MATCH_SUB, &dir, lit), 1);
	assert_int_equal(pat_literals(MATCH_STR, &dir, lit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_run_of_plain_characters_counts),
		cmocka_unit_test(what_may_be_missing_is_no_part_of_it),
		cmocka_unit_test(each_alternative_has_one_or_there_is_none),
		cmocka_unit_test(syntax_that_is_not_understood_ends_the_attempt),
		cmocka_unit_test(classes_and_escapes_are_skipped_as_they_are_written),
		cmocka_unit_test(words_count_without_what_separates_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
