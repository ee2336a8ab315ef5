// SPDX-License-Identifier: GPL-3.0-or-later
/* What a leader hands to its master to be kept, and what the next one finds: the test is the master. */
#ifndef LEADER_INHERIT_H
#define LEADER_INHERIT_H

#include "../unit.h"
#include <sluice/base/notice.h>
#include <sluice/ipc/msg.h>
#include "leader/leader_priv.h"

static int master;

/* The leader's end of the channel. */
static inline int master_open(void)
{
	int sv[2];

	assert_int_equal(ipc_pair(sv), 0);
	master = sv[0];
	return sv[1];
}

static inline void master_close(int ctl)
{
	close(master);
	close(ctl);
}

/* What the master is told: the type of the message; *keep: key, and the descriptor when one comes along (else it stays what it was). */
static inline unsigned told(struct ipc_fd_entry *keep)
{
	struct ipc_msg m;
	int fd;

	assert_int_equal(ipc_recv(master, ROLE_MASTER, ROLE_LEADER, &m, &fd), 1);
	memcpy(&keep->key, m.data, sizeof(keep->key));
	if (m.type == IPC_LISTENER)
		keep->fd = fd;
	return m.type;
}

static inline struct inherited finds(struct ipc_fd_entry *entry) { return (struct inherited){ .at = entry, .n = entry ? 1 : 0 }; }

#endif
