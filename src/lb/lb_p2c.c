// SPDX-License-Identifier: GPL-3.0-or-later
/* Power of two choices: draw two servers by weight, take the one with fewer requests in flight per unit of weight, over all workers.
 * A tie goes to the first drawn, which is chance by weight. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001. */
#include <stdlib.h>
#include "lb_priv.h"

static bool p2c_build(struct lb *lb)
{
	lb->state = lb_draw_new(lb);
	return lb->state != NULL;
}

static int p2c_pick(struct lb *lb, const struct lb_req *r)
{
	uint32_t a, b;

	if (!lb_draw_two(lb, lb->state, r, &a, &b))
		return -1;
	const struct lb_cand *ca = &lb->cand[a], *cb = &lb->cand[b];
	uint32_t load_a = lb_load(lb, ca), load_b = a == b ? load_a : lb_load(lb, cb);

	lb_drew_load(r, ca, load_a);
	lb_drew_load(r, cb, load_b);
	return (uint64_t)load_b * ca->weight < (uint64_t)load_a * cb->weight ? (int)b : (int)a;
}

static void p2c_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_p2c = { .name = "p2c", .build = p2c_build, .pick = p2c_pick, .drop = p2c_drop };
