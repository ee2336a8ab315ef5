// SPDX-License-Identifier: GPL-3.0-or-later
/* Tracking and counting by rules: which entry, which slot, how much. */
#include "ruled.h"

#define TABLE "backend t\n stick-table type string len 16 size 100 store gpc0,gpc1,gpt0,gpc(3),http_req_cnt,conn_cur,http_err_cnt\n" RULED_BACK

static uint64_t kept(struct ruled *r, const char *key, enum stick_data d, unsigned elem)
{
	struct stick_at at;
	char text[16] = "";

	snprintf(text, sizeof(text), "%s", key);
	if (!stick_open(r->h.tables[0], str_c(text), false, (uint32_t)clock_ms(), &at))
		return UINT64_MAX;
	uint64_t v = stick_value(&at, d, elem, (uint32_t)clock_ms());

	stick_close(&at);
	return v;
}

TEST(a_key_is_tracked_from_its_rule_on_and_the_first_rule_of_a_slot_wins)
{
	struct ruled r;

	ruled_open(&r, " http-request track-sc0 hdr(k) table t if { hdr(k) -m found }\n http-request track-sc0 str(other) table t\n"
		       " http-request sc-inc-gpc0(0)\n", TABLE);
	for (int i = 0; i < 3; i++)
		assert_non_null(ASK(&r, "http://h/", "--header", "K: a"));
	assert_int_equal(kept(&r, "a", SD_CONN_CUR, 0), 1);
	assert_non_null(ASK(&r, "http://h/"));
	assert_int_equal(kept(&r, "a", SD_GPC0, 0), 3);
	assert_int_equal(kept(&r, "a", SD_HTTP_REQ_CNT, 0), 3);
	assert_int_equal(kept(&r, "a", SD_CONN_CUR, 0), 0);
	assert_int_equal(kept(&r, "other", SD_GPC0, 0), 1);
	ruled_close(&r);
}

TEST(counters_and_tags_change_by_numbers_and_expressions)
{
	struct ruled r;

	ruled_open(&r, " http-request track-sc1 hdr(k) table t\n http-request sc-add-gpc(2,1) req.hdr_val(n)\n http-request sc-inc-gpc(1,1)\n"
		       " http-request sc-set-gpt0(1) int(41),add(1)\n http-request sc-inc-gpc1(1)\n http-request sc-inc-gpc0(2)\n", TABLE);
	assert_non_null(ASK(&r, "http://h/", "--header", "K: a", "--header", "N: 7"));
	assert_non_null(ASK(&r, "http://h/", "--header", "K: a", "--header", "N: 5"));
	assert_int_equal(kept(&r, "a", SD_GPC, 2), 12);
	assert_int_equal(kept(&r, "a", SD_GPC, 1), 2);
	assert_int_equal(kept(&r, "a", SD_GPT0, 0), 42);
	assert_int_equal(kept(&r, "a", SD_GPC1, 0), 2);
	ruled_close(&r);
}

TEST(a_rule_sees_what_the_rule_before_it_has_counted)
{
	static const char *const front = " http-request track-sc0 hdr(k) table t\n http-request sc-inc-gpc0(0) if { sc_get_gpc0(0) lt 2 }\n"
					 " http-request sc-inc-gpc0(0) if { sc_get_gpc0(0) lt 2 }\n http-request sc-inc-gpc0(0) if { sc_get_gpc0(0) lt 2 }\n"
					 " http-request set-header X %[sc_get_gpc0(0)]\n";
	struct ruled r;

	ruled_open(&r, front, TABLE);
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/", "--header", "K: a")), "2");
	ruled_close(&r);
}

TEST(a_denied_request_is_an_error_of_what_it_tracks)
{
	struct ruled r;

	ruled_open(&r, " http-request track-sc0 hdr(k) table t\n http-request deny if { path /x }\n", TABLE);
	assert_non_null(ASK(&r, "http://h/x", "--header", "K: a"));
	assert_non_null(ASK(&r, "http://h/", "--header", "K: a"));
	assert_int_equal(kept(&r, "a", SD_HTTP_ERR_CNT, 0), 1);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_tracked_from_its_rule_on_and_the_first_rule_of_a_slot_wins),
		cmocka_unit_test(counters_and_tags_change_by_numbers_and_expressions),
		cmocka_unit_test(a_rule_sees_what_the_rule_before_it_has_counted),
		cmocka_unit_test(a_denied_request_is_an_error_of_what_it_tracks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
