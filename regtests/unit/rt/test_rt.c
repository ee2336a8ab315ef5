// SPDX-License-Identifier: GPL-3.0-or-later
/* Lookups in the tables: backends and servers by name, error pages by status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sluice/rt/rt.h>

static struct rt *two_backends(void)
{
	static struct rt_server srv[3];
	static struct rt_proxy px[2];
	struct arena a;

	srv[0].name = srv[2].name = STR("a"), srv[1].name = STR("b");
	px[0].name = STR("one"), px[1].name = STR("two");
	arena_init(&a, 0);
	struct rt *rt = ARENA_NEW(&a, struct rt);

	rt->px = px, rt->npx = 2, rt->srv = srv, rt->nsrv = 3;
	px[0].be.srv = srv, px[0].be.srv0 = 0, px[0].be.nsrv = 2;
	px[1].be.srv = srv + 2, px[1].be.srv0 = 2, px[1].be.nsrv = 1;
	hmap_init(&rt->px_by_name, &a);
	hmap_put(&rt->px_by_name, px[0].name, &px[0]);
	hmap_put(&rt->px_by_name, px[1].name, &px[1]);
	rt->arena = a;
	return rt;
}

static void a_server_is_found_in_its_backend(void **st)
{
	struct rt *rt = two_backends();

	(void)st;
	assert_ptr_equal(rt_find_backend(rt, STR("two")), &rt->px[1]);
	assert_null(rt_find_backend(rt, STR("three")));
	assert_int_equal(rt_find_server(rt, &rt->px[0], STR("a")), 0);
	assert_int_equal(rt_find_server(rt, &rt->px[0], STR("b")), 1);
	assert_int_equal(rt_find_server(rt, &rt->px[1], STR("a")), 2);
	assert_int_equal(rt_find_server(rt, &rt->px[1], STR("b")), RT_NONE);
	rt_free(rt);
}

static void a_slash_names_the_backend_whatever_was_given(void **st)
{
	struct rt *rt = two_backends();

	(void)st;
	assert_int_equal(rt_find_server(rt, &rt->px[0], STR("two/a")), 2);
	assert_int_equal(rt_find_server(rt, NULL, STR("one/b")), 1);
	assert_int_equal(rt_find_server(rt, NULL, STR("three/a")), RT_NONE);
	assert_int_equal(rt_find_server(rt, NULL, STR("one/")), RT_NONE);
	assert_int_equal(rt_find_server(rt, NULL, STR("a")), RT_NONE);
	rt_free(rt);
}

static void every_error_page_has_a_slot_of_its_own_and_a_sentence(void **st)
{
	static const uint16_t status[] = { 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 425, 429, 431,
					   500, 501, 502, 503, 504 };
	uint64_t seen = 0;

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(status); i++) {
		int slot = error_slot(status[i]);

		assert_in_range(slot, 0, RT_ERROR_SLOTS - 1);
		assert_false(seen >> slot & 1);
		seen |= 1ull << slot;
		assert_true(error_text(status[i]).n > 0);
	}
	assert_int_equal(error_slot(418), -1);
	assert_int_equal(error_slot(0), -1);
	assert_int_equal(error_text(418).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_found_in_its_backend),
		cmocka_unit_test(a_slash_names_the_backend_whatever_was_given),
		cmocka_unit_test(every_error_page_has_a_slot_of_its_own_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
