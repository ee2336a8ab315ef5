// SPDX-License-Identifier: GPL-3.0-or-later
/* Two leaders, one after the other: `l` with a backend of two servers, and `next`, to which it hands over. */
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

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
