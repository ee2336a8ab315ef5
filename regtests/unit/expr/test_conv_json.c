// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON: escaping with its kinds of input, paths and types of values, documents made to hurt. */
#include "expr_test.h"

#include <stdio.h>
#include <stdlib.h>

static void set_body(struct canned *t, struct str doc)
{
	t->ctx.body = doc;
}

static void text_is_escaped_as_json_wants_it(void **s)
{
	expect_expr(*s, "str('a\"b\\\\c/d'),json", "a\\\"b\\\\\\\\c\\/d");
	expect_expr(*s, "bin(08090a0c0d01),json", "\\b\\t\\n\\f\\r\\u0001");
	expect_expr(*s, "bin(c3a9),json(utf8)", "\\u00e9");
	expect_expr(*s, "bin(c3a9),json", "\\u00c3\\u00a9");
	expect_expr(*s, "bin(e282ac),json(utf8)", "\\u20ac");
}

static void wrong_utf8_ends_it_or_is_left_out(void **s)
{
	expect_expr(*s, "bin(61ff62),json(utf8)", NULL);
	expect_expr(*s, "bin(61ff62),json(utf8s)", "ab");
	expect_expr(*s, "bin(61ff62),json(utf8p)", NULL);
	expect_expr(*s, "bin(61ff62),json(utf8ps)", "ab");
	expect_expr(*s, "bin(c1a1),json(utf8)", NULL); /* overlong 'a' */
	expect_expr(*s, "bin(c1a1),json(utf8s)", "");
	expect_expr(*s, "bin(c1a1),json(utf8p)", "a");
	expect_expr(*s, "bin(eda080),json(utf8p)", NULL); /* a surrogate */
	expect_expr(*s, "bin(61e282),json(utf8s)", "a");  /* cut off */
	expect_expr(*s, "bin(f09f9880),json(utf8)", NULL); /* needs more than four digits */
	expect_expr_error(*s, "str(a),json(utf9)", 12, 4, "'utf9' is not ascii, utf8, utf8s, utf8p or utf8ps");
}

static void a_path_leads_to_a_value_of_its_type(void **state)
{
	struct canned *t = *state;

	set_body(t, STR("{\"integer\":4,\"my.key\":\"v\",\"t\":true,\"f\":false,\"n\":null,\"r\":1.5,\"s\":\"12\",\"a\":[1,{\"b\":[2, 3]}],\"u\":\"\\u00e9\"}"));
	expect_expr(t, "req.body,json_query('$.integer','int'),add(1)", "5");
	expect_expr(t, "req.body,json_query($.integer)", "4");
	expect_expr(t, "req.body,json_query('$.my\\.key')", "v");
	expect_expr(t, "req.body,json_query($.t)", "1");
	expect_expr(t, "req.body,json_query($.f)", "0");
	expect_expr(t, "req.body,json_query($.n)", NULL);
	expect_expr(t, "req.body,json_query($.r)", "1.5");
	expect_expr(t, "req.body,json_query($.r,int)", "1");
	expect_expr(t, "req.body,json_query($.s,int)", "12");
	expect_expr(t, "req.body,json_query($.a[0])", "1");
	expect_expr(t, "req.body,json_query($.a[1].b[1])", "3");
	expect_expr(t, "req.body,json_query($.a[1])", "{\"b\":[2,3]}");
	expect_expr(t, "req.body,json_query($.a,int)", NULL);
	expect_expr(t, "req.body,json_query($.a[2])", NULL);
	expect_expr(t, "req.body,json_query($.nope.x)", NULL);
	expect_expr(t, "req.body,json_query($.u)", "\xc3\xa9");
	expect_cond(t, "{ req.body,json_query($.t) -m bool }", COND_TRUE);
}

static void paths_are_judged_when_compiled(void **s)
{
	expect_expr_error(*s, "str(a),json_query(a.b)", 18, 3, "'a.b' is not a path: $.key, $.key[0].key");
	expect_expr_error(*s, "str(a),json_query($.a[x])", 18, 6, "'$.a[x]' is not a path: $.key, $.key[0].key");
	expect_expr_error(*s, "str(a),json_query($.a[0)", 18, 5, "'$.a[0' is not a path: $.key, $.key[0].key");
	expect_expr_error(*s, "str(a),json_query($..a)", 18, 4, "'$..a' is not a path: $.key, $.key[0].key");
	expect_expr_error(*s, "str(a),json_query($.a,text)", 22, 4, "'text' is not a type of output: int");
}

static void what_is_no_document_has_no_value(void **state)
{
	static const char *const docs[] = { "", "{", "{\"a\":1e1000000}", "{\"a\":1}x", "nope", "{\"a\":\"\xff\"}", "[1,2" };
	struct canned *t = *state;

	for (unsigned i = 0; i < ARRAY_LEN(docs); i++) {
		set_body(t, str_c(docs[i]));
		expect_expr(t, "req.body,json_query($.a)", NULL);
	}
}

/* Nesting without end, and millions of small values: refused by depth and by memory. */
static void documents_made_to_hurt_are_refused(void **state)
{
	enum { N = 4 << 20 };
	struct canned *t = *state;
	char *big = malloc(N);
	size_t n = 0;

	memset(big, '[', N);
	set_body(t, str_n(big, N));
	expect_expr(t, "req.body,json_query($[0])", NULL);
	while (n + 8 < N)
		n += (size_t)sprintf(big + n, "%s{}", n ? "," : "[");
	n += (size_t)sprintf(big + n, "]");
	set_body(t, str_n(big, n));
	expect_expr(t, "req.body,json_query($[0])", NULL);
	set_body(t, STR("{\"a\":1}"));
	expect_expr(t, "req.body,json_query($.a)", "1");
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_is_escaped_as_json_wants_it),
		TEST(wrong_utf8_ends_it_or_is_left_out),
		TEST(a_path_leads_to_a_value_of_its_type),
		TEST(paths_are_judged_when_compiled),
		TEST(what_is_no_document_has_no_value),
		TEST(documents_made_to_hurt_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
