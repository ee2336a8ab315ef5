// SPDX-License-Identifier: GPL-3.0-or-later
/* Fill first: the server with the lowest id that has a free slot under its maxconn, so that the fleet can shrink to what is needed.
 *
 * Full servers at the head of the list would be scanned by every pick, so the backend word first_hint remembers how many of them were full last
 * time. It is only a hint: a finished request lowers it, one pick in RESCAN ignores it, and any worker may write it. When everything is full the
 * server with the fewest requests in flight is named, and the queue decides. */
#include <stdlib.h>
#include "lb_priv.h"

#define RESCAN 64

struct fill {
	uint32_t picks;
	uint32_t *rank;         /* of each candidate in order[] */
	uint32_t order[];       /* candidates by server id */
};

static const struct lb *sorting; /* qsort has no context; a process is one thread */

static int by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t kx = sorting->cand[x].key, ky = sorting->cand[y].key;

	if (kx != ky)
		return kx < ky ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool first_build(struct lb *lb)
{
	struct fill *f = malloc(sizeof(*f) + 2 * lb->n * sizeof(f->order[0]));

	if (!f)
		return false;
	f->picks = 0;
	f->rank = f->order + lb->n;
	for (uint32_t i = 0; i < lb->n; i++)
		f->order[i] = i;
	sorting = lb;
	qsort(f->order, lb->n, sizeof(f->order[0]), by_id);
	for (uint32_t k = 0; k < lb->n; k++)
		f->rank[f->order[k]] = k;
	lb->state = f;
	return true;
}

static bool has_room(const struct lb *lb, const struct lb_cand *c, uint32_t load)
{
	uint32_t max = srv_admin_maxconn(atomic_load_explicit(&lb->seg->srv[c->srv].admin, memory_order_relaxed));

	return !max || load < max;
}

static int first_pick(struct lb *lb, const struct lb_req *r)
{
	struct fill *f = lb->state;
	_Atomic uint32_t *hint = &lb->seg->be[lb->be_idx].first_hint;
	uint32_t from = atomic_load_explicit(hint, memory_order_relaxed), least = UINT32_MAX;
	bool all_full = true;
	int emptiest = -1;

	if (f->picks++ % RESCAN == 0 || from >= lb->n)
		from = 0;
	for (uint32_t k = 0; k < lb->n; k++) {
		uint32_t i = f->order[(from + k) % lb->n], load;

		if (lb_avoided(r, lb->cand[i].srv)) {
			all_full = false;
			continue;
		}
		load = lb_load(lb, &lb->cand[i]);
		if (has_room(lb, &lb->cand[i], load)) {
			if (all_full && k > 0)
				atomic_store_explicit(hint, (from + k) % lb->n, memory_order_relaxed);
			return (int)i;
		}
		if (load < least) {
			least = load;
			emptiest = (int)i;
		}
	}
	return emptiest;
}

static void first_done(struct lb *lb, const struct lb_done *d)
{
	_Atomic uint32_t *hint = &lb->seg->be[lb->be_idx].first_hint;
	const struct fill *f = lb->state;
	int i = lb_cand_of(lb, d->srv);

	if (i >= 0 && f->rank[i] < atomic_load_explicit(hint, memory_order_relaxed))
		atomic_store_explicit(hint, f->rank[i], memory_order_relaxed);
}

static void first_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_first = { .name = "first", .build = first_build, .pick = first_pick, .done = first_done, .drop = first_drop };
