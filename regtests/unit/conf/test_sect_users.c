// SPDX-License-Identifier: GPL-3.0-or-later
/* Userlists: users, passwords, groups from either side, and what is wrong with them. */
#include "sema_test.h"

static void groups_may_be_given_from_either_side(void **st)
{
	struct compiled c;
	const struct rt_userlist *l = compile_ok(&c, "userlist l\n group g1 users ann,bob\n group g2\n user ann insecure-password x groups g2\n"
						     " user bob password $5$ab$Xk5.l6/Ox7QCFyS3M5cVrz6rAS1bT5yRBKWZ8XHhGm9\n user carl\n")->userlist;

	(void)st;
	assert_int_equal(l->nuser, 3);
	assert_true(l->user[0].plain);
	assert_int_equal(l->user[0].ngroups, 2);
	STR_IS(l->user[0].groups[0], "g2");
	STR_IS(l->user[0].groups[1], "g1");
	assert_int_equal(l->user[1].ngroups, 1);
	assert_false(l->user[1].plain);
	assert_int_equal(l->user[2].pass.n, 0);
	compiled_close(&c);
}

static void wrong_lines_are_told(void **st)
{
	(void)st;
	expect_error("userlist\n user a password b\n", "1:1", "'userlist' expects a name");
	expect_error("userlist l\nuserlist l\n", "2:10", "there is already a userlist 'l'");
	expect_error("userlist l\n user a password b\n", "2:18", "not a password that crypt(3) knows");
	expect_error("userlist l\n user a insecure-password b\n user a\n", "3:7", "already a user 'a'");
	expect_error("userlist l\n user a insecure-password b groups g\n", "1:1", "belongs to group 'g', which this list does not have");
	expect_error("userlist l\n group g users a,b\n", "2:16", "there is no user 'a'");
	expect_error("userlist l\n usr a\n", "2:2", "usr");
	expect_error("userlist l\n user a pasword b\n", "2:9", "pasword");
}

static void expressions_name_lists_that_exist(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, "frontend f\n mode http\n bind :80\n http-request auth realm x unless { http_auth(l) }\nuserlist l\n user a insecure-password b\n");
	compiled_close(&c);
	expect_error("frontend f\n mode http\n bind :80\n http-request auth unless { http_auth(m) }\n", "4:39", "unknown userlist 'm'");
	expect_error("frontend f\n mode http\n bind :80\n http-request auth relm x\n", "4:20", "only 'realm <text>' may follow");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_may_be_given_from_either_side),
		cmocka_unit_test(wrong_lines_are_told),
		cmocka_unit_test(expressions_name_lists_that_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
