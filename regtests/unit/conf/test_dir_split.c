// SPDX-License-Identifier: GPL-3.0-or-later
/* use_split in the configuration: backends, weights, key, condition. */
#include "sema_test.h"

#define FE "frontend f\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n bind :80\n"
#define BE "backend a\n mode http\nbackend b\n mode http\nbackend t\n mode tcp\n"

static void a_split_is_a_rule_among_the_others(void **st)
{
	struct compiled c;
	const struct rt_proxy *f;

	(void)st;
	compile_ok(&c, FE " use_backend b if { path /b }\n use_split a:95 b:5 by req.cook(id) if { path_beg /shop }\n "
			  "use_split a:1 b:0\n" BE);
	f = px(c.rt, "f");
	assert_int_equal(f->nuse_be, 3);
	assert_null(f->use_be[0].split);
	assert_int_equal(f->use_be[1].split->n, 2);
	assert_int_equal(f->use_be[1].split->total, 100);
	assert_int_equal(f->use_be[1].split->at[1].weight, 5);
	assert_int_equal(f->use_be[1].split->at[1].px, px(c.rt, "b") - c.rt->px);
	assert_non_null(f->use_be[1].split->by);
	assert_non_null(f->use_be[1].cond);
	assert_null(f->use_be[2].split->by);
	assert_null(f->use_be[2].cond);
	compiled_close(&c);
}

static void what_is_no_split_is_refused(void **st)
{
	(void)st;
	expect_error(FE " use_split a b\n" BE, "7:12", "name:weight");
	expect_error(FE " use_split a:x\n" BE, "7:14", "a weight is a number from 0 to 10000");
	expect_error(FE " use_split a:1 z:1\n" BE, "7:16", "unknown backend 'z'");
	expect_error(FE " use_split a:0 b:0\n" BE, "7:2", "all weights are 0");
	expect_error(FE " use_split by src\n" BE, "7:2", "expects backends with weights");
	expect_error(FE " use_split a:1 t:1\n" BE, "7:16", "both must agree");
	expect_error(FE " use_split a:1 b:1 by src foo\n" BE, "7:27", "unexpected 'foo'");
	expect_error(FE " use_split a:1 b:1 by nonsense\n" BE, "7:23", "unknown fetch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_split_is_a_rule_among_the_others),
		cmocka_unit_test(what_is_no_split_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
