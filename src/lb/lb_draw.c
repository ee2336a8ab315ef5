// SPDX-License-Identifier: GPL-3.0-or-later
/* Weighted random draws in constant time: Walker's alias table, built with Vose's two work lists in exact integers. A column of the table is
 * a candidate that keeps the draw up to `cut` and gives the rest to its alias. Equal weights need no table. */
#include <stdlib.h>
#include <sluice/base/rand.h>
#include "lb_priv.h"

#define MAX_REDRAWS 8

struct draw_col { uint32_t cut, alias; };

struct lb_draw {
	uint32_t n;
	bool uniform;
	struct draw_col col[];
};

/* work[0..n) holds the small ones from the left and the large ones from the right. */
static void fill_columns(struct lb_draw *d, uint64_t *share, uint32_t *work, uint64_t total)
{
	uint32_t small = 0, large = d->n;

	for (uint32_t i = 0; i < d->n; i++)
		if (share[i] < total)
			work[small++] = i;
		else
			work[--large] = i;
	while (small > 0 && large < d->n) {
		uint32_t s = work[--small], l = work[large];

		d->col[s] = (struct draw_col){ (uint32_t)((share[s] << 32) / total), l };
		share[l] -= total - share[s];
		if (share[l] < total) {
			large++;
			work[small++] = l;
		}
	}
	while (large < d->n)
		d->col[work[large++]].cut = UINT32_MAX;
	while (small > 0)
		d->col[work[--small]].cut = UINT32_MAX;
}

static bool equal_weights(const struct lb *lb)
{
	return lb->total_weight == (uint64_t)lb->max_weight * lb->n;
}

struct lb_draw *lb_draw_new(const struct lb *lb)
{
	bool uniform = equal_weights(lb);
	struct lb_draw *d = calloc(1, sizeof(*d) + (uniform ? 0 : lb->n * sizeof(d->col[0])));
	uint64_t *share = NULL;

	if (!d)
		return NULL;
	d->n = lb->n;
	d->uniform = uniform;
	if (uniform)
		return d;
	share = malloc(lb->n * (sizeof(*share) + sizeof(uint32_t)));
	if (!share) {
		free(d);
		return NULL;
	}
	for (uint32_t i = 0; i < lb->n; i++) {
		share[i] = (uint64_t)lb->cand[i].weight * lb->n;
		d->col[i] = (struct draw_col){ UINT32_MAX, i };
	}
	fill_columns(d, share, (uint32_t *)(share + lb->n), lb->total_weight);
	free(share);
	return d;
}

bool lb_draw_uniform(const struct lb_draw *d)
{
	return d->uniform;
}

uint32_t lb_draw_one(const struct lb_draw *d)
{
	uint64_t x = rand_u64();
	uint32_t i = (uint32_t)(((x >> 32) * d->n) >> 32);

	if (d->uniform || (uint32_t)x <= d->col[i].cut)
		return i;
	return d->col[i].alias;
}

int lb_draw_free(const struct lb *lb, const struct lb_draw *d, const struct lb_req *r, int other)
{
	uint32_t i = 0;

	for (unsigned tries = 0; tries < MAX_REDRAWS; tries++) {
		i = lb_draw_one(d);
		if ((int)i != other && !lb_avoided(r, lb->cand[i].srv))
			return (int)i;
	}
	for (uint32_t k = 0; k < lb->n; k++, i++) {
		if (i >= lb->n)
			i = 0;
		if ((int)i != other && !lb_avoided(r, lb->cand[i].srv))
			return (int)i;
	}
	return -1;
}

bool lb_draw_two(const struct lb *lb, const struct lb_draw *d, const struct lb_req *r, uint32_t *a, uint32_t *b)
{
	int x = lb_draw_free(lb, d, r, -1), y;

	if (x < 0)
		return false;
	y = lb_draw_free(lb, d, r, d->uniform ? x : -1);
	*a = (uint32_t)x;
	*b = y < 0 ? *a : (uint32_t)y;
	return true;
}
