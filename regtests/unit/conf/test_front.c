// SPDX-License-Identifier: GPL-3.0-or-later
/* Sections and lines as the grammar sees them, and recovery from errors. */
#include "conf_test.h"

static void a_section_word_ends_the_section_before(void **st)
{
	(void)st;
	expect_tree("global\n a\ndefaults\nfrontend web from x\n b\n  backend c\n d\n",
		    "[global]\n [a]\n[defaults]\n[frontend][web][from][x]\n [b]\n[backend][c]\n [d]\n");
}

static void every_section_word_of_haproxy_is_known(void **st)
{
	(void)st;
	expect_tree("peers p\nresolvers r\nuserlist u\nmailers m\ncache c\nhttp-errors e\nring r\nlog-forward l\n"
		    "log-profile p\nfcgi-app f\ncrt-store s\nprogram p\ntraces\nacme a\nhealthcheck h\nlisten x\n",
		    "[peers][p]\n[resolvers][r]\n[userlist][u]\n[mailers][m]\n[cache][c]\n[http-errors][e]\n[ring][r]\n"
		    "[log-forward][l]\n[log-profile][p]\n[fcgi-app][f]\n[crt-store][s]\n[program][p]\n[traces]\n"
		    "[acme][a]\n"
		    "[healthcheck][h]\n[listen][x]\n");
}

static void a_section_word_is_only_special_as_first_bare_word(void **st)
{
	(void)st;
	expect_tree("backend b\n use backend\n \"backend\" x\n no backend\n",
		    "[backend][b]\n [use][backend]\n \"backend\"[x]\n no [backend]\n");
}

static void no_and_default_are_prefixes_when_they_come_first(void **st)
{
	(void)st;
	expect_tree("global\n no option a\n default option b\n a no default\n 'no' x\n no no\n",
		    "[global]\n no [option][a]\n default [option][b]\n [a][no][default]\n \"no\"[x]\n no [no]\n");
	expect_diags("global\n no\n default # x\n",
		     "t.cfg:2:2: error: 'no' needs a directive behind it\n    2 |  no\n      |  ^~\n"
		     "t.cfg:3:2: error: 'default' needs a directive behind it\n    3 |  default # x\n"
		     "      |  ^~~~~~~\n");
}

static void text_before_the_first_section_is_told_once_with_the_nearest_section(void **st)
{
	(void)st;
	expect_diags("fronted web\n bind :80\n mode http\nglobal\n a\n",
		     "t.cfg:1:1: error: 'fronted' stands outside of any section (did you mean 'frontend'?)\n"
		     "    1 | fronted web\n      | ^~~~~~~\n");
}

static void all_errors_are_reported_in_one_run(void **st)
{
	struct parsed p;
	static const char text[] = "global\n a 'x\n good\nbackend \"b\n c d\n no\n \"$1\"\n last 1\n";

	(void)st;
	parse_n(&p, text, sizeof(text) - 1);
	assert_int_equal(p.d.errors, 4);
	assert_false(p.ok);
	assert_string_equal(p.tree, "[global]\n [good]\n[backend]\n [c][d]\n [last][1]\n");
	parsed_close(&p);
}

static void setenv_changes_the_lines_below_it(void **st)
{
	(void)st;
	setenv("F_X", "0", 1);
	expect_tree("global\n a \"$F_X\"\n setenv F_X 1\n b \"$F_X\"\n setenv F_X 2\nbackend \"$F_X\"\n",
		    "[global]\n [a]\"0\"\n [setenv][F_X][1]\n [b]\"1\"\n [setenv][F_X][2]\n[backend]\"2\"\n");
}

static void a_hundred_thousand_lines_parse_into_one_section(void **st)
{
	struct sbuf b = { 0 };
	struct parsed p;

	(void)st;
	sbuf_add(&b, STR("backend b\n"));
	for (unsigned i = 0; i < 100000; i++)
		sbuf_printf(&b, "    server s%u 10.0.0.1:8080 check weight 10\n", i);
	parsed_open(&p);
	assert_true(conf_parse_text(&p.src, &p.d, "t.cfg", sbuf_str(&b)));
	assert_int_equal(p.src.sections.at[0].lines.n, 100000);
	assert_string_equal(p.src.sections.at[0].lines.at[99999].w[1].s.p, "s99999");
	assert_int_equal(p.src.sections.at[0].lines.at[99999].w[1].at.line, 100001);
	parsed_close(&p);
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_word_ends_the_section_before),
		cmocka_unit_test(every_section_word_of_haproxy_is_known),
		cmocka_unit_test(a_section_word_is_only_special_as_first_bare_word),
		cmocka_unit_test(no_and_default_are_prefixes_when_they_come_first),
		cmocka_unit_test(text_before_the_first_section_is_told_once_with_the_nearest_section),
		cmocka_unit_test(all_errors_are_reported_in_one_run),
		cmocka_unit_test(setenv_changes_the_lines_below_it),
		cmocka_unit_test(a_hundred_thousand_lines_parse_into_one_section),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
