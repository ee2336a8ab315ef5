// SPDX-License-Identifier: GPL-3.0-or-later
/* The sliding rate of bandwidth limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/defs.h>
#include <sluice/filter/bwlim.h>

#define LIMIT  1000u
#define PERIOD 500u

static void a_period_s_share_may_pass_at_once_and_no_more(void **s)
{
	struct bw_rate r = { 0 };

	(void)s;
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10000), LIMIT);
	bw_add(&r, LIMIT);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10000), 0);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10499), 0);
}

static void what_passed_fades_evenly_over_the_next_period(void **s)
{
	struct bw_rate r = { 0 };

	(void)s;
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10000), LIMIT);
	bw_add(&r, LIMIT);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10500), 0);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10750), LIMIT / 2);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 10999), 998);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 11500), LIMIT);
}

static void silence_is_forgotten(void **s)
{
	struct bw_rate r = { 0 };

	(void)s;
	(void)bw_left(&r, LIMIT, PERIOD, 10000);
	bw_add(&r, LIMIT);
	assert_int_equal(bw_left(&r, LIMIT, PERIOD, 99999999), LIMIT);
}

/* Whoever waits as long as he is told finds what he waits for, and would not have found it a moment before. */
static void the_wait_is_as_long_as_it_has_to_be(void **s)
{
	(void)s;
	for (uint32_t used = 0; used <= LIMIT; used += 37)
		for (uint32_t want = 1; want <= LIMIT; want += 61)
			for (uint64_t now = 10000; now < 11400; now += 97) {
				struct bw_rate r = { .start = 10000, .cur = used };
				uint64_t w = bw_wait(&r, LIMIT, PERIOD, want, now);

				assert_true(w <= 2 * PERIOD);
				assert_true(bw_left(&r, LIMIT, PERIOD, now + w) >= want);
				r = (struct bw_rate){ .start = 10000, .cur = used };
				if (w > 2)
					assert_true(bw_left(&r, LIMIT, PERIOD, now + w - 2) < want);
			}
}

static void a_sender_that_takes_all_it_gets_keeps_to_the_limit(void **s)
{
	struct bw_rate r = { 0 };
	uint64_t sum = 0, now = 10000;

	(void)s;
	while (now < 10000 + 20 * PERIOD) {
		uint32_t want = bw_slice(LIMIT, PERIOD, 0, 16384), n;

		now += bw_wait(&r, LIMIT, PERIOD, want, now);
		n = bw_left(&r, LIMIT, PERIOD, now);
		bw_add(&r, n);
		sum += n;
		assert_true(sum <= MAX((now - 10000) * LIMIT / PERIOD, LIMIT));
	}
	assert_true(sum >= 19 * LIMIT);
}

static void a_slice_is_worth_waking_up_for(void **s)
{
	(void)s;
	assert_int_equal(bw_slice(1000000, 1000, 0, 16384), 16384);
	assert_int_equal(bw_slice(100000, 1000, 0, 16384), 2000);
	assert_int_equal(bw_slice(100000, 1000, 5000, 16384), 5000);
	assert_int_equal(bw_slice(100000, 1000, 5000, 300), 300);
	assert_int_equal(bw_slice(100, 1000, 5000, 300), 100);
	assert_int_equal(bw_slice(1, 1000, 0, 300), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_period_s_share_may_pass_at_once_and_no_more),
		cmocka_unit_test(what_passed_fades_evenly_over_the_next_period),
		cmocka_unit_test(silence_is_forgotten),
		cmocka_unit_test(the_wait_is_as_long_as_it_has_to_be),
		cmocka_unit_test(a_sender_that_takes_all_it_gets_keeps_to_the_limit),
		cmocka_unit_test(a_slice_is_worth_waking_up_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
