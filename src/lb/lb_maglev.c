// SPDX-License-Identifier: GPL-3.0-or-later
/* Maglev hashing: a table of prime size that servers fill in turn, each along its own permutation, as often as its weight asks. A pick is
 * one look-up, shares are even to 1 %, and a change of the set moves few more keys than it must (Eisenbud et al., "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4). */
#include <stdlib.h>
#include <sluice/base/hash.h>
#include "lb_priv.h"

#define TABLE_MIN 65537
#define SLOTS_PER_SERVER 100

struct maglev {
	struct lb_sched *rr;    /* requests without a key */
	uint32_t size;
	uint32_t slot[];        /* candidate */
};

struct filler { uint32_t at, skip, want; }; /* want: weight not yet turned into a slot, in units of max_weight */

static bool is_prime(uint32_t n)
{
	for (uint32_t d = 3; (uint64_t)d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return n % 2 == 1;
}

static uint32_t table_size(uint32_t n)
{
	uint32_t size = (uint32_t)MAX((uint64_t)TABLE_MIN, MIN((uint64_t)n * SLOTS_PER_SERVER | 1, (uint64_t)1 << 30 | 1));

	while (!is_prime(size))
		size += 2;
	return size;
}

static void claim(struct maglev *m, struct filler *f, uint32_t cand)
{
	while (m->slot[f->at] != UINT32_MAX)
		f->at = f->at + f->skip >= m->size ? f->at + f->skip - m->size : f->at + f->skip;
	m->slot[f->at] = cand;
}

static void fill(const struct lb *lb, struct maglev *m, struct filler *f)
{
	uint32_t filled = 0;

	for (uint32_t i = 0; i < lb->n; i++) {
		uint32_t h = hash_avalanche(lb->cand[i].key);

		f[i] = (struct filler){ .at = h % m->size, .skip = hash_avalanche(h ^ 0x9e3779b9u) % (m->size - 1) + 1 };
	}
	memset(m->slot, 0xff, m->size * sizeof(m->slot[0]));
	for (;;)
		for (uint32_t i = 0; i < lb->n; i++) {
			f[i].want += lb->cand[i].weight;
			if (f[i].want < lb->max_weight)
				continue;
			f[i].want -= lb->max_weight;
			claim(m, &f[i], i);
			if (++filled == m->size)
				return;
		}
}

static bool maglev_build(struct lb *lb)
{
	uint32_t size = table_size(lb->n);
	struct maglev *m = malloc(sizeof(*m) + size * sizeof(m->slot[0]));
	struct filler *f = malloc(lb->n * sizeof(*f));
	struct lb_sched *rr = lb_sched_new(lb, lb_weight_now);

	if (!m || !f || !rr) {
		free(m);
		free(f);
		lb_sched_free(rr);
		return false;
	}
	m->rr = rr;
	m->size = size;
	fill(lb, m, f);
	free(f);
	lb->state = m;
	return true;
}

static int maglev_pick(struct lb *lb, const struct lb_req *r)
{
	const struct maglev *m = lb->state;
	uint32_t at = r->hash % m->size;

	if (!r->has_key)
		return lb_sched_next(lb, m->rr, r);
	for (uint32_t k = 0; k < m->size; k++, at = at + 1 == m->size ? 0 : at + 1)
		if (!lb_avoided(r, lb->cand[m->slot[at]].srv))
			return (int)m->slot[at];
	return -1;
}

static void maglev_drop(struct lb *lb)
{
	struct maglev *m = lb->state;

	lb_sched_free(m->rr);
	free(m);
}

const struct lb_algo lb_maglev = { .name = "maglev", .by_key = true, .build = maglev_build, .pick = maglev_pick, .drop = maglev_drop };
