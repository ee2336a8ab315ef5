// SPDX-License-Identifier: GPL-3.0-or-later
/* Evaluates compiled routing: the indexes name the rules that may apply, those are verified in full in ascending
 * order, and the first that holds wins: what a linear scan finds, without the scan. Nothing is allocated but
 * what expressions take from the request's arena. */
#include "route_priv.h"

/* Sorted lists of candidates that are merged; further ones are tried at once. */
#define MAX_LISTS 32

struct candidates {
	const struct route *r;
	struct smp_ctx *ctx;
	const struct route_probe *probe;
	uint32_t from, best;             /* best: a rule known to hold, or n */
	unsigned n;
	struct { const struct bucket *b; uint32_t at; } list[MAX_LISTS];
};

struct route *route_compile(struct arena *a, struct cond *const *conds, unsigned n)
{
	struct route *r = ARENA_NEW(a, struct route);

	r->conds = arena_dup(a, conds, n * sizeof(*conds));
	r->n = n;
	route_index_build(r, a);
	return r;
}

int route_first_linear(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	for (unsigned i = from; i < r->n; i++)
		if (cond_true(r->conds[i], ctx))
			return (int)i;
	return -1;
}

/* Index of the first rule >= from in the bucket. */
static uint32_t bucket_from(const struct bucket *b, uint32_t from)
{
	uint32_t lo = 0, hi = b->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (b->rule[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void try_now(struct candidates *c, const struct bucket *b, uint32_t at)
{
	for (; at < b->n && b->rule[at] < c->best; at++) {
		if (cond_true(c->r->conds[b->rule[at]], c->ctx)) {
			c->best = b->rule[at];
			return;
		}
	}
}

static bool add_bucket(void *ctx, void *val)
{
	struct candidates *c = ctx;
	const struct bucket *b = val;
	uint32_t at = b->n && b->rule[0] >= c->from ? 0 : bucket_from(b, c->from);

	if (at == b->n || b->rule[at] >= c->best)
		return true;
	for (unsigned i = 0; i < c->n; i++)
		if (c->list[i].b == b)
			return true;
	if (c->n == MAX_LISTS) {
		try_now(c, b, at);
		return true;
	}
	c->list[c->n].b = b;
	c->list[c->n++].at = at;
	return true;
}

static bool look_up_value(void *ctx, struct smp *s)
{
	struct candidates *c = ctx;

	for (const struct route_index *x = c->probe->first; x; x = x->next)
		route_index_lookup(x, s, c->ctx->tmp, add_bucket, c);
	return true;
}

/* The lowest candidate of all lists, or best when none is lower; takes it off its lists. */
static uint32_t next_candidate(struct candidates *c)
{
	uint32_t low = c->best;

	for (unsigned i = 0; i < c->n; i++)
		if (c->list[i].at < c->list[i].b->n)
			low = MIN(low, c->list[i].b->rule[c->list[i].at]);
	for (unsigned i = 0; i < c->n; i++)
		if (c->list[i].at < c->list[i].b->n && c->list[i].b->rule[c->list[i].at] == low)
			c->list[i].at++;
	return low;
}

int route_first(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	struct arena_mark m = arena_mark(ctx->tmp);
	struct candidates c;

	c.r = r, c.ctx = ctx, c.from = from, c.best = r->n, c.n = 0;

	if (from >= r->n)
		return -1;
	add_bucket(&c, (void *)(uintptr_t)&r->always);
	for (c.probe = r->first; c.probe; c.probe = c.probe->next)
		(void)expr_each(c.probe->expr, ctx, look_up_value, &c);
	for (uint32_t rule; (rule = next_candidate(&c)) < c.best;) {
		if (!r->effect)
			arena_rewind(ctx->tmp, m); /* of the values looked up only the lists they led to are still needed */
		if (cond_true(r->conds[rule], ctx))
			return (int)rule;
	}
	return c.best < r->n ? (int)c.best : -1;
}

void route_print(const struct route *r, struct sbuf *out)
{
	sbuf_printf(out, "%u rules, %u without index\n", r->n, r->always.n);
	for (const struct route_probe *p = r->first; p; p = p->next) {
		for (const struct route_index *x = p->first; x; x = x->next) {
			sbuf_add(out, STR("index "));
			expr_print(p->expr, out);
			sbuf_printf(out, " -m %s%s\n", match_name(x->match).p, x->icase ? " -i" : "");
		}
	}
	for (unsigned i = 0; i < r->n; i++) {
		sbuf_printf(out, "%u ", i);
		if (r->conds[i])
			cond_print(r->conds[i], out);
		sbuf_addc(out, '\n');
	}
}
