// SPDX-License-Identifier: GPL-3.0-or-later
/* Text: bytes, trimming, hosts and ports, dates, substitution. */
#include "expr_test.h"

static void case_changes_ascii_letters_only(void **s)
{
	expect_expr(*s, "str(aZ[`{@),upper", "AZ[`{@");
	expect_expr(*s, "str(aZ[`{@),lower", "az[`{@");
	expect_expr(*s, "bin(c3a9),upper,hex", "C3A9");
}

static void bytes_outside_of_the_text_are_nothing(void **s)
{
	expect_expr(*s, "str(abcdef),bytes(2)", "cdef");
	expect_expr(*s, "str(abcdef),bytes(2,3)", "cde");
	expect_expr(*s, "str(abcdef),bytes(4,9)", "ef");
	expect_expr(*s, "str(abcdef),bytes(9)", "");
	expect_expr(*s, "str(abcdef),bytes(-1)", NULL);
}

static void trimming_takes_any_of_the_characters(void **s)
{
	expect_expr(*s, "str(xyabcyx),ltrim(xy)", "abcyx");
	expect_expr(*s, "str(xyabcyx),rtrim(xy)", "xyabc");
	expect_expr(*s, "str(xxx),ltrim(x)", "");
	expect_expr(*s, "str(xxx),rtrim(x)", "");
}

static void a_port_is_split_from_its_host(void **s)
{
	expect_expr(*s, "str(a.b:80),host_only", "a.b");
	expect_expr(*s, "str(a.b:80),port_only", "80");
	expect_expr(*s, "str([::1]:81),host_only", "[::1]");
	expect_expr(*s, "str([::1]:81),port_only", "81");
	expect_expr(*s, "str([::1]),host_only", "[::1]");
	expect_expr(*s, "str(::1),host_only", "::1");
	expect_expr(*s, "str(a.b),port_only", "0");
	expect_expr(*s, "str(a.b:99999),port_only", "0");
}

static void pieces_count_from_either_end(void **s)
{
	expect_expr(*s, "str(/a/b/c),field(1,/)", "");
	expect_expr(*s, "str(/a/b/c),field(2,/,2)", "a/b");
	expect_expr(*s, "str(/a/b/c),field(-1,/,2)", "b/c");
	expect_expr(*s, "str(/a/b/c),field(9,/)", NULL);
	expect_expr(*s, "str(/a/b/c),field(0,/)", NULL);
	expect_expr(*s, "str(/a/b/c),word(1,/)", "a");
	expect_expr(*s, "str(/a/b/c),word(-3,/)", "a");
	expect_expr(*s, "str(///),word(1,/)", NULL);
}

static void dates_are_gmt_and_may_be_moved(void **s)
{
	expect_expr(*s, "int(784111777),http_date", "Sun, 06 Nov 1994 08:49:37 GMT");
	expect_expr(*s, "int(784111770),http_date(7)", "Sun, 06 Nov 1994 08:49:37 GMT");
	expect_expr(*s, "int(784111777000),http_date(0,ms)", "Sun, 06 Nov 1994 08:49:37 GMT");
	expect_expr(*s, "int(9223372036854775807),http_date(1)", NULL);
	expect_expr(*s, "int(0),utime(%Y-%m-%d)", "1970-01-01");
}

static void substitution_replaces_one_or_all_and_keeps_what_does_not_match(void **s)
{
	expect_expr(*s, "str(aXbXc),regsub(X,-)", "a-bXc");
	expect_expr(*s, "str(aXbXc),regsub(X,-,g)", "a-b-c");
	expect_expr(*s, "str(aXbXc),regsub(x,-,gi)", "a-b-c");
	expect_expr(*s, "str(abc),regsub(X,-)", "abc");
}

static void choices_and_cuts(void **s)
{
	expect_expr(*s, "bool(1),iif(yes,no)", "yes");
	expect_expr(*s, "bool(0),iif(yes,no)", "no");
	expect_expr(*s, "bin(61620d0a63),cut_crlf", "ab");
	expect_expr(*s, "bin(0a63),cut_crlf", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(case_changes_ascii_letters_only),
		TEST(bytes_outside_of_the_text_are_nothing),
		TEST(trimming_takes_any_of_the_characters),
		TEST(a_port_is_split_from_its_host),
		TEST(pieces_count_from_either_end),
		TEST(dates_are_gmt_and_may_be_moved),
		TEST(substitution_replaces_one_or_all_and_keeps_what_does_not_match),
		TEST(choices_and_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
