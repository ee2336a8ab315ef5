// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory of tables: blocks that are used again, runs of units, versions that own what they took. */
#include "ptab_test.h"

static void a_block_is_used_again_when_nobody_can_read_it_any_more(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	struct version *v = ver_of(t, 0);
	uint32_t a = ptab_alloc(t, v, 100), b;

	memset(t->base + a * 8ul, 0xff, 100);
	ptab_free_later(t, v, a, 100);
	b = ptab_alloc(t, v, 100);
	assert_int_not_equal(a, b);
	ptab_reclaim(t, t->later.at[0].ms); /* freed in this very millisecond */
	assert_int_not_equal(ptab_alloc(t, v, 100), a);
	ptab_reclaim(t, t->later.at[0].ms + 1);
	assert_int_equal(ptab_alloc(t, v, 97), a); /* of the same class, and clean */
	assert_int_equal(t->base[a * 8ul + 4], 0);
	ptab_unmap(t);
}

static void blocks_of_all_sizes_do_not_overlap(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	struct version *v = ver_of(t, 0);
	uint64_t bytes[300];
	uint32_t off[300];

	for (unsigned i = 0; i < 300; i++) {
		bytes[i] = 1 + rand_below(rand_below(4) ? 400 : 200000);
		off[i] = ptab_alloc(t, v, bytes[i]);
		assert_int_not_equal(off[i], 0);
		memset(t->base + off[i] * 8ul, (int)i, bytes[i]);
	}
	for (unsigned i = 0; i < 300; i++)
		for (uint64_t j = 0; j < bytes[i]; j++)
			assert_int_equal(t->base[off[i] * 8ul + j], (uint8_t)i);
	ptab_unmap(t);
}

static void more_than_a_table_holds_is_refused(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	assert_int_equal(ptab_alloc(t, ver_of(t, 0), 2ull << 30), 0);
	assert_int_equal(ptab_alloc(t, ver_of(t, 0), 1ull << 60), 0);
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_block_is_used_again_when_nobody_can_read_it_any_more),
		T(blocks_of_all_sizes_do_not_overlap),
		T(more_than_a_table_holds_is_refused),
	};

	clock_update();
	rand_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
