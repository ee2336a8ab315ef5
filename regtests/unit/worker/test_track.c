// SPDX-License-Identifier: GPL-3.0-or-later
/* Counter slots of sessions and streams: which entry an event counts in, and when it ends. */
#include "ruled.h"
#include "../../../src/worker/track.h"

#define TABLE "backend t\n stick-table type string len 16 size 100 store gpc0,http_req_cnt,http_fail_cnt,conn_cnt,conn_cur,bytes_in_cnt\n" RULED_BACK

static uint64_t kept(struct ruled *r, const char *key, enum stick_data d)
{
	struct stick_at at;

	if (!stick_open(r->h.tables[0], str_c(key), false, track_now(), &at))
		return UINT64_MAX;
	uint64_t v = stick_value(&at, d, 0, track_now());

	stick_close(&at);
	return v;
}

TEST(a_slot_of_the_stream_stands_before_that_of_the_session)
{
	struct ruled r;
	struct sc_set **of_session;

	ruled_open(&r, " http-request track-sc0 hdr(k) table t if { hdr(k) -m found }\n", TABLE);
	struct stream *s = ASK(&r, "http://h/", "--header", "K: stream");

	of_session = &r.x.se.track;
	assert_true(track_key(of_session, 0, track_table(0), STR("session")));
	assert_true(track_key(of_session, 1, track_table(0), STR("session")));
	assert_true(track_slot(s, 0)->ref.idx != track_slot(s, 1)->ref.idx);
	track_event(s, SE_HTTP_REQ, 5);
	assert_int_equal(kept(&r, "stream", SD_HTTP_REQ_CNT), 6); /* one by the rule */
	assert_int_equal(kept(&r, "session", SD_HTTP_REQ_CNT), 5);
	assert_null(track_slot(s, 2));
	assert_null(track_slot(s, -1));
	assert_null(track_slot(s, STICK_SC_MAX));
	track_end(of_session);
	ruled_close(&r);
}

TEST(what_is_tracked_counts_as_a_connection_until_its_end)
{
	struct ruled r;
	struct sc_set *set = NULL;

	ruled_open(&r, "", TABLE);
	assert_true(track_key(&set, 3, track_table(0), STR("a")));
	assert_false(track_key(&set, 3, track_table(0), STR("b"))); /* the first one stays */
	assert_int_equal(kept(&r, "a", SD_CONN_CUR), 1);
	assert_int_equal(kept(&r, "a", SD_CONN_CNT), 1);
	assert_int_equal(kept(&r, "b", SD_CONN_CUR), UINT64_MAX);
	track_end(&set);
	assert_null(set);
	assert_int_equal(kept(&r, "a", SD_CONN_CUR), 0);
	assert_int_equal(kept(&r, "a", SD_CONN_CNT), 1);
	track_end(&set);
	ruled_close(&r);
}

TEST(tables_that_do_not_exist_are_none)
{
	struct ruled r;

	ruled_open(&r, "", TABLE);
	assert_null(track_table(-1));
	assert_null(track_table(1));
	assert_non_null(track_table(0));
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slot_of_the_stream_stands_before_that_of_the_session),
		cmocka_unit_test(what_is_tracked_counts_as_a_connection_until_its_end),
		cmocka_unit_test(tables_that_do_not_exist_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
