// SPDX-License-Identifier: GPL-3.0-or-later
/* Weighted least connections over all workers, ties by chance in proportion to weight. As in HAProxy an idle server costs 0, another
 * (in flight + queued + 1) / weight.
 *
 * Up to SCAN_MAX servers every pick reads every row: exact. Above that rows are read where it matters: a heap orders servers by the cost seen
 * last; the top is checked against its row and sinks while it is worse than remembered, and each pick also refreshes the next WINDOW servers in
 * rotation, which finds those that other workers have relieved. A server relieved by a request of our own is refreshed at once. */
#include <stdlib.h>
#include <sluice/base/rand.h>
#include "lb_priv.h"

#define SCAN_MAX 128
#define WINDOW 8
#define MAX_STALE 16            /* tops that may prove stale before the best seen is taken */
#define COST_ONE (1u << 20)     /* one request on a server of weight 1 */

struct least {
	bool queues;            /* some server has a maxconn: count who waits for it */
	uint32_t next;          /* of the rotation */
	uint64_t *key;          /* by candidate; NULL below SCAN_MAX */
	uint32_t *heap, *pos;   /* heap of candidates, and where each stands */
};

static uint64_t cost_of(const struct lb *lb, const struct least *st, uint32_t i)
{
	const struct lb_cand *c = &lb->cand[i];
	uint64_t load = lb_load(lb, c);

	if (st->queues)
		load += live_sum(lb->seg, LIVE_SRV_QUEUE, c->srv);
	return load ? (load + 1) * COST_ONE * LB_WEIGHT_SCALE / c->weight : 0;
}

static int pick_scan(const struct lb *lb, const struct least *st, const struct lb_req *r)
{
	uint64_t best = UINT64_MAX;
	uint32_t tied = 0;
	int chosen = -1;

	for (uint32_t i = 0; i < lb->n; i++) {
		uint64_t c;

		if (r->navoid && lb_avoided(r, lb->cand[i].srv))
			continue;
		c = cost_of(lb, st, i);
		if (c > best)
			continue;
		tied = (c < best ? 0 : tied) + lb->cand[i].weight;
		best = c;
		if (tied == lb->cand[i].weight || rand_below(tied) < lb->cand[i].weight)
			chosen = (int)i;
	}
	return chosen;
}

static void place(struct least *st, uint32_t at, uint32_t i)
{
	st->heap[at] = i;
	st->pos[i] = at;
}

static void sink(struct least *st, uint32_t n, uint32_t at)
{
	uint32_t i = st->heap[at];

	for (;;) {
		uint32_t kid = 2 * at + 1;

		if (kid + 1 < n && st->key[st->heap[kid + 1]] < st->key[st->heap[kid]])
			kid++;
		if (kid >= n || st->key[st->heap[kid]] >= st->key[i])
			break;
		place(st, at, st->heap[kid]);
		at = kid;
	}
	place(st, at, i);
}

static void rise(struct least *st, uint32_t at)
{
	uint32_t i = st->heap[at];

	while (at && st->key[st->heap[(at - 1) / 2]] > st->key[i]) {
		place(st, at, st->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(st, at, i);
}

static void set_key(const struct lb *lb, struct least *st, uint32_t i, uint64_t cost)
{
	uint64_t old = st->key[i];

	st->key[i] = cost << 16 | (rand_u64() & 0xffff);
	if (st->key[i] < old)
		rise(st, st->pos[i]);
	else
		sink(st, lb->n, st->pos[i]);
}

static void refresh(const struct lb *lb, struct least *st, uint32_t i)
{
	uint64_t c = cost_of(lb, st, i);

	if (c != st->key[i] >> 16)
		set_key(lb, st, i, c);
}

/* The request about to be sent counts at once, so that the next pick does not meet the same top. */
static int take(const struct lb *lb, struct least *st, uint32_t i, uint64_t cost)
{
	uint64_t more = COST_ONE * LB_WEIGHT_SCALE / lb->cand[i].weight;

	set_key(lb, st, i, cost ? cost + more : 2 * more);
	return (int)i;
}

static int pick_heap(const struct lb *lb, struct least *st, const struct lb_req *r)
{
	uint64_t best = UINT64_MAX;
	int chosen = -1;

	for (unsigned k = 0; k < WINDOW; k++) {
		refresh(lb, st, st->next);
		st->next = st->next + 1 == lb->n ? 0 : st->next + 1;
	}
	for (unsigned k = 0; k < MAX_STALE + r->navoid; k++) {
		uint32_t i = st->heap[0];
		uint64_t c = cost_of(lb, st, i), seen = st->key[i] >> 16;

		if (!lb_avoided(r, lb->cand[i].srv)) {
			if (c <= seen)
				return take(lb, st, i, c);
			if (c < best) {
				best = c;
				chosen = (int)i;
			}
			set_key(lb, st, i, c);
		} else {
			set_key(lb, st, i, MAX(c, seen) + COST_ONE * LB_WEIGHT_SCALE / lb->cand[i].weight);
		}
	}
	return chosen >= 0 ? take(lb, st, (uint32_t)chosen, best) : lb_scan_free(lb, rand_below(lb->n), r);
}

static int leastconn_pick(struct lb *lb, const struct lb_req *r)
{
	struct least *st = lb->state;

	return st->key ? pick_heap(lb, st, r) : pick_scan(lb, st, r);
}

static bool any_maxconn(const struct lb *lb)
{
	for (uint32_t i = 0; i < lb->n; i++)
		if (srv_admin_maxconn(atomic_load_explicit(&lb->seg->srv[lb->cand[i].srv].admin, memory_order_relaxed)))
			return true;
	return false;
}

static bool leastconn_build(struct lb *lb)
{
	bool indexed = lb->n > SCAN_MAX;
	struct least *st = malloc(sizeof(*st) + (indexed ? lb->n * (sizeof(*st->key) + 2 * sizeof(uint32_t)) : 0));

	if (!st)
		return false;
	*st = (struct least){ .queues = any_maxconn(lb) };
	lb->state = st;
	if (!indexed)
		return true;
	st->key = (uint64_t *)(st + 1);
	st->heap = (uint32_t *)(st->key + lb->n);
	st->pos = st->heap + lb->n;
	st->next = rand_below(lb->n);
	for (uint32_t i = 0; i < lb->n; i++) {
		st->key[i] = cost_of(lb, st, i) << 16 | (rand_u64() & 0xffff);
		place(st, i, i);
		rise(st, i);
	}
	return true;
}

static void leastconn_done(struct lb *lb, const struct lb_done *d)
{
	struct least *st = lb->state;
	int i = st->key ? lb_cand_of(lb, d->srv) : -1;

	if (i >= 0)
		refresh(lb, st, (uint32_t)i);
}

static void leastconn_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_leastconn = {
	.name = "leastconn", .build = leastconn_build, .pick = leastconn_pick, .done = leastconn_done, .drop = leastconn_drop,
};
