// SPDX-License-Identifier: GPL-3.0-or-later
/* The memo: what is evaluated how often, and that what it gives is what evaluating would. Evaluations are counted twice: by the memo, and by
 * an environment that is asked for a name. */
#include "expr_test.h"

#include <sluice/expr/deps.h>
#include <sluice/expr/memo.h>

static unsigned asked;

static bool counting_text(const struct smp_ctx *c, enum smp_env_str what, int idx, struct str *out)
{
	asked++;
	return canned_text(c, what, idx, out);
}

struct kept { struct canned *t; struct smp_memo *memo; struct cond *cond[8]; unsigned n; };

static void count_one(void *ctx, const struct expr *e) { memo_plan_count(ctx, 0, e, true); }
static void number_one(void *ctx, const struct expr *e) { memo_plan_number(ctx, e, true); }

/* Conditions over the canned request with a memo that is open. */
static struct kept keep(struct canned *t, const char *const *text, unsigned n)
{
	static struct smp_env env;
	struct memo_plan *plan = memo_plan_new(&t->mem);
	struct kept k = { .t = t, .n = n };

	env = *t->ctx.env;
	env.text = counting_text;
	t->ctx.env = &env;
	asked = 0;
	for (unsigned i = 0; i < n; i++)
		k.cond[i] = compiled_cond(t, text[i], false);
	for (unsigned i = 0; i < n; i++)
		cond_each_expr(k.cond[i], count_one, plan);
	for (unsigned i = 0; i < n; i++)
		cond_each_expr(k.cond[i], number_one, plan);
	struct memo_slots slots = memo_plan_slots(plan, &t->mem);

	k.memo = memo_new(&slots);
	t->ctx.memo = k.memo;
	if (k.memo)
		memo_open(k.memo, &t->ctx, false, 0);
	return k;
}
#define KEEP(t, ...) keep(t, (const char *const[]){ __VA_ARGS__ }, ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void is(struct kept *k, unsigned i, enum cond_result want)
{
	struct arena_mark m = arena_mark(&k->t->tmp);

	assert_int_equal(cond_eval(k->cond[i], &k->t->ctx), want);
	arena_rewind(&k->t->tmp, m);
	memset(arena_bytes(&k->t->tmp, 256), 'x', 256); /* what was made there is gone */
	arena_rewind(&k->t->tmp, m);
}

static uint64_t evaluated(const struct kept *k) { return memo_counted(k->memo).evaluated; }

static void done(struct kept *k)
{
	k->t->ctx.memo = NULL;
	memo_free(k->memo);
}

static void an_expression_of_several_conditions_is_evaluated_once(void **s)
{
	struct kept k = KEEP(*s, "{ fe_name api }", "{ fe_name -m beg w } { path_beg /a }", "{ path /a/b }", "{ fe_name web }", "{ path_end /c }");

	is(&k, 0, COND_FALSE);
	is(&k, 1, COND_TRUE);
	is(&k, 2, COND_TRUE);
	is(&k, 3, COND_TRUE);
	is(&k, 4, COND_FALSE);
	assert_int_equal(evaluated(&k), 2);
	assert_int_equal(memo_counted(k.memo).spared, 4);
#ifndef SLUICE_DEBUG
	assert_int_equal(asked, 1);
#endif
	done(&k);
}

static void what_converters_made_outlives_the_memory_of_the_condition(void **s)
{
	struct kept k = KEEP(*s, "{ hdr(host),lower example.com }", "{ hdr(host),lower -m beg example.com:80 }", "{ hdr(host),lower -m sub le.co }");

	is(&k, 0, COND_FALSE);
	is(&k, 1, COND_TRUE);
	is(&k, 2, COND_TRUE);
	assert_int_equal(evaluated(&k), 1);
	done(&k);
}

static void of_several_values_those_that_were_wanted_are_kept(void **s)
{
	struct kept k = KEEP(*s, "{ hdr(x-l) a }", "{ hdr(x-l) b }", "{ hdr(x-l) d }", "{ hdr(x-l) none }");

	is(&k, 0, COND_TRUE);
	assert_int_equal(evaluated(&k), 1);
	is(&k, 1, COND_TRUE); /* goes on behind the first */
	assert_int_equal(evaluated(&k), 2);
	is(&k, 0, COND_TRUE);
	assert_int_equal(evaluated(&k), 2);
	is(&k, 2, COND_TRUE);
	is(&k, 3, COND_FALSE); /* looks behind the last */
	assert_int_equal(evaluated(&k), 4);
	is(&k, 2, COND_TRUE);
	is(&k, 3, COND_FALSE);
	assert_int_equal(evaluated(&k), 4);
	done(&k);
}

static void more_values_than_there_is_room_for_are_all_seen(void **s)
{
	struct canned *t = *s;

	canned_hdr(&t->req, "Many", "1,2,3,4,5,6,7,8");
	struct kept k = KEEP(t, "{ hdr(many) 8 }", "{ hdr(many),add(1) -m int 9 }", "{ hdr(many) 7 }", "{ hdr(many),add(1) -m int 10 }", "{ hdr(many) 9 }");

	is(&k, 0, COND_TRUE);
	is(&k, 2, COND_TRUE);
	is(&k, 0, COND_TRUE);
	is(&k, 1, COND_TRUE);
	is(&k, 3, COND_FALSE);
	is(&k, 1, COND_TRUE);
	is(&k, 4, COND_FALSE);
	done(&k);
}

static void long_values_are_evaluated_again_instead_of_taking_memory(void **s)
{
	struct canned *t = *s;
	char *text = arena_bytes(&t->mem, 6001);

	memset(text, 'A', 6000);
	text[6000] = '\0';
	canned_hdr(&t->req, "Long", text);
	struct kept k = KEEP(t, "{ hdr(long),lower -m beg aa }", "{ hdr(long),lower -m end aa }", "{ path,upper -m beg /A }", "{ path,upper /B }");

	is(&k, 0, COND_TRUE);
	is(&k, 1, COND_TRUE);
	assert_int_equal(evaluated(&k), 2);
	is(&k, 2, COND_TRUE);
	is(&k, 3, COND_FALSE);
	assert_int_equal(evaluated(&k), 3);
	done(&k);
}

static void a_change_brings_back_what_depends_on_it_and_nothing_else(void **s)
{
	struct canned *t = *s;
	struct kept k = KEEP(t, "{ path_beg /new }", "{ path_beg /a }", "{ hdr(host) -m beg Example }", "{ hdr(host) -m end 80 }");

	for (unsigned i = 0; i < 4; i++)
		is(&k, i, i ? COND_TRUE : COND_FALSE);
	assert_int_equal(evaluated(&k), 2);
	canned_target(t, "/new");
	memo_touch(k.memo, DEP_URI);
	is(&k, 2, COND_TRUE);
	is(&k, 3, COND_TRUE);
	assert_int_equal(evaluated(&k), 2);
	is(&k, 0, COND_TRUE);
	is(&k, 1, COND_FALSE);
	assert_int_equal(evaluated(&k), 3);
	memo_touch(k.memo, DEP_STATUS);
	is(&k, 0, COND_TRUE);
	assert_int_equal(evaluated(&k), 3);
	done(&k);
}

static void a_variable_set_inside_of_a_condition_is_seen_by_its_next_test(void **s)
{
	struct kept k = KEEP(*s, "{ var(txn.v) -m str v1 } { path,set-var(txn.v) -m found } { var(txn.v) -m str /a/b }", "{ var(txn.v) -m str v1 }");

	is(&k, 0, COND_TRUE);
	is(&k, 1, COND_FALSE);
	done(&k);
}

static void what_may_still_come_is_not_kept(void **s)
{
	struct canned *t = *s;
	struct http_msg *req = t->ctx.req;
	struct kept k = KEEP(t, "{ path_beg /a }", "{ path_beg /b }");

	t->ctx.req = NULL, t->ctx.final = false;
	is(&k, 0, COND_WAIT);
	is(&k, 1, COND_WAIT);
	t->ctx.req = req;
	is(&k, 0, COND_TRUE);
	is(&k, 1, COND_FALSE);
	done(&k);
}

static void chance_and_time_are_evaluated_each_time(void **s)
{
	struct kept k = KEEP(*s, "{ rand(1) 0 }", "{ rand(1) 0 }", "{ nbsrv gt 0 }", "{ nbsrv gt 1 }", "{ req.len gt 0 }", "{ req.len gt 1 }");

	assert_null(k.memo);
	is(&k, 0, COND_TRUE);
}

static void a_window_goes_on_for_the_same_context_while_its_message_is_as_it_was(void **s)
{
	struct canned *t = *s;
	struct kept k = KEEP(t, "{ path_beg /a }", "{ path_beg /b }");
	struct smp_ctx other = t->ctx;

	is(&k, 0, COND_TRUE);
	memo_close(k.memo, &t->ctx, 7);
	is(&k, 1, COND_FALSE); /* closed: as if there were none */
	assert_int_equal(evaluated(&k), 1);
	memo_open(k.memo, &t->ctx, true, 7);
	is(&k, 1, COND_FALSE);
	assert_int_equal(evaluated(&k), 1);
	memo_close(k.memo, &t->ctx, 7);
	memo_open(k.memo, &t->ctx, true, 8);
	is(&k, 1, COND_FALSE);
	assert_int_equal(evaluated(&k), 2);
	memo_close(k.memo, &t->ctx, 8);
	memo_open(k.memo, &other, true, 8);
	assert_int_equal(cond_eval(k.cond[0], &other), COND_TRUE);
	assert_int_equal(evaluated(&k), 3);
	is(&k, 0, COND_TRUE); /* of somebody else */
	assert_int_equal(evaluated(&k), 3);
	memo_close(k.memo, &other, 8);
	memo_forget(k.memo);
	memo_open(k.memo, &other, true, 8);
	assert_int_equal(cond_eval(k.cond[0], &other), COND_TRUE);
	assert_int_equal(evaluated(&k), 4);
	done(&k);
}

static void a_new_window_has_all_its_room_again(void **s)
{
	struct canned *t = *s;
	char *text = arena_bytes(&t->mem, 3001);

	memset(text, 'A', 3000);
	text[3000] = '\0';
	canned_hdr(&t->req, "Long", text);
	struct kept k = KEEP(t, "{ hdr(long),lower -m beg aa }", "{ hdr(long),lower -m end aa }");

	for (unsigned i = 1; i <= 3; i++) {
		memo_open(k.memo, &t->ctx, false, 0);
		is(&k, 0, COND_TRUE);
		is(&k, 1, COND_TRUE);
		assert_int_equal(evaluated(&k), i);
	}
	done(&k);
}

static void one_value_and_all_of_them_are_kept_apart(void **s)
{
	struct canned *t = *s;
	struct memo_plan *plan = memo_plan_new(&t->mem);
	struct xerr err;
	struct expr *e = expr_compile(&t->env, STR("hdr(x-l),upper"), &err);
	struct str first = STR_NULL, again = STR_NULL;

	for (unsigned i = 0; i < 4; i++)
		memo_plan_count(plan, 0, e, i & 1);
	memo_plan_number(plan, e, false);
	memo_plan_number(plan, e, true);
	struct memo_slots slots = memo_plan_slots(plan, &t->mem);

	assert_int_equal(slots.n, 3);
	t->ctx.memo = memo_new(&slots);
	memo_open(t->ctx.memo, &t->ctx, false, 0);
	assert_true(expr_eval_str(e, &t->ctx, &first) && expr_eval_str(e, &t->ctx, &again));
	assert_true(str_eq(first, STR("D")) && str_eq(again, STR("D")));
	assert_int_equal(memo_counted(t->ctx.memo).evaluated, 1);
	memo_close(t->ctx.memo, &t->ctx, 0);
	memo_free(t->ctx.memo);
	t->ctx.memo = NULL;
	assert_true(str_eq(again, STR("D"))); /* lives as long as the context's memory */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_expression_of_several_conditions_is_evaluated_once),
		TEST(what_converters_made_outlives_the_memory_of_the_condition),
		TEST(of_several_values_those_that_were_wanted_are_kept),
		TEST(more_values_than_there_is_room_for_are_all_seen),
		TEST(long_values_are_evaluated_again_instead_of_taking_memory),
		TEST(a_change_brings_back_what_depends_on_it_and_nothing_else),
		TEST(a_variable_set_inside_of_a_condition_is_seen_by_its_next_test),
		TEST(what_may_still_come_is_not_kept),
		TEST(chance_and_time_are_evaluated_each_time),
		TEST(a_window_goes_on_for_the_same_context_while_its_message_is_as_it_was),
		TEST(a_new_window_has_all_its_room_again),
		TEST(one_value_and_all_of_them_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
