// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of lines: what is a number, a time, a size, a name, and where an error points. */
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static void numbers_are_decimal_and_within_their_range(void **st)
{
	(void)st;
	expect_error(FE " maxconn ten\n", "8:10", "'ten' is not a number");
	expect_error(FE " maxconn 0x10\n", "8:10", "'0x10' is not a number");
	expect_error(FE " maxconn 12a\n", "8:10", "'12a' is not a number");
	expect_error(FE " maxconn -1\n", "8:10", "'-1' is out of range");
	expect_error(FE " maxconn 99999999999999999999999\n", "8:10", "is out of range");
	expect_error(FE " maxconn 4294967297\n", "8:10", "is out of range");
}

static uint32_t client_timeout(const char *time)
{
	struct compiled c;
	char text[256];
	uint32_t ms;

	snprintf(text, sizeof(text), FE " timeout client %s\n", time);
	ms = px(compile_ok(&c, text), "f")->to[TO_CLIENT];
	compiled_close(&c);
	return ms;
}

static void times_are_milliseconds_unless_a_unit_follows(void **st)
{
	(void)st;
	assert_int_equal(client_timeout("1500"), 1500);
	assert_int_equal(client_timeout("1500ms"), 1500);
	assert_int_equal(client_timeout("3s"), 3000);
	assert_int_equal(client_timeout("2m"), 120000);
	assert_int_equal(client_timeout("1h"), 3600000);
	assert_int_equal(client_timeout("1d"), 86400000);
	assert_int_equal(client_timeout("2147483647"), 2147483647);
}

static void a_wrong_time_is_told_by_what_is_wrong_with_it(void **st)
{
	(void)st;
	expect_error(FE " timeout client soon\n", "8:17", "'soon' is not a time");
	expect_error(FE " timeout client 5x\n", "8:18", "'x' is not a unit of time");
	expect_error(FE " timeout client 5min\n", "8:18", "'min' is not a unit of time");
	expect_error(FE " timeout client 25d\n", "8:17", "too long a time, at most 24 days");
	expect_error(FE " timeout client 2147483648\n", "8:17", "too long a time");
	expect_error(FE " timeout client 99999999999999999999s\n", "8:17", "too long a time");
}

static void sizes_take_binary_units_and_their_range(void **st)
{
	struct compiled c;

	(void)st;
	assert_int_equal(compile_ok(&c, "global\n tune.bufsize 32k\n")->g.bufsize, 32768);
	compiled_close(&c);
	expect_error("global\n tune.bufsize 32q\n", "2:15", "'32q' is not a size");
	expect_error("global\n tune.bufsize 3\n", "2:15", "out of range");
}

static void an_unknown_word_of_a_set_gives_the_nearest_or_all(void **st)
{
	(void)st;
	expect_error(FE " mode htp\n", "8:7", "unknown mode 'htp' (did you mean 'http'?)");
	expect_error(FE "backend b\n http-reuse sometimes\n", "9:13", "never, safe, aggressive, always");
	expect_error(FE " http-request set-log-level xyzzy\n", "8:29",
		     "unknown log level 'xyzzy', expected one of: emerg, alert, crit, err, warning, notice, info, debug, "
		     "silent");
}

static void names_are_letters_digits_and_four_signs(void **st)
{
	struct compiled c;

	(void)st;
	assert_non_null(px(compile_ok(&c, "frontend a-b_c.d:9\n mode tcp\n bind :1\n timeout client 1s\n"), "a-b_c.d:9"));
	compiled_close(&c);
	expect_error("backend a/b\n", "1:10", "character '/' is not allowed in the name of a");
	expect_error("backend \"\"\n", "1:9", "cannot be empty");
}

static void in_a_quoted_word_all_of_it_is_underlined(void **st)
{
	(void)st;
	expect_error(FE " timeout client \"5x\"\n", "8:17", "'x' is not a unit of time");
	expect_error("backend \"a/b\"\n", "1:9", "character '/' is not allowed");
}

static void an_argument_that_is_missing_is_told_at_its_keyword(void **st)
{
	(void)st;
	expect_error(FE "backend b\n server s 127.0.0.1:1 check inter\n", "9:29", "'inter' expects an argument");
	expect_error(FE " http-request return status\n", "8:22", "'status' expects an argument");
}

static void files_that_cannot_be_read_say_why(void **st)
{
	(void)st;
	expect_error(FE " http-request return content-type a/b file /nonexistent/x\n", "8:44", "No such file or directory");
	expect_error(FE " http-request return content-type a/b file /\n", "8:44", "cannot read '/'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_and_within_their_range),
		cmocka_unit_test(times_are_milliseconds_unless_a_unit_follows),
		cmocka_unit_test(a_wrong_time_is_told_by_what_is_wrong_with_it),
		cmocka_unit_test(sizes_take_binary_units_and_their_range),
		cmocka_unit_test(an_unknown_word_of_a_set_gives_the_nearest_or_all),
		cmocka_unit_test(names_are_letters_digits_and_four_signs),
		cmocka_unit_test(in_a_quoted_word_all_of_it_is_underlined),
		cmocka_unit_test(an_argument_that_is_missing_is_told_at_its_keyword),
		cmocka_unit_test(files_that_cannot_be_read_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
