// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <sluice/base/arena.h>
#include "../unit.h"

TEST(memory_is_aligned_and_zero_even_after_a_reset)
{
	struct arena a;
	arena_init(&a, 4096);
	for (int round = 0; round < 2; round++) {
		for (size_t n = 1; n < 200; n += 7) {
			char *p = arena_alloc(&a, n);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xee, n);
		}
		arena_reset(&a);
		assert_int_equal(a.total, 0);
	}
	arena_free(&a);
}

TEST(an_object_larger_than_a_chunk_gets_its_own)
{
	struct arena a;
	arena_init(&a, 4096);
	char *small = arena_cstr(&a, STR("before"));
	char *big = arena_alloc(&a, 100000);
	big[99999] = 1;
	assert_string_equal(small, "before");
	assert_string_equal(arena_cstr(&a, STR("after")), "after");
	arena_free(&a);
	assert_null(a.head);
}

TEST(text_is_packed_copied_and_terminated)
{
	struct arena a;
	char src[] = "abc";
	arena_init(&a, 0);
	char *x = arena_bytes(&a, 3), *y = arena_bytes(&a, 3);
	assert_ptr_equal(x + 3, y);
	struct str s = arena_str(&a, str_n(src, 2));
	src[0] = 'z';
	assert_slice(s, "ab");
	assert_int_equal(s.p[2], 0);
	assert_string_equal(arena_cstr(&a, STR_NULL), "");
	assert_slice(arena_printf(&a, "%s:%d", "port", 80), "port:80");
	assert_memory_equal(arena_dup(&a, "1234", 4), "1234", 4);
	assert_non_null(arena_dup(&a, NULL, 0));
	arena_free(&a);
}

static void write_after_freeze(void)
{
	struct arena a;
	signal(SIGSEGV, SIG_DFL);
	arena_init(&a, 0);
	char *p = arena_alloc(&a, 8);
	arena_freeze(&a);
	*(volatile char *)p = 1;
}

static void alloc_after_freeze(void)
{
	struct arena a;
	arena_init(&a, 0);
	(void)!arena_alloc(&a, 8);
	arena_freeze(&a);
	(void)!arena_alloc(&a, 8);
}

TEST(a_frozen_arena_can_be_read_but_neither_written_nor_grown)
{
	struct arena a;
	char err[4096];
	arena_init(&a, 0);
	char *p = arena_cstr(&a, STR("kept"));
	arena_freeze(&a);
	assert_string_equal(p, "kept");
	arena_free(&a);
	int st = unit_child(write_after_freeze, err, sizeof err);
	assert_true(WIFSIGNALED(st));
	assert_int_equal(WTERMSIG(st), SIGSEGV);
	st = unit_child(alloc_after_freeze, err, sizeof err);
	assert_true(WIFSIGNALED(st));
	assert_int_equal(WTERMSIG(st), SIGABRT);
	assert_non_null(strstr(err, "assertion failed"));
}

static void rewinding_gives_the_same_place_again(void **st)
{
	struct arena a;

	(void)st;
	arena_init(&a, 4096);
	char *kept = arena_bytes(&a, 100);
	memset(kept, 'k', 100);
	struct arena_mark m = arena_mark(&a);
	char *first = arena_bytes(&a, 50);
	arena_rewind(&a, m);
	assert_int_equal(a.total, 100);
	assert_ptr_equal(arena_bytes(&a, 50), first);
	arena_rewind(&a, m);
	assert_int_equal(kept[99], 'k');
	arena_free(&a);
}

static void a_loop_of_rewinds_that_needs_a_new_chunk_maps_one(void **st)
{
	struct arena a;

	(void)st;
	arena_init(&a, 4096);
	char *kept = arena_bytes(&a, 4000);
	memset(kept, 'k', 4000);
	struct arena_mark m = arena_mark(&a);
	char *grown = arena_bytes(&a, 3000);
	(void)arena_bytes(&a, 3000);
	arena_rewind(&a, m);
	for (int i = 0; i < 1000; i++) {
		char *p = arena_bytes(&a, 2000);

		memset(p, 'x', 2000);
		assert_ptr_not_equal(p, grown);
		grown = NULL;
		arena_rewind(&a, m);
		assert_int_equal(a.total, 4000);
	}
	char *again = arena_bytes(&a, 2000);
	arena_rewind(&a, m);
	assert_ptr_equal(arena_bytes(&a, 2000), again);
	assert_int_equal(kept[3999], 'k');
	arena_reset(&a);
	assert_ptr_equal(arena_bytes(&a, 1), kept);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(memory_is_aligned_and_zero_even_after_a_reset),
		cmocka_unit_test(an_object_larger_than_a_chunk_gets_its_own),
		cmocka_unit_test(text_is_packed_copied_and_terminated),
		cmocka_unit_test(a_frozen_arena_can_be_read_but_neither_written_nor_grown),
		cmocka_unit_test(rewinding_gives_the_same_place_again),
		cmocka_unit_test(a_loop_of_rewinds_that_needs_a_new_chunk_maps_one),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
