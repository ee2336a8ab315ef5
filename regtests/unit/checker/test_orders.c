// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

static void give(struct fx *f, unsigned srv, enum srv_order order, uint32_t number)
{
	atomic_store(&f->ck.seg->srv[srv].order, (uint32_t)order | number << 8);
	orders_look(&f->ck);
}

static void open_fleet(struct fx *f, struct origin *o)
{
	fx_init(f, 2);
	f->srv[1].flags = 0; /* nobody checks it */
	origin_open(o, &f->srv[0]);
	fx_words(f);
	fx_fleet(f);
	fx_go(f);
}

static void a_state_set_by_hand_counts_until_a_check_finds_otherwise(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	open_fleet(&f, &o);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK);
	give(&f, 0, ORDER_DOWN, 1);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	assert_true(logged("Server b/s1 is DOWN, changed from CLI. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."));
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	orders_look(&f.ck); /* it was obeyed */
	assert_int_equal(op_of(&f, 0), SRV_UP);
	origin_close(&o);
	fx_close(&f);
}

static void a_server_that_nobody_checks_obeys_as_well(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	open_fleet(&f, &o);
	give(&f, 1, ORDER_DOWN, 1);
	assert_int_equal(op_of(&f, 1), SRV_DOWN);
	give(&f, 1, ORDER_UP, 2);
	assert_int_equal(op_of(&f, 1), SRV_UP);
	origin_close(&o);
	fx_close(&f);
}

static void checks_that_are_off_make_no_connection_until_they_are_on_again(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	uint64_t admin;

	open_fleet(&f, &o);
	RUN_UNTIL(o.accepted > 0);
	admin = atomic_load(&f.ck.seg->srv[0].admin);
	atomic_store(&f.ck.seg->srv[0].admin, admin | (uint64_t)ADMF_NOCHECK << 24);
	orders_look(&f.ck);
	assert_true(f.ck.t[0]->off);
	assert_false(timer_on(&f.ck.t[0]->timer));
	atomic_store(&f.ck.seg->srv[0].admin, admin);
	orders_look(&f.ck);
	for (unsigned was = o.accepted; o.accepted == was;)
		fx_turn(20);
	origin_close(&o);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_set_by_hand_counts_until_a_check_finds_otherwise),
		cmocka_unit_test(a_server_that_nobody_checks_obeys_as_well),
		cmocka_unit_test(checks_that_are_off_make_no_connection_until_they_are_on_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
