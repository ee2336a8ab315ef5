// SPDX-License-Identifier: GPL-3.0-or-later
/* Helpers over the canned exchange: values of expressions, truth of conditions, errors of both. */
#ifndef TEST_EXPR_TEST_H
#define TEST_EXPR_TEST_H

#include "canned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static inline void expect_expr(struct canned *t, const char *text, const char *want)
{
	struct xerr err;
	struct str got;
	struct expr *e = expr_compile(&t->env, str_c(text), &err);

	if (!e)
		fail_msg("%s: %s", text, err.msg);
	bool ok = expr_eval_str(e, &t->ctx, &got);

	if (ok != (want != NULL) || (ok && !str_eq(got, str_c(want))))
		fail_msg("%s gives %s'" STR_FMT "', expected '%s'", text,
			 ok ? "" : "nothing: ", STR_ARG(ok ? got : STR_NULL), want ? want : "nothing");
}

static inline void expect_expr_error(struct canned *t, const char *text, unsigned off, unsigned len, const char *msg)
{
	struct xerr err = { 0 };

	if (expr_compile(&t->env, str_c(text), &err))
		fail_msg("%s compiles", text);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.off, off);
	assert_int_equal(err.len, len);
}

/* Words are separated by single blanks; ~ stands for a blank inside a word. */
static inline int split_words(struct canned *t, const char *text, struct str *words)
{
	char *copy = arena_cstr(&t->mem, str_c(text));
	struct str rest = str_c(copy);
	int n = 0;

	for (char *p = copy; *p; p++)
		if (*p == '\n')
			*p = ' ';
	while (rest.p)
		words[n++] = str_split(&rest, ' ');
	for (char *p = copy; *p; p++)
		if (*p == '~')
			*p = ' ';
	return n;
}

static inline enum cond_result eval_cond(struct canned *t, const struct acl_set *acls, const char *text)
{
	struct str words[64];
	struct xerr err;
	int n = split_words(t, text, words);
	struct cond *c = cond_compile(&t->env, acls, words, n, false, &err);

	if (!c)
		fail_msg("%s: %s", text, err.msg);
	return cond_eval(c, &t->ctx);
}

static inline void expect_cond(struct canned *t, const char *text, enum cond_result want)
{
	enum cond_result got = eval_cond(t, acl_set_new(&t->mem, NULL), text);

	if (got != want)
		fail_msg("%s is %d, expected %d", text, got, want);
}

static inline void expect_cond_error(struct canned *t, const char *text, int word, const char *msg, const char *hint)
{
	struct str words[64];
	struct xerr err;
	int n = split_words(t, text, words);

	if (cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, n, false, &err))
		fail_msg("%s compiles", text);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.word, word);
	assert_string_equal(err.hint, hint);
}

static inline int setup(void **state)
{
	static struct canned t;

	canned_init(&t);
	*state = &t;
	return 0;
}

static inline int teardown(void **state)
{
	canned_free(*state);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* A condition that has to compile. */
static inline struct cond *compiled_cond(struct canned *t, const char *text, bool unless)
{
	struct str words[64];
	struct xerr err;
	int n = split_words(t, text, words);
	struct cond *c = cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, n, unless, &err);

	if (!c)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

#endif
