// SPDX-License-Identifier: GPL-3.0-or-later
/* Restart delays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/base/backoff.h>

static void the_first_four_deaths_cost_nothing(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(backoff_death(&b, 1000 + i, 0), 0);
	assert_int_equal(backoff_death(&b, 1004, 0), 100);
}

static void deaths_that_are_far_apart_never_cost(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	for (unsigned i = 1; i < 100; i++)
		assert_int_equal(backoff_death(&b, i * 2600ull, 2600), 0);
}

static void the_delay_doubles_up_to_five_seconds_and_stays(void **state)
{
	(void)state;
	static const uint32_t want[] = { 0, 0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000, 5000 };
	struct backoff b = { 0 };
	uint64_t now = 1;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		uint32_t d = backoff_death(&b, now, 5);
		assert_int_equal(d, want[i]);
		now += d + 5;
	}
}

static void ten_seconds_of_life_are_a_new_start(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	for (unsigned i = 0; i < 9; i++)
		(void)backoff_death(&b, 1000, 0);
	assert_int_equal(b.delay, 1600);
	assert_int_equal(backoff_death(&b, 20000, 17000), 0);
	assert_int_equal(backoff_death(&b, 20001, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_four_deaths_cost_nothing), cmocka_unit_test(deaths_that_are_far_apart_never_cost),
		cmocka_unit_test(the_delay_doubles_up_to_five_seconds_and_stays), cmocka_unit_test(ten_seconds_of_life_are_a_new_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
