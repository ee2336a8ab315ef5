// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of compiled rule lists.
 *
 *   route ── always: rules that no index can find
 *         └─ ask[]: one an expression, evaluated once ── index: keys of one kind of test ── bucket: rules with that key, ascending
 *                   or one a negated ACL ── bucket: rules that may hold while it does not */
#ifndef SLUICE_RT_ROUTE_PRIV_H
#define SLUICE_RT_ROUTE_PRIV_H

#include <sluice/expr/cond.h>
#include <sluice/rt/route.h>

struct route_bucket {
	uint32_t *rule;          /* ascending */
	uint32_t n, cap;
	uint32_t tests; /* tests of all rules that have this key, chosen or not: the larger, the less it selects */
};

/* How the keys of an index are found. IX_TEST evaluates each different test on the value: for what has no key. */
enum index_kind { IX_EXACT, IX_PREFIX, IX_SUFFIX, IX_NET, IX_LITERAL, IX_RANGE, IX_METHOD, IX_TEST };

struct route_range { int64_t lo, hi, max_hi; struct route_bucket *b; };      /* max_hi: of its half, see route_index.c */
struct route_test { const struct acl_test *test; struct route_bucket *b; struct route_test *next; };

struct route_index {
	uint8_t kind, match;     /* enum index_kind, enum match_kind (of literals: MATCH_SUB) */
	bool icase, used;
	size_t max_len;          /* EXACT: longest key, bytes */
	uint32_t ntests;         /* TEST */
	struct hmap hash;        /* EXACT; keys in lower case with icase. RANGE, TEST: known keys while building */
	struct radix *radix;     /* PREFIX, SUFFIX */
	struct cidr_trie *cidr;  /* NET */
	struct route_grams *grams; /* LITERAL */
	struct route_range *range; uint32_t nrange, range_cap; /* RANGE: by lo */
	struct route_bucket *method[HTTP_OTHER + 1]; /* METHOD: by enum http_method */
	struct route_test *test; /* TEST */
	struct route_index *next;
};

struct route_ask {
	const struct expr *expr; /* NULL: acl */
	const struct acl *acl;
	struct route_bucket miss;/* acl: rules for when it does not hold */
	struct route_index *index;
	uint64_t deps;
	uint32_t first, last;    /* rules of all its buckets */
};

struct route {
	struct cond *const *conds;
	const uint64_t *changes; /* NULL = none */
	unsigned n;
	struct route_bucket always;
	struct route_ask *ask;   /* by first rule */
	uint32_t nask;
};

/* Fills always and the questions from the conditions. */
void route_build(struct route *r, struct arena *a);

/* route_index.c: keys. */
typedef bool route_bucket_fn(void *ctx, void *bucket);
/* How a test of this kind is found. */
enum index_kind route_kind(const struct acl_test *t);
/* A name of the test: the same test written twice is one, unless it is a large set. */
void route_test_text(const struct acl_test *t, struct sbuf *out);
bool route_index_fits(const struct route_index *x, const struct acl_test *t);
struct route_index *route_index_new(struct arena *a, const struct acl_test *t);
/* Calls fn for each bucket under a key of t, made when it is new; fn takes struct route_bucket *. */
void route_index_keys(struct route_index *x, const struct acl_test *t, struct arena *a, route_bucket_fn *fn, void *ctx);
/* After the last key. */
void route_index_finish(struct route_index *x);
/* Calls fn for each bucket whose key the value has. */
void route_index_lookup(const struct route_index *x, const struct smp *value, struct arena *tmp, route_bucket_fn *fn, void *ctx);

/* route_gram.c: literals anywhere in a value, letter case aside. */
struct route_grams *route_grams_new(struct arena *a);
struct route_bucket *route_grams_at(struct route_grams *g, struct str literal);
void route_grams_finish(struct route_grams *g);
void route_grams_find(const struct route_grams *g, struct str value, route_bucket_fn *fn, void *ctx);

#endif
