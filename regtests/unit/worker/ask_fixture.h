// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions of the runtime socket to the worker of fake.h: asked as the leader asks, answered into a memfd. */
#ifndef REGTESTS_WORKER_ASK_FIXTURE_H
#define REGTESTS_WORKER_ASK_FIXTURE_H

#include <sys/mman.h>
#include <unistd.h>
#include <sluice/ipc/msg.h>
#include "fake_req.h"
#include "../../../src/worker/ask.h"

static int leader;
static uint32_t found;
static char told[1 << 20];

static inline int open_asks(void **state)
{
	int sv[2];

	open_world(state);
	clock_update();
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	w.h.ctl = sv[1];
	for (unsigned i = 0; i < 2; i++)
		w.px[i].name = i ? STR("be") : STR("fe"), w.px[i].id = i + 2;
	w.srv[0].name = STR("s0"), w.srv[0].id = 1;
	w.srv[1].name = STR("s1"), w.srv[1].id = 2;
	return 0;
}

static inline int close_asks(void **state)
{
	errors_drop();
	close(leader);
	close(w.h.ctl);
	return close_world(state);
}

static inline struct ipc_ask anything(void) { return (struct ipc_ask){ .fe = RT_NONE, .be = RT_NONE, .srv = RT_NONE }; }

/* Sends the question; the descriptor that the answer goes to, which is ours to close. */
static inline int question(unsigned kind, const struct ipc_ask *q)
{
	struct ipc_msg m = { .type = IPC_ASK, .arg = kind, .num = 99 };
	int fd = memfd_create("answer", MFD_CLOEXEC);

	assert_true(fd >= 0);
	memcpy(m.data, q, sizeof(*q));
	ask_begin(&m, fd);
	return fd;
}

/* Is the answer whole? Then it is in `told`, and how many things were found. */
static inline bool answered(int fd)
{
	struct ipc_msg m;
	int none;

	if (ipc_recv(leader, ROLE_LEADER, ROLE_WORKER, &m, &none) != 1)
		return false;
	assert_int_equal(m.type, IPC_ASKED);
	assert_int_equal(m.num, 99);
	found = m.arg;
	ssize_t n = pread(fd, told, sizeof(told) - 1, 0);
	assert_true(n >= 0);
	told[n] = '\0';
	return true;
}

static inline const char *ask_worker(enum ask_kind kind, const struct ipc_ask *q)
{
	int fd = question(kind, q);

	while (!answered(fd))
		loop_turn(10);
	close(fd);
	return told;
}

#endif
