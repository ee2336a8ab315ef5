// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of the runtime socket: words, escapes, chaining, payloads. */
#include "../unit.h"
#include "leader/cli_line.h"

static struct cli_words w;
static char text[256];

static size_t take(const char *line)
{
	memcpy(text, line, strlen(line) + 1);
	return cli_line_take(text, strlen(text), &w);
}

TEST(blanks_separate_words)
{
	assert_int_equal(take(" show\t stat  \r"), 14);
	assert_int_equal(w.n, 2);
	assert_slice(w.w[0], "show");
	assert_slice(w.w[1], "stat");
}

TEST(a_semicolon_ends_a_command)
{
	assert_int_equal(take("show info;show stat"), 10);
	assert_int_equal(w.n, 2);
	assert_slice(w.w[1], "info");
	assert_int_equal(cli_line_take(text + 10, 9, &w), 9);
	assert_slice(w.w[1], "stat");
}

TEST(a_backslash_takes_the_next_byte_as_it_is)
{
	take("add\\ map a\\;b \\\\ x\\");
	assert_int_equal(w.n, 4);
	assert_slice(w.w[0], "add map");
	assert_slice(w.w[1], "a;b");
	assert_slice(w.w[2], "\\");
	assert_slice(w.w[3], "x\\");
}

TEST(nothing_between_semicolons_is_an_empty_command)
{
	assert_int_equal(take(" ; ;x"), 2);
	assert_int_equal(w.n, 0);
	assert_int_equal(take(""), 0);
}

TEST(too_many_words_are_noticed)
{
	char long_line[2 * CLI_WORDS_MAX + 8];

	for (unsigned i = 0; i < CLI_WORDS_MAX + 2; i++)
		memcpy(long_line + 2 * i, "a ", 2);
	cli_line_take(long_line, 2 * (CLI_WORDS_MAX + 2), &w);
	assert_true(w.too_many);
	assert_int_equal(w.n, CLI_WORDS_MAX);
	take("a b");
	assert_false(w.too_many);
}

TEST(a_last_word_of_two_less_than_signs_announces_a_payload)
{
	struct str line = STR("set map m <<"), mark;

	assert_true(cli_line_payload(&line, &mark));
	assert_slice(line, "set map m ");
	assert_int_equal(mark.n, 0);
	line = STR("set ssl cert f <<%EOF% \r");
	assert_true(cli_line_payload(&line, &mark));
	assert_slice(mark, "%EOF%");
	line = STR("a<< b");
	assert_false(cli_line_payload(&line, &mark));
	assert_slice(line, "a<< b");
	line = STR("<");
	assert_false(cli_line_payload(&line, &mark));
}

TEST(a_payload_ends_at_its_mark_on_a_line_alone)
{
	size_t len, used;

	assert_true(cli_payload_end(STR("one\ntwo\r\n\nrest"), STR_NULL, &len, &used));
	assert_int_equal(len, 9);
	assert_int_equal(used, 10);
	assert_true(cli_payload_end(STR("\n"), STR_NULL, &len, &used));
	assert_int_equal(len, 0);
	assert_true(cli_payload_end(STR("a\n\nEOF\n"), STR("EOF"), &len, &used));
	assert_int_equal(len, 3);
	assert_false(cli_payload_end(STR("a\n EOF\nEOF"), STR("EOF"), &len, &used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blanks_separate_words), cmocka_unit_test(a_semicolon_ends_a_command),
		cmocka_unit_test(a_backslash_takes_the_next_byte_as_it_is),
		cmocka_unit_test(nothing_between_semicolons_is_an_empty_command), cmocka_unit_test(too_many_words_are_noticed),
		cmocka_unit_test(a_last_word_of_two_less_than_signs_announces_a_payload),
		cmocka_unit_test(a_payload_ends_at_its_mark_on_a_line_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
