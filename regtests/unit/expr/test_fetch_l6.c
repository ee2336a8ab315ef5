// SPDX-License-Identifier: GPL-3.0-or-later
/* Raw bytes: slices, counted slices, the cookie of RDP, and when a value is not sure yet. */
#include "expr_test.h"

static void input(struct canned *t, struct str bytes, bool final)
{
	t->ctx.l6_req = bytes;
	t->ctx.final = final;
}

static void counted_bytes_are_found_behind_their_length(void **state)
{
	struct canned *t = *state;

	input(t, STR("xx\0\3abcdef"), true);
	expect_expr(t, "req.payload_lv(2,2)", "abc");
	expect_expr(t, "req.payload_lv(2,2,+2)", "cde");
	expect_expr(t, "req.payload_lv(2,2,6)", "cde");
	expect_expr(t, "req.payload_lv(2,2,+6)", NULL);
	expect_expr(t, "req.payload_lv(2,2,-9)", NULL);
	expect_expr(t, "req.payload_lv(2,5)", NULL);
	expect_expr(t, "req.payload_lv(200,1)", NULL);
	input(t, STR("xx\0\3ab"), false);
	expect_cond(t, "{ req.payload_lv(2,2) -m found }", COND_WAIT);
}

#define RDP "\3\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=joe\r\n\1\0\x8\0\0\0\0\0"

static void the_cookie_of_rdp_is_found_by_name(void **state)
{
	struct canned *t = *state;

	input(t, STR(RDP), false);
	expect_expr(t, "req.rdp_cookie(mstshash)", "joe");
	expect_expr(t, "req.rdp_cookie(MSTSHASH)", "joe");
	expect_expr(t, "rdp_cookie", "joe");
	expect_expr(t, "req.rdp_cookie(other)", NULL);
	expect_expr(t, "req.rdp_cookie_cnt", "1");
	expect_expr(t, "req.rdp_cookie_cnt(other)", "0");
	expect_cond(t, "RDP_COOKIE", COND_TRUE);
}

static void a_packet_that_is_cut_off_makes_conditions_wait(void **state)
{
	struct canned *t = *state;

	for (size_t n = 0; n + 1 < sizeof("\3\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=joe\r"); n++) {
		input(t, str_n(RDP, n), false);
		expect_cond(t, "{ req.rdp_cookie -m found }", COND_WAIT);
	}
	input(t, str_n(RDP, 20), true);
	expect_cond(t, "{ req.rdp_cookie -m found }", COND_FALSE);
	input(t, STR("GET / HTTP/1.1\r\n"), false);
	expect_cond(t, "{ req.rdp_cookie -m found }", COND_FALSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counted_bytes_are_found_behind_their_length),
		TEST(the_cookie_of_rdp_is_found_by_name),
		TEST(a_packet_that_is_cut_off_makes_conditions_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
