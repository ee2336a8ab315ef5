// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables: names, conditions of sets, the room of values, limits, lifetimes. */
#include "expr_test.h"

static struct var_ref ref_of(struct canned *t, const char *name)
{
	struct var_ref ref;
	struct xerr err;

	if (!var_resolve(t->env.vars, str_c(name), &ref, &err))
		fail_msg("%s: %s", name, err.msg);
	return ref;
}

static bool set_text(struct canned *t, const char *name, const char *text, unsigned conds)
{
	struct smp v = { .type = SMP_STR, .s = str_c(text) };

	return var_set(&t->ctx, ref_of(t, name), &v, conds);
}

static bool set_int(struct canned *t, const char *name, int64_t i, unsigned conds)
{
	struct smp v = { .type = SMP_INT, .i = i };

	return var_set(&t->ctx, ref_of(t, name), &v, conds);
}

static void a_name_has_one_slot_of_its_scope(void **state)
{
	struct canned *t = *state;
	struct var_ref a = ref_of(t, "req.a"), b = ref_of(t, "req.b"), c = ref_of(t, "res.a");

	assert_int_equal(a.scope, VAR_REQ);
	assert_int_equal(c.scope, VAR_RES);
	assert_int_not_equal(a.slot, b.slot);
	assert_int_equal(ref_of(t, "req.a").slot, a.slot);
}

static void wrong_names_are_told_where_they_are_wrong(void **state)
{
	struct canned *t = *state;

	expect_expr_error(t, "var(foo)", 4, 3, "'foo' is not a variable: scope.name with scope proc, sess, txn, req, res or check");
	expect_expr_error(t, "var(tx.foo)", 4, 6, "'tx.foo' is not a variable: scope.name with scope proc, sess, txn, req, res or check");
	expect_expr_error(t, "var(txn.)", 4, 4, "'txn.' is not a variable: scope.name with scope proc, sess, txn, req, res or check");
	expect_expr_error(t, "var(txn.a-b)", 9, 1, "only letters, digits, '.' and '_' may be in the name of a variable");
	expect_expr_error(t, "int(1),add(txn.a-b)", 16, 1, "only letters, digits, '.' and '_' may be in the name of a variable");
	t->env.vars = NULL;
	expect_expr_error(t, "var(txn.a)", 4, 5, "variables cannot be used here");
}

static void a_scope_that_does_not_exist_is_an_error_when_compiled(void **state)
{
	struct canned *t = *state;

	t->env.avail = NEED_CLIENT;
	expect_expr_error(t, "var(txn.a)", 0, 3, "'var' needs a stream with its backend, which does not exist here");
	expect_expr_error(t, "int(1),add(req.a)", 7, 3, "'add' needs a stream with its backend, which does not exist here");
	expect_expr(t, "var(sess.a,x)", "x");
	t->env.avail = 0;
	expect_expr(t, "var(proc.a,x)", "x");
	expect_expr_error(t, "var(sess.a)", 0, 3, "'var' needs a client connection, which does not exist here");
}

static void values_keep_their_type(void **state)
{
	struct canned *t = *state;

	expect_expr(t, "int(5),set-var(txn.i)", "5");
	expect_expr(t, "var(txn.i),add(txn.i)", "10");
	expect_expr(t, "src,set-var(sess.ip)", "192.0.2.7");
	expect_expr(t, "var(sess.ip),ipmask(8)", "192.0.0.0");
	expect_expr(t, "method,set-var(req.m)", "GET");
	expect_cond(t, "{ var(req.m) -m meth GET }", COND_TRUE);
	expect_expr(t, "bin(00ff),set-var(proc.b),hex", "00FF");
	expect_expr(t, "var(proc.b),hex", "00FF");
	expect_expr(t, "var(txn.none)", NULL);
	expect_expr(t, "int(1),add(txn.none)", NULL);
	expect_expr(t, "str(x),set-var(txn.t)", "x");
	expect_expr(t, "int(1),add(txn.t)", "1"); /* text that is no number counts 0 */
}

static void a_test_of_a_variable_names_its_match(void **state)
{
	struct canned *t = *state;

	expect_cond(t, "{ var(txn.v) -m str v1 }", COND_TRUE);
	expect_cond(t, "{ var(txn.v) -m beg x }", COND_FALSE);
	expect_cond(t, "{ var(txn.none) -m found }", COND_FALSE);
	expect_cond_error(t, "{ var(txn.v) v1 }", 1, "a value of any type needs a match method: -m str, -m sub, -m found, …", "");
}

static void conditions_decide_whether_a_set_takes_place(void **state)
{
	struct canned *t = *state;

	assert_false(set_text(t, "txn.a", "1", VC_EXISTS));
	assert_false(set_text(t, "txn.a", "1", VC_SET));
	assert_true(set_text(t, "txn.a", "1", VC_NOT_EXISTS | VC_NOT_SET));
	assert_false(set_text(t, "txn.a", "2", VC_NOT_EXISTS));
	assert_true(set_text(t, "txn.a", "2", VC_EXISTS | VC_SET));
	var_unset(&t->ctx, ref_of(t, "txn.a"));
	expect_expr(t, "var(txn.a)", NULL);
	assert_false(set_text(t, "txn.a", "3", VC_SET));
	assert_false(set_text(t, "txn.a", "3", VC_NOT_EXISTS)); /* it has existed */
	assert_true(set_text(t, "txn.a", "3", VC_EXISTS | VC_NOT_SET));
	assert_false(set_text(t, "txn.a", "", VC_NOT_EMPTY));
	assert_true(set_text(t, "txn.a", "", VC_EMPTY));
	assert_false(set_int(t, "txn.a", 0, VC_EMPTY)); /* a number is never empty */
}

static void integers_are_compared_old_with_new(void **state)
{
	struct canned *t = *state;

	assert_true(set_int(t, "txn.n", 5, VC_GT | VC_LT)); /* nothing to compare with */
	assert_false(set_int(t, "txn.n", 5, VC_GT));
	assert_false(set_int(t, "txn.n", 6, VC_GT));
	assert_true(set_int(t, "txn.n", 4, VC_GT));
	assert_false(set_int(t, "txn.n", 3, VC_LT));
	assert_true(set_int(t, "txn.n", 9, VC_LT));
	assert_true(set_text(t, "txn.n", "x", VC_GT | VC_LT));
}

static void text_set_again_reuses_its_room(void **state)
{
	struct canned *t = *state;
	char text[3001];

	memset(text, 'x', sizeof(text));
	text[3000] = '\0';
	assert_true(set_text(t, "sess.s", text, 0));
	size_t total = t->vars[VAR_SESS].arena->total;

	for (int i = 0; i < 1000; i++) {
		text[2000 + i] = '\0';
		assert_true(set_text(t, "sess.s", text, 0));
		text[2000 + i] = 'x';
		assert_true(set_int(t, "sess.s", i, 0));
	}
	assert_int_equal(t->vars[VAR_SESS].arena->total, total);
}

static void a_part_of_a_variable_may_be_put_into_it(void **state)
{
	struct canned *t = *state;

	assert_true(set_text(t, "sess.s", "abcdef", 0));
	expect_expr(t, "var(sess.s),bytes(2,3),set-var(sess.s),concat(-,sess.s)", "cde-cde");
	expect_expr(t, "var(sess.s)", "cde");
}

static void a_value_beyond_the_limit_is_not_set(void **state)
{
	struct canned *t = *state;

	t->env.vars->limits.max[VAR_TXN] = 200;
	assert_true(set_text(t, "txn.a", "short", 0));
	assert_false(set_text(t, "txn.b", "0123456789012345678901234567890123456789012345678901234567890123456789", 0));
	assert_false(set_text(t, "res.b", "0123456789012345678901234567890123456789012345678901234567890123456789", 0));
	expect_expr(t, "var(txn.a)", "short");
	expect_expr(t, "var(txn.b)", NULL);
	assert_true(set_text(t, "sess.b", "0123456789012345678901234567890123456789012345678901234567890123456789", 0));
}

static void bytes_go_back_to_every_limit_when_a_scope_ends(void **state)
{
	struct canned *t = *state;
	uint32_t before = t->vars[VAR_PROC].bytes;

	assert_true(set_text(t, "req.a", "x", 0));
	assert_true(t->vars[VAR_TXN].bytes > 0);
	assert_true(t->vars[VAR_PROC].bytes > before);
	var_store_drop(&t->vars[VAR_REQ]);
	assert_int_equal(t->vars[VAR_PROC].bytes, before);
	expect_expr(t, "var(req.a)", NULL);
}

static void values_of_the_global_section_are_there_from_the_start(void **state)
{
	struct canned *t = *state;
	char text[] = "kept";
	struct smp v = { .type = SMP_STR, .s = str_c(text) }, n = { .type = SMP_INT, .i = 7 };

	var_table_init(t->env.vars, ref_of(t, "proc.k"), &v);
	var_table_init(t->env.vars, ref_of(t, "proc.n"), &n);
	memset(text, '-', 4);
	var_store_drop(&t->vars[VAR_PROC]);
	vars_process_init(t->env.vars, &t->vars[VAR_PROC]);
	expect_expr(t, "var(proc.k)", "kept");
	expect_expr(t, "var(proc.n),add(1)", "8");
}

static void targets_of_actions_have_conditions_behind_the_name(void **state)
{
	struct canned *t = *state;
	struct var_ref ref;
	struct xerr err;
	unsigned conds;

	assert_true(var_target(t->env.vars, STR("txn.a, ifset,ifgt"), &ref, &conds, &err));
	assert_int_equal(conds, VC_SET | VC_GT);
	assert_false(var_target(t->env.vars, STR("txn.a,ifsett"), &ref, &conds, &err));
	assert_int_equal(err.off, 6);
	assert_string_equal(err.hint, "ifset");
}

static void expressions_with_an_effect_are_neither_pure_nor_constant(void **state)
{
	struct canned *t = *state;
	struct xerr err;
	struct expr *set = expr_compile(&t->env, STR("str(a),set-var(txn.a)"), &err);
	struct expr *get = expr_compile(&t->env, STR("str(a),concat(,proc.a)"), &err);

	assert_false(expr_pure(set));
	assert_false(expr_const(set));
	assert_true(expr_effect(set));
	assert_true(expr_pure(get));
	assert_false(expr_const(get));
	assert_false(expr_effect(get));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_has_one_slot_of_its_scope),
		TEST(wrong_names_are_told_where_they_are_wrong),
		TEST(a_scope_that_does_not_exist_is_an_error_when_compiled),
		TEST(values_keep_their_type),
		TEST(a_test_of_a_variable_names_its_match),
		TEST(conditions_decide_whether_a_set_takes_place),
		TEST(integers_are_compared_old_with_new),
		TEST(text_set_again_reuses_its_room),
		TEST(a_part_of_a_variable_may_be_put_into_it),
		TEST(a_value_beyond_the_limit_is_not_set),
		TEST(bytes_go_back_to_every_limit_when_a_scope_ends),
		TEST(values_of_the_global_section_are_there_from_the_start),
		TEST(targets_of_actions_have_conditions_behind_the_name),
		TEST(expressions_with_an_effect_are_neither_pure_nor_constant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
