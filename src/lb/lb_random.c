// SPDX-License-Identifier: GPL-3.0-or-later
/* random(n): n draws by weight, the one with the fewest requests in flight per unit of weight wins; random(1) is pure chance.
 * Without a number it is two, as in HAProxy. */
#include <stdlib.h>
#include "lb_priv.h"

static bool random_build(struct lb *lb)
{
	lb->state = lb_draw_new(lb);
	return lb->state != NULL;
}

static int random_pick(struct lb *lb, const struct lb_req *r)
{
	uint32_t draws = lb->be->draws ? lb->be->draws : 2, load;
	int best = lb_draw_free(lb, lb->state, r, -1);

	if (best < 0 || draws == 1)
		return best;
	load = lb_load(lb, &lb->cand[best]);
	lb_drew_load(r, &lb->cand[best], load);
	for (uint32_t k = 1; k < draws; k++) {
		int i = lb_draw_free(lb, lb->state, r, -1);
		uint32_t l = lb_load(lb, &lb->cand[i]);

		lb_drew_load(r, &lb->cand[i], l);
		if ((uint64_t)l * lb->cand[best].weight < (uint64_t)load * lb->cand[i].weight) {
			best = i;
			load = l;
		}
	}
	return best;
}

static void random_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_random = { .name = "random", .build = random_build, .pick = random_pick, .drop = random_drop };
