// SPDX-License-Identifier: GPL-3.0-or-later
/* What a child inherits over fork, all of it: nothing else of the parent's is read. */
#ifndef SLUICE_IPC_HERITAGE_H
#define SLUICE_IPC_HERITAGE_H

#include <sluice/ipc/dns_stats.h>
#include <sluice/ipc/hits.h>
#include <sluice/ipc/segment.h>

struct rt;
struct stick_table;
struct var_area;

enum role { ROLE_MASTER, ROLE_LEADER, ROLE_CHECKER, ROLE_WORKER, ROLE_CLI };

struct heritage {
	enum role role;
	unsigned slot;             /* worker index = column in the live rows */
	unsigned nworkers;
	uint64_t generation;
	const struct rt *rt;
	struct segment *seg;
	struct stick_table *const *tables; /* one a stick table of rt->tbl; NULL = nothing is counted */
	struct var_area *vars;     /* variables of scope proc; NULL = each process has its own */
	struct hits hits;          /* counts of rules; at NULL = nobody counts */
	struct dns_stats dns;      /* counters of nameservers; at NULL = nobody counts */
	const int *listen_fd;      /* one a listener of rt->lst, same index; -1 = not bound (disabled) */
	int ctl;                   /* socketpair to the leader: fixed-size messages of tbl/ipc_msgs.def */
	const int *wake_fd;        /* one eventfd a worker: queue hand-over between workers */
	uint32_t master_pid;       /* %pid and the tag of every log line */
	uint8_t secret[16];        /* random, kept over reloads: forms of the statistics page carry it */
	bool poll_only;
};

#endif
