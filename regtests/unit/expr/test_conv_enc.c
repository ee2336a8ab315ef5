// SPDX-License-Identifier: GPL-3.0-or-later
/* Encodings: RFC 4648 vectors, URL encoding, and what damaged input gives. */
#include <stdio.h>

#include "expr_test.h"

static void base_64_follows_the_vectors_of_rfc_4648(void **s)
{
	static const char *const v[][2] = { { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
					    { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	char text[64];

	for (unsigned i = 0; i < ARRAY_LEN(v); i++) {
		snprintf(text, sizeof(text), "str(%s),base64", v[i][0]);
		expect_expr(*s, text, v[i][1]);
		snprintf(text, sizeof(text), "str(\"%s\"),b64dec", v[i][1]);
		expect_expr(*s, text, v[i][0]);
	}
}

static void the_url_safe_kind_has_other_signs_and_no_padding(void **s)
{
	expect_expr(*s, "bin(fbff),base64", "+/8=");
	expect_expr(*s, "bin(fbff),ub64enc", "-_8");
	expect_expr(*s, "str(-_8),ub64dec,hex", "FBFF");
	expect_expr(*s, "str(+/8),ub64dec,hex", NULL);
	expect_expr(*s, "str(-_8=),b64dec,hex", NULL);
}

static void damaged_base_64_has_no_value(void **s)
{
	expect_expr(*s, "str(Zg=),b64dec", NULL);
	expect_expr(*s, "str(Zg),b64dec", NULL);
	expect_expr(*s, "str(Z===),b64dec", NULL);
	expect_expr(*s, "str(Zm9v!A==),b64dec", NULL);
	expect_expr(*s, "str(Z),ub64dec", NULL);
}

static void hexadecimal_is_upper_case_and_read_in_either(void **s)
{
	expect_expr(*s, "bin(00ff0a),hex", "00FF0A");
	expect_expr(*s, "str(fF),hex2i", "255");
	expect_expr(*s, "str(ffffffffffffffff),hex2i", "-1");
	expect_expr(*s, "str(10000000000000000),hex2i", NULL);
	expect_expr(*s, "str(0x1),hex2i", NULL);
}

static void url_decoding_takes_plus_as_blank_in_queries_only(void **s)
{
	expect_expr(*s, "str(a+b?c+d),url_dec", "a+b?c d");
	expect_expr(*s, "str(a+b),url_dec(1)", "a b");
	expect_expr(*s, "str(%41%6a),url_dec", "Aj");
	expect_expr(*s, "str(%4),url_dec", NULL);
	expect_expr(*s, "str(%),url_dec", NULL);
	expect_expr(*s, "str(%zz),url_dec", NULL);
}

static void url_encoding_keeps_unreserved_characters_only(void **s)
{
	expect_expr(*s, "str(aZ9-._~),url_enc", "aZ9-._~");
	expect_expr(*s, "str(\"a b/?\"),url_enc", "a%20b%2F%3F");
	expect_expr(*s, "bin(ff00),url_enc", "%FF%00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(base_64_follows_the_vectors_of_rfc_4648),
		TEST(the_url_safe_kind_has_other_signs_and_no_padding),
		TEST(damaged_base_64_has_no_value),
		TEST(hexadecimal_is_upper_case_and_read_in_either),
		TEST(url_decoding_takes_plus_as_blank_in_queries_only),
		TEST(url_encoding_keeps_unreserved_characters_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
