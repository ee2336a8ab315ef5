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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agent_lines_mean_what_haproxys_manual_says),
		cmocka_unit_test(unknown_words_and_numbers_out_of_range_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
