// SPDX-License-Identifier: GPL-3.0-or-later
/* Which expressions the memo keeps. */
#include "expr_test.h"

#include <stdio.h>

#include <sluice/expr/deps.h>
#include <sluice/expr/memo.h>

static struct expr *compiled(struct canned *t, const char *text)
{
	struct xerr err;
	struct expr *e = expr_compile(&t->env, str_c(text), &err);

	if (!e)
		fail_msg("%s: %s", text, err.msg);
	return e;
}

static uint32_t kept(struct canned *t, const char *a, uint32_t group_a, const char *b, uint32_t group_b)
{
	struct memo_plan *p = memo_plan_new(&t->mem);

	memo_plan_count(p, group_a, compiled(t, a), true);
	memo_plan_count(p, group_b, compiled(t, b), true);
	uint32_t n = memo_plan_slots(p, &t->mem).n;

	return n ? n - 1 : 0;
}

static void what_stands_twice_in_one_group_is_kept(void **s)
{
	assert_int_equal(kept(*s, "path", 1, "path", 1), 1);
	assert_int_equal(kept(*s, "path", 1, "path", 2), 0);
	assert_int_equal(kept(*s, "path", 1, "path,lower", 1), 0);
	assert_int_equal(kept(*s, "hdr(host),lower", 3, "hdr(\"host\"),lower", 3), 1);
}

static void what_may_differ_or_costs_nothing_is_not_kept(void **s)
{
	static const char *const w[] = { "rand", "date", "sc0_http_req_rate", "nbsrv", "req.len", "req.body", "path,set-var(txn.v)", "int(7)", "always_true",
					 "req.ssl_sni" };

	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		assert_int_equal(kept(*s, w[i], 1, w[i], 1), 0);
}

static void numbers_carry_what_their_expressions_depend_on(void **s)
{
	struct canned *t = *s;
	struct memo_plan *p = memo_plan_new(&t->mem);
	struct expr *path = compiled(t, "path"), *host = compiled(t, "hdr(host)");

	for (unsigned i = 0; i < 2; i++) {
		memo_plan_count(p, 0, path, true);
		memo_plan_count(p, 0, host, true);
	}
	struct memo_slots slots = memo_plan_slots(p, &t->mem);

	assert_int_equal(slots.n, 3);
	assert_int_equal(slots.deps[1], DEP_URI);
	assert_int_equal(slots.deps[2], dep_hdr(STR("host")));
}

static void there_are_no_more_numbers_than_the_memo_takes(void **s)
{
	struct canned *t = *s;
	struct memo_plan *p = memo_plan_new(&t->mem);
	char text[32];

	for (unsigned i = 0; i < MEMO_MAX + 20; i++) {
		snprintf(text, sizeof(text), "hdr(x%u)", i);
		struct expr *e = compiled(t, text);

		memo_plan_count(p, 0, e, true);
		memo_plan_count(p, 0, e, true);
		memo_plan_number(p, e, true);
	}
	assert_int_equal(memo_plan_slots(p, &t->mem).n, MEMO_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_stands_twice_in_one_group_is_kept),
		TEST(what_may_differ_or_costs_nothing_is_not_kept),
		TEST(numbers_carry_what_their_expressions_depend_on),
		TEST(there_are_no_more_numbers_than_the_memo_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
