// SPDX-License-Identifier: GPL-3.0-or-later
/* Cookie persistence in the configuration: what a cookie line means, and the value of dynamic cookies. */
#include "sema_test.h"

#define BE  "backend b\n mode http\n timeout connect 1s\n timeout server 1s\n"
#define SRV " server s 127.0.0.1:18191\n"

static void a_cookie_line_is_one_set_of_flags_and_one_suffix(void **st)
{
	struct compiled c;
	const struct rt_cookie *k;

	(void)st;
	compile_ok(
		&c, BE
		" cookie SRV insert indirect nocache httponly secure domain .a.test domain b.test attr SameSite=None "
		"attr X=1 maxidle 30m maxlife 8h\n" SRV);
	k = &px(c.rt, "b")->cookie;
	STR_IS(k->name, "SRV");
	assert_int_equal(k->flags, CK_INSERT | CK_INDIRECT | CK_NOCACHE | CK_HTTPONLY | CK_SECURE);
	assert_int_equal(k->maxidle, 1800);
	assert_int_equal(k->maxlife, 8 * 3600);
	STR_IS(k->suffix, "; domain=.a.test; domain=b.test; HttpOnly; Secure; SameSite=None; X=1");
	compiled_close(&c);
}

static void lifetimes_are_seconds_unless_told_otherwise(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, BE " cookie S insert maxidle 90\n" SRV);
	assert_int_equal(px(c.rt, "b")->cookie.maxidle, 90);
	compiled_close(&c);
}

static void a_cookie_is_inherited_from_defaults(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, "defaults\n mode http\n timeout connect 1s\n timeout server 1s\n cookie JSESSIONID "
		       "prefix\nbackend b\n" SRV);
	STR_IS(px(c.rt, "b")->cookie.name, "JSESSIONID");
	assert_int_equal(px(c.rt, "b")->cookie.flags, CK_PREFIX);
	compiled_close(&c);
}

/* The value is that of HAProxy 2.6 for the same key, address and port. */
static void dynamic_cookies_are_hashes_of_key_address_and_port(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, BE " dynamic-cookie-key secret\n cookie SRV insert dynamic\n" SRV
			  " server t 127.0.0.1:18191 cookie own\n");
	STR_IS(c.rt->srv[0].cookie, "fa31370727e56e3e");
	STR_IS(c.rt->srv[1].cookie, "own");
	assert_true(c.rt->srv[0].flags & SRVF_DYN_COOKIE);
	assert_false(c.rt->srv[1].flags & SRVF_DYN_COOKIE);
	compiled_close(&c);
}

static void a_key_that_is_too_long_is_refused(void **st)
{
	char text[4096];

	(void)st;
	snprintf(text, sizeof(text), BE " dynamic-cookie-key %0*d\n", 1025, 7);
	struct compiled c;
	compile(&c, text);
	assert_null(c.rt);
	assert_non_null(strstr(c.p.diags, "the key of dynamic cookies has at most 1024 bytes"));
	compiled_close(&c);
	snprintf(text, sizeof(text), BE " dynamic-cookie-key %0*d\n cookie C insert dynamic\n" SRV, 1024, 7);
	compile_ok(&c, text);
	compiled_close(&c);
}

static void conditions_force_or_ignore_persistence(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, BE " cookie S insert\n ignore-persist if { path_beg /img }\n force-persist unless { src "
			  "10.0.0.0/8 }\n option persist\n" SRV);
	assert_int_equal(px(c.rt, "b")->npersist, 2);
	assert_false(px(c.rt, "b")->persist[0].force);
	assert_true(px(c.rt, "b")->persist[1].force);
	assert_true(px(c.rt, "b")->opts & OPT_PERSIST);
	compiled_close(&c);
}

static void what_does_not_go_together_is_refused(void **st)
{
	(void)st;
	expect_error(BE " cookie S insert prefix\n" SRV, "5:2", "one of 'rewrite', 'insert' and 'prefix'");
	expect_error(BE " cookie S rewrite indirect\n" SRV, "5:2", "exclude each other");
	expect_error(BE " cookie S prefix preserve\n" SRV, "5:2", "needs 'insert' or 'indirect'");
	expect_error(BE " cookie S inserted\n" SRV, "5:11", "parameter of cookie");
	expect_error(BE " cookie a;b insert\n" SRV, "5:9", "not the name of a cookie");
	expect_error(BE " cookie S insert attr a;b\n" SRV, "5:23", "neither control characters nor ';'");
	expect_error(BE " cookie S insert domain\n" SRV, "5:18", "domain");
	expect_error(BE " ignore-persist { path / }\n" SRV, "5:17", "expects 'if' or 'unless'");
	expect_warning("backend b\n timeout connect 1s\n timeout server 1s\n cookie S insert\n" SRV,
		       "no effect in mode tcp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_line_is_one_set_of_flags_and_one_suffix),
		cmocka_unit_test(lifetimes_are_seconds_unless_told_otherwise),
		cmocka_unit_test(a_cookie_is_inherited_from_defaults),
		cmocka_unit_test(dynamic_cookies_are_hashes_of_key_address_and_port),
		cmocka_unit_test(a_key_that_is_too_long_is_refused),
		cmocka_unit_test(conditions_force_or_ignore_persistence),
		cmocka_unit_test(what_does_not_go_together_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
