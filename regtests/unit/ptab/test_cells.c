// SPDX-License-Identifier: GPL-3.0-or-later
/* Records in cells: they are found like all others, and room that is free again is used again. */
#include "ptab_test.h"

#define MANY 20000u

static void fill(struct ptab *t, unsigned n, unsigned reserved)
{
	char key[32];

	ptab_reserve(t, ptab_current(t), reserved, reserved * 16ull);
	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "key%u.test", i);
		put(t, ptab_current(t), key, "value");
	}
}

static bool in_cell(const struct ptab *t, const char *key)
{
	const struct version *v = ver_of(t, (uint32_t)ptab_current(t));
	uint32_t ref = ptab_by_key(t, ptab_current(t), str_c(key));

	return ref >= v->cells && ref < v->cells_end;
}

static unsigned in_cells(struct ptab *t, unsigned n)
{
	unsigned found = 0;
	char key[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "key%u.test", i);
		found += in_cell(t, key);
		assert_string_equal(look(t, key), "value");
	}
	return found;
}

static void most_records_of_a_large_table_lie_in_cells_and_all_are_found(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	fill(t, MANY, MANY);
	assert_in_range(in_cells(t, MANY), MANY * 3 / 4, MANY);
	assert_string_equal(look(t, "key"), "-");
	ptab_unmap(t);
}

static void cells_serve_the_index_that_is_asked(void **s UNUSED)
{
	static const enum ptab_how hows[] = { PTAB_PREFIX, PTAB_SUFFIX, PTAB_DOM };

	for (unsigned i = 0; i < ARRAY_LEN(hows); i++) {
		struct ptab *t = table_for(hows[i], i == 1);

		fill(t, MANY, MANY);
		assert_in_range(in_cells(t, MANY), MANY * 3 / 4, MANY);
		ptab_unmap(t);
	}
}

static void a_small_table_and_one_of_long_entries_have_none(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	fill(t, 100, 100);
	assert_int_equal(in_cells(t, 100), 0);
	ptab_unmap(t);
	t = table_for(PTAB_EXACT, false);
	ptab_reserve(t, 0, MANY, MANY * 500ull);
	assert_int_equal(ver_of(t, 0)->cells, 0);
	ptab_unmap(t);
}

static void a_record_that_is_too_long_for_a_cell_lies_elsewhere(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	char key[200] = "";

	memset(key, 'x', sizeof(key) - 1);
	fill(t, 10, MANY);
	put(t, 0, key, "long");
	assert_false(in_cell(t, key));
	assert_string_equal(look(t, key), "long");
	ptab_unmap(t);
}

static void the_cell_of_a_deleted_entry_is_used_again_but_not_while_somebody_may_look(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	uint32_t was;

	fill(t, 10, MANY);
	was = ptab_by_key(t, 0, STR("key3.test"));
	assert_true(in_cell(t, "key3.test"));
	assert_int_equal(ptab_del(t, 0, STR("key3.test")), 1);
	put(t, 0, "key3.test", "new");
	assert_int_not_equal(ptab_by_key(t, 0, STR("key3.test")), was);
	assert_int_equal(ptab_del(t, 0, STR("key3.test")), 1);
	ptab_reclaim(t, UINT64_MAX);
	put(t, 0, "key3.test", "newer");
	assert_int_equal(ptab_by_key(t, 0, STR("key3.test")), was);
	assert_string_equal(look(t, "key3.test"), "newer");
	ptab_unmap(t);
}

static void an_index_that_outgrows_its_table_leaves_its_records_where_they_are(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	ptab_reserve(t, 0, MANY, MANY * 16ull);
	for (unsigned i = 0; i < 3 * MANY; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key%u.test", i);
		put(t, 0, key, "value");
	}
	assert_in_range(in_cells(t, 3 * MANY), MANY / 2, MANY * 3 / 2);
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(most_records_of_a_large_table_lie_in_cells_and_all_are_found),
		T(cells_serve_the_index_that_is_asked),
		T(a_small_table_and_one_of_long_entries_have_none),
		T(a_record_that_is_too_long_for_a_cell_lies_elsewhere),
		T(the_cell_of_a_deleted_entry_is_used_again_but_not_while_somebody_may_look),
		T(an_index_that_outgrows_its_table_leaves_its_records_where_they_are),
	};

	clock_update();
	rand_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
