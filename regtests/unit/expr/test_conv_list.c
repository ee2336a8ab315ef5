// SPDX-License-Identifier: GPL-3.0-or-later
/* Preferences, parameters, items, nodes of Forwarded headers. */
#include <stdio.h>

#include "expr_test.h"

static void the_preferred_language_is_one_of_those_offered(void **s)
{
	expect_expr(*s, "str('fr;q=0.3, es;q=0.9, en'),language(es;fr)", "es");
	expect_expr(*s, "str('fr, es'),language(es;fr)", "fr");        /* the first of equals */
	expect_expr(*s, "str('fr-CA, es;q=0.5'),language(es;fr)", "fr"); /* without its variant */
	expect_expr(*s, "str('fr-CA'),language(fr;fr-CA)", "fr-CA");
	expect_expr(*s, "str('es;q=0, xx'),language(es;fr)", NULL);
	expect_expr(*s, "str('es;q=0, xx'),language(es;fr,de)", "de");
	expect_expr(*s, "str('ES'),language(es,de)", "de"); /* case counts */
	expect_expr(*s, "str(',;q=,;=;,'),language(es,de)", "de");
}

static void parameters_are_found_by_name(void **s)
{
	expect_expr(*s, "str('a=1&b=2&a=3'),param(a)", "1");
	expect_expr(*s, "str('a=1;b=2'),param(b,;)", "2");
	expect_expr(*s, "str('a&b=2'),param(a)", "");
	expect_expr(*s, "str('ab=1'),param(a)", NULL);
}

static void items_are_joined_by_the_delimiter_only_where_two_meet(void **s)
{
	expect_expr(*s, "str(a),add_item(;,txn.v)", "a;v1");
	expect_expr(*s, "str(a),add_item(;,,x)", "a;x");
	expect_expr(*s, "str(),add_item(;,txn.v,x)", "v1x");
	expect_expr(*s, "str(a),add_item(;,txn.none)", "a");
}

static void groups_of_bytes_become_numbers_and_digits(void **s)
{
	expect_expr(*s, "bin(01020304050607),be2dec(-,2,1)", "258-772-1286");
	expect_expr(*s, "bin(01020304050607),be2dec(,2,1)", "2587721286");
	expect_expr(*s, "bin(7f000001),be2dec(.,1)", "127.0.0.1");
	expect_expr(*s, "bin(ffffffffffffffff),be2dec(.,8)", "18446744073709551615");
	expect_expr(*s, "bin(01020304050607),be2hex", "01020304050607");
	expect_expr(*s, "bin(01020304050607),be2hex(:,2)", "0102:0304:0506:07");
	expect_expr(*s, "bin(01020304050607),be2hex(,3,1)", "010203040506");
	expect_expr(*s, "bin(),be2hex(:,2)", "");
	expect_expr_error(*s, "bin(00),be2dec(:,9)", 17, 1, "'9' is not an integer from 1 to 8");
}

static void forwarded_elements_are_taken_apart(void **s)
{
	expect_expr(*s, "str('for=\"_name:_port\";proto=https'),rfc7239_field(for)", "_name:_port");
	expect_expr(*s, "str('For=192.0.2.1'),rfc7239_field(for)", "192.0.2.1");
	expect_expr(*s, "str('proto=https;host=\"a.b:80\"'),rfc7239_field(host)", "a.b:80");
	expect_expr(*s, "str('proto=https'),rfc7239_field(by)", NULL);
	expect_expr(*s, "str('127.0.0.1:9999'),rfc7239_n2nn", "127.0.0.1");
	expect_expr(*s, "str('127.0.0.1:9999'),rfc7239_n2np,add(1)", "10000");
	expect_expr(*s, "str('_name:_p'),rfc7239_n2nn", "_name");
	expect_expr(*s, "str('_name:_p'),rfc7239_n2np", "_p");
	expect_expr(*s, "str('unknown'),rfc7239_n2nn", "unknown");
	expect_expr(*s, "str('unknown'),rfc7239_n2np", NULL);
	expect_expr(*s, "str('[::1'),rfc7239_n2nn", NULL);
	expect_expr(*s, "str('1.2.3.4:70000'),rfc7239_n2np", NULL);
}

static void what_is_no_forwarded_element_is_not_valid(void **s)
{
	static const char *const good[] = { "for=192.0.2.1", "for=\\\"[2001:db8::1]:80\\\";proto=http;by=_x", "host=a", "for=unknown ; proto=http" };
	static const char *const bad[] = { "", "for", "for=", "for=1.2.3", "for=[::1]", "for=\\\"[::1\\\"", "for=1.2.3.4 proto=x", "=x", "for=\\\"a", "a b=c" };
	char text[128];

	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		snprintf(text, sizeof(text), "str(\"%s\"),rfc7239_is_valid", good[i]);
		expect_expr(*s, text, "1");
	}
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "str(\"%s\"),rfc7239_is_valid", bad[i]);
		expect_expr(*s, text, "0");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_preferred_language_is_one_of_those_offered),
		TEST(parameters_are_found_by_name),
		TEST(items_are_joined_by_the_delimiter_only_where_two_meet),
		TEST(groups_of_bytes_become_numbers_and_digits),
		TEST(forwarded_elements_are_taken_apart),
		TEST(what_is_no_forwarded_element_is_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
