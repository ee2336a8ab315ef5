// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditional blocks and messages. */
#include "conf_test.h"

static void the_first_true_branch_is_read(void **st)
{
	(void)st;
	expect_tree("global\n.if 1\n a\n.elif 1\n b\n.else\n c\n.endif\n d\n", "[global]\n [a]\n [d]\n");
	expect_tree("global\n.if 0\n a\n.elif 1\n b\n.elif 1\n x\n.else\n c\n.endif\n", "[global]\n [b]\n");
	expect_tree("global\n.if 0\n a\n.elif\n b\n.else\n c\n.endif\n", "[global]\n [c]\n");
	expect_tree("global\n.if 0\n a\n.endif", "[global]\n");
}

static void blocks_hold_sections_and_nest(void **st)
{
	(void)st;
	expect_tree(".if 1\nglobal\n  .if 0\n a\n .if 1\n b\n .endif\n .else\n c\n.endif\n.endif\nbackend b\n",
		    "[global]\n [c]\n[backend][b]\n");
}

static void a_skipped_branch_is_not_judged(void **st)
{
	(void)st;
	expect_tree("global\n.if 0\n a \"b\n c 'd\n .if nonsense(\n .elif %\n .endif\n .foo\n .alert x\n \x01\n no\n"
		    ".endif\n b\n",
		    "[global]\n [b]\n");
	expect_tree("global\n.if 1\n a\n.elif nonsense(\n b\n.endif\n", "[global]\n [a]\n");
}

static void conditions_see_quotes_comments_and_continuation(void **st)
{
	(void)st;
	setenv("I_X", "a b", 1);
	expect_tree("global\n.if streq(\"$I_X\",'a b') && \\\n    !defined(I_NONE) # why\n a\n.endif\n",
		    "[global]\n [a]\n");
	expect_tree("global\n.if \"${I_NONE}\" # \"\n a\n.else # x\n b\n.endif # y\n", "[global]\n [b]\n");
}

static void stray_directives_are_errors(void **st)
{
	(void)st;
	expect_diags("global\n.elif 1\n.else\n.endif\n",
		     "t.cfg:2:1: error: '.elif' without '.if'\n    2 | .elif 1\n      | ^~~~~\n"
		     "t.cfg:3:1: error: '.else' without '.if'\n    3 | .else\n      | ^~~~~\n"
		     "t.cfg:4:1: error: '.endif' without '.if'\n    4 | .endif\n      | ^~~~~~\n");
	expect_diags(".if 0\n.else\n.else x\n.elif 1\n.endif\n",
		     "t.cfg:3:1: error: second '.else' in one '.if' block\n    3 | .else x\n      | ^~~~~\n"
		     "t.cfg:3:7: error: unexpected argument 'x' for '.else'\n    3 | .else x\n      |       ^\n"
		     "t.cfg:4:1: error: '.elif' behind '.else'\n    4 | .elif 1\n      | ^~~~~\n");
}

static void a_block_must_be_closed_in_its_file(void **st)
{
	(void)st;
	expect_diags("global\n  .if 1\n a\n .if 0\n",
		     "t.cfg:2:3: error: '.if' is not closed by '.endif'\n    2 |   .if 1\n      |   ^~~\n"
		     "t.cfg:4:2: error: '.if' is not closed by '.endif'\n    4 |  .if 0\n      |  ^~~\n");
}

static void a_bad_condition_points_into_its_own_line(void **st)
{
	(void)st;
	expect_diags("global\n.if 1 && \\\n   !streqq(a,b)\n x 'y\n.else\n x 'y\n.endif\n",
		     "t.cfg:3:5: error: unknown predicate 'streqq' in condition (did you mean 'streq'?)\n"
		     "    3 |    !streqq(a,b)\n      |     ^~~~~~\n");
}

static void sixteen_blocks_nest_and_no_more(void **st)
{
	struct sbuf b = { 0 };
	struct parsed p;

	(void)st;
	for (unsigned n = 16; n <= 18; n++) {
		b.n = 0;
		sbuf_add(&b, STR("global\n"));
		for (unsigned i = 0; i < n; i++)
			sbuf_add(&b, STR(".if 1\n"));
		sbuf_add(&b, STR(" deep\n"));
		for (unsigned i = 0; i < n; i++)
			sbuf_add(&b, STR(".endif\n"));
		sbuf_add(&b, STR(" end\n"));
		parse_n(&p, b.p, b.n);
		assert_int_equal(p.d.errors, n > 16);
		assert_string_equal(p.tree, n > 16 ? "[global]\n [end]\n" : "[global]\n [deep]\n [end]\n");
		parsed_close(&p);
	}
	sbuf_free(&b);
}

static void messages_have_levels_and_places(void **st)
{
	(void)st;
	expect_diags("global\n.notice 'one two'\n.warning w\n.diag \"silent\"\n",
		     "t.cfg:2:9: note: one two\n    2 | .notice 'one two'\n      |         ^~~~~~~~~\n"
		     "t.cfg:3:10: warning: w\n    3 | .warning w\n      |          ^\n");
	expect_diags(".alert \"100% bad\"\n",
		     "t.cfg:1:8: error: 100% bad\n    1 | .alert \"100% bad\"\n      |        ^~~~~~~~~~\n");
	expect_diags(".warning a b\n.notice\n",
		     "t.cfg:1:12: error: unexpected argument 'b' for '.warning': a message with blanks needs quotes\n"
		     "    1 | .warning a b\n      |            ^\n"
		     "t.cfg:2:1: error: '.notice' expects a message\n    2 | .notice\n      | ^~~~~~~\n");
}

static void other_words_with_a_dot_are_unknown_directives(void **st)
{
	(void)st;
	expect_diags("global\n.endfi\n '.ok' x\n",
		     "t.cfg:2:1: error: unknown directive '.endfi' (did you mean '.endif'?)\n    2 | .endfi\n"
		     "      | ^~~~~~\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_true_branch_is_read),
		cmocka_unit_test(blocks_hold_sections_and_nest),
		cmocka_unit_test(a_skipped_branch_is_not_judged),
		cmocka_unit_test(conditions_see_quotes_comments_and_continuation),
		cmocka_unit_test(stray_directives_are_errors),
		cmocka_unit_test(a_block_must_be_closed_in_its_file),
		cmocka_unit_test(a_bad_condition_points_into_its_own_line),
		cmocka_unit_test(sixteen_blocks_nest_and_no_more),
		cmocka_unit_test(messages_have_levels_and_places),
		cmocka_unit_test(other_words_with_a_dot_are_unknown_directives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
