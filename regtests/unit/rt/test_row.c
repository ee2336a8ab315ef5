// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go in frozen tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/rt/row.h>

static char device[] = "eth0";
static struct rt *rt;

/* A backend with one server and two spare rows, frozen. */
static int frozen(void **st)
{
	struct arena a;

	(void)st;
	arena_init(&a, 0);
	rt = ARENA_NEW(&a, struct rt);
	rt->px = ARENA_NEWN(&a, struct rt_proxy, 1), rt->npx = 1;
	rt->srv = ARENA_NEWN(&a, struct rt_server, 3), rt->nsrv = 3;
	rt->srv[0] = (struct rt_server){ .name = STR("old"), .track = RT_NONE };
	rt_srv_clear(rt, 1, 0);
	rt_srv_clear(rt, 2, 0);
	rt->px[0].name = STR("b");
	rt->px[0].be.srv = rt->srv, rt->px[0].be.nsrv = 3;
	hmap_init(&rt->px_by_name, &a);
	hmap_put(&rt->px_by_name, rt->px[0].name, &rt->px[0]);
	rt->arena = a;
	arena_freeze(&a);
	return 0;
}

static int thawed(void **st)
{
	(void)st;
	rt_rows_free(rt);
	rt_free(rt);
	return 0;
}

static void pack(struct sbuf *b, const char *name)
{
	const struct rt_srv_opts o = { .inter = 7, .source_if = device, .check_sni = STR("sni") };
	const struct rt_server s = { .name = str_c(name), .cookie = STR("ck"), .track = RT_NONE, .o = &o, .id = 4, .flags = SRVF_ADDED };

	b->n = 0;
	rt_row_pack(&s, b);
}

static void a_record_becomes_a_server_that_is_found(void **st)
{
	struct sbuf b = { 0 };

	(void)st;
	assert_int_equal(rt_row_free(&rt->px[0].be, 0), 1);
	pack(&b, "new");
	assert_true(rt_row_put(rt, 1, sbuf_str(&b)));
	sbuf_free(&b);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/new")), 1);
	assert_int_equal(rt->srv[1].o->inter, 7);
	assert_ptr_equal(rt->srv[1].o->source_if, device);
	assert_true(str_eq(rt->srv[1].o->check_sni, STR("sni")) && str_eq(rt->srv[1].cookie, STR("ck")));
	assert_int_equal(rt_row_free(&rt->px[0].be, 0), 2);
	assert_int_equal(rt_row_free(&rt->px[0].be, 3), RT_NONE);
}

static void a_row_that_is_dropped_is_spare_and_remembers_its_name(void **st)
{
	struct sbuf b = { 0 };

	(void)st;
	pack(&b, "new");
	assert_true(rt_row_put(rt, 1, sbuf_str(&b)));
	rt_row_drop(rt, 1);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/new")), RT_NONE);
	assert_true(str_eq(rt->srv[1].name, STR("new")));
	assert_int_equal(rt_count_servers(&rt->px[0].be), 1);
	pack(&b, "again");
	assert_true(rt_row_put(rt, 1, sbuf_str(&b)));
	assert_true(str_eq(rt->srv[1].name, STR("again")));
	rt_row_drop(rt, 0);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/old")), RT_NONE);
	sbuf_free(&b);
}

static void what_is_no_record_changes_nothing(void **st)
{
	struct sbuf b = { 0 };

	(void)st;
	pack(&b, "new");
	assert_false(rt_row_put(rt, 3, sbuf_str(&b)));
	assert_false(rt_row_put(rt, 1, STR("x")));
	for (size_t n = 0; n < b.n; n += 7)
		assert_false(rt_row_put(rt, 1, str_n(b.p, n)));
	assert_int_equal(rt_count_servers(&rt->px[0].be), 1);
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_becomes_a_server_that_is_found, frozen, thawed),
		cmocka_unit_test_setup_teardown(a_row_that_is_dropped_is_spare_and_remembers_its_name, frozen, thawed),
		cmocka_unit_test_setup_teardown(what_is_no_record_changes_nothing, frozen, thawed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
