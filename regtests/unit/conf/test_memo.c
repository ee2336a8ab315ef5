// SPDX-License-Identifier: GPL-3.0-or-later
/* Which expressions of a configuration are kept while rules run, and what rules are said to change. */
#include "sema_test.h"

#include <sluice/expr/deps.h>

#define FRONT "frontend f\n mode http\n bind :1\n timeout client 1s\n"

static unsigned kept(const char *text)
{
	struct compiled c;

	compile_ok(&c, text);
	unsigned n = c.rt->memo.n ? c.rt->memo.n - 1 : 0;

	compiled_close(&c);
	return n;
}

static void what_two_rules_of_a_proxy_test_is_kept(void **st)
{
	(void)st;
	assert_int_equal(kept(FRONT " http-request deny if { path_beg /a }\n"), 0);
	assert_int_equal(kept(FRONT " http-request deny if { path_beg /a }\n http-request deny if { path_end /b }\n"), 1);
	assert_int_equal(kept(FRONT " http-request deny if { path_beg /a } { path_end /b }\n"), 1);
	assert_int_equal(kept(FRONT " acl a path /a\n http-request deny if a\n http-request set-header x y if !a\n"), 1);
}

static void lists_of_one_proxy_count_together_and_those_of_two_apart(void **st)
{
	(void)st;
	assert_int_equal(kept(FRONT " http-request deny if { path_beg /a }\n use_backend b if { path /b }\nbackend b\n mode http\n"), 1);
	assert_int_equal(kept(FRONT " http-request deny if { path_beg /a }\n default_backend b\nbackend b\n mode http\n http-request deny if { path /b }\n"), 0);
}

static void values_of_actions_are_kept_as_well(void **st)
{
	(void)st;
	assert_int_equal(kept(FRONT " http-request set-header x %[path,lower]\n http-request set-header y %[path,lower]\n"), 1);
	assert_int_equal(kept(FRONT " http-request set-var(txn.a) path,lower\n http-request deny if { path,lower -m beg /a }\n"), 1);
	/* the last value of a header is not all of them */
	assert_int_equal(kept(FRONT " http-request set-header x %[hdr(y)]\n http-request deny if { hdr(y) -m beg a }\n"), 0);
}

static void rules_carry_what_they_change(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, FRONT " http-request set-path /a\n http-request set-header Host a\n http-request deny\n"
			     " http-request set-header x %[path,set-var(txn.a)]\n");
	const struct rule *r = c.rt->px[0].rules[PH_HTTP_REQ].at;

	assert_int_equal(r[0].changes, DEP_URI);
	assert_int_equal(r[1].changes, dep_hdr(STR("host")));
	assert_int_equal(r[2].changes, DEP_NONE);
	assert_int_equal(r[3].changes, DEP_ALL);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_two_rules_of_a_proxy_test_is_kept),
		cmocka_unit_test(lists_of_one_proxy_count_together_and_those_of_two_apart),
		cmocka_unit_test(values_of_actions_are_kept_as_well),
		cmocka_unit_test(rules_carry_what_they_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
