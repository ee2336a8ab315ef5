// SPDX-License-Identifier: GPL-3.0-or-later
/* Completion: words of commands, fixed words of arguments, names. */
#include "../unit.h"
#include "cli/cli_priv.h"

static struct sbuf out;

static void names(void *ctx UNUSED, const char *kind, struct sbuf *b)
{
	sbuf_add(b, strcmp(kind, "bk/srv") == 0 ? STR("site/web1\nsite/web2\napi/a\n") : STR("site\napi\n"));
}

static const char *complete(const char *line)
{
	out.n = 0;
	complete_line(str_c(line), names, NULL, &out);
	return sbuf_cstr(&out);
}

TEST(words_of_commands_are_offered_in_order_and_once)
{
	assert_string_equal(complete("show ser"), "servers\n");
	assert_string_equal(complete("show servers "), "conn\nstate\n");
	assert_string_equal(complete("dis"), "disable\n");
	assert_string_equal(complete("xyzzy"), "");
}

TEST(names_come_from_the_socket)
{
	assert_string_equal(complete("set server si"), "site/web1\nsite/web2\n");
	assert_string_equal(complete("disable server a"), "api/a\n");
	assert_string_equal(complete("show servers state s"), "site\n");
	assert_string_equal(complete("show sess backend "), "api\nsite\n");
}

TEST(fixed_words_of_arguments_are_offered)
{
	assert_string_equal(complete("set server site/web1 s"), "ssl\nstate\n");
	assert_string_equal(complete("set severity-output n"), "none\nnumber\n");
	assert_string_equal(complete("prompt "), "timed\n");
}

TEST(the_last_command_of_a_line_counts_and_prefixes_do_not)
{
	assert_string_equal(complete("show info;get w"), "weight\n");
	assert_string_equal(complete("json show vers"), "version\n");
	assert_string_equal(complete("@1 help show vers"), "version\n");
}

static int free_out(void **state UNUSED)
{
	sbuf_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_commands_are_offered_in_order_and_once), cmocka_unit_test(names_come_from_the_socket),
		cmocka_unit_test(fixed_words_of_arguments_are_offered),
		cmocka_unit_test(the_last_command_of_a_line_counts_and_prefixes_do_not),
	};
	return cmocka_run_group_tests(tests, NULL, free_out);
}
