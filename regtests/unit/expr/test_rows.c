// SPDX-License-Identifier: GPL-3.0-or-later
/* Every row of the fetch and converter tables: its example compiles and has the value that the row states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "canned.h"
#include "../../../src/expr/expr_priv.h"

static void check_example(const char *example, const char *expect)
{
	struct canned t;
	struct xerr err;
	struct str got;

	canned_init(&t);
	struct expr *e = expr_compile(&t.env, str_c(example), &err);

	if (!e)
		fail_msg("%s: %s", example, err.msg);
	bool ok = expr_eval_str(e, &t.ctx, &got);

	if (!expect || *expect) {
		if (!ok)
			fail_msg("%s has no value", example);
		if (expect && !str_eq(got, str_c(expect)))
			fail_msg("%s is '" STR_FMT "', not '%s'", example, STR_ARG(got), expect);
	} else if (ok && got.n) {
		fail_msg("%s has a value: '" STR_FMT "'", example, STR_ARG(got));
	}
	canned_free(&t);
}

static void every_fetch_has_the_value_its_row_states(void **state)
{
	size_t n;
	const struct fetch_row *row = fetch_rows(&n);

	(void)state;
	assert_true(n > 80);
	for (size_t i = 0; i < n; i++)
		check_example(row[i].example, row[i].expect);
}

static void every_converter_has_the_value_its_row_states(void **state)
{
	size_t n;
	const struct conv_row *row = conv_rows(&n);

	(void)state;
	assert_true(n > 40);
	for (size_t i = 0; i < n; i++)
		check_example(row[i].example, row[i].expect);
}

static void words_are_unique_and_found(void **state)
{
	size_t nf, nc;
	const struct fetch_row *f = fetch_rows(&nf);
	const struct conv_row *c = conv_rows(&nc);

	(void)state;
	for (size_t i = 0; i < nf; i++)
		assert_ptr_equal(fetch_find(str_c(f[i].word)), &f[i]);
	for (size_t i = 0; i < nc; i++)
		assert_ptr_equal(conv_find(str_c(c[i].word)), &c[i]);
	assert_null(fetch_find(STR("pat")));
	assert_null(conv_find(STR("lowe")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fetch_has_the_value_its_row_states),
		cmocka_unit_test(every_converter_has_the_value_its_row_states),
		cmocka_unit_test(words_are_unique_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
