// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/hash.h>
#include "../unit.h"

TEST(checksums_match_their_published_check_values)
{
	assert_int_equal(hash_crc32(STR("123456789")), 0xcbf43926u);
	assert_int_equal(hash_crc32c(STR("123456789")), 0xe3069283u);
	assert_int_equal(hash_crc32(STR_NULL), 0);
}

TEST(xxhash_of_nothing_matches_its_specification)
{
	assert_int_equal(hash_xxh32(STR_NULL, 0), 0x02cc5d05u);
	assert_true(hash_xxh64(STR_NULL, 0) == 0xef46db3751d8e999ull);
	assert_true(hash_xxh3(STR_NULL, 0) == 0x2d06800538d394c2ull);
	assert_true(hash_xxh3(STR("key"), 1) != hash_xxh3(STR("key"), 2));
}

TEST(the_classic_hashes_follow_their_definitions_on_unsigned_bytes)
{
	assert_int_equal(hash_djb2(STR("")), 5381);
	assert_int_equal(hash_djb2(STR("a")), 177670);
	assert_int_equal(hash_djb2(STR("\xff")), 5381 * 33 + 255);
	assert_int_equal(hash_sdbm(STR("a")), 97);
	assert_int_equal(hash_sdbm(STR("ab")), 97 * 65599 + 98);
	assert_int_equal(hash_sdbm(STR("\xff")), 255);
}

TEST(wt6_gives_the_values_that_keep_keys_where_haproxy_puts_them)
{
	assert_int_equal(hash_wt6(STR("")), 0xf99a0360u);
	assert_int_equal(hash_wt6(STR("a")), 0x714bf225u);
	assert_int_equal(hash_wt6(STR("hello")), 0xd2e6e6b7u);
	assert_int_equal(hash_wt6(STR("/index.html")), 0x3101077eu);
}

TEST(avalanche_matches_jenkins_and_each_input_bit_moves_about_half_of_the_output)
{
	assert_int_equal(hash_avalanche(0), 0x6b4ed927u);
	assert_int_equal(hash_avalanche(1), 0xb48681b6u);
	assert_int_equal(hash_avalanche(0xdeadbeefu), 0x7ff0eadau);
	for (unsigned bit = 0; bit < 32; bit++) {
		unsigned moved = 0;
		for (uint32_t i = 0; i < 1000; i++) {
			uint32_t v = i * 2654435761u;
			moved += (unsigned)__builtin_popcount(hash_avalanche(v) ^ hash_avalanche(v ^ 1u << bit));
		}
		assert_in_range(moved, 13000, 19000);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(checksums_match_their_published_check_values),
		cmocka_unit_test(xxhash_of_nothing_matches_its_specification),
		cmocka_unit_test(the_classic_hashes_follow_their_definitions_on_unsigned_bytes),
		cmocka_unit_test(wt6_gives_the_values_that_keep_keys_where_haproxy_puts_them),
		cmocka_unit_test(avalanche_matches_jenkins_and_each_input_bit_moves_about_half_of_the_output),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
