// SPDX-License-Identifier: GPL-3.0-or-later
/* Histograms of durations: their buckets and what is read from them. */
#include "../unit.h"
#include <sluice/ipc/hist.h>

TEST(buckets_follow_each_other_without_gap_or_overlap)
{
	for (unsigned b = 0; b < HIST_BUCKETS; b++) {
		assert_int_equal(hist_bucket(hist_floor(b)), b);
		assert_int_equal(hist_bucket(hist_floor(b + 1) - 1), b);
	}
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

TEST(a_bucket_is_at_most_an_eighth_of_its_values_wide)
{
	for (unsigned b = HIST_SUB; b < HIST_BUCKETS; b++)
		assert_true((hist_floor(b + 1) - hist_floor(b)) * HIST_SUB <= hist_floor(b));
}

TEST(the_last_bucket_is_beyond_half_an_hour) { assert_true(hist_floor(HIST_BUCKETS - 1) > 30ull * 60 * 1000000); }

TEST(quantiles_are_right_to_an_eighth)
{
	static uint64_t h[HIST_BUCKETS];

	for (uint64_t us = 1; us <= 10000; us++)
		h[hist_bucket(us)]++;
	static const struct { unsigned permille; uint64_t us; } want[] = { { 500, 5000 }, { 900, 9000 }, { 990, 9900 }, { 999, 9990 } };
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		uint64_t got = hist_quantile(h, want[i].permille);
		assert_in_range(got, want[i].us, want[i].us + want[i].us / 8);
	}
	assert_int_equal(hist_count(h), 10000);
	assert_in_range(hist_sum(h), 50005000 * 15ull / 16, 50005000 * 17ull / 16);
}

TEST(an_empty_histogram_has_no_quantiles)
{
	static const uint64_t h[HIST_BUCKETS];

	assert_int_equal(hist_quantile(h, 999), 0);
	assert_int_equal(hist_sum(h), 0);
}

TEST(one_value_is_every_quantile)
{
	static uint64_t h[HIST_BUCKETS];

	h[hist_bucket(5)] = 1;
	assert_int_equal(hist_quantile(h, 1), 5);
	assert_int_equal(hist_quantile(h, 999), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other_without_gap_or_overlap),
		cmocka_unit_test(a_bucket_is_at_most_an_eighth_of_its_values_wide),
		cmocka_unit_test(the_last_bucket_is_beyond_half_an_hour),
		cmocka_unit_test(quantiles_are_right_to_an_eighth),
		cmocka_unit_test(an_empty_histogram_has_no_quantiles),
		cmocka_unit_test(one_value_is_every_quantile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
