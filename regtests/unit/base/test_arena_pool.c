// SPDX-License-Identifier: GPL-3.0-or-later
/* Spare arenas: empty when taken, and the last one given back is the next one used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/arena_pool.h>

static void an_arena_given_back_is_taken_next_and_is_empty(void **state)
{
	(void)state;
	struct arena *a = arena_take(), *b = arena_take();

	assert_non_null(a);
	assert_ptr_not_equal(a, b);
	(void)arena_bytes(a, 100000);
	arena_give(b);
	arena_give(a);
	arena_give(NULL);
	assert_ptr_equal(arena_take(), a);
	assert_int_equal(a->total, 0);
	arena_give(a);
}

static void more_arenas_than_are_kept_go_back_to_the_system(void **state)
{
	enum { N = 300 };
	struct arena *at[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		at[i] = arena_take();
		(void)arena_bytes(at[i], 10);
	}
	for (int i = 0; i < N; i++)
		arena_give(at[i]);
	for (int i = 0; i < N; i++) {
		at[i] = arena_take();
		assert_non_null(at[i]);
		assert_int_equal(at[i]->total, 0);
	}
	for (int i = 0; i < N; i++)
		arena_give(at[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_given_back_is_taken_next_and_is_empty),
		cmocka_unit_test(more_arenas_than_are_kept_go_back_to_the_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
