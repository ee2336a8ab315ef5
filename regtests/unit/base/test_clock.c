// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/clock.h>
#include "../unit.h"

TEST(the_cached_time_stands_still_until_it_is_updated)
{
	clock_update();
	uint64_t at = clock_now_ns;
	while (clock_read_ns() <= at)
		;
	assert_true(clock_now_ns == at);
	clock_update();
	assert_true(clock_now_ns > at);
}

TEST(milliseconds_and_microseconds_are_rounded_down)
{
	clock_now_ns = 1999999;
	assert_int_equal(clock_ms(), 1);
	assert_int_equal(clock_us(), 1999);
}

TEST(wall_clock_time_is_read_with_the_monotonic_one)
{
	time_t before = time(NULL);
	clock_real = (struct timespec){ 0 };
	clock_update();
	assert_in_range(clock_real.tv_sec, before - 1, before + 60);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(the_cached_time_stands_still_until_it_is_updated),
		cmocka_unit_test(milliseconds_and_microseconds_are_rounded_down),
		cmocka_unit_test(wall_clock_time_is_read_with_the_monotonic_one),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
