// SPDX-License-Identifier: GPL-3.0-or-later
/* Walks compiled rule lists: the indexes name the rules that may apply, those are verified in full in ascending order, and each
 * that holds is handed out: what a linear scan finds, without the scan. Nothing is allocated but what expressions take from the
 * request's arena, and one bit a rule where a request has more keys at once than there is room for. */
#include "route_priv.h"

struct route *route_compile(struct arena *a, struct cond *const *conds, const uint64_t *changes, unsigned n)
{
	struct route *r = ARENA_NEW(a, struct route);

	r->conds = arena_dup(a, conds, n * sizeof(*conds));
	r->changes = changes ? arena_dup(a, changes, n * sizeof(*changes)) : NULL;
	r->n = n;
	route_build(r, a);
	return r;
}

int route_first_linear(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	for (unsigned i = from; i < r->n; i++)
		if (cond_true(r->conds[i], ctx))
			return (int)i;
	return -1;
}

/* ---- candidates ------------------------------------------------------------------------------------------------- */

/* Index of the first rule >= from in the bucket. */
static uint32_t bucket_from(const struct route_bucket *b, uint32_t from)
{
	uint32_t lo = 0, hi = b->n;

	if (b->n && b->rule[0] >= from)
		return 0;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (b->rule[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void bits_add(struct route_walk *w, const struct route_bucket *b, uint32_t at)
{
	for (; at < b->n; at++)
		w->bits[b->rule[at] / 64] |= 1ull << b->rule[at] % 64;
}

struct answers {
	struct route_walk *w;
	uint32_t of;                     /* the question asked */
	bool full;                       /* more lists than fit */
};

static bool add_bucket(void *ctx, void *bucket)
{
	struct answers *a = ctx;
	struct route_walk *w = a->w;
	const struct route_bucket *b = bucket;
	uint32_t at = bucket_from(b, w->at);

	if (at == b->n || a->full)
		return !a->full;
	if (w->bits) {
		bits_add(w, b, at);
		return true;
	}
	for (unsigned i = 0; i < w->nlist; i++)
		if (w->list[i].b == b)
			return true;
	if (w->nlist == ROUTE_LISTS) {
		a->full = true;
		return false;
	}
	w->list[w->nlist].b = b;
	w->list[w->nlist].of = a->of;
	w->list[w->nlist++].at = at;
	return true;
}

struct looking { struct answers *answers; const struct route_ask *q; };

static bool look_up_value(void *ctx, const struct smp *s)
{
	struct looking *l = ctx;
	struct smp_ctx *c = l->answers->w->ctx;

	for (const struct route_index *x = l->q->index; x; x = x->next)
		route_index_lookup(x, s, c->tmp, add_bucket, l->answers);
	return !l->answers->full;
}

/* Finds the candidates of one question. What was looked up is not needed any longer then. */
static bool ask(struct route_walk *w, uint32_t i)
{
	const struct route_ask *q = &w->r->ask[i];
	struct arena_mark m = arena_mark(w->ctx->tmp);
	struct answers a = { .w = w, .of = i };
	struct looking l = { &a, q };

	if (q->expr)
		w->linear |= !expr_each(q->expr, w->ctx, look_up_value, &l);
	else if (acl_eval(q->acl, w->ctx) != COND_TRUE)
		add_bucket(&a, (void *)(uintptr_t)&q->miss);
	arena_rewind(w->ctx->tmp, m);
	return !a.full;
}

/* From lists to bits: everything asked so far once more. */
static void ask_into_bits(struct route_walk *w)
{
	size_t words = (w->r->n + 63) / 64;

	if (!w->bits)
		w->bits = ARENA_NEWN(w->ctx->tmp, uint64_t, words);
	memset(w->bits, 0, words * sizeof(*w->bits));
	w->nlist = 0;
	bits_add(w, &w->r->always, bucket_from(&w->r->always, w->at));
	for (uint32_t i = 0; i < w->nasked; i++)
		(void)ask(w, i);
}

static void ask_next(struct route_walk *w)
{
	if (!ask(w, w->nasked++))
		ask_into_bits(w);
}

static void drop_lists(struct route_walk *w, uint32_t of)
{
	for (uint32_t i = 0; i < w->nlist;)
		if (w->list[i].of == of)
			w->list[i] = w->list[--w->nlist];
		else
			i++;
}

/* A rule has changed something: what depends on it is asked again. */
static void ask_again(struct route_walk *w)
{
	uint64_t dirty = w->dirty;
	bool fits = !w->bits;

	w->dirty = 0;
	for (uint32_t i = 0; fits && i < w->nasked; i++) {
		const struct route_ask *q = &w->r->ask[i];

		if (!(q->deps & dirty) || q->last < w->at)
			continue;
		drop_lists(w, i);
		fits = ask(w, i);
	}
	if (!fits)
		ask_into_bits(w);
}

static uint32_t lowest_bit(const struct route_walk *w)
{
	uint32_t word = w->at / 64, words = (w->r->n + 63) / 64;
	uint64_t here = word < words ? w->bits[word] & ~0ull << w->at % 64 : 0;

	while (!here && ++word < words)
		here = w->bits[word];
	return here ? word * 64 + (uint32_t)__builtin_ctzll(here) : w->r->n;
}

/* The lowest candidate >= at of the questions asked so far, or n. */
static uint32_t lowest(struct route_walk *w)
{
	uint32_t low = w->r->n;

	if (w->bits)
		return lowest_bit(w);
	for (uint32_t i = 0; i < w->nlist;) {
		const struct route_bucket *b = w->list[i].b;

		while (w->list[i].at < b->n && b->rule[w->list[i].at] < w->at)
			w->list[i].at++;
		if (w->list[i].at == b->n) {
			w->list[i] = w->list[--w->nlist];
			continue;
		}
		low = MIN(low, b->rule[w->list[i].at]);
		i++;
	}
	return low;
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */

enum { NO_QUESTION = UINT32_MAX };

void route_start(struct route_walk *w, const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	struct answers a = { .w = w, .of = NO_QUESTION };

	w->r = r, w->ctx = ctx, w->at = from, w->nasked = 0, w->nlist = 0;
	w->linear = false, w->dirty = 0, w->bits = NULL;
	add_bucket(&a, (void *)(uintptr_t)&r->always);
}

/* Questions are asked when a rule of theirs may be the next: a list that ends early never asks the others. */
static uint32_t next_candidate(struct route_walk *w)
{
	if (w->dirty)
		ask_again(w);
	uint32_t low = w->linear ? w->at : lowest(w);

	while (!w->linear && w->nasked < w->r->nask && w->r->ask[w->nasked].first <= low) {
		if (w->r->ask[w->nasked].last < w->at) {
			w->nasked++;
			continue;
		}
		ask_next(w);
		low = lowest(w);
	}
	return w->linear ? w->at : low;
}

/* Nothing that a condition computed outlives it: thousands of rules with converters take the memory of one. */
static enum cond_result verify(struct route_walk *w, const struct cond *c)
{
	struct arena_mark m = arena_mark(w->ctx->tmp);
	enum cond_result hit = c ? cond_eval(c, w->ctx) : COND_TRUE;

	if (c && c->effect)
		w->dirty = DEP_ALL; /* and a capture keeps its text in the arena */
	else
		arena_rewind(w->ctx->tmp, m);
	return hit;
}

enum cond_result route_next(struct route_walk *w, unsigned to, unsigned *rule)
{
	for (;;) {
		uint32_t i = next_candidate(w);

		if (i >= to)
			return COND_FALSE;
		w->at = i + 1;
		enum cond_result hit = verify(w, w->r->conds[i]);

		if (hit == COND_TRUE && w->r->changes)
			w->dirty |= w->r->changes[i];
		if (hit == COND_TRUE || (hit == COND_WAIT && !w->ctx->final)) {
			*rule = i;
			return hit;
		}
	}
}

int route_first(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	struct route_walk w;
	enum cond_result hit;
	unsigned rule;

	if (from >= r->n)
		return -1;
	route_start(&w, r, ctx, from);
	while ((hit = route_next(&w, r->n, &rule)) == COND_WAIT)
		;
	return hit == COND_TRUE ? (int)rule : -1;
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

static void print_ask(const struct route_ask *q, struct sbuf *out)
{
	if (!q->expr)
		sbuf_printf(out, "    index of a negation, %u rules\n", q->miss.n);
	for (const struct route_index *x = q->index; x; x = x->next) {
		sbuf_add(out, STR("    index "));
		expr_print(q->expr, out);
		if (x->kind == IX_TEST)
			sbuf_printf(out, ", %u tests\n", x->ntests);
		else
			sbuf_printf(out, " -m %s%s\n", match_name((enum match_kind)x->match).p, x->icase && x->kind != IX_LITERAL ? " -i" : "");
	}
}

void route_print(const struct route *r, struct sbuf *out)
{
	sbuf_printf(out, "  %u rules, %u without index\n", r->n, r->always.n);
	for (uint32_t i = 0; i < r->nask; i++)
		print_ask(&r->ask[i], out);
}
