// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions as text: canonical, quoted where needed, and the same condition when read again. */
#include "expr_test.h"

static char *printed(struct canned *t, const char *text, bool unless)
{
	struct str words[64];
	struct xerr err;
	struct sbuf b = { 0 };
	int n = split_words(t, text, words);
	struct cond *c = cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, n, unless, &err);

	if (!c)
		fail_msg("%s: %s", text, err.msg);
	cond_print(c, &b);
	char *kept = arena_cstr(&t->mem, sbuf_str(&b));

	sbuf_free(&b);
	return kept;
}

static void the_match_is_always_named(void **s)
{
	assert_string_equal(printed(*s, "{ path /a }", false), "if { path -m str /a }");
	assert_string_equal(printed(*s, "{ path_beg /a /b }", false), "if { path -m beg /a /b }");
	assert_string_equal(printed(*s, "{ always_true }", false), "if { always_true -m bool }");
	assert_string_equal(printed(*s, "{ path -m found }", false), "if { path -m found }");
}

static void ranges_are_printed_sorted_and_joined(void **s)
{
	assert_string_equal(printed(*s, "{ dst_port 90 gt 1000 eq 80:81 }", false),
			    "if { dst_port -m int 80:81 90 1001: }");
	assert_string_equal(printed(*s, "{ dst_port lt 5 }", false), "if { dst_port -m int :4 }");
}

static void words_with_special_characters_are_quoted(void **s)
{
	assert_string_equal(printed(*s, "{ path a~b }", false), "if { path -m str \"a b\" }");
	assert_string_equal(printed(*s, "{ path a\"b\\c$d }", false), "if { path -m str \"a\\\"b\\\\c\\$d\" }");
	assert_string_equal(printed(*s, "{ path a#b }", false), "if { path -m str \"a#b\" }");
}

static void terms_keep_their_order_and_their_negation(void **s)
{
	assert_string_equal(printed(*s, "TRUE !FALSE or !{ path /a } HTTP", true),
			    "unless TRUE !FALSE or !{ path -m str /a } HTTP");
}

static void printed_text_prints_the_same_again(void **s)
{
	static const char *const texts[] = { "{ path -i /a /b } or !{ src 10.0.0.0/8 }", "{ dst_port 1:5 7 }",
					     "METH_GET { hdr(host) -m dom -i a.b }", "{ path,lower -m reg ^/x }" };

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		char *once = printed(*s, texts[i], false);

		assert_string_equal(printed(*s, once + strlen("if "), false), once);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_match_is_always_named),
		TEST(ranges_are_printed_sorted_and_joined),
		TEST(words_with_special_characters_are_quoted),
		TEST(terms_keep_their_order_and_their_negation),
		TEST(printed_text_prints_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
