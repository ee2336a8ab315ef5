// SPDX-License-Identifier: GPL-3.0-or-later
/* Consistent hashing on a ring: every server owns points in proportion to its weight, a key belongs to the next point clockwise. The number
 * of points per unit of weight depends on the configuration only, so a server that comes or goes moves its own keys and no others.
 * hash-balance-factor bounds the load: a server with more than factor % of its fair share passes the key on to the next point
 * (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016). */
#include <stdlib.h>
#include <sluice/base/hash.h>
#include "lb_priv.h"

#define POINTS_TOTAL (1u << 18) /* aimed at; one a server at least */
#define POINTS_UNIT 160         /* at most, per unit of weight */

struct point { uint32_t at, cand; };

struct ring {
	struct lb_sched *rr;    /* requests without a key */
	uint32_t n;
	struct point p[];
};

static uint32_t points_per_unit(const struct rt_backend *be)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < be->nsrv; i++)
		sum += rt_srv_exists(&be->srv[i]) ? be->srv[i].weight : 0;
	return MIN(MAX(POINTS_TOTAL / MAX(sum, 1u), 1u), (uint32_t)POINTS_UNIT);
}

static uint32_t points_of(const struct lb_cand *c, uint32_t unit)
{
	return MAX((uint32_t)((uint64_t)c->weight * unit / LB_WEIGHT_SCALE), 1u);
}

/* Least significant byte first, stable: points at the same place stay in configuration order. */
static void sort_points(struct point *p, struct point *tmp, uint32_t n)
{
	for (unsigned shift = 0; shift < 32; shift += 8) {
		uint32_t start[257] = { 0 };
		struct point *t = p;

		for (uint32_t i = 0; i < n; i++)
			start[((p[i].at >> shift) & 0xff) + 1]++;
		for (unsigned b = 0; b < 256; b++)
			start[b + 1] += start[b];
		for (uint32_t i = 0; i < n; i++)
			tmp[start[(p[i].at >> shift) & 0xff]++] = p[i];
		p = tmp;
		tmp = t;
	}
}

static bool ring_build(struct lb *lb)
{
	uint32_t unit = points_per_unit(lb->be), n = 0;
	struct ring *g;

	for (uint32_t i = 0; i < lb->n; i++)
		n += points_of(&lb->cand[i], unit);
	g = malloc(sizeof(*g) + n * sizeof(g->p[0]));
	struct point *tmp = malloc(n * sizeof(*tmp));
	struct lb_sched *rr = lb_sched_new(lb, lb_weight_now);

	if (!g || !tmp || !rr) {
		free(g);
		free(tmp);
		lb_sched_free(rr);
		return false;
	}
	g->rr = rr;
	g->n = 0;
	for (uint32_t i = 0; i < lb->n; i++)
		for (uint32_t k = 0, m = points_of(&lb->cand[i], unit); k < m; k++)
			g->p[g->n++] = (struct point){ hash_avalanche(hash_avalanche(lb->cand[i].key) + k), i };
	sort_points(g->p, tmp, n);
	free(tmp);
	lb->state = g;
	return true;
}

static uint32_t ring_find(const struct ring *g, uint32_t hash)
{
	uint32_t lo = 0, hi = g->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (g->p[mid].at < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == g->n ? 0 : lo;
}

/* Is c below factor % of its fair share of the requests now in the backend, the new one included? */
static bool within_bound(const struct lb *lb, const struct lb_cand *c, uint64_t in_backend)
{
	uint64_t share = ((in_backend + 1) * lb->be->balance_factor * c->weight + 100 * lb->total_weight - 1) / (100 * lb->total_weight);

	return lb_load(lb, c) < share;
}

static int ring_pick(struct lb *lb, const struct lb_req *r)
{
	const struct ring *g = lb->state;
	uint64_t in_backend = 0;
	int first = -1;

	if (!r->has_key)
		return lb_sched_next(lb, g->rr, r);
	if (lb->be->balance_factor)
		in_backend = live_sum(lb->seg, LIVE_BE, lb->be_idx);
	for (uint32_t k = 0, i = ring_find(g, r->hash); k < g->n; k++, i = i + 1 == g->n ? 0 : i + 1) {
		uint32_t c = g->p[i].cand;

		if (lb_avoided(r, lb->cand[c].srv))
			continue;
		if (!lb->be->balance_factor || within_bound(lb, &lb->cand[c], in_backend))
			return (int)c;
		if (first < 0)
			first = (int)c;
	}
	return first;
}

static void ring_drop(struct lb *lb)
{
	struct ring *g = lb->state;

	lb_sched_free(g->rr);
	free(g);
}

const struct lb_algo lb_ring = { .name = "consistent", .by_key = true, .build = ring_build, .pick = ring_pick, .drop = ring_drop };
