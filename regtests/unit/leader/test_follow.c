// SPDX-License-Identifier: GPL-3.0-or-later
/* Beside other generations: a draining one follows the states of its successor, and limits count what the others have in flight. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/leader_priv.h"

static struct rt_srv_opts so;
static struct rt_server srv[2];
static struct rt_proxy px[1];
static struct rt rt;
static struct leader l;
static struct segment *next;
static struct state_names names;

static int setup(void **state)
{
	(void)state;
	loop_init("poll", 64);
	so = (struct rt_srv_opts){ .rise = 2, .fall = 3, .maxconn = 10 };
	for (unsigned i = 0; i < 2; i++)
		srv[i] = (struct rt_server){ .name = i ? STR("b") : STR("a"), .track = RT_NONE, .o = &so };
	px[0] = (struct rt_proxy){ .name = STR("be"), .caps = PX_BE, .be = { .nsrv = 2 } };
	rt = (struct rt){ .px = px, .npx = 1, .srv = srv, .nsrv = 2 };
	l = (struct leader){ .rt = &rt, .phase = LEAD_DRAINING, .successor_dir = -1, .dir_fd = -1, .seg = segment_create(1, 1, 1, 2, 0) };
	next = segment_create(2, 1, 1, 2, 0);
	assert_true(names_make(&l));
	names = l.names;
	return l.seg && next ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	timer_stop(&l.follow);
	state_release(&l);
	segment_unmap(l.seg);
	segment_unmap(next);
	loop_free();
	return 0;
}

static struct state_obj *live;

static void shown(void)
{
	int dir = state_describe(next, &names, &live);
	follow_start(&l);
	successor_dir(&l, dir);
	successor_seg(&l, fcntl(next->fd, F_DUPFD_CLOEXEC, 0));
	assert_non_null(l.successor);
}

static void turns(bool (*until)(void))
{
	for (int i = 0; i < 200 && !until(); i++)
		loop_turn(20);
}

static bool is_down(void) { return srv_op_state(atomic_load(&l.seg->srv[1].op)) == SRV_DOWN && srv_op_since(atomic_load(&l.seg->srv[1].op)) == 7; }
static bool is_maint(void) { return srv_admin_bits(atomic_load(&l.seg->srv[0].admin)) & ADM_FORCED_MAINT; }
static bool knows_load(void) { return atomic_load(&l.seg->srv[0].foreign) == 4; }
static bool forgot_load(void) { return atomic_load(&l.seg->srv[0].foreign) == 0; }

static void states_and_settings_of_the_successor_are_copied(void **state)
{
	(void)state;
	atomic_store(&l.seg->srv[1].op, srv_op_pack(SRV_UP, 4, 100, 1));
	atomic_store(&next->srv[1].op, srv_op_pack(SRV_DOWN, 0, 100, 7));
	shown();
	uint64_t epoch = atomic_load(&l.seg->h->epoch_checker);
	turns(is_down);
	assert_true(is_down());
	assert_true(atomic_load(&l.seg->h->epoch_checker) > epoch); /* workers look again */
	atomic_store(&next->srv[0].admin, srv_admin_pack(ADM_FORCED_MAINT, 1, 0));
	atomic_fetch_add(&next->h->epoch_leader, 1);
	turns(is_maint);
	assert_true(is_maint());
}

static void a_checker_that_still_lives_keeps_its_words(void **state)
{
	(void)state;
	struct child c = { .l = &l, .role = ROLE_CHECKER, .pid = 1 };
	int sv[2];
	assert_int_equal(ipc_pair(sv), 0);
	c.io.fd = sv[0];
	l.child = &c, l.nchild = 1;
	atomic_store(&next->srv[1].op, srv_op_pack(SRV_DOWN, 0, 100, 7));
	shown();
	for (int i = 0; i < 10; i++)
		loop_turn(20);
	assert_false(is_down());
	struct ipc_msg m;
	int fd;
	assert_int_equal(ipc_recv(sv[1], ROLE_CHECKER, ROLE_LEADER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_CHK_STOP);
	c.pid = 0;
	turns(is_down);
	assert_true(is_down());
	close(sv[0]), close(sv[1]);
}

static void the_load_of_others_counts_while_they_live(void **state)
{
	(void)state;
	atomic_store(&l.seg->srv[0].admin, srv_admin_pack(0, 1, 10));
	atomic_store(&next->srv[0].admin, srv_admin_pack(0, 1, 10));
	live_add(next, LIVE_SRV, 0, 0, 4);
	shown();
	turns(knows_load);
	assert_true(knows_load());
	atomic_store(&next->h->state, SEG_STOPPED);
	turns(forgot_load);
	assert_true(forgot_load());
}

static void a_server_that_the_successor_deletes_goes_into_maintenance_and_follows_no_other(void **state)
{
	(void)state;
	shown();
	state_set_srv(live, 0, &(struct state_obj){ .key = 4711, .identity = names.srv[0].identity });
	atomic_store(&next->srv[0].admin, srv_admin_pack(0, 99, 0));
	live_add(next, LIVE_SRV, 0, 0, 4);
	atomic_store(&l.seg->srv[0].admin, srv_admin_pack(0, 1, 10));
	atomic_fetch_add(&next->h->epoch_leader, 1);
	turns(is_maint);
	assert_true(is_maint());
	assert_int_equal(srv_admin_weight(atomic_load(&l.seg->srv[0].admin)), 1);
	assert_true(forgot_load());
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states_and_settings_of_the_successor_are_copied), T(a_checker_that_still_lives_keeps_its_words),
		T(the_load_of_others_counts_while_they_live), T(a_server_that_the_successor_deletes_goes_into_maintenance_and_follows_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
