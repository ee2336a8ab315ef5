// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/stats/env_num.h>

static struct rt_srv_opts opts = { .maxconn = 5 };
static struct rt_server srv[2] = { { .name = { "a", 1 }, .id = 7, .weight = 3, .o = &opts }, { .name = { "b", 1 }, .id = 8, .weight = 1, .o = &opts } };
static struct rt_proxy px[1] = { { .id = 4, .caps = PX_BE, .be = { .srv = srv, .nsrv = 2 } } };
static const struct rt rt = { .px = px, .npx = 1, .srv = srv, .nsrv = 2 };

static int64_t num(const struct segment *seg, enum smp_env_num what, uint32_t p, uint32_t s)
{
	int64_t v;

	return stats_env_num(&rt, seg, what, p, s, &v) ? v : -99;
}

static void numbers_come_from_the_words_of_the_segment(void **st)
{
	struct segment *seg = segment_create(1, 1, 1, 2, 0);

	(void)st;
	assert_non_null(seg);
	for (unsigned i = 0; i < 2; i++) {
		atomic_store(&seg->srv[i].op, (uint64_t)SRV_UP);
		atomic_store(&seg->srv[i].admin, srv_admin_pack(0, srv[i].weight, 0));
	}
	assert_int_equal(num(seg, ENV_NBSRV, 0, 0), 2);
	assert_int_equal(num(seg, ENV_SRV_IS_UP, 0, 1), 1);
	atomic_store(&seg->srv[1].op, (uint64_t)SRV_DOWN);
	assert_int_equal(num(seg, ENV_NBSRV, 0, 0), 1);
	assert_int_equal(num(seg, ENV_SRV_IS_UP, 0, 1), 0);
	assert_int_equal(num(seg, ENV_BE_ID, 0, 0), 4);
	assert_int_equal(num(seg, ENV_SRV_ID, 0, 0), 7);
	assert_int_equal(num(seg, ENV_SRV_WEIGHT, 0, 0), 3);
	assert_int_equal(num(seg, ENV_BE_CONN_FREE, 0, 0), 5);
	segment_unmap(seg);
}

static void what_is_about_nothing_that_exists_has_no_number(void **st)
{
	struct segment *seg = segment_create(1, 1, 1, 2, 0);

	(void)st;
	assert_int_equal(num(seg, ENV_SRV_ID, 0, 2), -99);
	assert_int_equal(num(seg, ENV_NBSRV, 1, RT_NONE), -99);
	assert_int_equal(num(seg, ENV_TXN_STATUS, 0, 0), -99);
	segment_unmap(seg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_from_the_words_of_the_segment),
		cmocka_unit_test(what_is_about_nothing_that_exists_has_no_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
