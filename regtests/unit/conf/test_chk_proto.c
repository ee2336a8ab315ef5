// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define BE "defaults\n mode tcp\n" TIMES "backend b\n"

static const struct rt_check *check(struct compiled *c, const char *text)
{
	return &px(compile_ok(c, text), "b")->check;
}

static void an_option_is_a_script_that_is_written_already(void **st)
{
	static const struct { const char *line; unsigned steps; } cases[] = {
		{ BE " option redis-check\n", 2 }, { BE " option smtpchk\n", 5 }, { BE " option ldap-check\n", 2 }, { BE " option pgsql-check user u\n", 2 },
		{ BE " option mysql-check\n", 1 }, { BE " option mysql-check user u\n", 4 }, { BE " option ssl-hello-chk\n", 2 },
	};

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct compiled c;
		const struct rt_check *k = check(&c, cases[i].line);

		assert_int_equal(k->kind, CHK_SCRIPT);
		assert_true(k->proto);
		assert_int_equal(k->nsteps, cases[i].steps);
		compiled_close(&c);
	}
}

static void its_steps_say_what_the_server_said(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option redis-check\n");

	(void)st;
	STR_IS(k->steps[0].data, "*1\r\n$4\r\nPING\r\n");
	STR_IS(logfmt_literal(k->steps[1].exp.on_success), "Redis server is ok");
	assert_non_null(k->steps[1].exp.on_error);
	assert_int_equal(k->steps[1].exp.error_status, 14); /* L7STS, row of tbl/check_status.def */
	compiled_close(&c);
	k = check(&c, BE " option smtpchk EHLO me.test\n");
	STR_IS(k->steps[1].data, "EHLO me.test\r\n");
	assert_non_null(k->steps[4].exp.code);
	compiled_close(&c);
}

static void tcp_check_lines_add_to_it_and_tcp_check_alone_is_none(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option redis-check\n tcp-check send x\n");

	(void)st;
	assert_int_equal(k->nsteps, 3);
	compiled_close(&c);
	k = check(&c, "defaults\n mode tcp\n option redis-check\n" TIMES "backend b\n option tcp-check\n tcp-check connect\n");
	assert_false(k->proto);
	assert_int_equal(k->nsteps, 1);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_is_a_script_that_is_written_already),
		cmocka_unit_test(its_steps_say_what_the_server_said),
		cmocka_unit_test(tcp_check_lines_add_to_it_and_tcp_check_alone_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
