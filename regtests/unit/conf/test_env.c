// SPDX-License-Identifier: GPL-3.0-or-later
/* Directives that change the environment, and the variables that are there from the start. */
#include <unistd.h>
#include "conf_test.h"

static void parse_ok(const char *text)
{
	struct parsed p;

	parse_n(&p, text, strlen(text));
	assert_true(p.ok);
	parsed_close(&p);
}

static void presetenv_keeps_a_value_setenv_replaces_it(void **st)
{
	(void)st;
	setenv("E_A", "old", 1);
	unsetenv("E_B");
	parse_ok("global\n presetenv E_A new\n presetenv E_B new\n");
	assert_string_equal(getenv("E_A"), "old");
	assert_string_equal(getenv("E_B"), "new");
	parse_ok("global\n setenv E_A newer\n");
	assert_string_equal(getenv("E_A"), "newer");
}

static void unsetenv_removes_all_it_names(void **st)
{
	(void)st;
	setenv("E_A", "1", 1);
	setenv("E_B", "1", 1);
	parse_ok("global\n unsetenv E_A E_B\n");
	assert_null(getenv("E_A"));
	assert_null(getenv("E_B"));
}

static void resetenv_keeps_only_what_it_names(void **st)
{
	char **saved = environ, *mine[] = { (char *)"E_A=1", (char *)"E_B=2", (char *)"E_C=3", NULL };

	(void)st;
	environ = mine;
	parse_ok("global\n resetenv E_B\n");
	assert_string_equal(mine[0], "E_B=2");
	assert_null(mine[1]);
	environ = saved;
}

static void only_plain_lines_of_a_global_section_count(void **st)
{
	(void)st;
	unsetenv("E_A");
	parse_ok("backend b\n setenv E_A 1\nglobal\n no setenv E_A 1\n.if 0\n setenv E_A 1\n.endif\n");
	assert_null(getenv("E_A"));
}

static void wrong_numbers_of_words_and_wrong_names_are_errors(void **st)
{
	(void)st;
	expect_diags("global\n setenv A\n setenv A b c\n unsetenv\n setenv a=b c\n setenv '' c\n unsetenv B \"\"\n",
		     "t.cfg:2:2: error: 'setenv' expects a name and a value\n    2 |  setenv A\n      |  ^~~~~~\n"
		     "t.cfg:3:13: error: 'setenv' expects a name and a value\n    3 |  setenv A b c\n"
		     "      |             ^\n"
		     "t.cfg:4:2: error: 'unsetenv' expects at least one name\n    4 |  unsetenv\n      |  ^~~~~~~~\n"
		     "t.cfg:5:9: error: 'a=b' is no name for an environment variable\n    5 |  setenv a=b c\n"
		     "      |         ^~~\n"
		     "t.cfg:6:9: error: '' is no name for an environment variable\n    6 |  setenv '' c\n"
		     "      |         ^~\n"
		     "t.cfg:7:13: error: '' is no name for an environment variable\n    7 |  unsetenv B \"\"\n"
		     "      |             ^~\n");
}

static void setting_variables_is_bounded(void **st)
{
	struct sbuf b = { 0 };
	struct parsed p;

	(void)st;
	sbuf_add(&b, STR("global\n"));
	for (unsigned i = 0; i < 10002; i++)
		sbuf_add(&b, STR(" setenv E_A 1\n"));
	parse_n(&p, b.p, b.n);
	assert_int_equal(p.d.errors, 1);
	parsed_close(&p);
	sbuf_free(&b);
}

static void files_and_peer_are_predefined(void **st)
{
	const char *path = "/dev/null";
	struct conf_opts o = { .paths = &path, .npaths = 1, .localpeer = "me" };
	struct parsed p;

	(void)st;
	parse_paths(&p, &o);
	assert_true(p.ok);
	assert_string_equal(getenv("HAPROXY_LOCALPEER"), "me");
	assert_string_equal(getenv("HAPROXY_CFGFILES"), "/dev/null");
	assert_string_equal(getenv("HAPROXY_BRANCH"), SLUICE_LANGUAGE_LEVEL);
	assert_string_equal(getenv("SLUICE_VERSION"), SLUICE_VERSION);
	parsed_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presetenv_keeps_a_value_setenv_replaces_it),
		cmocka_unit_test(unsetenv_removes_all_it_names),
		cmocka_unit_test(resetenv_keeps_only_what_it_names),
		cmocka_unit_test(only_plain_lines_of_a_global_section_count),
		cmocka_unit_test(wrong_numbers_of_words_and_wrong_names_are_errors),
		cmocka_unit_test(setting_variables_is_bounded),
		cmocka_unit_test(files_and_peer_are_predefined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
