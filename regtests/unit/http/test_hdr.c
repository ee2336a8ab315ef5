// SPDX-License-Identifier: GPL-3.0-or-later
/* Header ids, tokens, comma lists and the fixed words of HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/msg.h>

static const struct { struct str name; enum http_hdr_id id; } known[] = {
#define HH(hid, nm) { STR(nm), HH_##hid },
#include <sluice/tbl/http_hdrs.def>
#undef HH
};

static void every_row_of_the_table_is_found_in_either_case(void **state)
{
	char upper[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		assert_int_equal(http_hdr_id(known[i].name), known[i].id);
		for (size_t k = 0; k < known[i].name.n; k++) {
			char c = known[i].name.p[k];
			upper[k] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
		}
		assert_int_equal(http_hdr_id(str_n(upper, known[i].name.n)), known[i].id);
	}
}

static void names_that_differ_in_one_byte_are_unknown(void **state)
{
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		for (size_t k = 0; k < known[i].name.n; k++) {
			memcpy(name, known[i].name.p, known[i].name.n);
			name[k] = '~';
			assert_int_equal(http_hdr_id(str_n(name, known[i].name.n)), HH_OTHER);
		}
	assert_int_equal(http_hdr_id(STR_NULL), HH_OTHER);
	assert_int_equal(http_hdr_id(STR("hos")), HH_OTHER);
	assert_int_equal(http_hdr_id(STR("hostt")), HH_OTHER);
}

static void tokens_are_what_rfc_9110_says(void **state)
{
	(void)state;
	assert_true(http_token(STR("!#$%&'*+-.^_`|~09azAZ")));
	assert_false(http_token(STR("")));
	assert_false(http_token(STR("a b")));
	assert_false(http_token(STR("a:")));
	assert_false(http_token(str_n("a\0", 2)));
	assert_false(http_token(STR("\xc3")));
}

static void list_elements_respect_quotes_and_skip_empty_ones(void **state)
{
	static const char *const want[] = { "a", "b;q=\"x,y\"", "\"q\\\",\"", "c" };
	struct str rest = STR(" a ,,\tb;q=\"x,y\" , \"q\\\",\", c,"), e;
	size_t n = 0;

	(void)state;
	for (; hdr_next_elem(&rest, &e); n++)
		assert_true(str_eq(e, str_c(want[n])));
	assert_int_equal(n, ARRAY_LEN(want));
	rest = STR("\"open, \\");
	assert_true(hdr_next_elem(&rest, &e));
	assert_false(hdr_next_elem(&rest, &e));
}

static void methods_are_case_sensitive(void **state)
{
	(void)state;
	assert_int_equal(http_method_id(STR("GET")), HTTP_GET);
	assert_int_equal(http_method_id(STR("PATCH")), HTTP_PATCH);
	assert_int_equal(http_method_id(STR("get")), HTTP_OTHER);
	assert_true(str_eq(http_method_name(HTTP_DELETE), STR("DELETE")));
}

static void reasons_are_the_standard_phrases(void **state)
{
	(void)state;
	assert_true(str_eq(http_reason(404), STR("Not Found")));
	assert_true(str_eq(http_reason(799), STR("Other")));
}

static void connection_headers_are_hop_by_hop(void **state)
{
	struct hdr h = { .id = HH_CONNECTION };

	(void)state;
	assert_true(http_hdr_hop_by_hop(&h));
	h.id = HH_TE;
	assert_true(http_hdr_hop_by_hop(&h));
	h.id = HH_HOST;
	assert_false(http_hdr_hop_by_hop(&h));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_is_found_in_either_case),
		cmocka_unit_test(names_that_differ_in_one_byte_are_unknown),
		cmocka_unit_test(tokens_are_what_rfc_9110_says),
		cmocka_unit_test(list_elements_respect_quotes_and_skip_empty_ones),
		cmocka_unit_test(methods_are_case_sensitive),
		cmocka_unit_test(reasons_are_the_standard_phrases),
		cmocka_unit_test(connection_headers_are_hop_by_hop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
