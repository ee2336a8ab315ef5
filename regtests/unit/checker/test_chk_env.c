// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

static struct exchange x;

static struct target *open_target(struct fx *f)
{
	static struct target t;

	fx_init(f, 1);
	vars_process_init(NULL, &f->ck.vars);
	x = (struct exchange){ .vars = var_store_make(VAR_CHECK, NULL), .sess = var_store_make(VAR_SESS, NULL) };
	t = (struct target){ .ck = &f->ck, .s = &f->srv[0], .px = &f->px, .x = &x };
	return &t;
}

static void close_target(struct fx *f)
{
	var_store_drop(&x.vars);
	var_store_drop(&x.sess);
	chk_env_free();
	segment_unmap(f->ck.seg);
	loop_free();
	fx_open = false;
}

static void expressions_see_the_server_and_its_backend(void **s)
{
	struct fx f;
	struct target *t = open_target(&f);
	struct smp_ctx *c = chk_ctx(t);
	struct str text;
	int64_t n;

	(void)s;
	assert_true(c->env->text(c, ENV_SRV_NAME, -1, &text) && str_eq(text, STR("s1")));
	assert_true(c->env->text(c, ENV_BE_NAME, -1, &text) && str_eq(text, STR("b")));
	assert_false(c->env->text(c, ENV_FE_NAME, -1, &text));
	assert_true(c->env->num(c, ENV_SRV_ID, -1, &n) && n == 1);
	assert_null(c->env->addr(c, ENV_BC_DST));
	assert_null(c->env->addr(c, ENV_FC_SRC));
	close_target(&f);
}

static void variables_live_as_long_as_the_check(void **s)
{
	struct fx f;
	struct target *t = open_target(&f);
	struct var_ref ref = { .scope = VAR_CHECK, .slot = 2 };
	struct smp v = { .type = SMP_INT, .i = 5 };

	(void)s;
	assert_true(var_set(chk_ctx(t), ref, &v, 0));
	assert_int_equal(var_get(chk_ctx(t), ref)->i, 5);
	var_store_drop(&x.vars);
	assert_null(var_get(chk_ctx(t), ref));
	assert_null(chk_ctx(t)->vars[VAR_TXN]);
	close_target(&f);
}

static void hexadecimal_becomes_bytes_or_nothing(void **s)
{
	static const struct { const char *hex, *bytes; } cases[] = { { "", "" }, { "4142", "AB" }, { "4a4B", "JK" }, { "4", NULL }, { "4g", NULL } };

	(void)s;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char text[8];
		struct str v = str_n(text, strlen(cases[i].hex));

		memcpy(text, cases[i].hex, v.n);
		assert_int_equal(chk_unhex(&v), cases[i].bytes != NULL);
		if (cases[i].bytes)
			assert_true(str_eq(v, str_c(cases[i].bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_see_the_server_and_its_backend),
		cmocka_unit_test(variables_live_as_long_as_the_check),
		cmocka_unit_test(hexadecimal_becomes_bytes_or_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
