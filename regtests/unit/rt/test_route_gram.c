// SPDX-License-Identifier: GPL-3.0-or-later
/* Literals in text: each that is there is found, whatever its case and however many share its bytes. */
#include "../expr/expr_test.h"

#include <stdio.h>

#include "../../../src/rt/route_priv.h"

struct found { struct route_bucket *b[64]; unsigned n; };

static bool note(void *ctx, void *bucket)
{
	struct found *f = ctx;

	for (unsigned i = 0; i < f->n; i++)
		if (f->b[i] == bucket)
			return true;
	assert_true(f->n < ARRAY_LEN(f->b));
	f->b[f->n++] = bucket;
	return true;
}

static bool has(const struct route_grams *g, const struct route_bucket *b, const char *text)
{
	struct found f = { .n = 0 };

	route_grams_find(g, str_c(text), note, &f);
	for (unsigned i = 0; i < f.n; i++)
		if (f.b[i] == b)
			return true;
	return false;
}

static void literals_are_found_anywhere_in_any_case(void **s)
{
	struct canned *t = *s;
	struct route_grams *g = route_grams_new(&t->mem);
	struct route_bucket *one = route_grams_at(g, STR("/")), *two = route_grams_at(g, STR("aB")), *four = route_grams_at(g, STR("abcd")),
			    *more = route_grams_at(g, STR("xx.example.org"));

	assert_ptr_equal(route_grams_at(g, STR("AB")), two);
	route_grams_finish(g);
	assert_true(has(g, one, "abc/") && has(g, two, "xAb") && has(g, four, "ABCD") && has(g, four, "aabcdd") && has(g, more, "XX.example.ORG"));
	assert_true(has(g, two, "abcd"));
	assert_false(has(g, one, "") || has(g, two, "a") || has(g, four, "abce") || has(g, more, "x.example.org"));
}

static void literals_that_share_all_but_one_byte_are_told_apart(void **s)
{
	struct canned *t = *s;
	struct route_grams *g = route_grams_new(&t->mem);
	struct route_bucket *b[2000];
	char text[64];

	for (unsigned i = 0; i < ARRAY_LEN(b); i++) {
		snprintf(text, sizeof(text), "/api/v1/object/%u/end", i);
		b[i] = route_grams_at(g, str_c(text));
	}
	route_grams_finish(g);
	for (unsigned i = 0; i < ARRAY_LEN(b); i++) {
		struct found f = { .n = 0 };

		snprintf(text, sizeof(text), "x/api/v1/object/%u/endx", i);
		route_grams_find(g, str_c(text), note, &f);
		assert_int_equal(f.n, 1);
		assert_ptr_equal(f.b[0], b[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(literals_are_found_anywhere_in_any_case),
		TEST(literals_that_share_all_but_one_byte_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
