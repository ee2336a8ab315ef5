// SPDX-License-Identifier: GPL-3.0-or-later
/* Single words of log formats at their edges: addresses that are none, timers of streams that ended early, odd
 * targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../../src/log/logfmt_priv.h"

#define MS 1000000u

static const char *const words[] = {
#define LOG_ALIAS(word, fn, aux, help) word,
#include <sluice/tbl/log_aliases.def>
#undef LOG_ALIAS
};

static void expect_word(const char *word, unsigned flags, const struct log_data *d, const char *want)
{
	const struct lf_alias *al = alias_find(str_c(word));
	struct sbuf b = { 0 };

	if (!al)
		fail_msg("no word %%%s", word);
	al->fn(al, flags, d, &b);
	if (strcmp(sbuf_cstr(&b), want))
		fail_msg("%%%s is '%s', expected '%s'", word, sbuf_cstr(&b), want);
	sbuf_free(&b);
}

static void every_word_prints_something_for_a_stream_that_knows_nothing(void **st)
{
	static const char *const silent[] = { "hr", "hs", "hrl", "hsl" };
	struct log_data none = { 0 };

	(void)st;
	for (unsigned w = 0; w < ARRAY_LEN(words); w++) {
		const struct lf_alias *al = alias_find(str_c(words[w]));
		struct sbuf b = { 0 };
		bool quiet = false;

		for (unsigned i = 0; i < ARRAY_LEN(silent); i++)
			quiet |= !strcmp(words[w], silent[i]);
		al->fn(al, LF_LOG, &none, &b);
		if (!b.n != quiet)
			fail_msg("%%%s", words[w]);
		sbuf_free(&b);
	}
}

static void an_address_is_text_hexadecimal_or_unix(void **st)
{
	struct addr a = { 0 };
	struct log_data d = { .cli = &a };

	(void)st;
	expect_word("ci", LF_LOG, &d, "-");
	expect_word("cp", 0, &d, "-");
	assert_true(addr_parse_ip(&a, STR("2001:db8::1")));
	a.port = 255;
	expect_word("ci", 0, &d, "2001:db8::1");
	expect_word("ci", LF_HEX, &d, "20010DB8000000000000000000000001");
	expect_word("cp", LF_HEX, &d, "00FF");
	expect_word("ci", LF_QUOTE, &d, "\"2001:db8::1\"");
	a = (struct addr){ .family = AF_UNIX, .path = "/x" };
	expect_word("ci", LF_HEX, &d, "unix");
}

static void a_tcp_stream_waits_and_transfers_from_other_points_than_http(void **st)
{
	uint64_t t = 1000 * (uint64_t)MS;
	struct log_data d = {
		.t_accept = t, .t_queue_done = t + 3 * MS, .t_conn_done = t + 7 * MS, .t_end = t + 20 * MS
	};

	(void)st;
	expect_word("Tw", 0, &d, "3");
	expect_word("Tc", 0, &d, "4");
	expect_word("Td", 0, &d, "13");
	expect_word("Ta", 0, &d, "20");
	d.http = true;
	expect_word("Tw", 0, &d, "-1");
	expect_word("Td", 0, &d, "-1");
	expect_word("Tr", 0, &d, "-1");
}

static void points_out_of_order_are_no_time(void **st)
{
	struct log_data d = { .t_accept = 50 * MS, .t_end = 20 * MS };

	(void)st;
	expect_word("Tt", 0, &d, "-1");
}

static void the_user_waits_without_the_idle_time(void **st)
{
	struct log_data d = { .t_accept = 1 * MS, .t_hs_done = 2 * MS, .t_req_start = 7 * MS, .t_end = 31 * MS };

	(void)st;
	expect_word("Ti", 0, &d, "5");
	expect_word("Tt", 0, &d, "30");
	expect_word("Tu", 0, &d, "25");
	expect_word("Ta", 0, &d, "24");
}

static void a_server_that_was_not_chosen_has_a_name_of_its_own(void **st)
{
	struct log_data d = { .srv_name = STR("s"), .fe_name = STR("f"), .be_name = STR("b") };

	(void)st;
	expect_word("s", 0, &d, "s");
	d.no_server = true;
	expect_word("s", 0, &d, "<NOSRV>");
	d.stats = true;
	expect_word("s", 0, &d, "<STATS>");
	expect_word("ft", 0, &d, "f");
	d.fe_tls = true;
	expect_word("ft", 0, &d, "f~");
	expect_word("f", 0, &d, "f");
}

static void paths_are_found_in_every_form_of_target(void **st)
{
	static const char *const v[][3] = { { "/a?b=://", "/a", "?b=://" }, { "http://h", "/", "" },
					    { "http://h/x?y?z", "/x", "?y?z" }, { "*", "*", "" }, { "h:443", "h:443", "" }, { "/", "/", "" } };

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(v); i++) {
		struct log_data d = { .method = STR("GET"), .uri = str_c(v[i][0]) };

		expect_word("HPO", 0, &d, v[i][1]);
		expect_word("HQ", 0, &d, v[i][2]);
	}
}

static void a_request_that_was_none_is_told_in_every_part(void **st)
{
	struct log_data d = { .uri = STR("/x") };

	(void)st;
	expect_word("r", LF_QUOTE, &d, "\"<BADREQ>\"");
	expect_word("HM", 0, &d, "<BADREQ>");
	expect_word("HU", 0, &d, "<BADREQ>");
	d.method = STR("GET");
	expect_word("r", 0, &d, "GET /x");
}

static void a_request_dates_from_its_first_byte_across_the_second(void **st)
{
	struct log_data d = {
		.accept_date = { 1233922454, 900 * (long)MS }, .t_accept = 5 * MS, .t_req_start = 205 * (uint64_t)MS
	};

	(void)st;
	expect_word("trg", 0, &d, "06/Feb/2009:12:14:15 +0000");
	expect_word("T", 0, &d, "06/Feb/2009:12:14:14 +0000");
	expect_word("ms", 0, &d, "900");
	d.accept_date.tv_nsec = 7 * MS;
	expect_word("ms", 0, &d, "007");
}

static void how_it_ended_has_two_letters_or_four(void **st)
{
	struct log_data d = { .term = { 's', 'H', 'N', 0 } };

	(void)st;
	expect_word("ts", 0, &d, "sH");
	expect_word("tsc", 0, &d, "sHN-");
}

static void a_near_word_is_one_letter_away(void **st)
{
	(void)st;
	assert_string_equal(alias_near(STR("tscc")), "tsc");
	assert_null(alias_near(STR("zzzz")));
	assert_null(alias_find(STR("zzzz")));
	assert_null(alias_find(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_prints_something_for_a_stream_that_knows_nothing),
		cmocka_unit_test(an_address_is_text_hexadecimal_or_unix),
		cmocka_unit_test(a_tcp_stream_waits_and_transfers_from_other_points_than_http),
		cmocka_unit_test(points_out_of_order_are_no_time),
		cmocka_unit_test(the_user_waits_without_the_idle_time),
		cmocka_unit_test(a_server_that_was_not_chosen_has_a_name_of_its_own),
		cmocka_unit_test(paths_are_found_in_every_form_of_target),
		cmocka_unit_test(a_request_that_was_none_is_told_in_every_part),
		cmocka_unit_test(a_request_dates_from_its_first_byte_across_the_second),
		cmocka_unit_test(how_it_ended_has_two_letters_or_four),
		cmocka_unit_test(a_near_word_is_one_letter_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
