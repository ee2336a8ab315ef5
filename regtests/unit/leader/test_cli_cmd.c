// SPDX-License-Identifier: GPL-3.0-or-later
/* The command table: which row a line means, who may run it, what is said about unknown ones. */
#include "../unit.h"
#include "leader/cli_priv.h"

static const char *const rows[] = {
#define CLI_CMD(fn, level, words, args, flags, help) words,
#include <sluice/tbl/cli_cmds.def>
#undef CLI_CMD
};

static struct cli_sess sess;
static struct sbuf out;

static struct cli_run run_of(struct str *w, unsigned n, enum cli_level level)
{
	out.n = 0;
	sess = (struct cli_sess){ .level = (uint8_t)level };
	return (struct cli_run){ .s = &sess, .out = &out, .w = w, .n = n };
}

TEST(rows_stand_in_alphabetical_order_and_once)
{
	for (size_t i = 1; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i - 1], rows[i]) >= 0)
			fail_msg("'%s' stands before '%s'", rows[i - 1], rows[i]);
}

TEST(the_longest_row_wins)
{
	struct str w[] = { STR("show"), STR("cli"), STR("level"), STR("x") };
	unsigned used;
	const struct cli_cmd *c = cli_find(w, 4, &used);

	assert_non_null(c);
	assert_slice(c->words, "show cli level");
	assert_int_equal(used, 3);
	assert_null(cli_find(w, 2, &used));
	assert_null(cli_find(w, 0, &used));
}

TEST(a_level_below_the_rows_is_refused)
{
	struct str w[] = { STR("show"), STR("env") };
	struct cli_run r = run_of(w, 2, CLI_USER);
	struct str none = STR_NULL;
	unsigned used;

	r.cmd = cli_find(w, 2, &used);
	cli_begin(&r, used, false, &none);
	assert_null(r.cmd);
	assert_slice(sbuf_str(&out), "Permission denied\n");
	r = run_of(w, 2, CLI_OPERATOR);
	r.cmd = cli_find(w, 2, &used);
	cli_begin(&r, used, false, &none);
	assert_non_null(r.cmd);
	assert_int_equal(r.n, 0);
}

TEST(an_unknown_command_gets_the_nearest_ones)
{
	struct str w[] = { STR("shw"), STR("versoin") };
	struct cli_run r = run_of(w, 2, CLI_ADMIN);

	cli_suggest(&r, CLI_ADMIN);
	assert_non_null(strstr(sbuf_cstr(&out), "Unknown command: 'shw versoin', but maybe"));
	assert_non_null(strstr(sbuf_cstr(&out), "  show version "));
	r = run_of(w, 0, CLI_USER);
	cli_suggest(&r, CLI_USER);
	assert_non_null(strstr(sbuf_cstr(&out), "Please enter one of the following commands only:"));
	assert_null(strstr(sbuf_cstr(&out), "show env"));
}

static int free_out(void **state UNUSED)
{
	sbuf_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_stand_in_alphabetical_order_and_once), cmocka_unit_test(the_longest_row_wins),
		cmocka_unit_test(a_level_below_the_rows_is_refused), cmocka_unit_test(an_unknown_command_gets_the_nearest_ones),
	};
	return cmocka_run_group_tests(tests, NULL, free_out);
}
