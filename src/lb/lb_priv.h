// SPDX-License-Identifier: GPL-3.0-or-later
/* What several algorithms share: the smooth weighted schedule and the weighted draw. Both are immutable once built. */
#ifndef SLUICE_LB_PRIV_H
#define SLUICE_LB_PRIV_H

#include <sluice/lb/lb.h>
#include <sluice/rt/rt.h>

typedef uint32_t lb_weight_fn(const struct lb *lb, uint32_t i);
uint32_t lb_weight_now(const struct lb *lb, uint32_t i);    /* effective weight of candidate i */

/* A cycle of `cycle` slots in which candidate i appears exactly weight(i)/gcd times, evenly spread; equal weights give the natural order.
 * A pure function of the candidates, so every worker maps a slot to the same server. */
struct lb_sched;
struct lb_sched *lb_sched_new(const struct lb *lb, lb_weight_fn *weight) MUST_CHECK;
void lb_sched_free(struct lb_sched *s);
uint64_t lb_sched_cycle(const struct lb_sched *s);
/* Candidate of slot t (taken modulo the cycle). O(1) for equal weights, O(c log c) for c distinct ones. */
uint32_t lb_sched_at(const struct lb_sched *s, uint64_t t);
/* The next turn of the backend's shared cursor, avoided servers skipped; -1 when all are avoided. */
int lb_sched_next(struct lb *lb, const struct lb_sched *s, const struct lb_req *r);

/* Random candidates in proportion to weight, O(1) each. */
struct lb_draw;
struct lb_draw *lb_draw_new(const struct lb *lb) MUST_CHECK;
bool lb_draw_uniform(const struct lb_draw *d);
uint32_t lb_draw_one(const struct lb_draw *d);
/* One that is not avoided and not `other` (-1: any); -1 when there is none. */
int lb_draw_free(const struct lb *lb, const struct lb_draw *d, const struct lb_req *r, int other);
/* Two to compare: different ones when weights are equal; with unequal weights *b may equal *a, or chance would not follow the weights.
 * false when all are avoided; *b = *a when only one is left. */
bool lb_draw_two(const struct lb *lb, const struct lb_draw *d, const struct lb_req *r, uint32_t *a, uint32_t *b);

/* Writes a draw down, for who asks. cost: what the algorithm compares. */
static inline void lb_drew(const struct lb_req *r, const struct lb_cand *c, double cost)
{
	struct lb_drawn *d = r->drawn;

	if (d && d->n < LB_DRAWN) {
		d->at[d->n].srv = c->srv;
		d->at[d->n++].cost = cost;
	}
}

static inline void lb_drew_load(const struct lb_req *r, const struct lb_cand *c, uint32_t load)
{
	if (UNLIKELY(r->drawn != NULL))
		lb_drew(r, c, (double)load * LB_WEIGHT_SCALE / c->weight);
}

/* First candidate not avoided, looking from i on and around; -1 when all are. */
int lb_scan_free(const struct lb *lb, uint32_t i, const struct lb_req *r);
/* Candidate index of server srv, or -1. O(log n). */
int lb_cand_of(const struct lb *lb, uint32_t srv);

#endif
