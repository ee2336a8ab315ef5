// SPDX-License-Identifier: GPL-3.0-or-later
/* Parts of a target; what may stand in an authority (through whole requests: the check is private to the layer). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/buf.h>
#include <sluice/http/h1.h>

static void a_target_is_split_at_the_first_question_mark(void **state)
{
	(void)state;
	assert_true(str_eq(uri_path(STR("/a/b?c=d?e")), STR("/a/b")));
	assert_true(str_eq(uri_query(STR("/a/b?c=d?e")), STR("c=d?e")));
	assert_true(str_eq(uri_path(STR("/a")), STR("/a")));
	assert_int_equal(uri_query(STR("/a")).n, 0);
	assert_true(str_eq(uri_path(STR("*")), STR("*")));
}

static void an_empty_query_is_still_a_query(void **state)
{
	(void)state;
	assert_true(uri_has_query(STR("/a?")));
	assert_int_equal(uri_query(STR("/a?")).n, 0);
	assert_false(uri_has_query(STR("/a")));
	assert_false(uri_has_query(STR_NULL));
}

/* T06: a path rule must not be fooled by a fragment that a rewrite put there. */
static void a_fragment_belongs_to_neither_path_nor_query(void **state)
{
	(void)state;
	assert_true(str_eq(uri_path(STR("/secret#.png")), STR("/secret")));
	assert_false(uri_has_query(STR("/a#b?c")));
	assert_true(str_eq(uri_query(STR("/a?b#c")), STR("b")));
}

static bool host_accepted(const char *host)
{
	struct h1_head_opts o = { .request = true, .max_head = 4096 };
	struct hdr hdrs[4];
	struct http_msg m;
	enum h1_error e;
	uint32_t scan = 0;
	char in[300];

	snprintf(in, sizeof(in), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	msg_init(&m, hdrs, 4, NULL, true);
	return h1_head_parse(&m, str_c(in), &o, &scan, &e) == H1_OK;
}

static void hosts_of_every_legal_kind_are_accepted(void **state)
{
	static const char *const good[] = { "a",    "a.b-c_d:80", "1.2.3.4",	 "[::1]", "[2001:db8::1]:8080",
					    "a%41", "a:",	  "x~!$&'()*+;=" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(host_accepted(good[i]));
}

static void hosts_that_could_be_read_in_two_ways_are_refused(void **state)
{
	static const char *const bad[] = { "a,b",   "a@b",	"a/b",	"a?b",	 "a b",	   "a\\b", "a:b",
					   "a:1:2", "a:123456", "[::1", "::1]",	 "[::1]x", "[]",   "[g]",
					   "a%4",   "a%zz",	"<a>",	"\"a\"", "a\xc3",  "a:+8" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(host_accepted(bad[i]));
}

static void escapes_are_resolved_and_broken_ones_refused(void **state)
{
	static const struct { const char *in; bool form; const char *out; } good[] = {
		{ "a%20b%2F", false, "a b/" }, { "a+b?c+d", false, "a+b?c d" }, { "a+b", true, "a b" }, { "%e4%C3", false, "\xe4\xc3" }, { "", true, "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ptrdiff_t n = uri_unescape(str_c(good[i].in), good[i].form, out);
		assert_true(n >= 0 && str_eq(str_n(out, (size_t)n), str_c(good[i].out)));
	}
	assert_int_equal(uri_unescape(STR("a%2"), false, out), -1);
	assert_int_equal(uri_unescape(STR("%zz"), true, out), -1);
}

static void forms_are_read_field_by_field(void **state)
{
	struct str rest = STR("b=%23app&s=web+1&bad=%z&flag&=x&"), name, val;
	struct sbuf all = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a, 256);
	while (form_next(&a, &rest, &name, &val))
		sbuf_printf(&all, "[" STR_FMT "|" STR_FMT "]", STR_ARG(name), STR_ARG(val));
	assert_string_equal(sbuf_cstr(&all), "[b|#app][s|web 1][|][flag|][|x]");
	sbuf_free(&all);
	arena_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_split_at_the_first_question_mark),
		cmocka_unit_test(an_empty_query_is_still_a_query),
		cmocka_unit_test(a_fragment_belongs_to_neither_path_nor_query),
		cmocka_unit_test(hosts_of_every_legal_kind_are_accepted),
		cmocka_unit_test(hosts_that_could_be_read_in_two_ways_are_refused),
		cmocka_unit_test(escapes_are_resolved_and_broken_ones_refused),
		cmocka_unit_test(forms_are_read_field_by_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
