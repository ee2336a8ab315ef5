// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of tables: what add, set and del do to entries of equal keys, references, walks that go on. */
#include "ptab_test.h"

static void a_value_is_set_for_all_entries_of_a_key(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_PREFIX, false);

	put(t, 0, "/a", "1");
	put(t, 0, "/b", "1");
	put(t, 0, "/a", "2");
	assert_int_equal(ptab_set(t, 0, STR("/a"), STR("a much longer value than it was")), 2);
	assert_string_equal(look(t, "/ax"), "a much longer value than it was");
	assert_int_equal(ptab_set(t, 0, STR("/a"), STR("")), 2);
	assert_string_equal(look(t, "/ax"), "");
	assert_string_equal(look(t, "/b"), "1");
	assert_int_equal(ptab_set(t, 0, STR("/c"), STR("x")), 0);
	ptab_unmap(t);
}

static void all_entries_of_a_key_are_removed(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, true);

	put(t, 0, "a", "1");
	put(t, 0, "A", "2");
	put(t, 0, "a", "3");
	put(t, 0, "b", "4");
	assert_int_equal(ptab_del(t, 0, STR("a")), 2);
	assert_string_equal(look(t, "a"), "2");
	assert_int_equal(ptab_del(t, 0, STR("a")), 0);
	assert_int_equal(ptab_count(t), 2);
	ptab_unmap(t);
}

static void a_reference_names_one_entry_as_long_as_it_exists(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	uint32_t first, second;

	put(t, 0, "a", "1");
	put(t, 0, "a", "2");
	first = ptab_first(t);
	second = ptab_next(t, first);
	assert_true(ptab_is_ref(t, 0, second));
	assert_true(ptab_set_ref(t, 0, second, STR("22")));
	ptab_del_ref(t, 0, first);
	assert_string_equal(look(t, "a"), "22");
	assert_false(ptab_is_ref(t, 0, first));
	assert_false(ptab_is_ref(t, 0, 0));
	assert_false(ptab_is_ref(t, 0, 1));
	assert_false(ptab_is_ref(t, 0, second + 1));
	assert_false(ptab_is_ref(t, 0, UINT32_MAX));
	ptab_unmap(t);
}

static void entries_stand_in_the_order_in_which_they_came(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	struct ptab_entry e;
	char text[16], order[64] = "";

	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "%d", i);
		put(t, 0, text, "v");
	}
	assert_int_equal(ptab_del(t, 0, STR("0")) + ptab_del(t, 0, STR("3")) + ptab_del(t, 0, STR("5")), 3);
	put(t, 0, "9", "v");
	for (uint32_t at = ptab_first(t); at && ptab_entry(t, at, &e); at = ptab_next(t, at))
		strncat(order, e.key.p, e.key.n);
	assert_string_equal(order, "1249");
	ptab_unmap(t);
}

static void a_walk_passes_over_entries_that_go(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	struct ptab_walk w;
	struct ptab_entry e;

	put(t, 0, "a", "1");
	put(t, 0, "b", "2");
	put(t, 0, "c", "3");
	ptab_walk_open(&w, t, 0);
	assert_true(ptab_walk_next(&w, &e));
	assert_int_equal(ptab_del(t, 0, STR("b")), 1);
	ptab_reclaim(t, UINT64_MAX);
	assert_true(ptab_walk_next(&w, &e));
	assert_true(str_eq(e.key, STR("c")));
	assert_false(ptab_walk_next(&w, &e));
	ptab_walk_close(&w);
	ptab_walk_open(&w, t, 0);
	ptab_clear(t, 0);
	ptab_reclaim(t, UINT64_MAX);
	assert_false(ptab_walk_next(&w, &e));
	ptab_walk_close(&w);
	ptab_unmap(t);
}

static void what_is_removed_makes_room_for_what_comes(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_PREFIX, false);
	char key[32];
	size_t once = 0;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(key, sizeof(key), "/path/%d/%d", round, i);
			put(t, 0, key, "value");
		}
		for (int i = 0; i < 5000; i++) {
			snprintf(key, sizeof(key), "/path/%d/%d", round, i);
			assert_int_equal(ptab_del(t, 0, str_c(key)), 1);
		}
		clock_update();
		ptab_reclaim(t, UINT64_MAX);
		once = round ? once : ptab_bytes(t);
	}
	assert_in_range(ptab_bytes(t), 0, 2 * once);
	assert_int_equal(ptab_count(t), 0);
	ptab_unmap(t);
}

static void a_table_that_is_full_refuses_and_stays_what_it_is(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	struct ptab_key k = { .text = STR("big") };
	char *big = calloc(1, 8u << 20);
	unsigned n = 0;

	put(t, 0, "a", "1");
	while (n < 1000 && ptab_add(t, 0, &k, str_n(big, 8u << 20)))
		n++;
	assert_in_range(n, 100, 200); /* of 1 GiB */
	assert_string_equal(look(t, "a"), "1");
	assert_int_equal(ptab_del(t, 0, STR("big")), n);
	clock_update();
	ptab_reclaim(t, UINT64_MAX);
	assert_true(ptab_add(t, 0, &k, str_n(big, 8u << 20)));
	assert_false(ptab_add(t, 0, &k, str_n(big, PTAB_VALUE_MAX + 1ul)));
	free(big);
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_value_is_set_for_all_entries_of_a_key),
		T(all_entries_of_a_key_are_removed),
		T(a_reference_names_one_entry_as_long_as_it_exists),
		T(entries_stand_in_the_order_in_which_they_came),
		T(a_walk_passes_over_entries_that_go),
		T(what_is_removed_makes_room_for_what_comes),
		T(a_table_that_is_full_refuses_and_stays_what_it_is),
	};

	clock_update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
