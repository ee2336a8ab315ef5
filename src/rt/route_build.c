// SPDX-License-Identifier: GPL-3.0-or-later
/* Decides through what each rule of a list is found. A conjunction is found through one of its terms: through the one whose keys
 * the fewest rules share, so that `{ hdr(host) one.example } { path_beg /x }` over many paths of one host is found by path. A term
 * can be that when neither chance nor time changes what it tests. Negated terms select little; they are evaluated once for all
 * rules that have the same one.
 *
 * `if A or B` is found when A's term or B's term is. `unless A B` holds when A does not or B does not: it is found through all of
 * its terms, the other way round; of `unless A or B` one side is enough. */
#include <stdlib.h>

#include <sluice/base/vec.h>

#include "route_priv.h"

/* What finding a rule in this way costs besides what its key lets through, in rules. */
enum { COST_TEST = 32, COST_NEGATED = 64 };
/* A list gains from so many conditions on, or from so many tests of one value that converters make. */
enum { CONDS_ENOUGH = 8, CONVERTED_ENOUGH = 3 };

struct builder {
	struct route *r;
	struct arena *arena;
	struct hmap by_text;     /* canonical text -> struct route_ask */
	VEC(struct route_ask *) asks;
};

static bool test_steady(const struct acl_test *t)
{
	return expr_pure(t->expr) && !(expr_needs(t->expr) & (unsigned)(NEED_L6 | NEED_RES_L6 | NEED_REQ_BODY));
}

static bool acl_steady(const struct acl *a)
{
	for (uint32_t i = 0; i < a->ntest; i++)
		if (!test_steady(a->test[i]))
			return false;
	return a->ntest > 0;
}

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static struct route_ask *ask_of(struct builder *b, const struct expr *e, const struct acl *acl, struct str text)
{
	struct route_ask *q = hmap_get(&b->by_text, text);

	if (q)
		return q;
	q = ARENA_NEW(b->arena, struct route_ask);
	*q = (struct route_ask){ .expr = e, .acl = acl, .first = UINT32_MAX };
	hmap_put(&b->by_text, arena_str(b->arena, text), q);
	VEC_PUSH(&b->asks, q);
	return q;
}

static struct route_index *index_of(struct builder *b, const struct acl_test *t)
{
	struct sbuf text = { 0 };

	expr_print(t->expr, &text);
	struct route_index **at = &ask_of(b, t->expr, NULL, sbuf_str(&text))->index;

	sbuf_free(&text);
	while (*at && !route_index_fits(*at, t))
		at = &(*at)->next;
	if (!*at)
		*at = route_index_new(b->arena, t);
	return *at;
}

static struct route_bucket *miss_of(struct builder *b, const struct acl *acl)
{
	struct sbuf text = { 0 };

	sbuf_addc(&text, '!');
	for (uint32_t i = 0; i < acl->ntest; i++)
		route_test_text(acl->test[i], &text);
	struct route_ask *q = ask_of(b, NULL, acl, sbuf_str(&text));

	sbuf_free(&text);
	return &q->miss;
}

static void each_bucket(struct builder *b, const struct acl *acl, bool negated, route_bucket_fn *fn, void *ctx)
{
	if (negated) {
		fn(ctx, miss_of(b, acl));
		return;
	}
	for (uint32_t i = 0; i < acl->ntest; i++)
		route_index_keys(index_of(b, acl->test[i]), acl->test[i], b->arena, fn, ctx);
}

/* ---- counting, choosing ----------------------------------------------------------------------------------------- */

static bool count_test(void *ctx, void *bucket)
{
	(void)ctx;
	((struct route_bucket *)bucket)->tests++;
	return true;
}

static bool worst_count(void *ctx, void *bucket)
{
	uint32_t *worst = ctx;

	*worst = MAX(*worst, ((struct route_bucket *)bucket)->tests);
	return true;
}

/* The price of finding a rule through this ACL: the rules that share its worst key. Equal prices go to the narrower kind. */
static uint64_t price(struct builder *b, const struct acl *acl, bool negated)
{
	static const uint8_t rank[] = { [IX_EXACT] = 0, [IX_PREFIX] = 1, [IX_SUFFIX] = 1, [IX_NET] = 2, [IX_RANGE] = 2, [IX_LITERAL] = 3,
					[IX_METHOD] = 4, [IX_TEST] = 5 };
	uint32_t shared = 0;
	unsigned kind = 0, extra = negated ? COST_NEGATED : 0;

	each_bucket(b, acl, negated, worst_count, &shared);
	for (uint32_t i = 0; !negated && i < acl->ntest; i++) {
		enum index_kind k = route_kind(acl->test[i]);

		kind = MAX(kind, rank[k]);
		if (k == IX_TEST)
			extra = COST_TEST;
	}
	return ((uint64_t)shared + extra) << 8 | kind;
}

static const struct acl *choose_term(struct builder *b, const struct cond_conj *j, bool *negated)
{
	const struct cond_term *best = NULL;
	uint64_t best_price = UINT64_MAX;

	for (uint32_t i = 0; i < j->nterm; i++) {
		const struct cond_term *t = &j->term[i];
		uint64_t p = acl_steady(t->acl) ? price(b, t->acl, t->neg) : UINT64_MAX;

		if (p < best_price)
			best = t, best_price = p;
	}
	*negated = best && best->neg;
	return best ? best->acl : NULL;
}

/* Of `unless`: the side whose terms are cheapest to find, or NULL. */
static const struct cond_conj *choose_side(struct builder *b, const struct cond *c)
{
	const struct cond_conj *best = NULL;
	uint64_t best_price = UINT64_MAX;

	for (uint32_t i = 0; i < c->nconj; i++) {
		uint64_t worst = 0;

		for (uint32_t j = 0; j < c->conj[i].nterm; j++) {
			const struct cond_term *t = &c->conj[i].term[j];

			worst = MAX(worst, acl_steady(t->acl) ? price(b, t->acl, !t->neg) : UINT64_MAX);
		}
		if (worst < best_price)
			best = &c->conj[i], best_price = worst;
	}
	return best;
}

static bool conj_steady(const struct cond_conj *j, bool all)
{
	for (uint32_t i = 0; i < j->nterm; i++)
		if (acl_steady(j->term[i].acl) != all)
			return !all;
	return all;
}

/* Can it be found at all? What changes something when it is evaluated may not be left out. */
static bool rule_steady(const struct cond *c)
{
	bool found = c && !c->effect && !c->unless;

	if (c && !c->effect && c->unless)
		for (uint32_t i = 0; i < c->nconj; i++)
			found |= conj_steady(&c->conj[i], true);
	for (uint32_t i = 0; found && !c->unless && i < c->nconj; i++)
		found = conj_steady(&c->conj[i], false);
	return found;
}

static void count_rule(struct builder *b, const struct cond *c)
{
	for (uint32_t i = 0; i < c->nconj; i++)
		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			if (acl_steady(c->conj[i].term[j].acl))
				each_bucket(b, c->conj[i].term[j].acl, c->conj[i].term[j].neg != c->unless, count_test, NULL);
}

/* ---- placing ---------------------------------------------------------------------------------------------------- */

static void bucket_push(struct arena *a, struct route_bucket *k, uint32_t rule)
{
	if (k->n && k->rule[k->n - 1] == rule)
		return;
	if (k->n == k->cap) {
		uint32_t cap = k->cap ? k->cap * 2 : 2;
		uint32_t *grown = ARENA_NEWN(a, uint32_t, cap);

		if (k->n)
			memcpy(grown, k->rule, k->n * sizeof(*grown));
		k->rule = grown, k->cap = cap;
	}
	k->rule[k->n++] = rule;
}

struct placing { struct arena *arena; uint32_t rule; };

static bool add_rule(void *ctx, void *bucket)
{
	struct placing *p = ctx;

	bucket_push(p->arena, bucket, p->rule);
	return true;
}

/* The answer to q names this rule: it depends on what the ACL depends on, which may be more than the expression. */
static void ask_names(struct route_ask *q, const struct acl *acl, uint32_t rule)
{
	q->first = MIN(q->first, rule);
	q->last = MAX(q->last, rule);
	q->deps |= acl_deps(acl);
}

static void place(struct builder *b, const struct acl *acl, bool negated, uint32_t rule)
{
	struct placing p = { b->arena, rule };

	each_bucket(b, acl, negated, add_rule, &p);
	for (uint32_t i = 0; !negated && i < acl->ntest; i++) {
		struct sbuf text = { 0 };

		index_of(b, acl->test[i])->used = true;
		expr_print(acl->test[i]->expr, &text);
		ask_names(hmap_get(&b->by_text, sbuf_str(&text)), acl, rule);
		sbuf_free(&text);
	}
	if (negated)
		ask_names(CONTAINER_OF(miss_of(b, acl), struct route_ask, miss), acl, rule);
}

static void place_rule(struct builder *b, const struct cond *c, uint32_t rule)
{
	const struct cond_conj *side = c->unless ? choose_side(b, c) : NULL;

	for (uint32_t i = 0; side && i < side->nterm; i++)
		place(b, side->term[i].acl, !side->term[i].neg, rule);
	for (uint32_t i = 0; !c->unless && i < c->nconj; i++) {
		bool negated;
		const struct acl *acl = choose_term(b, &c->conj[i], &negated);

		place(b, acl, negated, rule);
	}
}

static int by_first(const void *a, const void *b)
{
	const struct route_ask *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Questions and indexes that found no rule would cost a lookup for nothing. */
static void keep_used(struct builder *b)
{
	struct route *r = b->r;

	r->ask = ARENA_NEWN(b->arena, struct route_ask, b->asks.n + 1);
	for (size_t i = 0; i < b->asks.n; i++) {
		struct route_ask *q = b->asks.at[i];

		if (q->first == UINT32_MAX)
			continue;
		for (struct route_index **x = &q->index; *x;) {
			if (!(*x)->used) {
				*x = (*x)->next;
				continue;
			}
			route_index_finish(*x);
			x = &(*x)->next;
		}
		r->ask[r->nask++] = *q;
	}
	qsort(r->ask, r->nask, sizeof(*r->ask), by_first);
}

void route_build(struct route *r, struct arena *a)
{
	struct builder b = { .r = r, .arena = a };

	hmap_init(&b.by_text, a);
	for (uint32_t i = 0; i < r->n; i++)
		if (rule_steady(r->conds[i]))
			count_rule(&b, r->conds[i]);
	for (uint32_t i = 0; i < r->n; i++) {
		if (rule_steady(r->conds[i]))
			place_rule(&b, r->conds[i], i);
		else
			bucket_push(a, &r->always, i);
	}
	keep_used(&b);
	VEC_FREE(&b.asks);
}

/* ---- is it worth it? -------------------------------------------------------------------------------------------- */

struct tally { const struct expr *e[CONDS_ENOUGH * 4]; unsigned count[CONDS_ENOUGH * 4], n, most; };

static void tally_test(struct tally *t, const struct acl_test *test)
{
	unsigned i = 0;

	if (!expr_convs(test->expr) || !test_steady(test))
		return;
	while (i < t->n && !expr_same(t->e[i], test->expr))
		i++;
	if (i == ARRAY_LEN(t->e))
		return;
	t->e[i] = test->expr;
	t->n = MAX(t->n, i + 1);
	t->count[i]++;
	t->most = MAX(t->most, t->count[i]);
}

bool route_pays(struct cond *const *conds, unsigned n)
{
	struct tally t = { .n = 0 };
	unsigned conditional = 0;

	for (unsigned i = 0; i < n && conditional < CONDS_ENOUGH; i++) {
		const struct cond *c = conds[i];

		conditional += c != NULL;
		for (uint32_t j = 0; c && j < c->nconj; j++)
			for (uint32_t k = 0; k < c->conj[j].nterm; k++)
				for (uint32_t m = 0; m < c->conj[j].term[k].acl->ntest; m++)
					tally_test(&t, c->conj[j].term[k].acl->test[m]);
	}
	return conditional >= CONDS_ENOUGH || t.most >= CONVERTED_ENOUGH;
}
