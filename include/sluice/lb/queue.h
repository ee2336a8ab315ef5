// SPDX-License-Identifier: GPL-3.0-or-later
/* Admission to servers with a maxconn, and the waiting of those not admitted. Worker only.
 *
 * A slot of a server is one unit in our column of its LIVE_SRV row. lb_admit() raises the column first and sums afterwards, so the limit is
 * never exceeded whatever the other workers do; two that collide may both be refused, and both try again.
 *
 * Each worker queues its own requests, lower priority values first and then first come first served: on one server (persistence, hashing) or on a backend (any of its servers).
 * The LIVE_SRV_QUEUE and LIVE_BE_QUEUE rows tell every worker who waits where. Whoever gives a slot back hands it to a waiter of its own, or
 * signals the eventfd of another worker that has one; the choice is by lot, in proportion to the number waiting. Raising the queue row before
 * the last try, and lowering LIVE_SRV before looking at the queue rows, leaves no gap in which a wake-up can be lost between live workers.
 * Slots freed by a dead worker are found by the lb_queue_poll() that the worker calls every LB_QUEUE_POLL_MS while something waits.
 *
 *   pick ─ lb_admit ─ yes ─► request ─► lb_release ─► wakes one waiter
 *             └ no ─► lb_queue_add ─► wait ─► granted() | lb_queue_del() by the caller's timer or abort */
#ifndef SLUICE_LB_QUEUE_H
#define SLUICE_LB_QUEUE_H

#include <sluice/base/list.h>
#include <sluice/lb/lb.h>
#include <sluice/rt/rt.h>

#define LB_QUEUE_POLL_MS 100

struct lb_wait {                 /* embedded in whatever waits; zero it before first use */
	struct list link;        /* private */
	uint32_t be;             /* proxy index */
	uint32_t srv;            /* server index, or RT_NONE: any server of the backend */
	int64_t prio;            /* lower goes first; equal ones in the order of arrival */
	uint64_t seq;            /* private: order of arrival in this worker */
	bool queued;
	/* Called once, when w has left the queue: srv holds a slot for it, or srv is RT_NONE: its server went away, choose again. */
	void (*granted)(struct lb_wait *w, uint32_t srv);
};

struct lb_queues {               /* all queues of one worker */
	const struct rt *rt;
	const struct segment *seg;
	unsigned worker;
	struct lb *lb;           /* of every proxy, by proxy index */
	const int *wake_fd;      /* eventfd of every worker */
	struct list *srv_q, *be_q; /* heads; all zero = never used */
	uint64_t seq;
	uint32_t waiting;        /* in all queues together */
	uint32_t *be_waiting;    /* the same by proxy */
};

/* lb[i] belongs to proxy i and outlives q. false = no memory. */
bool lb_queues_init(struct lb_queues *q, const struct rt *rt, const struct segment *seg, unsigned worker, struct lb *lb,
		    const int *wake_fd) MUST_CHECK;
void lb_queues_free(struct lb_queues *q);

/* Requests that server srv may serve at once now: its maxconn, lowered to minconn while the backend is less than fullconn busy, and in
 * proportion while it starts slowly. 0 = no limit. fullconn 0 = maxconn always. */
uint32_t lb_srv_limit(const struct segment *seg, const struct rt_server *s, uint32_t srv, uint32_t be, uint32_t fullconn);

/* Takes a slot of srv for a request of ours (LIVE_SRV += 1), unless `limit` are in use over all workers (0 = no limit). */
bool lb_admit(const struct segment *seg, uint32_t srv, unsigned worker, uint32_t limit) MUST_CHECK;
/* lb_admit() under the limit of the moment; refuses too when others already wait for this very server. */
bool lb_queue_admit(struct lb_queues *q, uint32_t be, uint32_t srv) MUST_CHECK;
/* Gives the slot back and hands it on; may call granted() of one waiter. */
void lb_release(struct lb_queues *q, uint32_t be, uint32_t srv);

/* Puts w (be, srv, granted set) at the end of its queue. true: queued. false: a slot of w->srv became free meanwhile and is w's already;
 * granted() is not called. */
bool lb_queue_add(struct lb_queues *q, struct lb_wait *w) MUST_CHECK;
/* Leaves the queue without a slot: timeout, abort. Idempotent. */
void lb_queue_del(struct lb_queues *q, struct lb_wait *w);
/* Position of w among those of this worker, from 0: for logs. */
uint32_t lb_queue_pos(const struct lb_queues *q, const struct lb_wait *w);
/* Sends everybody waiting for srv away to choose again (granted with RT_NONE): the server is down or in maintenance. */
void lb_queue_flush(struct lb_queues *q, uint32_t srv);
/* Hands out whatever slots are free: on a signal of wake_fd, after a change of epoch, and every LB_QUEUE_POLL_MS while q->waiting. */
void lb_queue_poll(struct lb_queues *q);

/* Waiting over all workers: compare with the server's maxqueue, print in logs. */
static inline uint32_t lb_queue_srv_len(const struct segment *s, uint32_t srv) { return live_sum(s, LIVE_SRV_QUEUE, srv); }
static inline uint32_t lb_queue_be_len(const struct segment *s, uint32_t be) { return live_sum(s, LIVE_BE_QUEUE, be); }

#endif
