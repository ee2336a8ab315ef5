// SPDX-License-Identifier: GPL-3.0-or-later
/* The state of this worker process: inherited tables, per-server and per-listener bookkeeping. One per process, set
 * up by worker_run(). */
#ifndef SLUICE_WORKER_WORKER_PRIV_H
#define SLUICE_WORKER_WORKER_PRIV_H

#include <sluice/ipc/heritage.h>
#include <sluice/lb/queue.h>
#include <sluice/net/loop.h>
#include <sluice/rt/rt.h>

struct wk_srv;   /* pool.h */
struct wk_lst;   /* accept.c */

struct worker {
	const struct heritage *h;
	const struct rt *rt;
	const struct segment *seg;
	unsigned slot;            /* our column in the live rows */
	struct lb *lb;            /* one a proxy; only backends are initialised */
	struct lb_queues q;
	struct wk_srv *srv;       /* one a server */
	struct wk_lst *lst;       /* one a listener */
	struct list sessions;
	uint32_t nsess;
	uint32_t nreq;            /* requests since the start */
	bool accepting;
	bool draining;            /* no new connections, finish what is open */
	uint64_t hard_stop;       /* ms; 0 = none */
	struct var_store vars;    /* scope proc */
	struct smp_memo *memo;    /* NULL when no expression stands in several rules */
	uint64_t *hits;           /* our column of the counts of rules, NULL = nobody counts */
	struct sbuf *trace;       /* decisions are written there (explain); NULL in a worker that serves */
};
extern struct worker wk;

/* Everything of a worker but its loop's descriptors and orders: after it, streams can run. */
void worker_setup(const struct heritage *h);
/* Gives back what it took; nothing may be under way. */
void worker_teardown(void);

static inline void wk_live(enum live_kind k, uint32_t idx, int32_t d) { live_add(wk.seg, k, idx, wk.slot, d); }
static inline uint32_t px_index(const struct rt_proxy *px) { return (uint32_t)(px - wk.rt->px); }
/* now + ms, or 0 (never) when ms is TIMEOUT_NONE */
uint64_t wk_after(uint32_t ms);

#endif
