// SPDX-License-Identifier: GPL-3.0-or-later
/* mirror in the configuration: backend, share, bound, condition. */
#include "sema_test.h"

#define FE "frontend f\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n bind :80\n"
#define BE "backend a\n mode http\nbackend t\n mode tcp\n"

static void a_line_names_a_backend_and_a_share(void **st)
{
	struct compiled c;
	const struct rt_proxy *f;

	(void)st;
	compile_ok(&c, FE " mirror a\n mirror a 1% if { path_beg /x }\n mirror a 12.5% max-size 1m log\n mirror a 0.05%\n mirror a hdr(x-percent)\n" BE);
	f = px(c.rt, "f");
	assert_int_equal(f->nmirror, 5);
	assert_int_equal(f->mirror[0].share, 10000);
	assert_int_equal(f->mirror[0].max_size, 65536);
	assert_false(f->mirror[0].log);
	assert_null(f->mirror[0].cond);
	assert_int_equal(f->mirror[1].share, 100);
	assert_non_null(f->mirror[1].cond);
	assert_int_equal(f->mirror[2].share, 1250);
	assert_int_equal(f->mirror[2].max_size, 1 << 20);
	assert_true(f->mirror[2].log);
	assert_int_equal(f->mirror[3].share, 5);
	assert_non_null(f->mirror[4].percent);
	assert_int_equal(f->mirror[4].px, px(c.rt, "a") - c.rt->px);
	compiled_close(&c);
}

static void what_is_no_mirror_is_refused(void **st)
{
	(void)st;
	expect_error(FE " mirror b\n" BE, "7:9", "unknown backend 'b'");
	expect_error(FE " mirror t\n" BE, "7:9", "in mode tcp");
	expect_error(FE " mirror a 101%\n" BE, "7:11", "no share");
	expect_error(FE " mirror a 1.234%\n" BE, "7:11", "no share");
	expect_error(FE " mirror a %\n" BE, "7:11", "no share");
	expect_error(FE " mirror a 1% 2%\n" BE, "7:14", "unexpected '2%'");
	expect_error(FE " mirror a max-size\n" BE, "7:11", "expects an argument");
	expect_error(FE " mirror a nonsense\n" BE, "7:11", "unknown fetch");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_a_backend_and_a_share),
		cmocka_unit_test(what_is_no_mirror_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
