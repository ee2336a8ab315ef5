// SPDX-License-Identifier: GPL-3.0-or-later
/* The judge: which servers of a backend may be chosen now, with which weight. Algorithms only see the result.
 *
 * A set is derived at the first pick and again when the epochs of the segment have moved; when nothing of this backend changed, what the
 * algorithm has built stays. When memory is short the former set is used on. */
#include <stdlib.h>
#include "lb_priv.h"

#define LB_ALGO(id, word, sym, help) extern const struct lb_algo sym;
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO

static const struct { struct str word; const struct lb_algo *algo; } algos[] = {
#define LB_ALGO(id, word, sym, help) { { word, sizeof(word) - 1 }, &sym },
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
};

const struct lb_algo *lb_algo_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algos); i++)
		if (str_eq(algos[i].word, name))
			return algos[i].algo;
	return NULL;
}

static uint64_t segment_epoch(const struct segment *s)
{
	return atomic_load_explicit(&s->h->epoch_checker, memory_order_acquire) +
	       atomic_load_explicit(&s->h->epoch_leader, memory_order_acquire);
}

static bool state_usable(uint64_t op, uint64_t admin, bool persistent)
{
	enum srv_op st = srv_op_state(op);
	unsigned bits = srv_admin_bits(admin);

	if (st == SRV_DOWN || bits & ADM_MAINT)
		return false;
	return persistent || (st != SRV_STOPPING && !(bits & ADM_DRAIN) && srv_admin_weight(admin) > 0);
}

static uint32_t effective_weight(uint64_t op, uint64_t admin)
{
	uint32_t w = srv_admin_weight(admin) * LB_WEIGHT_SCALE;

	if (srv_op_state(op) == SRV_STARTING)
		w = w * MIN(srv_op_ramp(op), 100u) / 100;
	return MAX(w, 1u);
}

static void collect(struct lb *lb, bool backups)
{
	const struct rt_backend *be = lb->be;

	lb->n = 0;
	for (uint32_t i = 0; i < be->nsrv; i++) {
		uint32_t srv = be->srv0 + i;
		uint64_t op = atomic_load_explicit(&lb->seg->srv[srv].op, memory_order_acquire);
		uint64_t admin = atomic_load_explicit(&lb->seg->srv[srv].admin, memory_order_acquire);

		if (!rt_srv_exists(&be->srv[i]) || !!(be->srv[i].flags & SRVF_BACKUP) != backups || !state_usable(op, admin, false))
			continue;
		lb->cand[lb->n++] = (struct lb_cand){
			.srv = srv, .weight = effective_weight(op, admin), .key = be->srv[i].id, .row = live_row(lb->seg, LIVE_SRV, srv),
		};
		if (backups && !be->allbackups)
			break;
	}
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static void sum_weights(struct lb *lb)
{
	lb->total_weight = lb->max_weight = lb->gcd_weight = 0;
	for (uint32_t i = 0; i < lb->n; i++) {
		uint32_t w = lb->cand[i].weight;

		lb->total_weight += w;
		lb->max_weight = MAX(lb->max_weight, w);
		lb->gcd_weight = gcd(lb->gcd_weight, w);
	}
}

static bool same_set(const struct lb *a, const struct lb *b)
{
	if (a->n != b->n || !a->cand)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->cand[i].srv != b->cand[i].srv || a->cand[i].weight != b->cand[i].weight || a->cand[i].key != b->cand[i].key)
			return false;
	return true;
}

static void drop_state(struct lb *lb)
{
	if (lb->state && lb->algo->drop)
		lb->algo->drop(lb);
	lb->state = NULL;
}

static void derive(struct lb *lb, uint64_t epoch)
{
	struct lb next = *lb;

	next.state = NULL;
	next.epoch = epoch;
	next.cap = lb->be->nsrv;
	next.cand = malloc(MAX(next.cap, 1u) * sizeof(*next.cand));
	if (!next.cand)
		return;
	collect(&next, false);
	next.on_backup = next.n == 0;
	if (next.on_backup)
		collect(&next, true);
	if (same_set(lb, &next)) {
		lb->on_backup = next.on_backup;
		lb->epoch = epoch;
		free(next.cand);
		return;
	}
	sum_weights(&next);
	if (next.n && !next.algo->build(&next)) {
		free(next.cand);
		return;
	}
	drop_state(lb);
	free(lb->cand);
	*lb = next;
}

static void refresh(struct lb *lb)
{
	uint64_t epoch = segment_epoch(lb->seg);

	if (UNLIKELY(epoch != lb->epoch || !lb->cand))
		derive(lb, epoch);
}

/* `hash-type consistent` turns every keyed `balance` word into the ring. */
extern const struct lb_algo lb_map, lb_ring;
static const struct lb_algo *algo_for(const struct rt_backend *be)
{
	return be->algo == &lb_map && be->hash_consistent ? &lb_ring : be->algo;
}

bool lb_init(struct lb *lb, const struct rt_backend *be, uint32_t be_idx, const struct segment *seg, unsigned worker)
{
	if (worker >= seg->geo.nworkers || be_idx >= seg->geo.npx || be->srv0 + be->nsrv > seg->geo.nsrv || (be->nsrv && !be->algo))
		return false;
	*lb = (struct lb){ .be = be, .algo = algo_for(be), .seg = seg, .worker = worker, .be_idx = be_idx };
	return true;
}

void lb_free(struct lb *lb)
{
	drop_state(lb);
	free(lb->cand);
	lb->cand = NULL;
	lb->n = 0;
}

unsigned lb_usable(struct lb *lb)
{
	refresh(lb);
	return lb->n;
}

int lb_pick(struct lb *lb, const struct lb_req *r)
{
	int i;

	refresh(lb);
	if (!lb->n)
		return -1;
	i = lb->algo->pick(lb, r);
	return i < 0 ? -1 : (int)lb->cand[i].srv;
}

void lb_done(struct lb *lb, const struct lb_done *d)
{
	if (lb->algo && lb->algo->done && lb->state)
		lb->algo->done(lb, d);
}

bool lb_words_usable(const struct segment *seg, uint32_t srv, bool persistent)
{
	return state_usable(atomic_load_explicit(&seg->srv[srv].op, memory_order_acquire),
			    atomic_load_explicit(&seg->srv[srv].admin, memory_order_acquire), persistent);
}

bool lb_srv_usable(const struct lb *lb, uint32_t srv, bool persistent)
{
	if (srv - lb->be->srv0 >= lb->be->nsrv || !rt_srv_exists(&lb->be->srv[srv - lb->be->srv0]))
		return false;
	return lb_words_usable(lb->seg, srv, persistent);
}

uint32_t lb_weight_now(const struct lb *lb, uint32_t i)
{
	return lb->cand[i].weight;
}

int lb_scan_free(const struct lb *lb, uint32_t i, const struct lb_req *r)
{
	for (uint32_t k = 0; k < lb->n; k++, i++) {
		if (i >= lb->n)
			i = 0;
		if (!lb_avoided(r, lb->cand[i].srv))
			return (int)i;
	}
	return -1;
}

int lb_cand_of(const struct lb *lb, uint32_t srv)
{
	uint32_t lo = 0, hi = lb->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (lb->cand[mid].srv < srv)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < lb->n && lb->cand[lo].srv == srv ? (int)lo : -1;
}
