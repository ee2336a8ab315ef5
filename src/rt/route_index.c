// SPDX-License-Identifier: GPL-3.0-or-later
/* Builds and asks the indexes of compiled routing. A conjunction is found through one of its terms: through the
 * one whose keys the fewest rules share, so that `{ hdr(host) one.example } { path_beg /x }` over many paths of
 * one host is found by path. A term can be indexed when it is not negated and each of its tests is an exact,
 * prefix, suffix or network test of something that neither chance nor time changes. */
#include "route_priv.h"

enum { STACK_TEXT = 256 };

struct builder {
	struct route *r;
	struct arena *arena;
	struct hmap probes;      /* canonical expression -> struct route_probe */
	struct route_probe **last;
};

static bool test_indexable(const struct acl_test *t)
{
	if (!expr_pure(t->expr) || expr_needs(t->expr) & ~(unsigned)(NEED_CLIENT | NEED_REQ_HEAD | NEED_STREAM) || !t->pats.n)
		return false;
	if (t->match == MATCH_IP)
		return true;
	if (t->match != MATCH_STR && t->match != MATCH_BEG && t->match != MATCH_END)
		return false;
	for (uint32_t i = 0; i < t->pats.n; i++)
		if (!t->pats.at[i].text.n)
			return false;
	return true;
}

static bool term_indexable(const struct cond_term *term)
{
	if (term->neg || !term->acl->ntest)
		return false;
	for (uint32_t i = 0; i < term->acl->ntest; i++)
		if (!test_indexable(term->acl->test[i]))
			return false;
	return true;
}

static struct route_probe *probe_of(struct builder *b, const struct expr *e)
{
	char room[512];
	struct sbuf text = SBUF_FIXED(room);

	expr_print(e, &text);
	struct route_probe *p = text.cut ? NULL : hmap_get(&b->probes, sbuf_str(&text));

	if (!p) {
		p = ARENA_NEW(b->arena, struct route_probe);
		p->expr = e;
		*b->last = p;
		b->last = &p->next;
		if (!text.cut)
			hmap_put(&b->probes, arena_str(b->arena, sbuf_str(&text)), p);
	}
	return p;
}

static struct route_index *index_of(struct builder *b, const struct acl_test *t)
{
	struct route_probe *p = probe_of(b, t->expr);
	struct route_index **at = &p->first;

	for (; *at; at = &(*at)->next)
		if ((*at)->match == t->match && (*at)->icase == t->icase)
			return *at;
	struct route_index *x = *at = ARENA_NEW(b->arena, struct route_index);

	x->match = t->match;
	x->icase = t->icase;
	if (t->match == MATCH_STR)
		hmap_init(&x->hash, b->arena);
	else if (t->match == MATCH_IP)
		x->cidr = cidr_new(b->arena);
	else
		x->radix = radix_new(b->arena, t->match == MATCH_BEG ? RADIX_FORWARD : RADIX_BACKWARD, t->icase);
	return x;
}

static void lower_into(char *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
}

static struct str exact_key(struct arena *a, struct str s, bool icase)
{
	if (!icase)
		return s;
	char *p = arena_bytes(a, s.n);

	lower_into(p, s);
	return str_n(p, s.n);
}

static struct bucket *bucket_of(struct builder *b, struct route_index *x, const struct pat *pat)
{
	void **slot, *found;

	if (x->match == MATCH_STR) {
		struct str key = exact_key(b->arena, pat->text, x->icase);

		x->max_len = MAX(x->max_len, key.n);
		found = hmap_get(&x->hash, key);
		if (!found) {
			found = ARENA_NEW(b->arena, struct bucket);
			hmap_put(&x->hash, key, found);
		}
		return found;
	}
	slot = x->match == MATCH_IP ? cidr_at(x->cidr, &pat->net.ip, pat->net.len) : radix_at(x->radix, pat->text);
	if (!*slot)
		*slot = ARENA_NEW(b->arena, struct bucket);
	return *slot;
}

typedef void bucket_fn(struct builder *b, struct route_index *x, struct bucket *k, void *ctx);

static void each_bucket(struct builder *b, const struct cond_term *term, bucket_fn *fn, void *ctx)
{
	for (uint32_t i = 0; i < term->acl->ntest; i++) {
		const struct acl_test *t = term->acl->test[i];
		struct route_index *x = index_of(b, t);

		for (uint32_t j = 0; j < t->pats.n; j++)
			fn(b, x, bucket_of(b, x, &t->pats.at[j]), ctx);
	}
}

static void count_test(struct builder *b, struct route_index *x, struct bucket *k, void *ctx)
{
	(void)b, (void)x, (void)ctx;
	k->tests++;
}

static void worst_count(struct builder *b, struct route_index *x, struct bucket *k, void *ctx)
{
	uint32_t *worst = ctx;

	(void)b, (void)x;
	*worst = MAX(*worst, k->tests);
}

static void bucket_push(struct arena *a, struct bucket *k, uint32_t rule)
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

static void add_rule(struct builder *b, struct route_index *x, struct bucket *k, void *ctx)
{
	x->used = true;
	bucket_push(b->arena, k, *(uint32_t *)ctx);
}

static bool test_rank_better(const struct cond_term *a, const struct cond_term *b)
{
	static const uint8_t rank[MATCH_COUNT] = { [MATCH_STR] = 3, [MATCH_BEG] = 2, [MATCH_END] = 2, [MATCH_IP] = 1 };

	return rank[a->acl->test[0]->match] > rank[b->acl->test[0]->match];
}

/* The term through which the conjunction is found, or NULL. */
static const struct cond_term *choose_term(struct builder *b, const struct cond_conj *j)
{
	const struct cond_term *best = NULL;
	uint32_t best_count = 0;

	for (uint32_t i = 0; i < j->nterm; i++) {
		const struct cond_term *t = &j->term[i];
		uint32_t count = 0;

		if (!term_indexable(t))
			continue;
		each_bucket(b, t, worst_count, &count);
		if (!best || count < best_count || (count == best_count && test_rank_better(t, best)))
			best = t, best_count = count;
	}
	return best;
}

static bool rule_indexable(const struct cond *c)
{
	if (!c || c->unless)
		return false;
	for (uint32_t i = 0; i < c->nconj; i++) {
		bool any = false;

		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			any |= term_indexable(&c->conj[i].term[j]);
		if (!any)
			return false;
	}
	return true;
}

static void count_rule(struct builder *b, const struct cond *c)
{
	for (uint32_t i = 0; i < c->nconj; i++)
		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			if (term_indexable(&c->conj[i].term[j]))
				each_bucket(b, &c->conj[i].term[j], count_test, NULL);
}

static void place_rule(struct builder *b, const struct cond *c, uint32_t rule)
{
	for (uint32_t i = 0; i < c->nconj; i++)
		each_bucket(b, choose_term(b, &c->conj[i]), add_rule, &rule);
}

/* Indexes that no rule was placed in would cost a lookup for nothing. */
static void drop_unused(struct route *r)
{
	for (struct route_probe **p = &r->first; *p;) {
		for (struct route_index **x = &(*p)->first; *x;) {
			if ((*x)->used)
				x = &(*x)->next;
			else
				*x = (*x)->next;
		}
		if ((*p)->first)
			p = &(*p)->next;
		else
			*p = (*p)->next;
	}
}

/* Does evaluating one of the conditions change what a later one sees (set-var)? Then each is evaluated in its turn. */
static bool any_effect(const struct route *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->conds[i] && r->conds[i]->effect)
			return true;
	return false;
}

void route_index_build(struct route *r, struct arena *a)
{
	struct builder b = { .r = r, .arena = a, .last = &r->first };

	hmap_init(&b.probes, a);
	r->effect = any_effect(r);

	for (uint32_t i = 0; i < r->n && !r->effect; i++)
		if (rule_indexable(r->conds[i]))
			count_rule(&b, r->conds[i]);
	for (uint32_t i = 0; i < r->n; i++) {
		if (!r->effect && rule_indexable(r->conds[i]))
			place_rule(&b, r->conds[i], i);
		else
			bucket_push(a, &r->always, i);
	}
	drop_unused(r);
}

static void lookup_exact(const struct route_index *x, struct str v, struct arena *tmp, radix_visit_fn *add, void *ctx)
{
	char room[STACK_TEXT], *p = room;

	if (v.n > x->max_len)
		return;
	if (x->icase) {
		if (v.n > sizeof(room))
			p = arena_bytes(tmp, v.n);
		lower_into(p, v);
		v.p = p;
	}
	void *found = hmap_get(&x->hash, v);

	if (found)
		add(ctx, found);
}

void route_index_lookup(const struct route_index *x, const struct smp *value, struct arena *tmp, radix_visit_fn *add,
			void *ctx)
{
	struct smp v = *value;

	if (!smp_cast(&v, x->match == MATCH_IP ? SMP_IP : SMP_STR, tmp))
		return;
	if (x->match == MATCH_IP)
		cidr_walk(x->cidr, &v.ip, add, ctx);
	else if (x->match == MATCH_STR)
		lookup_exact(x, v.s, tmp, add, ctx);
	else
		radix_walk(x->radix, v.s, add, ctx);
}
