// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/net/loop.h>
#include "../sim_clock.h"
#include "../unit.h"

static struct timer *fired[64];
static unsigned nfired;

static void note(struct timer *t) { fired[nfired++ % 64] = t; }

static int open_loop(void **state UNUSED)
{
	loop_init(NULL, 64);
	nfired = 0;
	return 0;
}

static int close_loop(void **state UNUSED)
{
	loop_free();
	return 0;
}

/* Turns until the clock is past at; the timers that are due have run then. */
static void run_until(uint64_t at)
{
	while (clock_ms() <= at) {
		sim_pass_ms(1);
		loop_turn(0);
	}
}

TEST(timers_fire_in_the_order_of_their_deadlines_and_once)
{
	struct timer t[3];
	uint64_t now = clock_ms();
	for (int i = 0; i < 3; i++)
		timer_init(&t[i], note);
	timer_set(&t[0], now + 6);
	timer_set(&t[1], now + 2);
	timer_set(&t[2], now + 4);
	assert_true(timer_on(&t[0]));
	run_until(now + 8);
	assert_int_equal(nfired, 3);
	assert_ptr_equal(fired[0], &t[1]);
	assert_ptr_equal(fired[1], &t[2]);
	assert_ptr_equal(fired[2], &t[0]);
	assert_false(timer_on(&t[0]));
}

TEST(a_deadline_moved_later_leaves_the_timer_in_place_until_it_surfaces)
{
	struct timer t;
	uint64_t now = clock_ms();
	timer_init(&t, note);
	timer_set(&t, now + 2);
	timer_set(&t, now + 100000);
	assert_int_equal(t.queued_at, now + 2); /* moving later is one store */
	run_until(now + 5);
	assert_int_equal(nfired, 0);
	assert_int_equal(t.queued_at, now + 100000);
	run_until(now + 100000);
	assert_int_equal(nfired, 1);
}

TEST(a_deadline_moved_earlier_is_kept)
{
	struct timer t;
	uint64_t now = clock_ms();
	timer_init(&t, note);
	timer_set(&t, now + 100000);
	timer_set(&t, now + 2);
	run_until(now + 2);
	assert_int_equal(nfired, 1);
}

TEST(later_and_then_earlier_again_fires_at_the_last_deadline)
{
	struct timer t;
	uint64_t now = clock_ms();
	timer_init(&t, note);
	timer_set(&t, now + 3);
	timer_set(&t, now + 100000);
	timer_set(&t, now + 5);
	run_until(now + 5);
	assert_int_equal(nfired, 1);
}

TEST(a_stopped_timer_does_not_fire_and_may_start_again)
{
	struct timer t;
	uint64_t now = clock_ms();
	timer_init(&t, note);
	timer_stop(&t);
	timer_set(&t, now + 1);
	timer_stop(&t);
	timer_stop(&t);
	assert_false(timer_on(&t));
	run_until(now + 3);
	assert_int_equal(nfired, 0);
	timer_set(&t, clock_ms());
	loop_turn(0);
	assert_int_equal(nfired, 1);
}

TEST(no_timer_fires_before_its_deadline)
{
	struct timer t;
	timer_init(&t, note);
	uint64_t at = clock_ms() + 5;
	timer_set(&t, at);
	while (nfired == 0)
		loop_turn(-1);
	assert_true(clock_ms() >= at);
}

static void again_now(struct timer *t)
{
	nfired++;
	timer_set(t, clock_ms());
}

TEST(a_timer_that_restarts_itself_for_now_waits_for_the_next_turn)
{
	struct timer t;
	timer_init(&t, again_now);
	timer_set(&t, clock_ms());
	loop_turn(0);
	assert_int_equal(nfired, 1);
	loop_turn(-1);
	assert_int_equal(nfired, 2);
	timer_stop(&t);
}

static struct timer victim;
static void stop_victim(struct timer *t)
{
	note(t);
	timer_stop(&victim);
}

TEST(a_timer_stopped_by_another_of_the_same_turn_does_not_fire)
{
	struct timer t;
	timer_init(&t, stop_victim);
	timer_init(&victim, note);
	timer_set(&t, 1);
	timer_set(&victim, 2);
	loop_turn(0);
	assert_int_equal(nfired, 1);
	assert_ptr_equal(fired[0], &t);
}

static uint64_t last_key;
static void in_order(struct timer *t)
{
	assert_true(t->queued_at >= last_key);
	last_key = t->queued_at;
	nfired++;
}

TEST(a_thousand_timers_set_moved_and_stopped_at_random_fire_in_order)
{
	static struct timer t[1000];
	unsigned left = 0;
	rand_seed_fixed(5);
	last_key = 0;
	for (int i = 0; i < 1000; i++)
		timer_init(&t[i], in_order);
	for (int i = 0; i < 10000; i++) {
		struct timer *x = &t[rand_below(1000)];
		if (rand_below(4))
			timer_set(x, 1 + rand_below(1000)); /* a machine has been up for longer */
		else
			timer_stop(x);
	}
	for (int i = 0; i < 1000; i++)
		left += timer_on(&t[i]);
	for (int i = 0; i < 4 && nfired < left; i++)
		loop_turn(0);
	assert_int_equal(nfired, left);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(t[i].pos, 0);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest t[] = {
		LOOP_TEST(timers_fire_in_the_order_of_their_deadlines_and_once),
		LOOP_TEST(a_deadline_moved_later_leaves_the_timer_in_place_until_it_surfaces),
		LOOP_TEST(a_deadline_moved_earlier_is_kept),
		LOOP_TEST(later_and_then_earlier_again_fires_at_the_last_deadline),
		LOOP_TEST(a_stopped_timer_does_not_fire_and_may_start_again),
		LOOP_TEST(no_timer_fires_before_its_deadline),
		LOOP_TEST(a_timer_that_restarts_itself_for_now_waits_for_the_next_turn),
		LOOP_TEST(a_timer_stopped_by_another_of_the_same_turn_does_not_fire),
		LOOP_TEST(a_thousand_timers_set_moved_and_stopped_at_random_fire_in_order),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
