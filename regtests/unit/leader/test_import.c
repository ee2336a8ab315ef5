// SPDX-License-Identifier: GPL-3.0-or-later
/* What a generation takes over from the one before: settings, health, and by which names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/leader_priv.h"

static struct rt_srv_opts so[2];
static struct rt_server srv[2];
static struct rt_proxy px[1];
static struct rt rt;
static struct leader_opts lo;
static struct leader l;
static int sv[2];

static int setup(void **state)
{
	(void)state;
	clock_update();
	so[0] = so[1] = (struct rt_srv_opts){ .rise = 2, .fall = 3, .maxconn = 10 };
	for (unsigned i = 0; i < 2; i++) {
		srv[i] = (struct rt_server){ .name = i ? STR("b") : STR("a"), .flags = SRVF_CHECK, .weight = 5, .track = RT_NONE, .o = &so[i] };
		assert_true(addr_parse_ip(&srv[i].addr, STR("127.0.0.1")));
		srv[i].addr.port = (uint16_t)(80 + i);
	}
	px[0] = (struct rt_proxy){ .name = STR("be"), .caps = PX_BE, .be = { .nsrv = 2 } };
	rt = (struct rt){ .px = px, .npx = 1, .srv = srv, .nsrv = 2 };
	assert_int_equal(ipc_pair(sv), 0);
	lo = (struct leader_opts){ .ctl = sv[0], .state = -1 };
	l = (struct leader){ .o = &lo, .ctl = sv[0], .dir_fd = -1, .rt = &rt, .successor_dir = -1 };
	l.seg = segment_create(1, 1, 1, 2, 0);
	return l.seg ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	state_release(&l);
	segment_unmap(l.seg);
	close(sv[0]), close(sv[1]);
	return 0;
}

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

/* Another leader with the same or a changed configuration, after the first has handed over. */
static struct leader next;
static void hand_over(void)
{
	static struct leader_opts no;
	struct ipc_msg m;
	struct ipc_state_entry e = { .flags = IPC_STATE_LATEST, .generation = 1 };
	assert_true(state_import(&l));
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &e.dir), 1);
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &e.seg), 1);
	assert_int_equal(m.type, IPC_STATE_SEG);
	no = lo;
	no.state = memfd_create("t", MFD_CLOEXEC);
	assert_int_equal(write(no.state, &e, sizeof(e)), sizeof(e));
	next = (struct leader){ .o = &no, .ctl = sv[0], .dir_fd = -1, .rt = &rt, .successor_dir = -1, .seg = segment_create(2, 1, 1, 2, 0) };
}

static void next_free(void)
{
	state_release(&next);
	segment_unmap(next.seg);
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
