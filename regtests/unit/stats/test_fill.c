// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of values: from counters, from the words of the segment, from the tables. */
#include <errno.h>
#include <sluice/ipc/place.h>
#include "stats_fixture.h"

TEST(counters_of_all_workers_are_in_the_row)
{
	for (unsigned w = 0; w < 3; w++) {
		ctr_add(&px_ctr(seg, PX_WEB, w)->fe.stot, 5);
		ctr_max(&px_ctr(seg, PX_WEB, w)->fe.smax, 10 + w);
		ctr_add(&px_ctr(seg, PX_APP, w)->be.hrsp_2xx, 2);
		ctr_add(&srv_ctr(seg, 2, w)->bin, 100);
		ctr_add(&lst_ctr(seg, 1, w)->stot, 1);
		live_add(seg, LIVE_SRV, 2, w, 3);
	}
	fx_row(STAT_FE, PX_WEB, PX_WEB);
	assert_string_equal(fx_text(ST_F_stot), "15");
	assert_string_equal(fx_text(ST_F_smax), "12");
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_string_equal(fx_text(ST_F_hrsp_2xx), "6");
	fx_row(STAT_SRV, PX_APP, 2);
	assert_string_equal(fx_text(ST_F_bin), "300");
	assert_string_equal(fx_text(ST_F_scur), "9");
	fx_row(STAT_LST, PX_WEB, 1);
	assert_string_equal(fx_text(ST_F_stot), "3");
	assert_string_equal(fx_text(ST_F_svname), "sock-2");
}

TEST(one_column_alone_says_the_same)
{
	static struct stats_row one;
	struct stats_obj o = { STAT_SRV, PX_APP, 2 };

	ctr_add(&srv_ctr(seg, 2, 1)->econ, 7);
	fx_row(STAT_SRV, PX_APP, 2);
	for (unsigned f = 0; f < STAT_COUNT; f++) {
		stats_fill(&src, &o, f, &one);
		if (row.v[f].type == SV_STR)
			assert_true(str_eq(one.v[f].str, row.v[f].str));
		else if (one.v[f].type != row.v[f].type || one.v[f].u != row.v[f].u)
			fail_msg("column %s", stat_descs[f].name);
	}
	assert_string_equal(fx_text(ST_F_econ), "7");
}

TEST(a_row_fills_no_column_the_table_denies_it)
{
	static const struct stats_obj all[] = { { STAT_FE, PX_WEB, PX_WEB }, { STAT_BE, PX_APP, PX_APP }, { STAT_SRV, PX_APP, 0 },
						{ STAT_LST, PX_WEB, 0 }, { STAT_FE, PX_RAW, PX_RAW }, { STAT_SRV, PX_RAW, 5 } };

	src.legends = true;
	for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
		stats_fill(&src, &all[i], STAT_ALL, &row);
		for (unsigned f = 0; f < STAT_COUNT; f++)
			if (row.v[f].type != SV_NONE && (!stat_applies(f, all[i].kind, px[all[i].px].mode == MODE_HTTP) || row.v[f].type != stat_descs[f].type))
				fail_msg("kind %u has %s", all[i].kind, stat_descs[f].name);
	}
}

TEST(check_columns_are_those_of_checked_servers)
{
	uint64_t w = health_check_word(CHK_L4CON, 0, 12);

	atomic_store(&seg->srv[0].check, check_word_with_errno(w, ECONNREFUSED));
	atomic_store(&seg->srv[0].chk_fail, 4);
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_check_status), "L4CON");
	assert_string_equal(fx_text(ST_F_last_chk), "Connection refused");
	assert_string_equal(fx_text(ST_F_check_desc), "Layer4 connection problem");
	assert_string_equal(fx_text(ST_F_check_duration), "12");
	assert_string_equal(fx_text(ST_F_chkfail), "4");
	assert_string_equal(fx_text(ST_F_check_code), "");
	atomic_store(&seg->srv[0].check, health_check_word(CHK_L7STS, 503, 1));
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_check_code), "503");
	assert_string_equal(fx_text(ST_F_last_chk), "Service Unavailable");
	fx_row(STAT_SRV, PX_APP, 4);
	assert_string_equal(fx_text(ST_F_check_status), "");
}

TEST(addresses_and_cookies_are_shown_with_legends_only)
{
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_addr), "");
	src.legends = true;
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_addr), "127.0.0.1:8000");
}

TEST(a_server_that_has_moved_is_shown_where_it_is_with_the_cookie_of_there)
{
	struct srv_place p = { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 81 } };
	char text[DYN_COOKIE_LEN + 1];

	src.legends = true;
	px[PX_APP].cookie.key = STR("secret");
	srv[0].cookie = STR("own");
	assert_true(place_write(seg, 0, &p));
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_addr), "192.0.2.1:81");
	assert_string_equal(fx_text(ST_F_cookie), "own");
	srv[0].flags |= SRVF_DYN_COOKIE;
	rt_dynamic_cookie(&px[PX_APP].cookie, &p.addr, text);
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_cookie), text);
	srv[0].flags &= ~(unsigned)SRVF_DYN_COOKIE;
	srv[0].cookie = STR_NULL;
}

TEST(the_age_of_the_last_session_is_minus_one_before_there_was_one)
{
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_string_equal(fx_text(ST_F_lastsess), "-1");
	ctr_max(&px_ctr(seg, PX_APP, 0)->be.lastsess, (uint64_t)clock_real.tv_sec - 40);
	ctr_max(&px_ctr(seg, PX_APP, 2)->be.lastsess, (uint64_t)clock_real.tv_sec - 30);
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_in_range(row.v[ST_F_lastsess].s, 30, 40);
}

TEST(quantiles_come_from_the_histograms_of_all_workers)
{
	for (unsigned i = 0; i < 99; i++)
		ctr_inc(&px_hist(seg, PX_APP, i % 3)->be.total[hist_bucket(1000)]);
	ctr_inc(&px_hist(seg, PX_APP, 1)->be.total[hist_bucket(1000000)]);
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_in_range(row.v[ST_F_total_p50_us].u, 1000, 1125);
	assert_in_range(row.v[ST_F_total_p99_us].u, 1000, 1125);
	assert_in_range(row.v[ST_F_total_p999_us].u, 1000000, 1125000);
	assert_int_equal(row.v[ST_F_queue_p50_us].u, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(counters_of_all_workers_are_in_the_row), T(one_column_alone_says_the_same), T(a_row_fills_no_column_the_table_denies_it),
		T(check_columns_are_those_of_checked_servers), T(addresses_and_cookies_are_shown_with_legends_only),
		T(a_server_that_has_moved_is_shown_where_it_is_with_the_cookie_of_there),
		T(the_age_of_the_last_session_is_minus_one_before_there_was_one), T(quantiles_come_from_the_histograms_of_all_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
