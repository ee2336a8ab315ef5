// SPDX-License-Identifier: GPL-3.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <sluice/base/num.h>
#include <sluice/base/rand.h>
#include "../unit.h"

TEST(unsigned_numbers_are_digits_up_to_64_bits)
{
	uint64_t v;
	assert_true(num_u64(STR("0"), &v) && v == 0);
	assert_true(num_u64(STR("007"), &v) && v == 7);
	assert_true(num_u64(STR("18446744073709551615"), &v) && v == UINT64_MAX);
	static const char *const bad[] = { "", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ",
		"1a", "0x1", "1.0" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(num_u64(str_c(bad[i]), &v));
}

TEST(signed_numbers_reach_both_ends_and_no_further)
{
	int64_t v;
	assert_true(num_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
	assert_true(num_i64(STR("+9223372036854775807"), &v) && v == INT64_MAX);
	assert_false(num_i64(STR("-9223372036854775809"), &v));
	assert_false(num_i64(STR("9223372036854775808"), &v));
	assert_false(num_i64(STR("-"), &v));
	assert_false(num_i64(STR("+-5"), &v));
	assert_false(num_i64(STR(""), &v));
}

TEST(hex_numbers_have_1_to_16_digits_of_either_case)
{
	uint64_t v;
	assert_true(num_hex64(STR("DeadBeef"), &v) && v == 0xdeadbeef);
	assert_true(num_hex64(STR("ffffffffffffffff"), &v) && v == UINT64_MAX);
	assert_false(num_hex64(STR("00000000000000001"), &v));
	assert_false(num_hex64(STR(""), &v));
	assert_false(num_hex64(STR("g"), &v));
	assert_false(num_hex64(STR("0x1"), &v));
}

TEST(durations_are_one_number_and_one_unit)
{
	static const struct { const char *text; uint64_t ms; } good[] = {
		{ "10", 10 }, { "10ms", 10 }, { "10s", 10000 }, { "3m", 180000 }, { "2h", 7200000 },
		{ "1d", 86400000 }, { "0us", 0 },
		{ "1us", 1 }, { "1000us", 1 }, { "1001us", 2 }, { "18446744073709551615us", 18446744073709552ull },
	};
	static const char *const bad[] = { "", "s", "1m30s", "10 s", "10S", "10x", "10sec", "-1s",
		"18446744073709551615s", "213503982335d" };
	uint64_t ms;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(num_duration(str_c(good[i].text), 1, &ms));
		assert_true(ms == good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (num_duration(str_c(bad[i]), 1, &ms))
			fail_msg("%s was taken for a duration", bad[i]);
}

TEST(a_bare_duration_counts_in_the_unit_of_its_place)
{
	uint64_t ms;
	assert_true(num_duration(STR("5"), 1000, &ms) && ms == 5000);
	assert_true(num_duration(STR("5ms"), 1000, &ms) && ms == 5);
	assert_false(num_duration(STR("18446744073709551615"), 1000, &ms));
}

TEST(sizes_take_binary_units_of_either_case)
{
	uint64_t b;
	assert_true(num_size(STR("16384"), &b) && b == 16384);
	assert_true(num_size(STR("1k"), &b) && b == 1024);
	assert_true(num_size(STR("2M"), &b) && b == 2097152);
	assert_true(num_size(STR("3g"), &b) && b == 3221225472ull);
	assert_false(num_size(STR("1kb"), &b));
	assert_false(num_size(STR("1t"), &b));
	assert_false(num_size(STR("k"), &b));
	assert_false(num_size(STR("17179869184g"), &b));
}

static void same_as_printf(uint64_t v)
{
	char want[32], got[32];
	int n = snprintf(want, sizeof want, "%" PRIu64, v);
	assert_int_equal(num_fmt_u64(got, v), n);
	assert_memory_equal(got, want, (size_t)n);
	n = snprintf(want, sizeof want, "%" PRId64, (int64_t)v);
	assert_int_equal(num_fmt_i64(got, (int64_t)v), n);
	assert_memory_equal(got, want, (size_t)n);
}

TEST(decimal_text_equals_that_of_printf_at_every_length)
{
	for (uint64_t v = 0; v < 2000; v++)
		same_as_printf(v);
	for (uint64_t p = 1, i = 0; i < 20; i++, p *= 10)
		same_as_printf(p), same_as_printf(p - 1), same_as_printf(0 - p);
	rand_seed_fixed(3);
	for (int i = 0; i < 2000; i++)
		same_as_printf(rand_u64() >> rand_below(64));
	same_as_printf(UINT64_MAX);
	same_as_printf((uint64_t)INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(unsigned_numbers_are_digits_up_to_64_bits),
		cmocka_unit_test(signed_numbers_reach_both_ends_and_no_further),
		cmocka_unit_test(hex_numbers_have_1_to_16_digits_of_either_case),
		cmocka_unit_test(durations_are_one_number_and_one_unit),
		cmocka_unit_test(a_bare_duration_counts_in_the_unit_of_its_place),
		cmocka_unit_test(sizes_take_binary_units_of_either_case),
		cmocka_unit_test(decimal_text_equals_that_of_printf_at_every_length),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
