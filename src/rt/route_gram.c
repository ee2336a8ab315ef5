// SPDX-License-Identifier: GPL-3.0-or-later
/* Many literals looked for in one text, in one pass. Each is filed under one run of up to four of its bytes, a gram: the one that
 * the fewest literals share. At each place of the text the grams that begin there are looked up, a filter of bits first, and the
 * literals filed under them compared. Letters count the same in both cases. */
#include "route_priv.h"

enum { GRAM_MAX = 4, FILTER_BITS = 1 << 15 };

struct literal {
	struct str text;             /* lower case */
	struct route_bucket *b;
	uint32_t off;                /* of its gram */
	struct literal *next;        /* under the same gram */
	struct literal *all;
};

struct gram { uint64_t key; uint32_t literals; struct literal *first; };

struct route_grams {
	struct arena *arena;
	struct hmap known;           /* lower case text -> struct literal */
	struct literal *all;
	struct gram *slot;           /* open addressing; key 0 = free */
	uint32_t cap, n;
	uint8_t lengths;             /* bit n: there are grams of n bytes */
	uint64_t filter[FILTER_BITS / 64];
};

struct route_grams *route_grams_new(struct arena *a)
{
	struct route_grams *g = ARENA_NEW(a, struct route_grams);

	g->arena = a;
	hmap_init(&g->known, a);
	return g;
}

static uint64_t gram_key(const char *p, unsigned n)
{
	uint64_t key = n;

	for (unsigned i = 0; i < n; i++)
		key = key << 8 | (unsigned char)ascii_lower(p[i]);
	return key;
}

static uint64_t gram_hash(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15ull;
	return key ^ key >> 29;
}

static struct gram *gram_at(const struct route_grams *g, uint64_t key)
{
	uint32_t i = (uint32_t)gram_hash(key) & (g->cap - 1);

	while (g->slot[i].key && g->slot[i].key != key)
		i = (i + 1) & (g->cap - 1);
	return &g->slot[i];
}

static bool filter_bit(const struct route_grams *g, uint64_t key)
{
	uint64_t at = gram_hash(key) >> 40 & (FILTER_BITS - 1);

	return g->filter[at / 64] >> at % 64 & 1;
}

struct route_bucket *route_grams_at(struct route_grams *g, struct str literal)
{
	char room[256], *p = literal.n <= sizeof(room) ? room : arena_bytes(g->arena, literal.n);

	for (size_t i = 0; i < literal.n; i++)
		p[i] = ascii_lower(literal.p[i]);
	struct literal *l = hmap_get(&g->known, str_n(p, literal.n));

	if (!l) {
		l = ARENA_NEW(g->arena, struct literal);
		l->text = arena_str(g->arena, str_n(p, literal.n));
		l->b = ARENA_NEW(g->arena, struct route_bucket);
		l->all = g->all;
		g->all = l;
		hmap_put(&g->known, l->text, l);
	}
	return l->b;
}

/* Grams of one length for each literal, so that a rare one can be chosen. */
static unsigned gram_len(const struct literal *l) { return (unsigned)MIN(l->text.n, (size_t)GRAM_MAX); }

static void count_grams(struct route_grams *g, const struct literal *l)
{
	for (size_t i = 0; i + gram_len(l) <= l->text.n; i++) {
		uint64_t key = gram_key(l->text.p + i, gram_len(l));
		struct gram *at = gram_at(g, key);

		at->key = key;
		at->literals++;
	}
}

static void file_literal(struct route_grams *g, struct literal *l)
{
	struct gram *best = NULL;

	for (size_t i = 0; i + gram_len(l) <= l->text.n; i++) {
		struct gram *at = gram_at(g, gram_key(l->text.p + i, gram_len(l)));

		if (!best || at->literals < best->literals)
			best = at, l->off = (uint32_t)i;
	}
	uint64_t bit = gram_hash(best->key) >> 40 & (FILTER_BITS - 1);

	l->next = best->first;
	best->first = l;
	g->lengths |= (uint8_t)(1u << gram_len(l));
	g->filter[bit / 64] |= 1ull << bit % 64;
}

void route_grams_finish(struct route_grams *g)
{
	size_t grams = 0;

	for (const struct literal *l = g->all; l; l = l->all)
		grams += l->text.n - gram_len(l) + 1;
	for (g->cap = 16; g->cap < 2 * grams;)
		g->cap *= 2;
	g->slot = ARENA_NEWN(g->arena, struct gram, g->cap);
	for (const struct literal *l = g->all; l; l = l->all)
		count_grams(g, l);
	for (struct literal *l = g->all; l; l = l->all)
		file_literal(g, l);
}

void route_grams_find(const struct route_grams *g, struct str v, route_bucket_fn *fn, void *ctx)
{
	for (size_t i = 0; i < v.n; i++) {
		for (unsigned n = 1; n <= GRAM_MAX && i + n <= v.n; n++) {
			uint64_t key = g->lengths >> n & 1 ? gram_key(v.p + i, n) : 0;

			if (!key || !filter_bit(g, key))
				continue;
			for (const struct literal *l = gram_at(g, key)->first; l; l = l->next)
				if (i >= l->off && str_ieq(str_sub(v, i - l->off, l->text.n), l->text))
					if (!fn(ctx, l->b))
						return;
		}
	}
}
