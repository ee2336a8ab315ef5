// SPDX-License-Identifier: GPL-3.0-or-later
/* Words for the states of servers and backends. */
#include "stats_fixture.h"

static const char *status(uint32_t i)
{
	static char out[80];

	stats_srv_status(&src, i, out, sizeof(out));
	return out;
}

TEST(states_have_haproxys_words)
{
	assert_string_equal(status(0), "UP");
	fx_state(0, SRV_UP, 3);
	assert_string_equal(status(0), "UP 2/3");
	fx_state(0, SRV_UP, 2);
	assert_string_equal(status(0), "UP 1/3");
	fx_state(0, SRV_DOWN, 0);
	assert_string_equal(status(0), "DOWN");
	fx_state(0, SRV_DOWN, 1);
	assert_string_equal(status(0), "DOWN 1/2");
	fx_state(0, SRV_STOPPING, 4);
	assert_string_equal(status(0), "NOLB");
	fx_state(0, SRV_STARTING, 4);
	assert_string_equal(status(0), "UP");
	assert_string_equal(status(4), "no check");
}

TEST(orders_of_the_operator_come_before_health)
{
	fx_admin(0, ADM_FORCED_DRAIN, 1);
	assert_string_equal(status(0), "DRAIN");
	fx_state(0, SRV_UP, 3);
	assert_string_equal(status(0), "DRAIN 2/3");
	fx_admin(0, ADM_FORCED_MAINT, 1);
	assert_string_equal(status(0), "MAINT");
	fx_admin(0, ADM_RESOLUTION, 1);
	assert_string_equal(status(0), "MAINT (resolution)");
	srv[3].track = 0;
	fx_admin(3, ADM_INHERITED_MAINT, 1);
	assert_string_equal(status(3), "MAINT (via app/a)");
}

TEST(a_follower_speaks_of_the_server_it_follows)
{
	srv[4].track = 3, srv[3].track = 0;
	fx_state(0, SRV_UP, 3);
	assert_string_equal(status(4), "UP 2/3");
	fx_state(4, SRV_DOWN, 0), fx_state(0, SRV_DOWN, 0);
	assert_string_equal(status(4), "DOWN");
}

TEST(a_ring_of_followers_ends)
{
	srv[3].track = 4, srv[4].track = 3;
	assert_string_equal(status(3), "no check");
}

TEST(a_backend_is_up_while_a_server_takes_requests)
{
	for (unsigned i = 0; i < 5; i++) {
		assert_true(stats_be_up(&src, PX_APP));
		if (i % 2)
			fx_state(i, SRV_DOWN, 0);
		else
			fx_admin(i, i == 0 ? ADM_FORCED_MAINT : ADM_FORCED_DRAIN, 1);
	}
	assert_false(stats_be_up(&src, PX_APP));
	fx_admin(0, 0, 0);
	assert_false(stats_be_up(&src, PX_APP));
	assert_true(stats_be_up(&src, PX_WEB)); /* no servers at all */
}

TEST(the_weight_of_a_backend_is_that_of_the_servers_in_use)
{
	fx_admin(0, 0, 10), fx_admin(2, 0, 20), fx_admin(1, 0, 7);
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_string_equal(fx_text(ST_F_weight), "32");
	assert_string_equal(fx_text(ST_F_act), "4");
	assert_string_equal(fx_text(ST_F_bck), "1");
	for (unsigned i = 0; i < 5; i++)
		if (i != 1)
			fx_state(i, SRV_DOWN, 0);
	fx_row(STAT_BE, PX_APP, PX_APP);
	assert_string_equal(fx_text(ST_F_weight), "7");
	assert_string_equal(fx_text(ST_F_act), "0");
}

TEST(the_weight_of_a_server_grows_in_slow_start_and_outlives_a_drain)
{
	fx_admin(0, 0, 10);
	atomic_store(&seg->srv[0].op, srv_op_pack(SRV_STARTING, 4, 25, 1));
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_weight), "3");
	assert_string_equal(fx_text(ST_F_throttle), "25");
	fx_state(0, SRV_UP, 4), fx_admin(0, ADM_FORCED_DRAIN, 10);
	fx_row(STAT_SRV, PX_APP, 0);
	assert_string_equal(fx_text(ST_F_weight), "10");
}

TEST(downtime_runs_while_a_server_is_down)
{
	src.now_ms = 100000;
	atomic_store(&seg->srv[0].down_s, 7);
	atomic_store(&seg->srv[0].op, srv_op_pack(SRV_DOWN, 0, 100, 90));
	struct stats_obj o = { STAT_SRV, PX_APP, 0 };
	stats_fill(&src, &o, STAT_ALL, &row);
	assert_string_equal(fx_text(ST_F_downtime), "17");
	assert_string_equal(fx_text(ST_F_lastchg), "10");
	atomic_store(&seg->srv[0].op, srv_op_pack(SRV_UP, 4, 100, 95));
	stats_fill(&src, &o, STAT_ALL, &row);
	assert_string_equal(fx_text(ST_F_downtime), "7");
	fx_admin(0, ADM_FORCED_MAINT, 1);
	stats_fill(&src, &o, STAT_ALL, &row);
	assert_string_equal(fx_text(ST_F_downtime), "12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states_have_haproxys_words), T(orders_of_the_operator_come_before_health), T(a_follower_speaks_of_the_server_it_follows),
		T(a_ring_of_followers_ends), T(a_backend_is_up_while_a_server_takes_requests),
		T(the_weight_of_a_backend_is_that_of_the_servers_in_use),
		T(the_weight_of_a_server_grows_in_slow_start_and_outlives_a_drain), T(downtime_runs_while_a_server_is_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
