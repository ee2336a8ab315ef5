// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiled rule lists: the conditions of use_backend, http-request and other lists as one decision program. Tests of the same
 * expression over many rules become a hash, a radix trie, a reversed trie, a CIDR trie, a table of literals or ranges; candidates
 * come out in rule order and each is verified in full, so the result equals the linear scan by construction. */
#ifndef SLUICE_RT_ROUTE_H
#define SLUICE_RT_ROUTE_H

#include <sluice/expr/deps.h>

struct route;
struct route_bucket;

/* conds[i] NULL = always true. changes[i]: what later conditions may see otherwise once rule i has run (expr/deps.h), NULL = rules
 * change nothing. Leader. */
struct route *route_compile(struct arena *a, struct cond *const *conds, const uint64_t *changes, unsigned n);

/* Does a list of rules gain by it? A short one is walked rule by rule for less than asking indexes costs, unless rules test the
 * value of the same converters. */
bool route_pays(struct cond *const *conds, unsigned n);

/* One pass over a list, on the caller's stack. The indexes are asked when a rule of theirs is next and again when a rule has run that
 * changes what they were asked with. */
enum { ROUTE_LISTS = 48 };
struct route_walk {
	const struct route *r;
	struct smp_ctx *ctx;
	uint32_t at, nasked, nlist;         /* next rule; questions asked so far, sorted lists of candidates they gave */
	bool linear;                        /* a value was undecided: rule by rule from here on */
	uint64_t dirty;                     /* changed since the questions were asked */
	uint64_t *bits;                     /* candidates, when there are more lists than fit */
	struct { const struct route_bucket *b; uint32_t at, of; } list[ROUTE_LISTS];
};
void route_start(struct route_walk *w, const struct route *r, struct smp_ctx *ctx, unsigned from);
/* The next rule below `to` whose condition holds (COND_TRUE) or cannot be decided before more input (COND_WAIT); COND_FALSE: there
 * is none. The caller runs the rule before it asks again. */
enum cond_result route_next(struct route_walk *w, unsigned to, unsigned *rule);

/* Lowest index >= from whose condition is true, or -1. */
int route_first(const struct route *r, struct smp_ctx *ctx, unsigned from);
/* The reference: evaluates one by one. Same result, used by the differential test. */
int route_first_linear(const struct route *r, struct smp_ctx *ctx, unsigned from);
/* The first rule before `rule` that ends the list (ends[i]; NULL: all do) and whose condition holds whenever this one's does,
 * while nothing between them changes what the two see, so that this one never gets its turn; -1 = none was found. Through the
 * indexes: ten thousand rules are checked in ten thousand lookups. tmp: scratch memory. */
int route_shadowed_by(const struct route *r, const bool *ends, unsigned rule, struct arena *tmp);
/* How the rules are found, for dump. */
void route_print(const struct route *r, struct sbuf *out);

#endif
