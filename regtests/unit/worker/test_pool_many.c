// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections that carry many exchanges: who may join one, and when it is offered to nobody any more. */
#include <sluice/ipc/place.h>
#include "fake_conn.h"
#include "../unit.h"

static struct fake_world w;
static unsigned places; /* free on every connection */

static unsigned fake_room(struct mux *m UNUSED) { return places; }

static struct mux_ops many_ops;

static int setup(void **state UNUSED)
{
	fake_world(&w);
	many_ops = fake_ops;
	many_ops.room = fake_room;
	places = 3;
	w.px[1].reuse = REUSE_SAFE;
	return 0;
}

static int teardown(void **state UNUSED)
{
	wk.draining = false;
	pool_drop_shared(0);
	finish(&w);
	return 0;
}

/* A connection with one exchange open, offered. */
static struct sconn *offered(void)
{
	struct sconn *sc = make(0, 1);

	sc->mux->ops = &many_ops;
	sc->open = 1;
	pool_share(&w.s, sc);
	return sc;
}

static void leave(struct sconn *sc)
{
	sc->open--;
	pool_leave(&w.s, sc);
}

TEST(others_may_join_as_long_as_there_is_room)
{
	struct sconn *sc = offered();

	assert_true(sc->shared);
	assert_ptr_equal(pool_join(0, 0), sc);
	assert_null(pool_join(1, 0)); /* another server */
	assert_null(pool_join(0, 7)); /* another name */
	places = 0;
	assert_null(pool_join(0, 0));
	places = 1;
	assert_ptr_equal(pool_join(0, 0), sc);
	leave(sc);
	assert_true(sc->idle);
}

TEST(what_is_not_for_everybody_is_not_offered)
{
	struct sconn *sc = make(0, 1);

	pool_share(&w.s, sc); /* its mux carries one exchange */
	assert_false(sc->shared);
	sc->mux->ops = &many_ops;
	sc->priv = true;
	pool_share(&w.s, sc);
	assert_false(sc->shared);
	sc->priv = false;
	sc->apart = true;
	pool_share(&w.s, sc);
	assert_false(sc->shared);
	sc->apart = false;
	w.px[1].reuse = REUSE_NEVER;
	pool_share(&w.s, sc);
	assert_false(sc->shared);
	w.px[1].reuse = REUSE_SAFE;
	wk.draining = true;
	pool_share(&w.s, sc);
	assert_false(sc->shared);
	pool_destroy(sc);
}

TEST(an_idle_one_is_counted_and_taken_back_to_work)
{
	struct sconn *sc = offered();

	leave(sc);
	assert_true(sc->idle);
	assert_int_equal(wk.srv[0].nidle, 1);
	assert_ptr_equal(pool_join(0, 0), sc);
	assert_false(sc->idle);
	assert_int_equal(wk.srv[0].nidle, 0);
	sc->open = 1;
	leave(sc);
}

TEST(one_that_is_worn_out_or_led_elsewhere_takes_no_more)
{
	struct srv_place p = { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 80 } };
	struct sconn *sc = offered();

	w.opts.max_reuse = 5;
	sc->uses = 5;
	assert_ptr_equal(pool_join(0, 0), sc);
	sc->uses = 6;
	assert_null(pool_join(0, 0));
	assert_false(sc->shared);
	leave(sc); /* and is closed with its last exchange */
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
	sc = offered();
	assert_true(place_write(wk.seg, 0, &p));
	assert_null(pool_join(0, 0));
	leave(sc);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
}

TEST(a_server_that_is_down_keeps_none_and_a_full_pool_no_idle_one)
{
	struct sconn *sc = offered();

	wk.srv[0].down = true;
	leave(sc);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
	wk.srv[0].down = false;
	w.opts.pool_max_conn = 1;
	sc = offered();
	struct sconn *second = offered();
	leave(sc);
	assert_int_equal(wk.srv[0].nidle, 1);
	leave(second);
	assert_int_equal(wk.srv[0].nidle, 1);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 1);
	w.opts.pool_max_conn = -1;
}

TEST(the_oldest_idle_one_is_found_and_dropping_spares_those_at_work)
{
	struct sconn *first = offered(), *second = offered(), *third = offered();

	assert_null(pool_oldest_shared(&wk.srv[0]));
	leave(first);
	leave(second);
	assert_ptr_equal(pool_oldest_shared(&wk.srv[0]), first);
	pool_drop_shared(0);
	assert_int_equal(wk.srv[0].nidle, 0);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 1);
	assert_false(third->shared);
	assert_null(pool_join(0, 0));
	leave(third);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(others_may_join_as_long_as_there_is_room), T(what_is_not_for_everybody_is_not_offered),
		T(an_idle_one_is_counted_and_taken_back_to_work), T(one_that_is_worn_out_or_led_elsewhere_takes_no_more),
		T(a_server_that_is_down_keeps_none_and_a_full_pool_no_idle_one),
		T(the_oldest_idle_one_is_found_and_dropping_spares_those_at_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
