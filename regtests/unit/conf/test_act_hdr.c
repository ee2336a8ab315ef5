// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of the actions that rewrite messages: how many, of what form, and where an error points. */
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static void too_few_and_too_many_arguments_are_told(void **st)
{
	(void)st;
	expect_error(FE " http-request set-header\n", "8:15", "'set-header' expects a header name and a format");
	expect_error(FE " http-request set-header X\n", "8:26", "'set-header' expects a header name and a format");
	expect_error(FE " http-request set-header X a b\n", "8:30",
		     "unexpected 'b' behind the arguments of 'set-header'");
	expect_error(FE " http-request allow all\n", "8:21", "unexpected 'all'");
	expect_error(FE " http-request replace-header X a\n", "8:32",
		     "expects a header name, a regular expression and a format");
	expect_error(FE " http-request set-path\n", "8:15", "'set-path' expects a format");
}

static void names_of_headers_are_tokens(void **st)
{
	(void)st;
	expect_error(FE " http-request set-header \"X A\" b\n", "8:26", "'X A' is not the name of a header");
	expect_error(FE " http-request add-header X: b\n", "8:26", "'X:' is not the name of a header");
	expect_error(FE " http-request del-header a/b\n", "8:26", "'a/b' is not the name of a header");
}

static void deleting_by_match_takes_any_text(void **st)
{
	struct compiled c;
	const struct rule *r = px(compile_ok(&c, FE " http-request del-header a/b -m sub\n"
		" http-request del-header ^x- -m reg\n http-request del-header X\n"), "f")->rules[PH_HTTP_REQ].at;

	(void)st;
	assert_int_equal(r[0].kind, NAME_SUB);
	STR_IS(r[0].name, "a/b");
	assert_int_equal(r[1].kind, NAME_REG);
	assert_non_null(r[1].re);
	assert_int_equal(r[2].kind, NAME_STR);
	compiled_close(&c);
	expect_error(FE " http-request del-header X -m\n", "8:28", "only '-m str|beg|end|sub|reg' may follow");
	expect_error(FE " http-request del-header X -m bge\n", "8:31", "unknown match 'bge' (did you mean 'beg'?)");
	expect_error(FE " http-request del-header X -m beg y\n", "8:35", "unexpected 'y'");
	expect_error(FE " http-request del-header X y\n", "8:28", "only '-m str|beg|end|sub|reg' may follow");
}

static void patterns_must_compile(void **st)
{
	(void)st;
	expect_error(FE " http-request replace-value X ( b\n", "8:32", "bad regular expression");
	expect_error(FE " http-request replace-path [ b\n", "8:29", "bad regular expression");
}

static void a_status_has_three_digits_and_perhaps_a_reason(void **st)
{
	(void)st;
	expect_error(FE " http-response set-status\n", "8:16", "'set-status' expects a status");
	expect_error(FE " http-response set-status 99\n", "8:27", "out of range, expected 100 to 999");
	expect_error(FE " http-response set-status 200 why\n", "8:31", "only 'reason <text>' may follow the status");
	expect_error(FE " http-response set-status 200 reason\n", "8:31", "only 'reason <text>' may follow the status");
}

static void a_capture_needs_a_slot_that_exists(void **st)
{
	(void)st;
	expect_error(FE " http-request capture src id 0\n", "8:30", "there is no capture slot 0");
	expect_error(FE " http-request capture src size 9\n", "8:27", "unknown parameter of capture 'size'");
	expect_error(FE " http-response capture res.hdr(x) len 9\n", "8:35",
		     "'len' works in the request rules of a frontend only");
	expect_error("defaults\n mode http\nbackend b\n http-request capture src len 9\n", "4:27",
		     "'len' works in the request rules of a frontend only");
}

static void a_silent_drop_may_carry_a_ttl(void **st)
{
	(void)st;
	expect_error(FE " http-request silent-drop ttl 3\n", "8:27", "only 'rst-ttl <ttl>' may follow");
	expect_error(FE " http-request silent-drop rst-ttl 256\n", "8:35", "out of range, expected 0 to 255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_few_and_too_many_arguments_are_told),
		cmocka_unit_test(names_of_headers_are_tokens),
		cmocka_unit_test(deleting_by_match_takes_any_text),
		cmocka_unit_test(patterns_must_compile),
		cmocka_unit_test(a_status_has_three_digits_and_perhaps_a_reason),
		cmocka_unit_test(a_capture_needs_a_slot_that_exists),
		cmocka_unit_test(a_silent_drop_may_carry_a_ttl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
