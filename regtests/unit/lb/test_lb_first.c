// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static int take(struct fx *f)
{
	int p = lb_pick(&f->lb, &any_req);

	fx_load(f, (unsigned)p, 0, 1);
	return p;
}

static void finish(struct fx *f, unsigned srv)
{
	fx_load(f, srv, 0, -1);
	lb_done(&f->lb, &(struct lb_done){ .srv = srv, .rtt_us = 1 });
}

static void servers_fill_up_one_after_the_other_and_refill_from_the_front(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 2, 4, NULL);
	for (unsigned i = 0; i < 4; i++)
		fx_admin(&f, i, 0, 1, 2);
	fx_lb(&f, "first");
	for (int i = 0; i < 6; i++)
		assert_int_equal(take(&f), i / 2);
	finish(&f, 0);
	assert_int_equal(take(&f), 0);
	assert_int_equal(take(&f), 3);
	finish(&f, 1);
	finish(&f, 1);
	assert_int_equal(take(&f), 1);
	fx_close(&f);
}

static void a_slot_freed_by_another_worker_is_found_soon(void **s)
{
	(void)s;
	struct fx f;
	int got = 1;

	fx_open(&f, 2, 3, NULL);
	for (unsigned i = 0; i < 2; i++) {
		fx_admin(&f, i, 0, 1, 1);
		fx_load(&f, i, 1, 1);
	}
	fx_lb(&f, "first");
	assert_int_equal(lb_pick(&f.lb, &any_req), 2);
	fx_load(&f, 0, 1, -1);
	for (int i = 0; i < 64 && got; i++)
		got = lb_pick(&f.lb, &any_req);
	assert_int_equal(got, 0);
	fx_close(&f);
}

static void without_maxconn_the_lowest_id_takes_everything(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 3, NULL);
	f.rt.srv[0].id = 30;
	f.rt.srv[2].id = 1;
	fx_lb(&f, "first");
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(&f), 2);
	fx_close(&f);
}

static void when_all_are_full_the_least_loaded_is_named(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 3, NULL);
	for (unsigned i = 0; i < 3; i++) {
		fx_admin(&f, i, 0, 1, 3 - i);
		fx_load(&f, i, 0, (int32_t)(3 - i));
	}
	fx_lb(&f, "first");
	assert_int_equal(lb_pick(&f.lb, &any_req), 2);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_fill_up_one_after_the_other_and_refill_from_the_front),
		cmocka_unit_test(a_slot_freed_by_another_worker_is_found_soon),
		cmocka_unit_test(without_maxconn_the_lowest_id_takes_everything),
		cmocka_unit_test(when_all_are_full_the_least_loaded_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
