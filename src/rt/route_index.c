// SPDX-License-Identifier: GPL-3.0-or-later
/* The indexes of compiled rule lists: from the patterns of a test to buckets, from a value to the buckets of the tests it may
 * pass. A bucket that comes out too many costs a verification; one that stays out would be a wrong answer. */
#include <stdlib.h>

#include "route_priv.h"

/* A test with more patterns is a set that is asked as a whole: it has an index of its own. */
enum { MAX_KEYS = 64, STACK_TEXT = 256 };

static enum index_kind kind_of_match(enum match_kind m)
{
	switch (m) {
	case MATCH_STR:
	case MATCH_BIN: return IX_EXACT;
	case MATCH_BEG: return IX_PREFIX;
	case MATCH_END: return IX_SUFFIX;
	case MATCH_IP: return IX_NET;
	case MATCH_INT:
	case MATCH_LEN: return IX_RANGE;
	case MATCH_METH: return IX_METHOD;
	case MATCH_SUB:
	case MATCH_DIR:
	case MATCH_DOM:
	case MATCH_REG: return IX_LITERAL;
	default: return IX_TEST;
	}
}

static bool pat_has_key(const struct acl_test *t, const struct pat *p, enum index_kind kind)
{
	struct str lit[PAT_LITERALS];

	switch (kind) {
	case IX_EXACT:
	case IX_PREFIX:
	case IX_SUFFIX: return p->text.n > 0;
	case IX_LITERAL: return pat_literals((enum match_kind)t->match, p, lit) > 0;
	default: return true;
	}
}

enum index_kind route_kind(const struct acl_test *t)
{
	enum index_kind kind = kind_of_match((enum match_kind)t->match);

	if (!t->pats.n || t->pats.n > MAX_KEYS || t->nfile) /* what files say may change */
		return IX_TEST;
	for (uint32_t i = 0; i < t->pats.n; i++)
		if (!pat_has_key(t, &t->pats.at[i], kind))
			return IX_TEST;
	return kind;
}

bool route_index_fits(const struct route_index *x, const struct acl_test *t)
{
	enum index_kind kind = route_kind(t);

	if (x->kind != kind || kind == IX_TEST || kind == IX_LITERAL)
		return x->kind == kind;
	return x->match == t->match && x->icase == t->icase;
}

struct route_index *route_index_new(struct arena *a, const struct acl_test *t)
{
	struct route_index *x = ARENA_NEW(a, struct route_index);

	x->kind = (uint8_t)route_kind(t);
	x->match = x->kind == IX_LITERAL ? MATCH_SUB : t->match;
	x->icase = t->icase;
	switch ((enum index_kind)x->kind) {
	case IX_PREFIX: x->radix = radix_new(a, RADIX_FORWARD, t->icase); break;
	case IX_SUFFIX: x->radix = radix_new(a, RADIX_BACKWARD, t->icase); break;
	case IX_NET: x->cidr = cidr_new(a); break;
	case IX_LITERAL: x->grams = route_grams_new(a); break;
	default: hmap_init(&x->hash, a);
	}
	return x;
}

static void *at_slot(void **slot, struct arena *a)
{
	if (!*slot)
		*slot = ARENA_NEW(a, struct route_bucket);
	return *slot;
}

static void lower_into(char *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
}

static struct route_bucket *exact_bucket(struct route_index *x, struct str key, struct arena *a)
{
	char room[STACK_TEXT], *p = key.n <= sizeof(room) ? room : arena_bytes(a, key.n);

	if (x->icase) {
		lower_into(p, key);
		key.p = p;
	}
	struct route_bucket *b = hmap_get(&x->hash, key);

	x->max_len = MAX(x->max_len, key.n);
	if (!b) {
		b = ARENA_NEW(a, struct route_bucket);
		hmap_put(&x->hash, x->icase ? arena_str(a, key) : key, b);
	}
	return b;
}

static struct route_bucket *range_bucket(struct route_index *x, const struct pat *p, struct arena *a)
{
	int64_t ends[2] = { p->lo, p->hi };
	struct route_bucket *b = hmap_get(&x->hash, str_n((char *)ends, sizeof(ends)));

	if (b)
		return b;
	if (x->nrange == x->range_cap) {
		uint32_t cap = x->range_cap ? x->range_cap * 2 : 8;
		struct route_range *grown = ARENA_NEWN(a, struct route_range, cap);

		if (x->nrange)
			memcpy(grown, x->range, x->nrange * sizeof(*grown));
		x->range = grown, x->range_cap = cap;
	}
	b = ARENA_NEW(a, struct route_bucket);
	x->range[x->nrange++] = (struct route_range){ p->lo, p->hi, 0, b };
	hmap_put(&x->hash, arena_str(a, str_n((char *)ends, sizeof(ends))), b);
	return b;
}

void route_test_text(const struct acl_test *t, struct sbuf *out)
{
	if (t->pats.n <= MAX_KEYS)
		acl_test_print(t, out);
	else
		sbuf_printf(out, "%p", (const void *)t);
}

static struct route_bucket *test_bucket(struct route_index *x, const struct acl_test *t, struct arena *a)
{
	struct sbuf text = { 0 };

	route_test_text(t, &text);
	struct route_test *k = hmap_get(&x->hash, sbuf_str(&text));

	if (!k) {
		k = ARENA_NEW(a, struct route_test);
		*k = (struct route_test){ t, ARENA_NEW(a, struct route_bucket), x->test };
		x->test = k;
		x->ntests++;
		hmap_put(&x->hash, arena_str(a, sbuf_str(&text)), k);
	}
	sbuf_free(&text);
	return k->b;
}

static void pat_keys(struct route_index *x, const struct acl_test *t, const struct pat *p, struct arena *a, route_bucket_fn *fn, void *ctx)
{
	struct str lit[PAT_LITERALS];
	unsigned n;

	switch ((enum index_kind)x->kind) {
	case IX_EXACT: fn(ctx, exact_bucket(x, p->text, a)); break;
	case IX_PREFIX:
	case IX_SUFFIX: fn(ctx, at_slot(radix_at(x->radix, p->text), a)); break;
	case IX_NET: fn(ctx, at_slot(cidr_at(x->cidr, &p->net.ip, p->net.len), a)); break;
	case IX_RANGE: fn(ctx, range_bucket(x, p, a)); break;
	case IX_METHOD: fn(ctx, at_slot((void **)&x->method[MIN(p->meth, (uint8_t)HTTP_OTHER)], a)); break;
	case IX_LITERAL:
		n = pat_literals((enum match_kind)t->match, p, lit);
		for (unsigned i = 0; i < n; i++)
			fn(ctx, route_grams_at(x->grams, lit[i]));
		break;
	case IX_TEST: break;
	}
}

void route_index_keys(struct route_index *x, const struct acl_test *t, struct arena *a, route_bucket_fn *fn, void *ctx)
{
	if (x->kind == IX_TEST) {
		fn(ctx, test_bucket(x, t, a));
		return;
	}
	for (uint32_t i = 0; i < t->pats.n; i++)
		pat_keys(x, t, &t->pats.at[i], a, fn, ctx);
}

/* ---- ranges: a balanced tree in an array sorted by lo, whose nodes know the largest hi of their half ------------- */

static int by_lo(const void *a, const void *b)
{
	const struct route_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static int64_t ranges_link(struct route_range *r, uint32_t n)
{
	uint32_t mid = n / 2;

	if (!n)
		return INT64_MIN;
	int64_t left = ranges_link(r, mid), right = ranges_link(r + mid + 1, n - mid - 1);

	r[mid].max_hi = MAX(r[mid].hi, MAX(left, right));
	return r[mid].max_hi;
}

static void ranges_find(const struct route_range *r, uint32_t n, int64_t v, route_bucket_fn *fn, void *ctx)
{
	while (n && r[n / 2].max_hi >= v) {
		uint32_t mid = n / 2;

		ranges_find(r, mid, v, fn, ctx);
		if (r[mid].lo > v)
			return;
		if (r[mid].hi >= v)
			fn(ctx, r[mid].b);
		r += mid + 1, n -= mid + 1;
	}
}

void route_index_finish(struct route_index *x)
{
	if (x->kind == IX_LITERAL)
		route_grams_finish(x->grams);
	if (x->kind != IX_RANGE)
		return;
	qsort(x->range, x->nrange, sizeof(*x->range), by_lo);
	ranges_link(x->range, x->nrange);
}

/* ---- lookups ---------------------------------------------------------------------------------------------------- */

static void lookup_exact(const struct route_index *x, struct str v, struct arena *tmp, route_bucket_fn *fn, void *ctx)
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
		fn(ctx, found);
}

static void lookup_tests(const struct route_index *x, const struct smp *v, struct arena *tmp, route_bucket_fn *fn, void *ctx)
{
	for (const struct route_test *t = x->test; t; t = t->next)
		if (acl_test_value(t->test, v, tmp))
			fn(ctx, t->b);
}

void route_index_lookup(const struct route_index *x, const struct smp *value, struct arena *tmp, route_bucket_fn *fn, void *ctx)
{
	struct smp v = *value;

	if (x->kind == IX_TEST) {
		lookup_tests(x, value, tmp, fn, ctx);
		return;
	}
	if (!smp_cast(&v, match_cast((enum match_kind)x->match), tmp))
		return;
	switch ((enum index_kind)x->kind) {
	case IX_EXACT: lookup_exact(x, v.s, tmp, fn, ctx); break;
	case IX_PREFIX:
	case IX_SUFFIX: radix_walk(x->radix, v.s, fn, ctx); break;
	case IX_NET: cidr_walk(x->cidr, &v.ip, fn, ctx); break;
	case IX_LITERAL: route_grams_find(x->grams, v.s, fn, ctx); break;
	case IX_RANGE: ranges_find(x->range, x->nrange, x->match == MATCH_LEN ? (int64_t)v.s.n : v.i, fn, ctx); break;
	case IX_METHOD:
		if (v.meth <= HTTP_OTHER && x->method[v.meth])
			fn(ctx, x->method[v.meth]);
		break;
	case IX_TEST: break;
	}
}
