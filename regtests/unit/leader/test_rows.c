// SPDX-License-Identifier: GPL-3.0-or-later
/* One step at all processes: who has to agree, what a refusal, a death and silence lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/rt/row.h>
#include "leader/cli_change.h"
#include "leader/leader_priv.h"
#include "leader/roster.h"
#include "../sim_clock.h"

static struct rt *rt;
static struct leader_opts lo = { .fds = -1 };
static struct leader l;
static struct child child[2];
static int end[2];
static int told; /* -1 = not yet */

static void made_known(void *arg, enum rows_end how) { *(int *)arg = (int)how; }

/* A backend with the server "a" and one spare row, a checker and a worker. */
static int setup(void **state)
{
	struct arena a;
	(void)state;

	loop_init("poll", 16);
	clock_update();
	arena_init(&a, 0);
	rt = ARENA_NEW(&a, struct rt);
	rt->px = ARENA_NEWN(&a, struct rt_proxy, 1), rt->npx = 1;
	rt->srv = ARENA_NEWN(&a, struct rt_server, 2), rt->nsrv = 2;
	rt_srv_clear(rt, 0, 0);
	rt_srv_clear(rt, 1, 0);
	rt->srv[0].name = STR("a"), rt->srv[0].flags = 0, rt->srv[0].line = 5;
	rt->px[0] = (struct rt_proxy){ .name = STR("b"), .caps = PX_BE, .be = { .srv = rt->srv, .nsrv = 2 } };
	hmap_init(&rt->px_by_name, &a);
	hmap_put(&rt->px_by_name, rt->px[0].name, &rt->px[0]);
	rt->arena = a;
	arena_freeze(&a);
	l = (struct leader){ .o = &lo, .rt = rt, .phase = LEAD_ACTIVE, .nworkers = 1, .child = child, .nchild = 2, .dir_fd = -1, .roster_fd = -1,
			     .successor_dir = -1, .master_gone = true, .seg = segment_create(1, 1, 1, 2, 0) };
	roster_peek(&l);
	assert_true(names_make(&l));
	l.dir_fd = state_describe(l.seg, &l.names, &l.live_names);
	for (unsigned i = 0; i < 2; i++) {
		int sv[2];
		assert_int_equal(ipc_pair(sv), 0);
		child[i] = (struct child){ .l = &l, .role = i ? ROLE_WORKER : ROLE_CHECKER, .pid = 1000000 + (int)i, .io = { .fd = sv[0] } };
		end[i] = sv[1];
	}
	told = -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		close(child[i].io.fd), close(end[i]);
	roster_stop();
	if (l.roster_fd >= 0)
		close(l.roster_fd);
	state_release(&l);
	segment_unmap(l.seg);
	rt_rows_free(rt);
	rt_free(rt);
	loop_free();
	return 0;
}

/* The next order to child i; answered when `answer` is 0 or 1. */
static enum ipc_type order(unsigned i, int answer)
{
	struct ipc_msg m, back;
	int fd;

	assert_int_equal(ipc_recv(end[i], i ? ROLE_WORKER : ROLE_CHECKER, ROLE_LEADER, &m, &fd), 1);
	if (fd >= 0)
		close(fd);
	back = (struct ipc_msg){ .arg = (uint32_t)answer, .num = m.num };
	if (answer >= 0)
		rows_answered(&child[i], &back);
	return (enum ipc_type)m.type;
}

static void put(void)
{
	static const struct rt_srv_opts o = { .inter = 1000 };
	const struct rt_server s = { .name = STR("n"), .flags = SRVF_ADDED, .track = RT_NONE, .o = &o, .weight = 9 };

	assert_int_equal(rows_spare(&rt->px[0].be), 1);
	assert_true(rows_put(&l, 1, &s, made_known, &told));
}

static void a_server_is_there_when_all_have_it(void **state)
{
	(void)state;
	put();
	assert_int_equal(rt_find_server(rt, NULL, STR("b/n")), 1);
	assert_true(srv_admin_bits(srv_admin_now(&l, 1)) & ADM_FORCED_MAINT && srv_admin_flags(srv_admin_now(&l, 1)) & ADMF_NOCHECK);
	assert_true(l.live_names[1].key != 0);
	assert_int_equal(order(0, 1), IPC_CHK_PUT);
	assert_int_equal(told, -1);
	assert_int_equal(order(1, 1), IPC_SRV_PUT);
	assert_int_equal(told, ROWS_DONE);
	assert_int_equal(rows_spare(&rt->px[0].be), RT_NONE);
}

static void a_server_that_one_process_uses_stays_and_all_get_it_back(void **state)
{
	(void)state;
	assert_true(rows_drop(&l, 0, made_known, &told));
	assert_int_equal(rt_find_server(rt, NULL, STR("b/a")), RT_NONE);
	assert_true(rows_going(0, STR("a")));
	assert_int_equal(rows_spare(&rt->px[0].be), 1); /* never the row in question */
	assert_int_equal(order(0, 1), IPC_CHK_DROP);
	assert_int_equal(order(1, 0), IPC_SRV_DROP);
	assert_int_equal(told, ROWS_REFUSED);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/a")), 0);
	assert_int_equal(rt->srv[0].line, 5);
	assert_int_equal(order(0, -1), IPC_CHK_PUT);
	assert_int_equal(order(1, -1), IPC_SRV_PUT);
	assert_false(rows_going(0, STR("a")));
	assert_int_equal(l.roster_fd, -1);
}

static void a_server_is_gone_when_all_have_dropped_it(void **state)
{
	(void)state;
	assert_true(rows_drop(&l, 0, made_known, &told));
	assert_int_equal(order(1, 1), IPC_SRV_DROP);
	assert_true(l.live_names[0].key != 0);
	assert_int_equal(order(0, 1), IPC_CHK_DROP);
	assert_int_equal(told, ROWS_DONE);
	assert_true(l.live_names[0].key == 0);
	assert_true(l.roster_fd >= 0);
}

static void a_process_that_dies_needs_not_answer(void **state)
{
	(void)state;
	put();
	assert_int_equal(order(0, 1), IPC_CHK_PUT);
	rows_child_gone(&child[1]);
	assert_int_equal(told, ROWS_DONE);
}

static void one_that_stands_still_makes_the_step_late(void **state)
{
	(void)state;
	assert_true(rows_drop(&l, 0, made_known, &told));
	assert_int_equal(order(0, 1), IPC_CHK_DROP);
	for (int i = 0; i < 400 && told < 0; i++)
		sim_turn(20);
	assert_int_equal(told, ROWS_LATE);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/a")), 0);
}

static void whoever_asked_may_leave(void **state)
{
	(void)state;
	assert_true(rows_drop(&l, 0, made_known, &told));
	rows_forget(&told);
	assert_int_equal(order(0, 1), IPC_CHK_DROP);
	assert_int_equal(order(1, 1), IPC_SRV_DROP);
	assert_int_equal(told, -1);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/a")), RT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_server_is_there_when_all_have_it),
		T(a_server_that_one_process_uses_stays_and_all_get_it_back),
		T(a_server_is_gone_when_all_have_dropped_it),
		T(a_process_that_dies_needs_not_answer),
		T(one_that_stands_still_makes_the_step_late),
		T(whoever_asked_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
