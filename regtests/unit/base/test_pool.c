// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/pool.h>
#include "../unit.h"

struct thing { char body[50]; };

TEST(the_object_freed_last_is_handed_out_first)
{
	static struct pool p = POOL("lifo", struct thing);
	void *a = pool_get(&p), *b = pool_get(&p);
	assert_int_equal(p.size, 64);
	assert_int_equal((uintptr_t)a % 16, 0);
	pool_put(&p, a);
	pool_put(&p, b);
	assert_int_equal(p.idle, 2);
	assert_int_equal(p.used, 0);
	assert_ptr_equal(pool_get(&p), b);
	assert_ptr_equal(pool_get(&p), a);
	assert_int_equal(p.used, 2);
	pool_put(&p, a);
	pool_put(&p, b);
	pool_trim(&p);
	assert_int_equal(p.idle, 0);
	assert_null(p.free);
}

TEST(zeroed_objects_forget_their_former_life)
{
	static struct pool p = POOL("zero", struct thing);
	char *a = pool_get(&p);
	memset(a, 0xff, p.size);
	pool_put(&p, a);
	char *b = pool_zget(&p);
	assert_ptr_equal(a, b);
	for (size_t i = 0; i < p.size; i++)
		assert_int_equal(b[i], 0);
	pool_put(&p, b);
	pool_trim(&p);
}

TEST(idle_objects_beyond_the_limit_go_back_to_the_system)
{
	static struct pool p = { .name = "few", .size = 32, .max_idle = 2 };
	void *o[5];
	for (int i = 0; i < 5; i++)
		o[i] = pool_get(&p);
	for (int i = 0; i < 5; i++)
		pool_put(&p, o[i]);
	assert_int_equal(p.idle, 2);
	assert_int_equal(p.used, 0);
	pool_put(&p, NULL);
	assert_int_equal(p.idle, 2);
	pool_trim(&p);
}

TEST(memory_that_cannot_be_had_is_counted_and_refused)
{
	static struct pool p = { .name = "huge", .size = (size_t)PTRDIFF_MAX - 64 };
#ifdef __SANITIZE_ADDRESS__
	skip(); /* the sanitizer ends the process instead */
#endif
	assert_null(pool_get(&p));
	assert_null(pool_zget(&p));
	assert_int_equal(p.failed, 2);
	assert_int_equal(p.used, 0);
}

TEST(pools_are_listed_once_from_their_first_use)
{
	static struct pool p = POOL("late", struct thing);
	unsigned before = 0, after = 0, mine = 0;
	for (const struct pool *q = pool_first(); q; q = pool_next(q))
		before++;
	for (int i = 0; i < 3; i++)
		pool_put(&p, pool_get(&p));
	for (const struct pool *q = pool_first(); q; q = pool_next(q)) {
		after++;
		mine += q == &p;
	}
	assert_int_equal(after, before + 1);
	assert_int_equal(mine, 1);
	pool_trim(&p);
}

#ifdef __SANITIZE_ADDRESS__
static void use_after_put(void)
{
	static struct pool p = POOL("poison", struct thing);
	volatile char *o = pool_get(&p);
	pool_put(&p, (void *)o);
	o[20] = 1;
}
#endif

TEST(touching_a_freed_object_is_found_by_the_sanitizer)
{
#ifdef __SANITIZE_ADDRESS__
	char err[8192];
	assert_int_not_equal(unit_child(use_after_put, err, sizeof err), 0);
	assert_non_null(strstr(err, "use-after-poison"));
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(the_object_freed_last_is_handed_out_first),
		cmocka_unit_test(zeroed_objects_forget_their_former_life),
		cmocka_unit_test(idle_objects_beyond_the_limit_go_back_to_the_system),
		cmocka_unit_test(memory_that_cannot_be_had_is_counted_and_refused),
		cmocka_unit_test(pools_are_listed_once_from_their_first_use),
		cmocka_unit_test(touching_a_freed_object_is_found_by_the_sanitizer),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
