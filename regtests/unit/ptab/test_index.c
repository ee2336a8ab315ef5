// SPDX-License-Identifier: GPL-3.0-or-later
/* Indexes: growing, chains of one hash, slots that are used again, ranges as blocks. */
#include "ptab_test.h"

static void an_index_grows_with_its_entries(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, true);
	struct slots sl;
	char key[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "K%d", i);
		put(t, 0, key, "v");
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_string_equal(look(t, key), "v");
	}
	assert_true(index_slots(t, &ver_of(t, 0)->ix[0], &sl));
	assert_in_range(sl.n, 20000 * 5 / 4, 20000 * 4);
	ptab_unmap(t);
}

static void slots_of_removed_entries_do_not_fill_an_index(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, true);
	struct slots sl;
	char key[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		put(t, 0, key, "v");
		assert_int_equal(ptab_del(t, 0, str_c(key)), 1);
	}
	assert_true(index_slots(t, &ver_of(t, 0)->ix[0], &sl));
	assert_in_range(sl.n, 16, 64);
	ptab_unmap(t);
}

static void a_hundred_thousand_equal_keys_come_in_quickly_and_go_in_any_order(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_PREFIX, false);

	for (int i = 0; i < 100000; i++)
		put(t, 0, "/same", i ? "later" : "first");
	assert_string_equal(look(t, "/same/x"), "first");
	ptab_del_ref(t, 0, ptab_first(t));
	assert_string_equal(look(t, "/same/x"), "later");
	assert_int_equal(ptab_del(t, 0, STR("/same")), 99999);
	assert_string_equal(look(t, "/same/x"), "-");
	put(t, 0, "/same", "again");
	assert_string_equal(look(t, "/same/x"), "again");
	ptab_unmap(t);
}

static void a_range_is_as_few_blocks_as_cover_it(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_RANGE, false);
	struct keys k;

	put_range(t, 8, 15, "one");
	rec_keys(t, 0, rec_at(t, ptab_first(t)), &k);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.len[0], 3);
	ptab_clear(t, 0);
	put_range(t, 1, 8, "four");
	rec_keys(t, 0, rec_at(t, ptab_first(t)), &k);
	assert_int_equal(k.n, 4);
	ptab_clear(t, ptab_current(t));
	put_range(t, INT64_MIN + 1, INT64_MAX - 1, "most");
	rec_keys(t, 0, rec_at(t, ptab_first(t)), &k);
	assert_int_equal(k.n, 126);
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_index_grows_with_its_entries),
		T(slots_of_removed_entries_do_not_fill_an_index),
		T(a_hundred_thousand_equal_keys_come_in_quickly_and_go_in_any_order),
		T(a_range_is_as_few_blocks_as_cover_it),
	};

	clock_update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
