// SPDX-License-Identifier: GPL-3.0-or-later
/* filter lines and set-bandwidth-limit. */
#include "sema_test.h"

#define FE "frontend f\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n bind :80\n"
#define TBL "backend t\n mode http\n stick-table type ip size 10 store bytes_in_rate(3s)\n"

static void limits_are_of_a_stream_or_shared(void **st)
{
	struct compiled c;
	const struct rt_proxy *f;

	(void)st;
	compile_ok(&c, FE " filter bwlim-in up limit 2m key src table t min-size 4k\n filter bwlim-out down default-limit 1m default-period 500ms\n"
			  " filter compression\n http-request set-bandwidth-limit up\n" TBL);
	f = px(c.rt, "f");
	assert_int_equal(f->nbwlim, 2);
	assert_true(f->bwlim[0].in);
	assert_non_null(f->bwlim[0].key);
	assert_int_equal(f->bwlim[0].limit, 2 << 20);
	assert_int_equal(f->bwlim[0].period, 3000);
	assert_int_equal(f->bwlim[0].min_size, 4096);
	assert_false(f->bwlim[1].in);
	assert_null(f->bwlim[1].key);
	assert_int_equal(f->bwlim[1].limit, 1 << 20);
	assert_int_equal(f->bwlim[1].period, 500);
	compiled_close(&c);
}

static void a_rule_finds_its_limit_also_below_it_and_may_give_other_values(void **st)
{
	struct compiled c;
	const struct rt_bw_use *u;

	(void)st;
	compile_ok(&c, FE " http-request set-bandwidth-limit d limit 3k period hdr(x),mul(2) if TRUE\n filter bwlim-out d default-limit 1m default-period 1s\n");
	u = px(c.rt, "f")->rules[PH_HTTP_REQ].at[0].bw;
	assert_ptr_equal(u->filter, &px(c.rt, "f")->bwlim[0]);
	assert_int_equal(u->limit, 3072);
	assert_null(u->limit_of);
	assert_non_null(u->period_of);
	compiled_close(&c);
}

static void what_makes_no_limit_is_refused(void **st)
{
	(void)st;
	expect_error(FE " filter bwlim-in\n", "7:9", "expects a name");
	expect_error(FE " filter bwlim-inn x\n", "7:9", "unknown filter");
	expect_error(FE " filter bwlim-in x default-limit 1m\n", "7:9", "expects 'default-limit' and 'default-period'");
	expect_error(FE " filter bwlim-in x limit 1m\n", "7:9", "have a 'key'");
	expect_error(FE " filter bwlim-in x default-limit 0 default-period 1s\n", "7:34", "out of range");
	expect_error(FE " filter bwlim-in x key src default-limit 1m\n", "7:9", "expects 'limit'");
	expect_error(FE " filter bwlim-in x key src limit 1m\n", "7:9", "no stick table of its own");
	expect_error(FE " filter bwlim-in x key src limit 1m table s\n" TBL, "7:43", "unknown stick table 's'");
	expect_error(FE " filter bwlim-out x key src limit 1m table t\n" TBL, "7:44", "has to store bytes_out_rate(<period>)");
	expect_error(FE " filter bwlim-in x key path limit 1m table t\n filter bwlim-in x key src limit 1m table t\n" TBL, "8:18", "already");
	expect_error(FE " filter spoe engine e\n", "7:9", "not supported by sluice yet");
}

static void a_rule_without_a_limit_of_that_name_is_refused(void **st)
{
	(void)st;
	expect_error(FE " filter bwlim-out down default-limit 1m default-period 1s\n http-request set-bandwidth-limit dwon\n", "8:35", "is called 'dwon'");
	expect_error(FE " http-request set-bandwidth-limit\n", "7:15", "expects the name");
	expect_error(FE " filter bwlim-in u key src limit 1m table t\n http-request set-bandwidth-limit u limit 5\n" TBL, "8:35", "shared by a key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_of_a_stream_or_shared),
		cmocka_unit_test(a_rule_finds_its_limit_also_below_it_and_may_give_other_values),
		cmocka_unit_test(what_makes_no_limit_is_refused),
		cmocka_unit_test(a_rule_without_a_limit_of_that_name_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
