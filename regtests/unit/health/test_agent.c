// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/health/health.h>

static void agent_lines_mean_what_haproxys_manual_says(void **s)
{
	(void)s;
	static const struct { const char *in; uint8_t oper, admin; int32_t weight; int64_t maxconn; const char *reason; } t[] = {
		{ "up\n", AGENT_UP, 0, -1, -1, "" },
		{ "75%\n", 0, 0, 75, -1, "" },
		{ "READY, UP 50%\r\nignored", AGENT_UP, AGENT_READY, 50, -1, "" },
		{ "maxconn:30\tdrain", 0, AGENT_DRAIN, -1, 30, "" },
		{ "down #disk full \n", AGENT_DOWN, 0, -1, -1, "disk full" },
		{ "maint", 0, AGENT_MAINT, -1, -1, "" },
		{ "stopped#x", AGENT_STOPPED, 0, -1, -1, "x" },
		{ "fail", AGENT_FAIL, 0, -1, -1, "" },
		{ "failed # out of order", AGENT_FAIL, 0, -1, -1, "out of order" },
		{ "", 0, 0, -1, -1, "" },
		{ "0%", 0, 0, 0, -1, "" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct agent_reply r;

		assert_true(health_agent_parse(str_c(t[i].in), &r));
		assert_int_equal(r.oper, t[i].oper);
		assert_int_equal(r.admin, t[i].admin);
		assert_int_equal(r.weight_pct, t[i].weight);
		assert_int_equal(r.maxconn, t[i].maxconn);
		assert_true(str_eq(r.reason, str_c(t[i].reason)));
	}
}

static void unknown_words_and_numbers_out_of_range_are_errors(void **s)
{
	(void)s;
	static const char *const bad[] = { "upp", "%", "-5%", "99999999%", "maxconn:", "maxconn:x", "maxconn:99999999999", "75 %", "up,down,what" };

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		struct agent_reply r;

		assert_false(health_agent_parse(str_c(bad[i]), &r));
	}
}

static void what_is_understood_counts_beside_what_is_not(void **s)
{
	(void)s;
	struct agent_reply r;

	assert_false(health_agent_parse(STR("up bogus 50% nonsense"), &r));
	assert_int_equal(r.oper, AGENT_UP);
	assert_int_equal(r.weight_pct, 50);
	assert_true(str_eq(r.error, STR("bogus")));
}

static void an_answer_becomes_the_admin_word_that_it_asks_for(void **s)
{
	(void)s;
	const struct rt_server srv = { .weight = 100 };
	uint64_t was = srv_admin_pack(ADM_INHERITED_DRAIN | ADM_CONFIG_MAINT, 100, 7) | (uint64_t)ADMF_NOCHECK << 24;
	static const struct { const char *in; unsigned bits, weight; uint32_t maxconn; } t[] = {
		{ "up", ADM_INHERITED_DRAIN | ADM_CONFIG_MAINT, 100, 7 },
		{ "50%", ADM_INHERITED_DRAIN | ADM_CONFIG_MAINT, 50, 7 },
		{ "300% maxconn:0", ADM_INHERITED_DRAIN | ADM_CONFIG_MAINT, 256, 0 },
		{ "ready", ADM_INHERITED_DRAIN, 100, 7 },
		{ "drain", ADM_INHERITED_DRAIN | ADM_FORCED_DRAIN, 100, 7 },
		{ "maint", ADM_INHERITED_DRAIN | ADM_CONFIG_MAINT | ADM_FORCED_MAINT, 100, 7 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct agent_reply r;

		assert_true(health_agent_parse(str_c(t[i].in), &r));
		uint64_t w = health_agent_admin(&r, &srv, was);
		assert_int_equal(srv_admin_bits(w), t[i].bits);
		assert_int_equal(srv_admin_weight(w), t[i].weight);
		assert_int_equal(srv_admin_maxconn(w), t[i].maxconn);
		assert_int_equal(srv_admin_flags(w), ADMF_NOCHECK);
		assert_int_equal(health_agent_admin(&r, &srv, w), w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agent_lines_mean_what_haproxys_manual_says),
		cmocka_unit_test(unknown_words_and_numbers_out_of_range_are_errors),
		cmocka_unit_test(what_is_understood_counts_beside_what_is_not),
		cmocka_unit_test(an_answer_becomes_the_admin_word_that_it_asks_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
