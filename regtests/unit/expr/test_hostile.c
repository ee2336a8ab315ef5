// SPDX-License-Identifier: GPL-3.0-or-later
/* Input made to hurt parsers of header values and regular expressions: it ends, with the value that a plain reading gives. */
#include "expr_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void header(struct canned *t, const char *name, const char *value)
{
	t->req.nhdr = 0;
	canned_hdr(&t->req, name, value);
}

static void cookies_without_names_or_values_end(void **state)
{
	static const char *const odd[] = { ";=;", "=", ";;;;", "a", "=;=;=", "a=;;b", " ; = ; ", "a==b" };
	struct canned *t = *state;

	for (unsigned i = 0; i < ARRAY_LEN(odd); i++) {
		header(t, "Cookie", odd[i]);
		expect_expr(t, "req.cook(none)", NULL);
		expect_expr(t, "req.cook_cnt(none)", "0");
	}
	header(t, "Cookie", "a==b");
	expect_expr(t, "req.cook(a)", "=b");
}

static void a_million_cookies_take_one_pass(void **state)
{
	enum { N = 1000000 };
	struct canned *t = *state;
	char *text = malloc(N * 4 + 8), *p = text;

	for (int i = 0; i < N; i++)
		p += sprintf(p, "a=%d;", i % 10);
	strcpy(p, "z=1");
	header(t, "Cookie", text);
	expect_expr(t, "req.cook(z)", "1");
	expect_expr(t, "req.cook_cnt(a)", "1000000");
	expect_cond(t, "{ req.cook(a) -m str x }", COND_FALSE);
	free(text);
}

static void the_last_of_exactly_ten_addresses_is_found(void **state)
{
	struct canned *t = *state;

	header(t, "X-Forwarded-For", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,10.0.0.10");
	expect_expr(t, "req.hdr_ip(x-forwarded-for,-1)", "10.0.0.10");
	expect_expr(t, "req.hdr_ip(x-forwarded-for,-10)", "10.0.0.1");
	expect_expr(t, "req.hdr_ip(x-forwarded-for,-11)", NULL);
	expect_expr(t, "req.hdr_ip(x-forwarded-for,11)", NULL);
}

static void commas_alone_are_values_without_text(void **state)
{
	struct canned *t = *state;

	header(t, "Accept-Encoding", ",,,,,,,,,,,,,,,,");
	expect_expr(t, "req.hdr_cnt(accept-encoding)", "17");
	expect_expr(t, "req.hdr(accept-encoding)", "");
	expect_expr(t, "req.fhdr(accept-encoding),language(en;de,x)", "x");
}

/* (a+)+$ on a run of a and something else: the match limit ends it, and what it ends does not match. */
static void nested_quantifiers_end_at_the_limit(void **state)
{
	struct canned *t = *state;
	char text[4096];
	clock_t begin = clock();

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 2] = '!';
	text[sizeof(text) - 1] = '\0';
	header(t, "X", text);
	expect_cond(t, "{ req.fhdr(x) -m reg ^(a+)+$ }", COND_FALSE);
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
}

/* One byte of input for a hundred of output: cut off before it takes the memory of the machine. */
static void substitution_does_not_grow_without_end(void **state)
{
	struct canned *t = *state;
	size_t n = 64 << 10;
	char *text = malloc(n + 1);
	struct xerr err;
	struct str out;

	memset(text, 'x', n);
	text[n] = '\0';
	header(t, "X", text);
	struct expr *e = expr_compile(&t->env, STR("req.fhdr(x),regsub(x,0123456789012345678901234567890123456789012345678901234567890123456789,g)"), &err);

	assert_non_null(e);
	if (expr_eval_str(e, &t->ctx, &out))
		assert_true(out.n <= 2u << 20);
	free(text);
}

static void elements_of_forwarded_that_never_close_end(void **state)
{
	struct canned *t = *state;
	char *text = malloc(100001);

	memset(text, '"', 100000);
	text[100000] = '\0';
	memcpy(text, "for=", 4);
	header(t, "Forwarded", text);
	expect_expr(t, "req.fhdr(forwarded),rfc7239_is_valid", "0");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cookies_without_names_or_values_end),
		TEST(a_million_cookies_take_one_pass),
		TEST(the_last_of_exactly_ten_addresses_is_found),
		TEST(commas_alone_are_values_without_text),
		TEST(nested_quantifiers_end_at_the_limit),
		TEST(substitution_does_not_grow_without_end),
		TEST(elements_of_forwarded_that_never_close_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
