// SPDX-License-Identifier: GPL-3.0-or-later
/* What an expression may be, and what is said about one that may not. */
#include "expr_test.h"

static void errors_name_the_bytes_they_mean(void **s)
{
	expect_expr_error(*s, "", 0, 0, "expected a name, found the end");
	expect_expr_error(*s, "path,", 5, 0, "expected a name, found the end");
	expect_expr_error(*s, "path,,lower", 5, 1, "expected a name");
	expect_expr_error(*s, "paht", 0, 4, "unknown fetch 'paht'");
	expect_expr_error(*s, "path,lowre", 5, 5, "unknown converter 'lowre'");
	expect_expr_error(*s, "path lower", 4, 6, "unexpected text behind the expression");
	expect_expr_error(*s, "path(x)", 5, 1, "'path' takes 0 arguments");
	expect_expr_error(*s, "int(x)", 4, 1, "'x' is not an integer");
	expect_expr_error(*s, "str(a", 4, 1, "missing ')' behind the arguments");
	expect_expr_error(*s, "str(\"a)", 4, 1, "quote is never closed");
	expect_expr_error(*s, "str(a),field(1)", 7, 5, "'field' needs 2 arguments");
	expect_expr_error(*s, "ip(1.2.3)", 3, 5, "'1.2.3' is not an IP address");
	expect_expr_error(*s, "bin(abc)", 4, 3, "'abc' is not an even number of hexadecimal digits");
	expect_expr_error(*s, "nbsrv(other)", 6, 5, "unknown backend 'other'");
	expect_expr_error(*s, "path_beg", 0, 8, "'path_beg' is a test of ACLs, not a fetch");
	expect_expr_error(*s, "method,ipmask(8)", 7, 6,
			  "'ipmask' takes an address, but what stands before it gives a method");
	expect_expr_error(*s, "str(a),regsub(\"(\",x)", 14, 3, "bad regular expression: missing closing parenthesis");
}

static void unknown_words_come_with_the_nearest_known_one(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	assert_null(expr_compile(&t->env, STR("paht"), &err));
	assert_string_equal(err.hint, "path");
	assert_null(expr_compile(&t->env, STR("path,lowre"), &err));
	assert_string_equal(err.hint, "lower");
	assert_null(expr_compile(&t->env, STR("zzzzzzzz"), &err));
	assert_string_equal(err.hint, "");
}

static void a_fetch_of_what_does_not_exist_there_is_an_error(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	t->env.avail = NEED_CLIENT;
	assert_non_null(expr_compile(&t->env, STR("src"), &err));
	assert_null(expr_compile(&t->env, STR("path"), &err));
	assert_string_equal(err.msg, "'path' needs the HTTP request, which does not exist here");
	t->env.avail |= NEED_REQ_HEAD;
	assert_null(expr_compile(&t->env, STR("res.hdr(server)"), &err));
	assert_string_equal(err.msg, "'res.hdr' needs the response, which does not exist here");
}

static void arguments_follow_haproxys_quoting(void **s)
{
	expect_expr(*s, "str(\"a,b\")", "a,b");
	expect_expr(*s, "str(\"a'b\")", "a'b");
	expect_expr(*s, "str(a\"b,c\"d)", "ab,cd");
	expect_expr(*s, "str(\"a\\\"b\")", "a\"b");
	expect_expr(*s, "str('a\\b')", "a\\b");
	expect_expr(*s, "str(\"a\\nb\"),hex", "610A62");
	expect_expr(*s, "str( ab )", " ab ");
	expect_expr(*s, "str(\"ab\"cd)", "abcd");
	expect_expr(*s, "str(abc),regsub(\"(b)\",\"[\\1]\")", "a[b]c");
	expect_expr(*s, "str()", "");
}

static void a_prefix_ends_where_no_expression_goes_on(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	size_t used;

	assert_non_null(expr_compile_prefix(&t->env, STR("req.hdr(a),lower] rest"), &used, &err));
	assert_int_equal(used, 16);
	assert_non_null(expr_compile_prefix(&t->env, STR("str(\"]\")]"), &used, &err));
	assert_int_equal(used, 8);
}

static void canonical_text_compiles_to_the_same_expression(void **s)
{
	static const char *const text[] = { "path", "hdr(host),lower", "str(\"a,\\\"b\\\\\"),length", "url_param(a,,i)",
					    "str(\"a\\nb\")" };
	struct canned *t = *s;
	struct xerr err;

	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct sbuf b = { 0 };
		struct expr *e = expr_compile(&t->env, str_c(text[i]), &err);

		assert_non_null(e);
		expr_print(e, &b);
		struct expr *again = expr_compile(&t->env, arena_str(&t->mem, sbuf_str(&b)), &err);

		assert_non_null(again);
		assert_true(expr_same(e, again));
		sbuf_free(&b);
	}
}

static void same_means_same_arguments_too(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	assert_true(expr_same(expr_compile(&t->env, STR("hdr(\"host\")"), &err),
			      expr_compile(&t->env, STR("hdr(host)"), &err)));
	assert_false(expr_same(expr_compile(&t->env, STR("hdr(hosu)"), &err),
			       expr_compile(&t->env, STR("hdr(host)"), &err)));
}

static void facts_about_expressions_come_from_their_fetch(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	assert_true(expr_const(expr_compile(&t->env, STR("str(a),upper"), &err)));
	assert_false(expr_const(expr_compile(&t->env, STR("path"), &err)));
	assert_false(expr_pure(expr_compile(&t->env, STR("rand"), &err)));
	assert_true(expr_pure(expr_compile(&t->env, STR("path,lower"), &err)));
	assert_int_equal(expr_needs(expr_compile(&t->env, STR("status"), &err)), NEED_RES_HEAD);
	assert_int_equal(expr_type(expr_compile(&t->env, STR("path,length"), &err)), SMP_INT);
}

static void an_empty_argument_is_told_from_one_that_is_left_out(void **s)
{
	static const char *const texts[] = { "str(\"\")", "str()", "var(txn.none,\"\")", "var(txn.none)", "str(a),concat(,txn.v,\"\")" };
	struct canned *t = *s;
	struct xerr err;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sbuf b = { 0 };
		struct str first, second;
		struct expr *e = expr_compile(&t->env, str_c(texts[i]), &err), *again;

		assert_non_null(e);
		expr_print(e, &b);
		again = expr_compile(&t->env, arena_str(&t->mem, sbuf_str(&b)), &err);
		if (!again || !expr_same(e, again))
			fail_msg("%s prints as %s", texts[i], sbuf_cstr(&b));
		assert_int_equal(expr_eval_str(e, &t->ctx, &first), expr_eval_str(again, &t->ctx, &second));
		sbuf_free(&b);
	}
}

static void an_expression_that_asks_for_fingerprints_of_clients_says_so(void **s)
{
	struct canned *t = *s;
	struct xerr err;
	bool prints = false;

	t->env.tls_prints = &prints;
	assert_non_null(expr_compile(&t->env, STR("ssl_fc_sni"), &err));
	assert_false(prints);
	assert_non_null(expr_compile(&t->env, STR("ssl_fc_ja4"), &err));
	assert_true(prints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_argument_is_told_from_one_that_is_left_out),
		TEST(an_expression_that_asks_for_fingerprints_of_clients_says_so),
		TEST(errors_name_the_bytes_they_mean),
		TEST(unknown_words_come_with_the_nearest_known_one),
		TEST(a_fetch_of_what_does_not_exist_there_is_an_error),
		TEST(arguments_follow_haproxys_quoting),
		TEST(a_prefix_ends_where_no_expression_goes_on),
		TEST(canonical_text_compiles_to_the_same_expression),
		TEST(same_means_same_arguments_too),
		TEST(facts_about_expressions_come_from_their_fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
