// SPDX-License-Identifier: GPL-3.0-or-later
/* Weighted round robin over all workers together: one shared cursor a backend, one schedule that every worker derives alike, so counts are
 * exact over a cycle however requests fall on workers. roundrobin follows effective weights at run time; static-rr keeps to the configured
 * ones, as HAProxy's does. */
#include "lb_priv.h"

static bool rr_build(struct lb *lb)
{
	lb->state = lb_sched_new(lb, lb_weight_now);
	return lb->state != NULL;
}

static uint32_t configured_weight(const struct lb *lb, uint32_t i)
{
	uint32_t w = lb->be->srv[lb->cand[i].srv - lb->be->srv0].weight;

	return MAX(w, 1u);
}

static bool static_rr_build(struct lb *lb)
{
	lb->state = lb_sched_new(lb, configured_weight);
	return lb->state != NULL;
}

static int rr_pick(struct lb *lb, const struct lb_req *r)
{
	return lb_sched_next(lb, lb->state, r);
}

static void rr_drop(struct lb *lb)
{
	lb_sched_free(lb->state);
}

const struct lb_algo lb_roundrobin = { .name = "roundrobin", .build = rr_build, .pick = rr_pick, .drop = rr_drop };
const struct lb_algo lb_static_rr = { .name = "static-rr", .build = static_rr_build, .pick = rr_pick, .drop = rr_drop };
