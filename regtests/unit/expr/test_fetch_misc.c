// SPDX-License-Identifier: GPL-3.0-or-later
/* Constants, chance, the clock, and the running state through its callbacks. */
#include "expr_test.h"

static int64_t number(struct canned *t, const char *text)
{
	struct xerr err;
	struct smp v;
	struct expr *e = expr_compile(&t->env, str_c(text), &err);

	if (!e || !expr_eval(e, &t->ctx, &v))
		fail_msg("%s has no value", text);
	assert_int_equal(v.type, SMP_INT);
	return v.i;
}

static void chance_stays_in_its_range_and_varies(void **s)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < 500; i++) {
		int64_t v = number(*s, "rand(8)");

		assert_true(v >= 0 && v < 8);
		seen |= 1u << v;
	}
	assert_int_equal(seen, 0xff);
	for (unsigned i = 0; i < 100; i++)
		assert_true((uint64_t)number(*s, "rand") < 1ull << 32);
}

static void the_clock_is_the_loops_in_three_units(void **s)
{
	clock_real = (struct timespec){ 1000, 123456789 };
	assert_int_equal(number(*s, "date"), 1000);
	assert_int_equal(number(*s, "date(-10)"), 990);
	assert_int_equal(number(*s, "date(5,ms)"), 1000128);
	assert_int_equal(number(*s, "date(0,us)"), 1000123456);
	assert_int_equal(number(*s, "date_us"), 123456);
	clock_update();
}

static void a_uuid_is_of_version_4_and_new_each_time(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	struct str a = STR_NULL, b = STR_NULL;
	struct expr *e = expr_compile(&t->env, STR("uuid"), &err);

	assert_true(expr_eval_str(e, &t->ctx, &a) && expr_eval_str(e, &t->ctx, &b));
	assert_int_equal(a.n, 36);
	assert_true(a.p[8] == '-' && a.p[13] == '-' && a.p[18] == '-' && a.p[23] == '-');
	assert_int_equal(a.p[14], '4');
	assert_non_null(memchr("89ab", a.p[19], 4));
	assert_false(str_eq(a, b));
}

static void constants_are_what_was_written(void **s)
{
	expect_expr(*s, "int(-5)", "-5");
	expect_expr(*s, "str(\"a b\")", "a b");
	expect_expr(*s, "bin(4142)", "AB");
	expect_expr(*s, "ip(::ffff)", "::ffff");
	expect_cond(*s, "{ meth(POST) POST }", COND_TRUE);
	expect_cond(*s, "{ meth(POST) GET }", COND_FALSE);
}

static void without_a_running_process_state_has_no_value(void **s)
{
	struct canned *t = *s;
	static const struct smp_env empty = { .num = NULL, .text = NULL };

	expect_expr(t, "be_conn(be)", "107");
	expect_expr(t, "fe_name", "web");
	t->ctx.env = &empty;
	expect_expr(t, "be_conn(be)", NULL);
	expect_expr(t, "fe_name", NULL);
	t->ctx.env = NULL;
	expect_expr(t, "be_conn(be)", NULL);
	expect_expr(t, "fe_name", NULL);
	expect_cond(t, "{ srv_is_up(be/s1) }", COND_FALSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(chance_stays_in_its_range_and_varies),
		TEST(the_clock_is_the_loops_in_three_units),
		TEST(a_uuid_is_of_version_4_and_new_each_time),
		TEST(constants_are_what_was_written),
		TEST(without_a_running_process_state_has_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
