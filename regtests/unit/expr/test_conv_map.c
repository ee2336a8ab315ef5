// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that look into maps: what is found, what counts when nothing is, what is refused. */
#include "expr_test.h"

static void the_value_of_the_key_takes_the_place_of_the_sample(void **s)
{
	expect_expr(*s, "str(abcd),map(m_str)", "v2");
	expect_expr(*s, "str(a),map_str_int(m_str_int),add(1)", "8");
	expect_expr(*s, "str(a),map_str_ip(m_str_ip),ipmask(24)", "192.0.2.0");
	expect_expr(*s, "int(7),map_int(m_int)", "v1");
	expect_expr(*s, "ip(10.2.3.4),map_ip(m_ip)", "v1");
	expect_expr(*s, "ip(10.9.3.4),map_ip(m_ip)", "v0");
	expect_expr(*s, "str(xqy),map_regm(m_regm)", "<q>");
}

static void a_sample_that_is_not_found_has_no_value_or_the_default(void **s)
{
	expect_expr(*s, "str(zz),map(m_str)", NULL);
	expect_expr(*s, "str(zz),map(m_str,d)", "d");
	expect_expr(*s, "str(zz),map_str_int(m_str_int,-1),add(1)", "0");
	expect_expr(*s, "str(none),map_ip(m_ip,d)", NULL); /* it is no address: the converter does not run */
}

static void defaults_and_files_that_do_not_fit_are_refused_where_they_stand(void **s)
{
	expect_expr_error(*s, "str(a),map_str_int(m_str_int,x)", 29, 1, "'x' is not an integer");
	expect_expr_error(*s, "str(a),map_str_ip(m_str_ip,x)", 27, 1, "'x' is not an address");
	expect_expr_error(*s, "str(a),map(gone)", 11, 4, "cannot read map file 'gone'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_value_of_the_key_takes_the_place_of_the_sample),
		TEST(a_sample_that_is_not_found_has_no_value_or_the_default),
		TEST(defaults_and_files_that_do_not_fit_are_refused_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
