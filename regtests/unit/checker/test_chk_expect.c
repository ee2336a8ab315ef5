// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

static struct regex *re(struct arena *a, const char *pattern)
{
	struct xerr err;
	struct regex *r = regex_compile(a, str_c(pattern), false, &err);

	assert_non_null(r);
	return r;
}

static void each_kind_matches_its_own_way(void **s)
{
	(void)s;
	struct arena a;

	expr_process_init();
	arena_init(&a, 0);
	struct chk_expect str = { .match = CM_STRING, .text = STR("up") }, rstr = { .match = CM_RSTRING, .re = re(&a, "^up [0-9]+$") };
	struct chk_expect bin = { .match = CM_BINARY, .text = { "\0\1", 2 } }, rbin = { .match = CM_RBINARY, .re = re(&a, "^00FF..0A$") };
	struct chk_expect none = { .match = CM_RSTRING };

	assert_true(expect_matches(&str, str.text, STR("it is up now")));
	assert_false(expect_matches(&str, str.text, STR("UP")));
	assert_true(expect_matches(&rstr, rstr.text, STR("up 17")));
	assert_false(expect_matches(&rstr, rstr.text, STR("up x")));
	assert_true(expect_matches(&bin, bin.text, str_n("x\0\1y", 4)));
	assert_false(expect_matches(&bin, bin.text, str_n("x\1\0y", 4)));
	assert_true(expect_matches(&rbin, rbin.text, str_n("\0\xff\x12\n", 4)));
	assert_false(expect_matches(&rbin, rbin.text, str_n("\0\xff\x12\r", 4)));
	assert_false(expect_matches(&none, none.text, STR("x")));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_kind_matches_its_own_way) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
