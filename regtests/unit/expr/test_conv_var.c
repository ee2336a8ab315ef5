// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters on variables: what goes on, what is stored, what is compared. */
#include "expr_test.h"

static void set_var_stores_the_sample_and_passes_it_on(void **s)
{
	expect_expr(*s, "path,set-var(txn.a),upper", "/A/B");
	expect_expr(*s, "var(txn.a)", "/a/b");
	expect_expr(*s, "int(3),set-var(txn.n),add(txn.n)", "6");
	expect_expr(*s, "req.hdr(none),set-var(txn.a)", NULL);
	expect_expr(*s, "var(txn.a)", "/a/b");
}

static void conditions_of_set_var_are_obeyed_and_the_sample_goes_on_all_the_same(void **s)
{
	expect_expr(*s, "str(x),set-var(txn.new,ifexists)", "x");
	expect_expr(*s, "var(txn.new,none)", "none");
	expect_expr(*s, "str(x),set-var(txn.v,ifnotexists)", "x");
	expect_expr(*s, "var(txn.v)", "v1");
}

static void unset_var_takes_the_value_away(void **s)
{
	expect_expr(*s, "str(x),unset-var(txn.v)", "x");
	expect_expr(*s, "var(txn.v,none)", "none");
}

static void concat_puts_a_variable_between_two_texts(void **s)
{
	expect_expr(*s, "str(a),concat(-,txn.v,+)", "a-v1+");
	expect_expr(*s, "str(a),concat(-,txn.none,+)", "a-+");
	expect_expr(*s, "str(a),concat(,,)", "a");
}

static void texts_are_compared_with_variables(void **s)
{
	expect_expr(*s, "str(v1),strcmp(txn.v)", "0");
	expect_cond(*s, "{ str(v0),strcmp(txn.v) lt 0 }", COND_TRUE);
	expect_cond(*s, "{ str(v10),strcmp(txn.v) gt 0 }", COND_TRUE);
	expect_expr(*s, "str(v1),strcmp(txn.none)", NULL);
	expect_expr(*s, "str(v1),secure_memcmp(txn.v)", "1");
	expect_expr(*s, "str(v2),secure_memcmp(txn.v)", "0");
	expect_expr(*s, "str(v),secure_memcmp(txn.v)", "0");
	expect_expr(*s, "str(v1),secure_memcmp(txn.none)", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_var_stores_the_sample_and_passes_it_on),
		TEST(conditions_of_set_var_are_obeyed_and_the_sample_goes_on_all_the_same),
		TEST(unset_var_takes_the_value_away),
		TEST(concat_puts_a_variable_between_two_texts),
		TEST(texts_are_compared_with_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
