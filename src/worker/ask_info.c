// SPDX-License-Identifier: GPL-3.0-or-later
/* What a worker knows of itself: its loop, its pools, its descriptors; and its counters, zeroed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/ipc/counters.h>
#include "ask.h"
#include "worker_priv.h"

bool ask_activity(struct ask *a)
{
	const struct loop_stats *l = loop_stats();

	sbuf_printf(&a->out, "worker: %u\npid: %d\npoller: %s\nloops: %llu\npoll_io: %llu\nempty_polls: %llu\ntimers: %llu\ntasks: %llu\n", wk.slot,
		    (int)getpid(), loop_backend(), (unsigned long long)l->turns, (unsigned long long)l->events,
		    (unsigned long long)l->waits_empty, (unsigned long long)l->timers_fired, (unsigned long long)l->tasks_run);
	sbuf_printf(&a->out, "sessions: %u\nrequests: %u\nqueued: %u\naccepting: %d\ndraining: %d\n", wk.nsess, wk.nreq, wk.q.waiting,
		    wk.accepting, wk.draining);
	return true;
}

bool ask_pools(struct ask *a)
{
	unsigned long long total = 0, used = 0;

	sbuf_printf(&a->out, "Dumping pools usage of worker %u.\n", wk.slot);
	for (const struct pool *p = pool_first(); p; p = pool_next(p)) {
		unsigned long long all = (unsigned long long)(p->used + p->idle) * p->size;

		sbuf_printf(&a->out, "  - Pool %s (%zu bytes) : %u allocated (%llu bytes), %u used, %u failures\n", p->name, p->size,
			    p->used + p->idle, all, p->used, p->failed);
		total += all;
		used += (unsigned long long)p->used * p->size;
	}
	sbuf_printf(&a->out, "Total: %llu bytes allocated, %llu used.\n", total, used);
	return true;
}

/* One number of /proc/self/fd a line, with what it stands for: in numerical order, from the one after the last. */
bool ask_fds(struct ask *a)
{
	char path[64], to[256];
	long max = sysconf(_SC_OPEN_MAX);
	uint32_t end = a->i + ASK_SLICE_ITEMS;

	for (; a->i < end && a->out.n < ASK_SLICE; a->i++) {
		if (a->q.id && a->q.id - 1 != a->i)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%u", a->i);
		ssize_t n = readlink(path, to, sizeof(to) - 1);
		if (n < 0)
			continue;
		a->found++;
		sbuf_printf(&a->out, "%7u : worker=%u to=%.*s\n", a->i, wk.slot, (int)n, to);
	}
	return (long)a->i >= max || a->i > 2 * wk.rt->g.maxconn + 1024;
}

bool ask_clear(struct ask *a)
{
	ctr_clear_column(wk.seg, wk.slot + 1, a->q.flags & ASK_ALL, a->q.srv);
	a->found = 1;
	return true;
}
