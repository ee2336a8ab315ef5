// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may take which idle connection, and how they leave. */
#include "fake_conn.h"

static bool may_take(enum rt_reuse mode, bool later, uint32_t uses)
{
	struct fake_world w;
	struct sconn *sc, *got;

	fake_world(&w);
	w.px[1].reuse = (uint8_t)(mode == REUSE_NEVER ? REUSE_SAFE : mode);
	sc = make(0, uses);
	pool_give(&w.s, sc);
	w.px[1].reuse = (uint8_t)mode;
	w.s.flags = later ? SF_NOT_FIRST : 0;
	got = pool_take(&w.s, 0);
	assert_true(!got || got == sc);
	if (got)
		pool_destroy(got);
	finish(&w);
	return got;
}

static void http_reuse_decides_by_first_request_and_proof(void **state)
{
	static const struct { enum rt_reuse mode; bool first_fresh, first_proven, later; } rows[] = {
		{ REUSE_NEVER, false, false, false },
		{ REUSE_SAFE, false, false, true },
		{ REUSE_AGGRESSIVE, false, true, true },
		{ REUSE_ALWAYS, true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(may_take(rows[i].mode, false, 1), rows[i].first_fresh);
		assert_int_equal(may_take(rows[i].mode, false, 2), rows[i].first_proven);
		assert_int_equal(may_take(rows[i].mode, true, 1), rows[i].later);
		assert_int_equal(may_take(rows[i].mode, true, 2), rows[i].later);
	}
}

static void idle_connections_are_counted_as_fresh_or_proven(void **state)
{
	struct fake_world w;
	struct sconn *sc;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	pool_give(&w.s, make(0, 1));
	pool_give(&w.s, make(0, 2));
	pool_give(&w.s, make(0, 3));
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_IDLE, 0), 1);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_SAFE, 0), 2);
	sc = pool_take(&w.s, 0);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_IDLE, 0), 0);
	sc->uses++;
	pool_give(&w.s, sc);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_IDLE, 0), 0);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_SAFE, 0), 3);
	finish(&w);
}

static void reuse_never_keeps_a_connection_with_its_session(void **state)
{
	struct fake_world w;
	struct session other = { 0 };
	struct sconn *sc;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_NEVER;
	sc = make(0, 1);
	pool_give(&w.s, sc);
	list_init(&other.priv);
	w.s.sess = &other;
	assert_null(pool_take(&w.s, 0));
	w.s.sess = &w.sess;
	assert_ptr_equal(pool_take(&w.s, 0), sc);
	pool_destroy(sc);
	finish(&w);
}

static void a_connection_of_another_server_is_never_taken(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	pool_give(&w.s, make(1, 1));
	assert_null(pool_take(&w.s, 0));
	finish(&w);
}

static void a_connection_that_speaks_while_idle_is_closed_not_reused(void **state)
{
	struct fake_world w;
	struct sconn *sc;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	sc = make(0, 1);
	pool_give(&w.s, sc);
	sc->mux->conn->io.ready |= IO_RD;
	assert_null(pool_take(&w.s, 0));
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
	finish(&w);
}

static void pool_max_conn_bounds_the_idle_ones(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	w.opts.pool_max_conn = 1;
	pool_give(&w.s, make(0, 1));
	pool_give(&w.s, make(0, 1));
	assert_int_equal(wk.srv[0].nidle, 1);
	finish(&w);
}

static void the_most_recent_connection_goes_first_and_half_are_purged(void **state)
{
	struct fake_world w;
	struct sconn *last;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	for (int i = 0; i < 3; i++)
		pool_give(&w.s, make(0, 1));
	last = make(0, 1);
	pool_give(&w.s, last);
	assert_true(timer_on(&wk.srv[0].purge));
	wk.srv[0].purge.fn(&wk.srv[0].purge);
	assert_int_equal(wk.srv[0].nidle, 2);
	assert_ptr_equal(pool_take(&w.s, 0), last);
	pool_destroy(last);
	finish(&w);
}

static void where_the_client_went_counts_for_servers_at_no_address_alone(void **state)
{
	struct fake_world w;
	struct addr went = { .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 80 };
	struct sconn *sc;

	(void)state;
	fake_world(&w);
	w.px[1].reuse = REUSE_ALWAYS;
	w.srv[0].addr = (struct addr){ .family = AF_INET };
	w.s.ctx.dst = &went;
	sc = make(0, 1);
	pool_give(&w.s, sc);
	assert_null(pool_take(&w.s, 0)); /* it went elsewhere */
	w.srv[0].flags = SRVF_RESOLVE; /* that address is only not known yet */
	assert_ptr_equal(pool_take(&w.s, 0), sc);
	pool_destroy(sc);
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_the_client_went_counts_for_servers_at_no_address_alone),
		cmocka_unit_test(http_reuse_decides_by_first_request_and_proof),
		cmocka_unit_test(idle_connections_are_counted_as_fresh_or_proven),
		cmocka_unit_test(reuse_never_keeps_a_connection_with_its_session),
		cmocka_unit_test(a_connection_of_another_server_is_never_taken),
		cmocka_unit_test(a_connection_that_speaks_while_idle_is_closed_not_reused),
		cmocka_unit_test(pool_max_conn_bounds_the_idle_ones),
		cmocka_unit_test(the_most_recent_connection_goes_first_and_half_are_purged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
