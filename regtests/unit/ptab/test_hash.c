// SPDX-License-Identifier: GPL-3.0-or-later
/* Hashes of keys: what has to be equal is, and each table has its own. */
#include "ptab_test.h"

static void case_does_not_count_where_it_must_not(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, true), *u = table_for(PTAB_EXACT, true);

	assert_int_equal(hash_text(t, STR("Host"), true), hash_text(t, STR("hOST"), true));
	assert_int_not_equal(hash_text(t, STR("Host"), false), hash_text(t, STR("hOST"), false));
	assert_int_not_equal(hash_text(t, STR("Host"), true), hash_text(u, STR("Host"), true));
	ptab_unmap(t);
	ptab_unmap(u);
}

static void masks_keep_the_bits_in_front(void **s UNUSED)
{
	struct addr_bits b = { ~0ull, ~0ull };

	for (unsigned len = 0; len <= 128; len++) {
		struct addr_bits m = bits_mask(b, len);

		assert_int_equal(__builtin_popcountll(m.hi) + __builtin_popcountll(m.lo), len);
		assert_true(len < 64 ? !m.lo : m.hi == ~0ull);
	}
}

static void numbers_of_a_block_share_its_hash(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_RANGE, false);

	assert_int_equal(hash_block(t, 32, 4), hash_block(t, 47, 4));
	assert_int_not_equal(hash_block(t, 32, 4), hash_block(t, 48, 4));
	assert_int_not_equal(hash_block(t, 0, 4), hash_block(t, 0, 5));
	assert_int_equal(hash_block(t, 1, 64), hash_block(t, UINT64_MAX, 64));
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(case_does_not_count_where_it_must_not),
		T(masks_keep_the_bits_in_front),
		T(numbers_of_a_block_share_its_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
