// SPDX-License-Identifier: GPL-3.0-or-later
/* The syntax of expressions: calls, arguments, quotes, and where a prefix ends. */
#include "expr_test.h"
#include "../../../src/expr/parse_priv.h"

static struct xcall *parse(struct canned *t, const char *text, uint32_t n, size_t used)
{
	struct xerr err = { 0 };
	uint32_t ncalls = 0;
	size_t taken = 0;
	struct xcall *c = expr_parse(&t->mem, str_c(text), &ncalls, &taken, &err);

	if (!c)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(ncalls, n);
	assert_int_equal(taken, used);
	return c;
}

static void expect_no_parse(struct canned *t, const char *text, unsigned off)
{
	struct xerr err = { 0 };
	uint32_t n;
	size_t used;

	if (expr_parse(&t->mem, str_c(text), &n, &used, &err))
		fail_msg("%s parses", text);
	assert_true(err.msg[0]);
	assert_int_equal(err.off, off);
}

static void calls_are_separated_by_commas(void **s)
{
	struct xcall *c = parse(*s, "req.hdr(host),lower,field(1,:)", 3, 30);

	assert_true(str_eq(c[0].name, STR("req.hdr")) && str_eq(c[1].name, STR("lower")) &&
		    str_eq(c[2].name, STR("field")));
	assert_int_equal(c[0].narg, 1);
	assert_int_equal(c[1].narg, 0);
	assert_int_equal(c[2].narg, 2);
	assert_int_equal(c[1].off, 14);
	assert_true(str_eq(c[2].arg[1].s, STR(":")));
	assert_int_equal(c[2].arg[1].off, 28);
}

static void quotes_keep_commas_and_parentheses(void **s)
{
	struct xcall *c = parse(*s, "str(\"a,b)\"),x('c(d',e)", 2, 22);

	assert_true(str_eq(c[0].arg[0].s, STR("a,b)")));
	assert_int_equal(c[0].narg, 1);
	assert_true(str_eq(c[1].arg[0].s, STR("c(d")));
	assert_true(str_eq(c[1].arg[1].s, STR("e")));
}

static void empty_arguments_are_arguments(void **s)
{
	struct xcall *c = parse(*s, "x(,a,)", 1, 6);

	assert_int_equal(c[0].narg, 3);
	assert_int_equal(c[0].arg[0].s.n, 0);
	assert_int_equal(c[0].arg[2].s.n, 0);
}

static void a_prefix_ends_at_what_cannot_go_on(void **s)
{
	parse(*s, "path]", 1, 4);
	parse(*s, "path,lower] b", 2, 10);
}

static void open_ends_are_errors_with_a_place(void **s)
{
	struct canned *t = *s;
	struct xerr err = { 0 };
	uint32_t n;
	size_t used;

	expect_no_parse(t, "", 0);
	expect_no_parse(t, "(a)", 0);
	assert_null(expr_parse(&t->mem, STR("x(a"), &n, &used, &err));
	assert_null(expr_parse(&t->mem, STR("x(\"a)"), &n, &used, &err));
	assert_null(expr_parse(&t->mem, STR("x('a)"), &n, &used, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_separated_by_commas),
		TEST(quotes_keep_commas_and_parentheses),
		TEST(empty_arguments_are_arguments),
		TEST(a_prefix_ends_at_what_cannot_go_on),
		TEST(open_ends_are_errors_with_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
