// SPDX-License-Identifier: GPL-3.0-or-later
/* Words, quotes, escapes and variables; what they look like to the rest of the program, and where they stand. */
#include "conf_test.h"

static void words_are_split_at_unquoted_blanks(void **st)
{
	(void)st;
	expect_tree("global\n  a  b\tc \n", "[global]\n [a][b][c]\n");
	expect_tree("global\n a 'b c' d\" e\"f g\\ h\n", "[global]\n [a]\"b c\"\"d ef\"\"g h\"\n");
	expect_tree("global\n '' \"\" a\n", "[global]\n \"\"\"\"[a]\n");
}

static void a_hash_starts_a_comment_unless_quoted_or_escaped(void **st)
{
	(void)st;
	expect_tree("# x\nglobal # y\n#z\n a#b\n c '#' \"#\" \\# d # 'open \"open \\\n e\n",
		    "[global]\n [a]\n [c]\"#\"\"#\"\"#\"[d]\n [e]\n");
}

static void escapes_mean_what_haproxy_says(void **st)
{
	(void)st;
	expect_tree("global\n \\n\\r\\t\\x41\\x7e\\\\\\\"\\'\\#\n", "[global]\n \"\n\r\tA~\\\"'#\"\n");
	expect_tree("global\n \"\\n\\x41\\\\\\\"\\'\\#\\$X\"\n", "[global]\n \"\nA\\\"'#$X\"\n");
}

static void a_backslash_before_any_other_byte_stays(void **st)
{
	(void)st;
	expect_tree("global\n ^\\d+\\.\\$ \"\\1\\d\"\n", "[global]\n [^\\d+\\.\\$]\"\\1\\d\"\n");
}

static void strong_quotes_expand_nothing(void **st)
{
	(void)st;
	setenv("W_A", "1", 1);
	expect_tree("global\n '$W_A ${W_A} \\n \" #'\n", "[global]\n \"$W_A ${W_A} \\n \" #\"\n");
}

static void variables_are_expanded_in_weak_quotes_only(void **st)
{
	(void)st;
	setenv("W_A", "one two", 1);
	setenv("W_EMPTY", "", 1);
	unsetenv("W_NONE");
	expect_tree("global\n \"$W_A\" \"x${W_A}y\" $W_A ${W_A}\n",
		    "[global]\n \"one two\"\"xone twoy\"[$W_A][${W_A}]\n");
	expect_tree("global\n \"${W_NONE-d ef}\" \"${W_EMPTY-d}\" \"${W_NONE}\" \"$W_NONE\"\n",
		    "[global]\n \"d ef\"\"\"\"\"\"\"\n");
}

static void a_list_becomes_as_many_words_as_it_has(void **st)
{
	(void)st;
	setenv("W_L", " a  b\\ c\td ", 1);
	setenv("W_EMPTY", "", 1);
	expect_tree("global\n x \"${W_L[*]}\" y\n", "[global]\n [x]\"a\"\"b c\"\"d\"[y]\n");
	expect_tree("global\n x \"${W_EMPTY[*]}\" y \"${W_NONE[*]-p q}\"\n", "[global]\n [x][y]\"p\"\"q\"\n");
}

static void pseudo_variables_name_the_place(void **st)
{
	(void)st;
	expect_tree("global\n\n \"${.FILE}:${.LINE} ${.SECTION}${.OTHER-?}\"\n", "[global]\n \"t.cfg:3 global?\"\n");
}

static void a_backslash_at_the_end_joins_lines(void **st)
{
	(void)st;
	expect_tree("global\n a b \\\n   c\\\nd\n e \"f\\\ng\"\n", "[global]\n [a][b][cd]\n [e]\"fg\"\n");
	expect_tree("global\r\n a \\\r\n b\r\n", "[global]\n [a][b]\n");
}

static void the_last_line_needs_no_line_feed(void **st)
{
	(void)st;
	expect_tree("global\n x\\", "[global]\n [x]\n");
	expect_tree("global\n a b", "[global]\n [a][b]\n");
	expect_tree("global", "[global]\n");
	expect_tree("", "");
	expect_tree("\n\n # only\n", "");
}

static void a_byte_order_mark_is_skipped(void **st)
{
	(void)st;
	expect_tree("\xef\xbb\xbfglobal\n", "[global]\n");
}

static void every_word_knows_its_place(void **st)
{
	static const char text[] = "global\n\ta 'b c' \\\n  d\n";
	static const struct span want[] = { { 0, 2, 2, 1 }, { 0, 2, 4, 5 }, { 0, 3, 3, 1 } };
	struct parsed p;

	(void)st;
	parse_n(&p, text, sizeof(text) - 1);
	for (unsigned i = 0; i < 3; i++)
		assert_memory_equal(&p.src.sections.at[0].lines.at[0].w[i].at, &want[i], sizeof(want[i]));
	parsed_close(&p);
}

static void broken_quotes_escapes_and_names_are_errors(void **st)
{
	(void)st;
	expect_diags("global\n a 'b\n c \"d\n e \\xZ1 \"f\n",
		     "t.cfg:2:4: error: single quote is not closed on its line\n    2 |  a 'b\n      |    ^\n"
		     "t.cfg:3:4: error: double quote is not closed on its line\n    3 |  c \"d\n      |    ^~\n"
		     "t.cfg:4:4: error: \\x needs two hexadecimal digits\n    4 |  e \\xZ1 \"f\n      |    ^~\n");
	expect_diags("global\n a\\x00b\n",
		     "t.cfg:2:3: error: a word cannot hold a NUL byte\n    2 |  a\\x00b\n      |   ^~~~\n");
	expect_diags("global\n a \"$ 5\"\n b \"${X\"\n",
		     "t.cfg:2:5: error: no variable name behind '$' "
		     "(write \\$ for a dollar sign inside double quotes)\n"
		     "    2 |  a \"$ 5\"\n      |     ^\n"
		     "t.cfg:3:5: error: '${' is not closed by '}'\n    3 |  b \"${X\"\n      |     ^~~\n");
}

static void control_bytes_are_errors_even_in_comments(void **st)
{
	static const char text[] = "global\n a\0b\n # \x1b[31m\n c\rd\n";

	(void)st;
	expect_diags_n(text, sizeof(text) - 1,
		       "t.cfg:2:3: error: NUL byte\n    2 |  a?b\n      |   ^\n"
		       "t.cfg:3:4: error: control character 0x1b\n    3 |  # ?[31m\n      |    ^\n"
		       "t.cfg:4:3: error: control character 0x0d\n    4 |  c?d\n      |   ^\n");
}

/* A text of `n` times `unit` behind "global\n ", ending in LF. */
static char *repeat(const char *unit, size_t n)
{
	struct sbuf b = { 0 };

	sbuf_add(&b, STR("global\n "));
	for (size_t i = 0; i < n; i++)
		sbuf_add(&b, str_c(unit));
	sbuf_addc(&b, '\n');
	sbuf_cstr(&b);
	return b.p;
}

static unsigned errors_of(const char *text)
{
	struct parsed p;
	unsigned n;

	parse_n(&p, text, strlen(text));
	n = p.d.errors;
	parsed_close(&p);
	return n;
}

static void lines_are_bounded_in_bytes_and_words(void **st)
{
	static const struct { const char *unit; size_t n; unsigned errors; } cases[] = {
		{ "x", 65000, 0 }, { "x", 65537, 1 }, { "x ", 1024, 0 }, { "x ", 1025, 1 }, { " ", 70000, 1 },
		{ "\\\n", 40000, 1 }, { "\"$W_BIG\"", 100, 1 }, { "\"${W_BIG[*]}\" ", 100, 1 },
	};
	char big[2001];

	(void)st;
	memset(big, 'a', 2000);
	for (unsigned i = 1; i < 2000; i += 2)
		big[i] = ' ';
	big[2000] = '\0';
	setenv("W_BIG", big, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = repeat(cases[i].unit, cases[i].n);

		assert_int_equal(errors_of(text), cases[i].errors);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_at_unquoted_blanks),
		cmocka_unit_test(a_hash_starts_a_comment_unless_quoted_or_escaped),
		cmocka_unit_test(escapes_mean_what_haproxy_says),
		cmocka_unit_test(a_backslash_before_any_other_byte_stays),
		cmocka_unit_test(strong_quotes_expand_nothing),
		cmocka_unit_test(variables_are_expanded_in_weak_quotes_only),
		cmocka_unit_test(a_list_becomes_as_many_words_as_it_has),
		cmocka_unit_test(pseudo_variables_name_the_place),
		cmocka_unit_test(a_backslash_at_the_end_joins_lines),
		cmocka_unit_test(the_last_line_needs_no_line_feed),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
		cmocka_unit_test(every_word_knows_its_place),
		cmocka_unit_test(broken_quotes_escapes_and_names_are_errors),
		cmocka_unit_test(control_bytes_are_errors_even_in_comments),
		cmocka_unit_test(lines_are_bounded_in_bytes_and_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
