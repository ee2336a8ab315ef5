// SPDX-License-Identifier: GPL-3.0-or-later
/* Patterns: values of words, and sets of them that answer alike however large they are. */
#include "expr_test.h"
#include "../../../src/expr/expr_priv.h"

static bool range(struct canned *t, const char *op, const char *text, int64_t *lo, int64_t *hi)
{
	struct xerr err = { 0 };
	struct pat p;
	bool ok = pat_parse(&p, MATCH_INT, false, op, str_c(text), &t->mem, &err);

	assert_int_equal(ok, !err.msg[0]);
	*lo = p.lo, *hi = p.hi;
	return ok;
}

static void expect_range(struct canned *t, const char *op, const char *text, int64_t lo, int64_t hi)
{
	int64_t l, h;

	if (!range(t, op, text, &l, &h))
		fail_msg("%s is refused", text);
	assert_int_equal(l, lo);
	assert_int_equal(h, hi);
}

static void operators_and_colons_make_ranges(void **s)
{
	expect_range(*s, NULL, "5", 5, 5);
	expect_range(*s, "eq", "5", 5, 5);
	expect_range(*s, "ge", "5", 5, INT64_MAX);
	expect_range(*s, "gt", "5", 6, INT64_MAX);
	expect_range(*s, "le", "5", INT64_MIN, 5);
	expect_range(*s, "lt", "5", INT64_MIN, 4);
	expect_range(*s, NULL, "1:9", 1, 9);
	expect_range(*s, NULL, ":9", INT64_MIN, 9);
	expect_range(*s, NULL, "-3:", -3, INT64_MAX);
	expect_range(*s, NULL, "1.1:2.0", 0x10001, 0x20000);
}

static void ranges_that_hold_nothing_are_refused(void **s)
{
	static const char *const bad[] = { "", ":", "9:1", "a", "1:b", "1.70000", "70000.1", "1.", ".1", "1:2:3" };
	int64_t lo, hi;

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		if (range(*s, NULL, bad[i], &lo, &hi))
			fail_msg("'%s' is a range", bad[i]);
	assert_false(range(*s, "gt", "1:2", &lo, &hi));
	assert_false(range(*s, "gt", "9223372036854775807", &lo, &hi));
	assert_false(range(*s, "lt", "-9223372036854775808", &lo, &hi));
}

static void ranges_that_touch_or_overlap_become_one(void **s)
{
	struct canned *t = *s;
	struct pat p[] = { { .lo = 50, .hi = 60 }, { .lo = 1, .hi = 5 }, { .lo = 3, .hi = 9 }, { .lo = 2, .hi = 4 } };
	struct patset set;

	patset_build(&set, MATCH_INT, false, p, ARRAY_LEN(p), &t->mem);
	assert_true(set.sorted);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.at[0].lo, 1);
	assert_int_equal(set.at[0].hi, 9);
	assert_int_equal(set.at[1].lo, 50);
	assert_int_equal(p[0].lo, 50); /* the caller's stay as they are */
}

/* 60 patterns of the kind, and a value that only the last of them matches: with and without an index. */
static void expect_found(struct canned *t, const char *head, const char *pattern, bool want)
{
	for (unsigned n = 0; n < 60; n += 59) {
		struct sbuf b = { 0 };

		sbuf_printf(&b, "{ %s", head);
		for (unsigned i = 0; i < n; i++)
			sbuf_printf(&b, " 10.7.%u.0/24", i);
		sbuf_printf(&b, " %s }", pattern);
		expect_cond(t, sbuf_cstr(&b), want ? COND_TRUE : COND_FALSE);
		sbuf_free(&b);
	}
}

static void large_sets_answer_like_small_ones(void **s)
{
	expect_found(*s, "src", "192.0.2.0/24", true);
	expect_found(*s, "src", "192.0.3.0/24", false);
	expect_found(*s, "path", "/a/b", true);
	expect_found(*s, "path", "/A/B", false);
	expect_found(*s, "path -i", "/A/B", true);
	expect_found(*s, "path_beg", "/a", true);
	expect_found(*s, "path_beg", "/b", false);
	expect_found(*s, "path_end -i", "/B", true);
	expect_found(*s, "path_sub", "a/", true);
	expect_found(*s, "path_dir", "b", true);
	expect_found(*s, "path_reg", "^/[a]/b$", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(operators_and_colons_make_ranges),
		TEST(ranges_that_hold_nothing_are_refused),
		TEST(ranges_that_touch_or_overlap_become_one),
		TEST(large_sets_answer_like_small_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
