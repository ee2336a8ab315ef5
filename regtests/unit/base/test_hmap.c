// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/hmap.h>
#include "../unit.h"

static struct arena arena;
static struct hmap map;

static int open_map(void **state UNUSED)
{
	arena_init(&arena, 0);
	hmap_init(&map, &arena);
	return 0;
}

static int close_map(void **state UNUSED)
{
	arena_free(&arena);
	return 0;
}

TEST(an_empty_table_finds_nothing)
{
	assert_null(hmap_get(&map, STR("x")));
	assert_null(hmap_get(&map, STR_NULL));
}

TEST(putting_twice_replaces_and_returns_the_former_value)
{
	int a, b;
	assert_null(hmap_put(&map, STR("k"), &a));
	assert_ptr_equal(hmap_put(&map, STR("k"), &b), &a);
	assert_ptr_equal(hmap_get(&map, STR("k")), &b);
	assert_int_equal(map.n, 1);
}

TEST(keys_are_bytes_of_any_value_and_length)
{
	int v[4];
	hmap_put(&map, STR(""), &v[0]);
	hmap_put(&map, STR("\0"), &v[1]);
	hmap_put(&map, STR("\0\0"), &v[2]);
	hmap_put(&map, STR("K"), &v[3]);
	assert_ptr_equal(hmap_get(&map, STR_NULL), &v[0]);
	assert_ptr_equal(hmap_get(&map, STR("\0")), &v[1]);
	assert_ptr_equal(hmap_get(&map, STR("\0\0")), &v[2]);
	assert_null(hmap_get(&map, STR("k")));
}

TEST(ten_thousand_keys_are_found_again_and_no_other)
{
	for (uintptr_t i = 1; i <= 10000; i++)
		assert_null(hmap_put(&map, arena_printf(&arena, "key-%u", (unsigned)i), (void *)i));
	assert_int_equal(map.n, 10000);
	assert_true(map.n * 3 <= map.cap * 2);
	for (uintptr_t i = 1; i <= 10000; i++)
		assert_ptr_equal(hmap_get(&map, arena_printf(&arena, "key-%u", (unsigned)i)), (void *)i);
	assert_null(hmap_get(&map, STR("key-0")));
	assert_null(hmap_get(&map, STR("key-10001")));
}

#define MAP_TEST(f) cmocka_unit_test_setup_teardown(f, open_map, close_map)

int main(void)
{
	const struct CMUnitTest t[] = {
		MAP_TEST(an_empty_table_finds_nothing),
		MAP_TEST(putting_twice_replaces_and_returns_the_former_value),
		MAP_TEST(keys_are_bytes_of_any_value_and_length),
		MAP_TEST(ten_thousand_keys_are_found_again_and_no_other),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
