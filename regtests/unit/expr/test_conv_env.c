// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that ask or tell the running state. */
#include "expr_test.h"

static struct { bool response; int slot; char text[32]; } kept;

static void keep(const struct smp_ctx *c, bool response, int slot, struct str v)
{
	(void)c;
	kept.response = response;
	kept.slot = slot;
	memcpy(kept.text, v.p, MIN(v.n, sizeof(kept.text) - 1));
}

static void captures_go_to_their_slot_and_the_sample_passes(void **state)
{
	struct canned *t = *state;
	struct smp_env env = *t->ctx.env;

	env.capture = keep;
	t->ctx.env = &env;
	expect_expr(t, "str(abc),capture-req(2),upper", "ABC");
	assert_false(kept.response);
	assert_int_equal(kept.slot, 2);
	assert_string_equal(kept.text, "abc");
	expect_expr(t, "str(xyz),capture-res(1)", "xyz");
	assert_true(kept.response);
	assert_int_equal(kept.slot, 1);
}

static void unknown_names_have_no_number(void **state)
{
	expect_expr(*state, "str(be),nbsrv,add(1)", "110");
	expect_expr(*state, "str(nope),nbsrv", NULL);
	expect_expr(*state, "str(nope/s1),srv_queue", NULL);
}

static bool in_error(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	(void)c, (void)idx;
	*out = what == ENV_IS_ERROR;
	return true;
}

static void a_sample_passes_when_the_state_is_as_named(void **state)
{
	struct canned *t = *state;
	struct smp_env env = { .num = in_error };

	t->ctx.env = &env;
	expect_expr(t, "str(a),when(error)", "a");
	expect_expr(t, "str(a),when(normal)", NULL);
	expect_expr(t, "int(1),when(toapplet)", NULL);
	expect_expr_error(t, "str(a),when(never)", 12, 5, "'never' is not error, forwarded, normal, processed, stopping or toapplet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(captures_go_to_their_slot_and_the_sample_passes),
		TEST(unknown_names_have_no_number),
		TEST(a_sample_passes_when_the_state_is_as_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
