// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/rand.h>
#include "../unit.h"

TEST(a_fixed_seed_repeats_the_sequence_and_another_does_not)
{
	uint64_t a[8];
	rand_seed_fixed(42);
	for (int i = 0; i < 8; i++)
		a[i] = rand_u64();
	rand_seed_fixed(42);
	for (int i = 0; i < 8; i++)
		assert_true(rand_u64() == a[i]);
	rand_seed_fixed(43);
	assert_true(rand_u64() != a[0]);
}

TEST(seeding_from_the_kernel_differs_each_time)
{
	rand_seed();
	uint64_t a = rand_u64();
	rand_seed();
	assert_true(rand_u64() != a);
}

TEST(below_is_uniform_and_never_reaches_its_bound)
{
	unsigned got[7] = { 0 };
	rand_seed_fixed(1);
	for (int i = 0; i < 70000; i++) {
		uint32_t v = rand_below(7);
		assert_true(v < 7);
		got[v]++;
	}
	for (int i = 0; i < 7; i++)
		assert_in_range(got[i], 9600, 10400); /* 4 sigma */
	assert_int_equal(rand_below(1), 0);
}

TEST(below_is_not_biased_for_a_bound_near_the_whole_range)
{
	unsigned low = 0;
	rand_seed_fixed(2);
	for (int i = 0; i < 60000; i++)
		low += rand_below(0xc0000000u) < 0x40000000u;
	assert_in_range(low, 19500, 20500); /* a third; a plain modulo would give a half */
}

TEST(secrets_fill_every_byte_of_any_length)
{
	unsigned char p[1000], all = 0;
	for (int round = 0; round < 20; round++) {
		memset(p, 0, sizeof p);
		rand_secret(p, sizeof p - 1);
		assert_int_equal(p[999], 0);
		all |= p[998];
	}
	assert_int_not_equal(all, 0);
	rand_secret(p, 0);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(a_fixed_seed_repeats_the_sequence_and_another_does_not),
		cmocka_unit_test(seeding_from_the_kernel_differs_each_time),
		cmocka_unit_test(below_is_uniform_and_never_reaches_its_bound),
		cmocka_unit_test(below_is_not_biased_for_a_bound_near_the_whole_range),
		cmocka_unit_test(secrets_fill_every_byte_of_any_length),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
