// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions on variables: what they set, when they do, and how long it lasts. */
#include "ruled.h"

TEST(a_variable_gets_the_value_of_an_expression_or_a_format)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-var(txn.a) path,lower\n http-request set-header X %[var(txn.a)]\n", { "http://h/Ab" }, "/ab" },
		{ " http-request set-var-fmt(txn.a) <%[path]-%[method]>\n http-request set-header X %[var(txn.a)]\n", { "http://h/Ab" }, "</Ab-GET>" },
		{ " http-request set-var(txn.a) int(3)\n http-request set-header X %[int(4),add(txn.a)]\n", { "http://h/" }, "7" },
		{ " http-request set-var(txn.a) str(a)\n http-request unset-var(txn.a)\n http-request set-header X %[var(txn.a,none)]\n", { "http://h/" }, "none" },
	};

	RULED_ROWS(rows);
}

TEST(without_a_value_it_stays_what_it_was)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-var(txn.a) str(a)\n http-request set-var(txn.a) hdr(none)\n http-request set-header X %[var(txn.a)]\n", { "http://h/" }, "a" },
	};

	RULED_ROWS(rows);
}

TEST(conditions_of_the_name_are_kept)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-var(txn.a,ifexists) str(a)\n http-request set-header X %[var(txn.a,none)]\n", { "http://h/" }, "none" },
		{ " http-request set-var(txn.a,ifnotexists) str(a)\n http-request set-var(txn.a,ifnotexists) str(b)\n http-request set-header X %[var(txn.a)]\n",
		  { "http://h/" }, "a" },
		{ " http-request set-var(txn.a) int(5)\n http-request set-var(txn.a,ifgt) int(3)\n http-request set-header X %[var(txn.a)]\n", { "http://h/" }, "3" }, /* the old one is greater */
		{ " http-request set-var(txn.a) int(5)\n http-request set-var(txn.a,iflt) int(3)\n http-request set-header X %[var(txn.a)]\n", { "http://h/" }, "5" },
	};

	RULED_ROWS(rows);
}

TEST(a_condition_sees_what_the_rule_before_it_has_set)
{
	static const struct ruled_row rows[] = {
		{ " http-request deny if { var(txn.a) -m found }\n http-request set-var(txn.a) str(x)\n http-request deny status 418 if { var(txn.a) -m str x }\n",
		  { "http://h/" }, "418 PR" },
		{ " http-request set-var(txn.a) str(x)\n http-request set-var(txn.a) str(y) if { var(txn.a) -m str x }\n"
		  " http-request deny if { var(txn.a) -m str x }\n http-request set-header X %[var(txn.a)]\n", { "http://h/" }, "y" },
	};

	RULED_ROWS(rows);
}

TEST(those_of_the_request_end_with_it_and_those_of_the_transaction_do_not)
{
	struct ruled r;

	ruled_open(&r, " http-request set-var(req.a) str(1)\n http-request set-var(txn.b) str(2)\n"
		       " http-response set-header A %[var(req.a,none)]\n http-response set-header B %[var(txn.b,none)]\n", NULL);
	assert_non_null(ASK(&r, "http://h/"));
	assert_int_equal(ruled_response(&r, "HTTP/1.1 200 OK\r\n\r\n"), RULE_CONTINUE);
	assert_string_equal(ruled_hdr(&r.s->res, "a"), "none");
	assert_string_equal(ruled_hdr(&r.s->res, "b"), "2");
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_gets_the_value_of_an_expression_or_a_format),
		cmocka_unit_test(without_a_value_it_stays_what_it_was),
		cmocka_unit_test(conditions_of_the_name_are_kept),
		cmocka_unit_test(a_condition_sees_what_the_rule_before_it_has_set),
		cmocka_unit_test(those_of_the_request_end_with_it_and_those_of_the_transaction_do_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
