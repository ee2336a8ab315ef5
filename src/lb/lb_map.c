// SPDX-License-Identifier: GPL-3.0-or-later
/* Map-based hashing: hash modulo the total weight points into the smooth weighted schedule. Exact shares, natural order, and nearly all
 * keys move when a server comes or goes (`hash-type consistent` avoids that). */
#include "lb_priv.h"

static bool map_build(struct lb *lb)
{
	lb->state = lb_sched_new(lb, lb_weight_now);
	return lb->state != NULL;
}

static int map_pick(struct lb *lb, const struct lb_req *r)
{
	const struct lb_sched *s = lb->state;

	if (!r->has_key)
		return lb_sched_next(lb, s, r);
	return lb_scan_free(lb, lb_sched_at(s, r->hash), r);
}

static void map_drop(struct lb *lb)
{
	lb_sched_free(lb->state);
}

const struct lb_algo lb_map = { .name = "map-based", .by_key = true, .build = map_build, .pick = map_pick, .drop = map_drop };
