// SPDX-License-Identifier: GPL-3.0-or-later
/* The smooth weighted schedule behind roundrobin, static-rr and map-based hashing, without a table of slots.
 *
 * Servers of one weight form a class; a class of m servers of weight w owns A = w*m of the W slots and serves its members in turn, so each gets
 * exactly w. After x of W equal steps a class should have had x*A/W slots; f(x) rounds that to the nearest whole, and F(x), the sum over the
 * classes, is a monotone staircase from 0 to W that strays from x by at most half the number of classes. Slot t belongs to the class whose
 * f rises where F first exceeds t, found by a short binary search around t. */
#include <stdlib.h>
#include "lb_priv.h"

struct sched_class {
	uint64_t step;          /* A/W in 32.32 fixed point */
	uint32_t first, m;      /* member[first .. first+m-1] */
};

struct lb_sched {
	uint64_t cycle;
	uint32_t nclass;
	struct sched_class *cls;
	uint32_t *member;       /* candidate indices, class by class, each in configuration order */
};

struct weighted { uint32_t w, i; };

static int heavier_first(const void *a, const void *b)
{
	const struct weighted *x = a, *y = b;

	if (x->w != y->w)
		return x->w > y->w ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

static uint32_t gcd_of(const struct weighted *s, uint32_t n)
{
	uint32_t g = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t a = g, b = s[i].w;

		while (b) {
			uint32_t t = a % b;

			a = b;
			b = t;
		}
		g = a;
	}
	return g;
}

static void fill_classes(struct lb_sched *s, const struct weighted *order, uint32_t n)
{
	uint32_t g = gcd_of(order, n);

	for (uint32_t i = 0; i < n; i++) {
		s->cycle += order[i].w / g;
		s->member[i] = order[i].i;
		if (i == 0 || order[i].w != order[i - 1].w)
			s->cls[s->nclass++] = (struct sched_class){ .step = order[i].w / g, .first = i };
		s->cls[s->nclass - 1].m++;
	}
	for (uint32_t c = 0; c < s->nclass; c++)
		s->cls[c].step = ((s->cls[c].step * s->cls[c].m << 32) + s->cycle / 2) / s->cycle;
}

static uint32_t count_classes(const struct weighted *order, uint32_t n)
{
	uint32_t c = n > 0;

	for (uint32_t i = 1; i < n; i++)
		c += order[i].w != order[i - 1].w;
	return c;
}

struct lb_sched *lb_sched_new(const struct lb *lb, lb_weight_fn *weight)
{
	struct weighted *order = malloc(MAX(lb->n, 1u) * sizeof(*order));
	struct lb_sched *s = NULL;
	uint32_t same = 1, nclass;

	if (!order)
		return NULL;
	for (uint32_t i = 0; i < lb->n; i++) {
		order[i] = (struct weighted){ weight(lb, i), i };
		same &= order[i].w == order[0].w;
	}
	if (!same)
		qsort(order, lb->n, sizeof(*order), heavier_first);
	nclass = count_classes(order, lb->n);
	s = calloc(1, sizeof(*s) + nclass * sizeof(*s->cls) + lb->n * sizeof(*s->member));
	if (s) {
		s->cls = (struct sched_class *)(s + 1);
		s->member = (uint32_t *)(s->cls + nclass);
		fill_classes(s, order, lb->n);
	}
	free(order);
	return s;
}

void lb_sched_free(struct lb_sched *s)
{
	free(s);
}

uint64_t lb_sched_cycle(const struct lb_sched *s)
{
	return s->cycle;
}

static inline uint64_t had(const struct sched_class *c, uint64_t x)
{
	return (x * c->step + (1u << 31)) >> 32;
}

static uint64_t had_all(const struct lb_sched *s, uint64_t x)
{
	uint64_t sum = 0;

	for (uint32_t c = 0; c < s->nclass; c++)
		sum += had(&s->cls[c], x);
	return sum;
}

/* Smallest x with F(x) > t. */
static uint64_t step_of(const struct lb_sched *s, uint64_t t)
{
	uint64_t slack = s->nclass / 2 + 1;
	uint64_t lo = t + 1 > slack ? t + 1 - slack : 1, hi = MIN(t + 1 + slack, s->cycle);

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (had_all(s, mid) > t)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

uint32_t lb_sched_at(const struct lb_sched *s, uint64_t t)
{
	uint64_t x, before;

	t %= s->cycle;
	if (s->nclass == 1)
		return s->member[t % s->cls[0].m];
	x = step_of(s, t);
	before = had_all(s, x - 1);
	for (uint32_t c = 0; c < s->nclass; c++) {
		uint64_t k = had(&s->cls[c], x - 1);

		if (had(&s->cls[c], x) > k && before++ == t)
			return s->member[s->cls[c].first + k % s->cls[c].m];
	}
	panic_assert("slot without an owner", __FILE__, __LINE__);
}

int lb_sched_next(struct lb *lb, const struct lb_sched *s, const struct lb_req *r)
{
	_Atomic uint64_t *cursor = &lb->seg->be[lb->be_idx].rr_cursor;
	uint32_t i = 0;

	for (unsigned tries = 0; tries <= 4 * r->navoid; tries++) {
		i = lb_sched_at(s, atomic_fetch_add_explicit(cursor, 1, memory_order_relaxed));
		if (!lb_avoided(r, lb->cand[i].srv))
			return (int)i;
	}
	return lb_scan_free(lb, i, r);
}
