// SPDX-License-Identifier: GPL-3.0-or-later
/* Casts and the converters that live at their edges, with HAProxy's values. */
#include "expr_test.h"

static void text_becomes_the_integer_it_starts_with(void **s)
{
	expect_expr(*s, "str(12abc),add(1)", "13");
	expect_expr(*s, "str(abc),add(1)", "1");
	expect_expr(*s, "str(0x12),add(1)", "1");
	expect_expr(*s, "str(\" 12\"),add(1)", "1");
	expect_expr(*s, "str(-7),add(1)", "-6");
	expect_expr(*s, "str(99999999999999999999),add(0)", "9223372036854775807");
	expect_expr(*s, "str(-99999999999999999999),add(0)", "-9223372036854775808");
}

static void numbers_and_addresses_become_each_other(void **s)
{
	expect_expr(*s, "int(10),ipmask(8)", "0.0.0.0");
	expect_expr(*s, "ip(1.2.3.4),add(0)", "16909060");
	expect_expr(*s, "ip(::1),add(0)", NULL);
	expect_expr(*s, "str(nope),ipmask(8)", NULL);
	expect_expr(*s, "str(::1),ipmask(24,64)", "::");
	expect_expr(*s, "ip(::1),ipmask(24)", NULL);
	expect_expr(*s, "str(1.2.3.4),ipmask(255.255.0.0)", "1.2.0.0");
	expect_expr(*s, "ip(1.2.3.4),hex", "01020304");
	expect_expr(*s, "int(258),hex", "0000000000000102");
}

static void binary_prints_up_to_its_first_nul_and_matches_in_full(void **s)
{
	expect_expr(*s, "bin(41004243)", "A");
	expect_expr(*s, "bin(41004243),length", "4");
	expect_cond(*s, "{ bin(41004243) -m end C }", COND_TRUE);
}

static void arithmetic_saturates(void **s)
{
	expect_expr(*s, "int(9223372036854775807),add(1)", "9223372036854775807");
	expect_expr(*s, "int(-9223372036854775807),mul(3)", "-9223372036854775808");
	expect_expr(*s, "int(-9223372036854775808),neg", "9223372036854775807");
	expect_expr(*s, "int(7),div(0)", "9223372036854775807");
	expect_expr(*s, "int(-9223372036854775808),div(-1)", "9223372036854775807");
	expect_expr(*s, "int(-9223372036854775808),mod(-1)", "0");
	expect_expr(*s, "int(7),mod(0)", "0");
	expect_expr(*s, "int(-7),mod(4)", "-3");
}

static void fields_count_empty_pieces_and_words_do_not(void **s)
{
	expect_expr(*s, "str(a;b;;c),field(3,;)", "");
	expect_expr(*s, "str(a;b;;c),field(-2,;)", "");
	expect_expr(*s, "str(a;b;;c),field(2,;,0)", "b;;c");
	expect_expr(*s, "str(a;b;;c),word(3,;)", "c");
	expect_expr(*s, "str(a;b;;c),word(-1,;)", "c");
	expect_expr(*s, "str(a;b;;c),word(-1,;,2)", "b;;c");
	expect_expr(*s, "str(a;b;;c),word(2,;,0)", "b;;c");
	expect_expr(*s, "str(a;b;;c),word(4,;)", NULL);
	expect_expr(*s, "str(a:b),field(1,:;)", "a");
}

static void damaged_encodings_have_no_value(void **s)
{
	expect_expr(*s, "str(YWJj!),b64dec", NULL);
	expect_expr(*s, "str(YWI=),b64dec", "ab");
	expect_expr(*s, "str(YW=j),b64dec", NULL);
	expect_expr(*s, "str(a%2),url_dec", NULL);
	expect_expr(*s, "str(a%zz),url_dec", NULL);
	expect_expr(*s, "str(a+b?c+d),url_dec", "a+b?c d");
	expect_expr(*s, "str(zz),hex2i", NULL);
	expect_expr(*s, "str(hello),bytes(10,2)", "");
	expect_expr(*s, "str(example.com),port_only", "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_becomes_the_integer_it_starts_with),
		TEST(numbers_and_addresses_become_each_other),
		TEST(binary_prints_up_to_its_first_nul_and_matches_in_full),
		TEST(arithmetic_saturates),
		TEST(fields_count_empty_pieces_and_words_do_not),
		TEST(damaged_encodings_have_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
