// SPDX-License-Identifier: GPL-3.0-or-later
/* Running expressions: input that is not there, all values of a fetch, text of what has none. */
#include "expr_test.h"

static struct expr *compiled(struct canned *t, const char *text)
{
	struct xerr err;
	struct expr *e = expr_compile(&t->env, str_c(text), &err);

	if (!e)
		fail_msg("%s: %s", text, err.msg);
	return e;
}

struct seen { struct sbuf text; unsigned stop; };

static bool note(void *ctx, const struct smp *v)
{
	struct seen *seen = ctx;

	sbuf_addc(&seen->text, '[');
	sbuf_add(&seen->text, v->s);
	sbuf_addc(&seen->text, ']');
	return !seen->stop || --seen->stop;
}

static void expect_each(struct canned *t, const char *text, unsigned stop, const char *want)
{
	struct seen seen = { .stop = stop };

	assert_true(expr_each(compiled(t, text), &t->ctx, note, &seen));
	assert_string_equal(sbuf_cstr(&seen.text), want);
	sbuf_free(&seen.text);
}

static void every_value_of_a_header_is_visited_through_the_converters(void **s)
{
	expect_each(*s, "req.hdr(x-l)", 0, "[a][b][c][d]");
	expect_each(*s, "req.hdr(x-l),upper", 0, "[A][B][C][D]");
	expect_each(*s, "req.hdr(x-none)", 0, "");
	expect_each(*s, "path", 0, "[/a/b]");
}

static void a_visitor_may_stop_early(void **s)
{
	expect_each(*s, "req.hdr(x-l)", 2, "[a][b]");
}

static void a_value_that_no_converter_takes_is_skipped(void **s)
{
	expect_each(*s, "req.hdr(x-l),b64dec,length", 0, "");
}

static void a_message_that_has_not_come_may_still_come(void **s)
{
	struct canned *t = *s;
	struct expr *e = compiled(t, "path");
	struct seen seen = { .stop = 0 };
	struct smp out;

	t->ctx.req = NULL, t->ctx.final = false;
	assert_false(expr_eval(e, &t->ctx, &out));
	assert_true(out.may_change);
	assert_false(expr_each(e, &t->ctx, note, &seen));
	t->ctx.final = true;
	assert_false(expr_eval(e, &t->ctx, &out));
	assert_false(out.may_change);
	assert_true(expr_each(e, &t->ctx, note, &seen));
	sbuf_free(&seen.text);
}

static void expressions_know_what_they_are(void **s)
{
	struct canned *t = *s;

	assert_int_equal(expr_type(compiled(t, "src_port")), SMP_INT);
	assert_int_equal(expr_type(compiled(t, "src_port,hex")), SMP_STR);
	assert_int_equal(expr_needs(compiled(t, "path")), NEED_REQ_HEAD);
	assert_true(expr_const(compiled(t, "str(a)")));
	assert_false(expr_const(compiled(t, "path")));
	assert_true(expr_pure(compiled(t, "path")));
	assert_false(expr_pure(compiled(t, "rand")));
	assert_false(expr_pure(compiled(t, "req.len")));
}

static void the_same_text_is_the_same_expression(void **s)
{
	struct canned *t = *s;
	struct sbuf b = { 0 };

	assert_true(expr_same(compiled(t, "path,lower"), compiled(t, "path,lower")));
	assert_false(expr_same(compiled(t, "path,lower"), compiled(t, "path,upper")));
	assert_false(expr_same(compiled(t, "req.hdr(a)"), compiled(t, "req.hdr(b)")));
	expr_print(compiled(t, "path,lower"), &b);
	assert_string_equal(sbuf_cstr(&b), "path,lower");
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_value_of_a_header_is_visited_through_the_converters),
		TEST(a_visitor_may_stop_early),
		TEST(a_value_that_no_converter_takes_is_skipped),
		TEST(a_message_that_has_not_come_may_still_come),
		TEST(expressions_know_what_they_are),
		TEST(the_same_text_is_the_same_expression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
