// SPDX-License-Identifier: GPL-3.0-or-later
/* Entries: keys, expiry, pins, and who has to go when there is no room. */
#include "stick_test.h"

TEST(a_key_is_made_once_and_found_again)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 1000, 0);
	struct stick_table *t = table_of(&s);

	assert_false(has_key(t, 7, false, 1));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(has_key(t, i, true, 1));
	for (uint32_t i = 0; i < 1000; i++)
		assert_true(has_key(t, i, false, 1));
	assert_int_equal(stick_used(t), 1000);
	stick_unmap(t);
}

TEST(an_entry_expires_after_its_last_use_and_not_before)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 1000);
	struct stick_table *t = table_of(&s);

	assert_true(has_key(t, 1, true, 5000));
	assert_true(has_key(t, 1, false, 5999));
	assert_false(has_key(t, 1, false, 6000));
	assert_true(has_key(t, 1, true, 6000));
	assert_true(has_key(t, 1, true, 6900));
	assert_true(has_key(t, 1, false, 7800));
	assert_int_equal(stick_used(t), 1);
	stick_unmap(t);
}

TEST(expiry_works_across_the_wrap_of_the_clock)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 1000);
	struct stick_table *t = table_of(&s);

	assert_true(has_key(t, 1, true, UINT32_MAX - 100));
	assert_true(has_key(t, 1, false, 500));
	assert_false(has_key(t, 1, false, 900));
	stick_unmap(t);
}

TEST(what_was_counted_is_gone_with_the_expired_entry)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 1000);
	struct stick_table *t = table_of(&s);
	struct stick_at at;
	uint32_t k = 3;

	assert_true(stick_open(t, num_key(&k), true, 0, &at));
	stick_add(&at, SD_GPC0, 0, 9, 0);
	stick_close(&at);
	assert_int_equal(value_of(t, 3, SD_GPC0, 999), 9);
	assert_true(has_key(t, 3, true, 2000));
	assert_int_equal(value_of(t, 3, SD_GPC0, 2000), 0);
	stick_unmap(t);
}

TEST(a_sweep_frees_what_has_expired_and_nothing_else)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 1000);
	struct stick_table *t = table_of(&s);
	struct stick_ref r;

	for (uint32_t i = 0; i < 50; i++)
		assert_true(has_key(t, i, true, 100));
	for (uint32_t i = 50; i < 60; i++)
		assert_true(has_key(t, i, true, 900));
	assert_true(pin_key(t, 5, 100, &r));
	stick_sweep(t, 100, 1500);
	assert_int_equal(stick_used(t), 11);
	assert_true(has_key(t, 5, false, 1500));
	stick_unpin(t, &r, 1500);
	stick_sweep(t, 100, 1950);
	assert_int_equal(stick_used(t), 1);
	stick_sweep(t, 100, 2500);
	assert_int_equal(stick_used(t), 0);
	stick_unmap(t);
}

TEST(a_full_table_forgets_the_oldest)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 200, 0);
	struct stick_table *t = table_of(&s);

	for (uint32_t i = 0; i < 200; i++)
		assert_true(has_key(t, i, true, 100 + i));
	assert_true(has_key(t, 0, true, 400)); /* used again */
	for (uint32_t i = 200; i < 250; i++)
		assert_true(has_key(t, i, true, 500 + i));
	assert_int_equal(stick_used(t), 200);
	assert_true(has_key(t, 0, false, 1000));
	for (uint32_t i = 1; i <= 50; i++)
		assert_false(has_key(t, i, false, 1000));
	for (uint32_t i = 51; i < 250; i++)
		assert_true(has_key(t, i, false, 1000));
	stick_unmap(t);
}

TEST(a_pinned_entry_is_neither_forgotten_nor_expired)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 1000);
	struct stick_table *t = table_of(&s);
	struct stick_ref r[64];

	for (uint32_t i = 0; i < 64; i++)
		assert_true(pin_key(t, i, 10, &r[i]));
	assert_false(has_key(t, 100, true, 20));
	assert_int_equal(stick_missed(t), 1);
	assert_true(has_key(t, 0, false, 50000));
	assert_int_equal(value_of(t, 0, SD_CONN_CUR, 50000), 1);
	stick_unpin(t, &r[9], 50000);
	assert_true(has_key(t, 100, true, 50001));
	assert_false(has_key(t, 9, false, 50002));
	for (uint32_t i = 0; i < 64; i++)
		stick_unpin(t, &r[i], 60000); /* the ninth again: nothing */
	stick_unmap(t);
}

TEST(a_full_nopurge_table_takes_no_new_key)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 10, 0);
	struct stick_table *t;

	s.nopurge = true;
	t = table_of(&s);
	for (uint32_t i = 0; i < 10; i++)
		assert_true(has_key(t, i, true, 1));
	assert_false(has_key(t, 10, true, 2));
	assert_true(has_key(t, 0, true, 3));
	stick_unmap(t);
}

TEST(an_entry_is_dropped_only_when_nobody_has_pinned_it)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 10, 0);
	struct stick_table *t = table_of(&s);
	struct stick_ref r;
	struct stick_at at;
	uint32_t k = 1;

	assert_true(pin_key(t, 1, 1, &r));
	assert_true(stick_open(t, num_key(&k), false, 1, &at));
	assert_false(stick_drop(&at));
	stick_close(&at);
	stick_unpin(t, &r, 1);
	assert_true(stick_open(t, num_key(&k), false, 1, &at));
	assert_true(stick_drop(&at));
	assert_false(has_key(t, 1, false, 1));
	assert_int_equal(stick_used(t), 0);
	stick_unmap(t);
}

TEST(walking_meets_every_entry_once)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 500, 0);
	struct stick_table *t = table_of(&s);
	struct stick_at at;
	uint32_t cursor = 0, k;
	unsigned seen[300] = { 0 };

	for (uint32_t i = 0; i < 300; i++)
		assert_true(has_key(t, i, true, 1));
	while (stick_next(t, &cursor, 1, &at)) {
		memcpy(&k, stick_key(&at).p, sizeof(k));
		seen[k]++;
		stick_close(&at);
	}
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(seen[i], 1);
	stick_unmap(t);
}

TEST(large_tables_fill_to_nearly_all_they_have)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100000, 0);
	struct stick_table *t = table_of(&s);

	for (uint32_t i = 0; i < 150000; i++)
		assert_true(has_key(t, i, true, i));
	assert_true(stick_used(t) >= 98000);
	assert_true(has_key(t, 149999, false, 150000));
	assert_false(has_key(t, 0, false, 150000));
	assert_int_equal(stick_missed(t), 0);
	stick_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_made_once_and_found_again),
		cmocka_unit_test(an_entry_expires_after_its_last_use_and_not_before),
		cmocka_unit_test(expiry_works_across_the_wrap_of_the_clock),
		cmocka_unit_test(what_was_counted_is_gone_with_the_expired_entry),
		cmocka_unit_test(a_sweep_frees_what_has_expired_and_nothing_else),
		cmocka_unit_test(a_full_table_forgets_the_oldest),
		cmocka_unit_test(a_pinned_entry_is_neither_forgotten_nor_expired),
		cmocka_unit_test(a_full_nopurge_table_takes_no_new_key),
		cmocka_unit_test(an_entry_is_dropped_only_when_nobody_has_pinned_it),
		cmocka_unit_test(walking_meets_every_entry_once),
		cmocka_unit_test(large_tables_fill_to_nearly_all_they_have),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
