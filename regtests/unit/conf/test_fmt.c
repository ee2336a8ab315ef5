// SPDX-License-Identifier: GPL-3.0-or-later
/* Canonical formatting. Each case is also formatted twice (the second time changes nothing) and parsed before and
 * after. */
#include "conf_test.h"

static bool format(const char *text, struct sbuf *out, struct parsed *p)
{
	parsed_open(p);
	return conf_format_text("t.cfg", str_c(text), out, &p->d);
}

static void expect_same_tree(const char *before, const char *after)
{
	struct parsed a, b;

	parse_n(&a, before, strlen(before));
	parse_n(&b, after, strlen(after));
	assert_string_equal(a.tree, b.tree);
	parsed_close(&a);
	parsed_close(&b);
}

static void expect_format(const char *text, const char *want)
{
	struct sbuf once = { 0 }, twice = { 0 };
	struct parsed p;

	assert_true(format(text, &once, &p));
	parsed_close(&p);
	assert_string_equal(sbuf_cstr(&once), want);
	assert_true(format(want, &twice, &p));
	parsed_close(&p);
	assert_string_equal(sbuf_cstr(&twice), want);
	expect_same_tree(text, want);
	sbuf_free(&once);
	sbuf_free(&twice);
}

static void heads_stand_at_the_margin_and_lines_at_four(void **st)
{
	(void)st;
	expect_format("  global\nmaxconn 5\n\t daemon\nbackend b\n  server  a\t1:1",
		      "global\n    maxconn 5\n    daemon\n\nbackend b\n    server a 1:1\n");
}

static void blank_lines_are_one_between_and_none_around(void **st)
{
	(void)st;
	expect_format("\n\nglobal\n a\n\n\n b\n\n\nbackend b\n\n\n", "global\n    a\n\n    b\n\nbackend b\n");
	expect_format("", "");
	expect_format("\n\n \n", "");
}

static void quoting_and_escapes_stay_as_written(void **st)
{
	(void)st;
	expect_format("global\n  a 'b  c' \"d  \\\" $e\"x\\ y   \\x41 ''\n",
		      "global\n    a 'b  c' \"d  \\\" $e\"x\\ y \\x41 ''\n");
}

static void comments_stay_where_they_belong(void **st)
{
	(void)st;
	expect_format("# top  \n\n#g\nglobal   #   one \n# in\n  a # two\n #  three\n# web\nfrontend f\n#\n b\n#end\n",
		      "# top\n\n#g\nglobal #   one\n    # in\n    a # two\n    #  three\n\n# web\nfrontend f\n    #\n"
		      "    b\n    #end\n");
	expect_format("global\n a\n# banner\n\nbackend b\n", "global\n    a\n\n# banner\n\nbackend b\n");
}

static void continuation_is_kept_and_aligned(void **st)
{
	(void)st;
	expect_format("global\n a b \\\n c\\\n d \\\n   \\\n e\n f\\\ng \"h\\\n  i\"\n j \\\n\n",
		      "global\n    a b \\\n        c \\\n        d \\\n        e\n    f\\\ng \"h\\\n  i\"\n    j\n");
}

static void dot_directives_keep_margin_or_indent(void **st)
{
	(void)st;
	expect_format(".if   streq(a  b,c)   # why\nglobal\n a\n.else\nbackend b\n  .if \"1\"\n c\n      .endif\n"
		      ".endif\n",
		      ".if streq(a  b,c) # why\nglobal\n    a\n.else\nbackend b\n    .if \"1\"\n    c\n    .endif\n"
		      ".endif\n");
	expect_format("global\n a\n.if 1\nbackend b\n.endif\nbackend c\n",
		      "global\n    a\n\n.if 1\nbackend b\n.endif\n\nbackend c\n");
}

static void a_condition_that_is_continued_by_nothing_ends_where_it_stands(void **st)
{
	(void)st;
	expect_format("global\n.if 0\n.if streq(a)\"|| \\\n   \n.endif\n.endif\n", "global\n.if 0\n.if streq(a)\"||\n.endif\n.endif\n");
}

static void carriage_returns_and_byte_order_marks_go(void **st)
{
	(void)st;
	expect_format("\xef\xbb\xbfglobal\r\n a \\\r\n b # c\r\n", "global\n    a \\\n        b # c\n");
}

static void a_byte_order_mark_that_is_no_longer_first_stays_part_of_its_word(void **st)
{
	(void)st;
	expect_format("\n\n\xef\xbb\xbficence\nglobal\n", "\n\xef\xbb\xbficence\n\nglobal\n");
}

static void text_that_does_not_lex_is_left_alone(void **st)
{
	struct sbuf out = { 0 };
	struct parsed p;

	(void)st;
	assert_false(format("global\n a 'b\n", &out, &p));
	parsed_write(&p);
	assert_string_equal(p.diags, "t.cfg:2:4: error: single quote is not closed on its line\n    2 |  a 'b\n"
			    "      |    ^\n");
	assert_int_equal(out.n, 0);
	parsed_close(&p);
	sbuf_free(&out);
}

static void a_file_that_is_not_there_is_an_error(void **st)
{
	struct sbuf out = { 0 };
	struct parsed p;

	(void)st;
	parsed_open(&p);
	assert_false(conf_format("/nonexistent/x.cfg", &out, &p.d));
	assert_int_equal(p.d.errors, 1);
	parsed_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_stand_at_the_margin_and_lines_at_four),
		cmocka_unit_test(blank_lines_are_one_between_and_none_around),
		cmocka_unit_test(quoting_and_escapes_stay_as_written),
		cmocka_unit_test(comments_stay_where_they_belong),
		cmocka_unit_test(continuation_is_kept_and_aligned),
		cmocka_unit_test(dot_directives_keep_margin_or_indent),
		cmocka_unit_test(a_condition_that_is_continued_by_nothing_ends_where_it_stands),
		cmocka_unit_test(carriage_returns_and_byte_order_marks_go),
		cmocka_unit_test(a_byte_order_mark_that_is_no_longer_first_stays_part_of_its_word),
		cmocka_unit_test(text_that_does_not_lex_is_left_alone),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
