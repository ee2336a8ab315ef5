// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers on a terminal. */
#include "../unit.h"
#include "cli/cli_priv.h"

static struct sbuf out;

static const char *print(const char *text, bool failed, unsigned width)
{
	out.n = 0;
	table_print(str_c(text), failed, width, &out);
	return sbuf_cstr(&out);
}

#define B(s) "\033[1m" s "\033[0m"
#define G(s) "\033[32m" s "\033[0m"
#define R(s) "\033[31m" s "\033[0m"

TEST(lines_under_a_head_stand_in_columns)
{
	assert_string_equal(print("# name state why\na UP it is up\nlonger DOWN -\n\n", false, 0),
			    B("name") "    " B("state") "  " B("why") "\na       " G("UP") "     it is up\nlonger  " R("DOWN") "   -\n");
}

TEST(statistics_show_the_columns_one_looks_at)
{
	const char *t = print("# pxname,svname,qcur,slim,last_chk,status,\nb,s1,1,2,\"a, b\",UP 1/2,\n\n", false, 0);

	assert_string_equal(t, B("pxname") "  " B("svname") "  " B("status") "  " B("slim") "  " B("qcur") "\nb       s1      " G("UP 1/2")
				     "  2     1\n");
}

TEST(what_does_not_fit_is_left_out)
{
	assert_string_equal(print("# aaaa bbbb cccc\n1 2 3\n\n", false, 11), B("aaaa") "  " B("bbbb") "  \n1     2     \n");
}

TEST(errors_are_red_and_plain_text_is_as_it_was)
{
	assert_string_equal(print("No such server.\n\n", true, 0), R("No such server.") "\n");
	assert_string_equal(print("\n10 (initial 10)\n\n\n", false, 0), "10 (initial 10)\n");
}

static int free_out(void **state UNUSED)
{
	sbuf_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_under_a_head_stand_in_columns), cmocka_unit_test(statistics_show_the_columns_one_looks_at),
		cmocka_unit_test(what_does_not_fit_is_left_out), cmocka_unit_test(errors_are_red_and_plain_text_is_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, free_out);
}
