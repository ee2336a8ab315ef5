// SPDX-License-Identifier: GPL-3.0-or-later
/* What is certain to follow from a condition, and what is not claimed to. */
#include <sluice/expr/cond.h>
#include "expr_test.h"

static void expect_implied(struct canned *t, const char *b, const char *a, bool want)
{
	if (cond_implies(compiled_cond(t, b, false), compiled_cond(t, a, false)) != want)
		fail_msg("'%s' %s '%s'", b, want ? "must imply" : "must not imply", a);
}

static void a_longer_text_implies_the_part_it_has(void **s)
{
	expect_implied(*s, "{ path_beg /api/v1 }", "{ path_beg /api }", true);
	expect_implied(*s, "{ path_beg /api }", "{ path_beg /api/v1 }", false);
	expect_implied(*s, "{ path /api/x }", "{ path_beg /api }", true);
	expect_implied(*s, "{ path_end .min.js }", "{ path_end .js }", true);
	expect_implied(*s, "{ path_beg /abc }", "{ path_sub b }", true);
	expect_implied(*s, "{ path_sub b }", "{ path_beg b }", false);
	expect_implied(*s, "{ path_beg /a }", "{ url_beg /a }", false);
}

static void case_is_minded_where_it_decides(void **s)
{
	expect_implied(*s, "{ path /A }", "{ path -i /a }", true);
	expect_implied(*s, "{ path -i /a }", "{ path /a }", false);
}

static void numbers_networks_and_methods_lie_in_one_another(void **s)
{
	expect_implied(*s, "{ src 10.1.0.0/16 }", "{ src 10.0.0.0/8 }", true);
	expect_implied(*s, "{ src 10.0.0.0/8 }", "{ src 10.1.0.0/16 }", false);
	expect_implied(*s, "{ src_port 5:7 }", "{ src_port 1:10 }", true);
	expect_implied(*s, "{ src_port 5:70 }", "{ src_port 1:10 }", false);
	expect_implied(*s, "{ method GET }", "{ method POST GET }", true);
}

static void every_pattern_term_and_alternative_has_to_be_covered(void **s)
{
	expect_implied(*s, "{ path /a /b }", "{ path /b /a /c }", true);
	expect_implied(*s, "{ path /a /d }", "{ path /b /a /c }", false);
	expect_implied(*s, "{ path /a } { method GET }", "{ path /a }", true);
	expect_implied(*s, "{ path /a }", "{ path /a } { method GET }", false);
	expect_implied(*s, "{ path /a } or { path /b }", "{ path_beg / }", true);
	expect_implied(*s, "{ path /a } or { method GET }", "{ path_beg / }", false);
	expect_implied(*s, "{ path /a }", "{ method PUT } or { path_beg /a }", true);
	expect_implied(*s, "{ hdr(x) abc }", "{ hdr(x) -m found }", true);
}

static void negation_turns_the_direction_around(void **s)
{
	expect_implied(*s, "!{ path_beg /a }", "!{ path_beg /a/b }", true);
	expect_implied(*s, "!{ path_beg /a/b }", "!{ path_beg /a }", false);
	expect_implied(*s, "{ path /a }", "!{ path /b }", false);
}

static void chance_unless_and_patterns_that_cannot_be_compared_prove_nothing(void **s)
{
	struct canned *t = *s;

	expect_implied(t, "{ rand(2) 1 }", "{ rand(2) 1 }", false);
	expect_implied(t, "{ path_reg ^/a/ }", "{ path_reg ^/a }", false);
	expect_implied(t, "{ path_reg ^/a/ }", "{ path_reg ^/a/ }", true);
	assert_false(cond_implies(compiled_cond(t, "{ path /a }", true), compiled_cond(t, "{ path /a }", true)));
	assert_true(cond_implies(compiled_cond(t, "{ path /a }", false), NULL));
	assert_false(cond_implies(NULL, compiled_cond(t, "{ path /a }", false)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_longer_text_implies_the_part_it_has),
		TEST(case_is_minded_where_it_decides),
		TEST(numbers_networks_and_methods_lie_in_one_another),
		TEST(every_pattern_term_and_alternative_has_to_be_covered),
		TEST(negation_turns_the_direction_around),
		TEST(chance_unless_and_patterns_that_cannot_be_compared_prove_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
