// SPDX-License-Identifier: GPL-3.0-or-later
/* What a generation takes over from the one before: settings, health, and by which names. */
#include "generations.h"

static void what_was_set_at_run_time_stays_until_the_configuration_speaks(void **state)
{
	(void)state;
	uint64_t cfg = srv_admin_pack(0, 5, 10), set = srv_admin_pack(ADM_FORCED_DRAIN, 50, 20);
	assert_int_equal(import_admin(cfg, set, cfg), set);
	uint64_t weight = srv_admin_pack(0, 6, 10);
	assert_int_equal(import_admin(weight, set, cfg), srv_admin_pack(ADM_FORCED_DRAIN, 6, 20));
	uint64_t maxconn = srv_admin_pack(0, 5, 11);
	assert_int_equal(import_admin(maxconn, set, cfg), srv_admin_pack(ADM_FORCED_DRAIN, 50, 11));
}

static void a_server_enabled_by_hand_stays_enabled_until_disabled_is_written_anew(void **state)
{
	(void)state;
	uint64_t off = srv_admin_pack(ADM_CONFIG_MAINT, 5, 10), on = srv_admin_pack(0, 5, 10);
	assert_int_equal(import_admin(off, on, off), on);
	assert_int_equal(import_admin(off, on, on), off);
	assert_int_equal(import_admin(on, off, off), on);
	assert_int_equal(import_admin(on, srv_admin_pack(ADM_RESOLUTION, 5, 10), on), on);
}

static void health_goes_on_from_its_position(void **state)
{
	(void)state;
	uint64_t down = srv_op_pack(SRV_DOWN, 1, 100, 40);
	assert_int_equal(import_op(&srv[0], down, 50), down);
	assert_int_equal(srv_op_since(import_op(&srv[0], srv_op_pack(SRV_DOWN, 1, 100, 60), 50)), 50); /* of another boot */
	assert_int_equal(srv_op_state(import_op(&srv[0], 0xffffffffffffff77u, 50)), SRV_DOWN);
	srv[0].flags = 0; /* nobody would ever bring it up again */
	assert_int_equal(srv_op_state(import_op(&srv[0], down, 50)), SRV_UP);
}

static void servers_are_taken_over_by_name(void **state)
{
	(void)state;
	atomic_store(&l.seg->srv[0].op, srv_op_pack(SRV_DOWN, 0, 100, 1));
	atomic_store(&l.seg->srv[0].admin, srv_admin_pack(ADM_FORCED_MAINT, 9, 10));
	atomic_store(&l.seg->srv[1].op, srv_op_pack(SRV_UP, 4, 100, 1));
	atomic_store(&l.seg->srv[1].ewma, 77);
	atomic_store(&l.seg->be[0].chk_down, 3);
	hand_over();
	struct rt_server s = srv[0];
	srv[0] = srv[1], srv[1] = s;
	assert_true(state_import(&next));
	assert_int_equal(srv_op_state(atomic_load(&next.seg->srv[1].op)), SRV_DOWN);
	assert_int_equal(srv_admin_bits(atomic_load(&next.seg->srv[1].admin)), ADM_FORCED_MAINT);
	assert_int_equal(srv_admin_weight(atomic_load(&next.seg->srv[1].admin)), 9);
	assert_int_equal(srv_op_state(atomic_load(&next.seg->srv[0].op)), SRV_UP);
	assert_int_equal(atomic_load(&next.seg->srv[0].ewma), 77);
	assert_int_equal(atomic_load(&next.seg->be[0].chk_down), 3);
	atomic_store(&l.seg->srv[1].op, srv_op_pack(SRV_DOWN, 0, 100, 1)); /* between the fork and the commit */
	import_words(&next);
	assert_int_equal(srv_op_state(atomic_load(&next.seg->srv[0].op)), SRV_DOWN);
	next_free();
}

static void a_server_with_another_address_or_check_begins_anew(void **state)
{
	(void)state;
	atomic_store(&l.seg->srv[0].ewma, 1);
	atomic_store(&l.seg->srv[1].ewma, 1);
	hand_over();
	srv[0].addr.port = 99;
	assert_true(state_import(&next));
	assert_int_equal(atomic_load(&next.seg->srv[0].ewma), 0);
	assert_int_equal(atomic_load(&next.seg->srv[1].ewma), 1);
	next_free();
}

static uint64_t identity(void)
{
	state_release(&l);
	l.dir_fd = -1;
	assert_true(names_make(&l));
	uint64_t id = l.names.srv[0].identity;
	return id;
}

static void the_identity_is_address_and_check_and_nothing_else(void **state)
{
	(void)state;
	uint64_t was = identity();
	srv[0].weight = 7, so[0].rise = 9, so[0].maxconn = 1, px[0].name = STR("other");
	assert_int_equal(identity(), was);
	px[0].check.req.uri = STR("/healthz");
	assert_int_not_equal(identity(), was);
	px[0].check.req.uri = STR_NULL;
	so[0].check_port = 8080;
	assert_int_not_equal(identity(), was);
	so[0].check_port = 0;
	srv[0].flags = 0;
	uint64_t unchecked = identity();
	assert_int_not_equal(unchecked, was);
	px[0].check.req.uri = STR("/healthz");
	assert_int_equal(identity(), unchecked);
}

static void a_description_that_cannot_be_read_is_left_out(void **state)
{
	(void)state;
	struct ipc_state_entry e = { .dir = memfd_create("t", MFD_CLOEXEC), .seg = memfd_create("t", MFD_CLOEXEC), .generation = 9,
				     .flags = IPC_STATE_LATEST };
	lo.state = memfd_create("t", MFD_CLOEXEC);
	assert_int_equal(write(lo.state, &e, sizeof(e)), sizeof(e));
	assert_true(state_import(&l));
	assert_null(l.before);
	assert_null(l.seg->older);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_set_at_run_time_stays_until_the_configuration_speaks),
		T(a_server_enabled_by_hand_stays_enabled_until_disabled_is_written_anew), T(health_goes_on_from_its_position),
		T(servers_are_taken_over_by_name), T(a_server_with_another_address_or_check_begins_anew),
		T(the_identity_is_address_and_check_and_nothing_else), T(a_description_that_cannot_be_read_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
