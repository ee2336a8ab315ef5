// SPDX-License-Identifier: GPL-3.0-or-later
/* First words of lines: where they may stand, how many arguments they take, and what is said of words that sluice does
 * not have. */
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static void an_unknown_word_gives_the_nearest_of_its_section(void **st)
{
	(void)st;
	expect_error(FE " defalt_backend b\n", "8:2",
		     "unknown word 'defalt_backend' in section 'frontend' (did you mean 'default_backend'?)");
	expect_error("global\n maxcon 5\n", "2:2", "unknown word 'maxcon' in section 'global' (did you mean 'maxconn'?)");
	expect_error("backend b\n qqqqqqqqqqqq\n", "2:2", "unknown word 'qqqqqqqqqqqq' in section 'backend'\n");
}

static void a_word_of_another_kind_of_section_is_an_error_that_names_it(void **st)
{
	(void)st;
	expect_error("global\n bind :80\n", "2:2", "'bind' is not allowed in section 'global', only in: frontend, listen");
	expect_error("backend b\n pidfile /x\n", "2:2", "'pidfile' is not allowed in section 'backend', only in: global");
}

static void what_haproxy_only_warns_about_is_a_warning(void **st)
{
	(void)st;
	expect_warning(FE " balance random\n", "'balance' has no effect in section 'frontend', only in: defaults, backend, listen");
}

static void the_number_of_arguments_is_counted(void **st)
{
	(void)st;
	expect_error(FE " maxconn\n", "8:2", "'maxconn' expects 1 argument");
	expect_error(FE " maxconn 5 6\n", "8:12", "'maxconn' takes 1 argument");
	expect_error(FE " disabled now\n", "8:11", "'disabled' takes no argument");
	expect_error(FE " bind\n", "8:2", "'bind' expects at least 1 argument");
}

static void only_some_words_take_no_before_them(void **st)
{
	(void)st;
	expect_error(FE " no bind :81\n", "8:5", "'bind' does not take 'no' before it");
	expect_error(FE " default maxconn 5\n", "8:10", "'maxconn' does not take 'default' before it");
}

static void rules_in_defaults_need_a_name_to_be_inherited_by(void **st)
{
	struct compiled c;

	(void)st;
	expect_error("defaults\n http-request deny\n", "2:2", "allowed in a defaults section only when that has a name");
	compile_ok(&c, "defaults d\n mode http\n" TIMES " http-request deny\nfrontend f from d\n bind :80\n");
	assert_int_equal(px(c.rt, "f")->rules[PH_HTTP_REQ].n, 1);
	compiled_close(&c);
}

static void words_that_only_haproxy_has_say_so(void **st)
{
	struct compiled c;

	(void)st;
	compile(&c, FE " email-alert level info\n");
	assert_non_null(strstr(c.p.diags, "'email-alert' is known to HAProxy, not supported by sluice yet"));
	compiled_close(&c);
}

static void words_that_haproxy_removed_are_ignored_with_todays_spelling(void **st)
{
	(void)st;
	expect_warning(FE " reqirep ^a b\n", "was removed from HAProxy and is ignored; today's spelling: http-request");
}

static void all_wrong_words_are_told_in_one_run(void **st)
{
	struct compiled c;

	(void)st;
	compile(&c, FE " aaaaaaa\n maxconn x\n no bind\n");
	assert_null(c.rt);
	assert_int_equal(c.p.d.errors, 3);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_word_gives_the_nearest_of_its_section),
		cmocka_unit_test(a_word_of_another_kind_of_section_is_an_error_that_names_it),
		cmocka_unit_test(what_haproxy_only_warns_about_is_a_warning),
		cmocka_unit_test(the_number_of_arguments_is_counted),
		cmocka_unit_test(only_some_words_take_no_before_them),
		cmocka_unit_test(rules_in_defaults_need_a_name_to_be_inherited_by),
		cmocka_unit_test(words_that_only_haproxy_has_say_so),
		cmocka_unit_test(words_that_haproxy_removed_are_ignored_with_todays_spelling),
		cmocka_unit_test(all_wrong_words_are_told_in_one_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
