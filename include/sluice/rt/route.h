// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiled routing: the list of use_backend (or other first-match) conditions as one decision program. Equality, prefix, suffix and
 * network tests on the same fetch over many rules become a hash, a radix trie, a reversed trie, a CIDR trie; candidates come out in rule order and
 * each is verified in full, so the result equals the linear scan by construction. */
#ifndef SLUICE_RT_ROUTE_H
#define SLUICE_RT_ROUTE_H

#include <sluice/expr/expr.h>

struct route;

/* conds[i] NULL = always true. Leader. */
struct route *route_compile(struct arena *a, struct cond *const *conds, unsigned n);
/* Lowest index >= from whose condition is true, or -1. */
int route_first(const struct route *r, struct smp_ctx *ctx, unsigned from);
/* The reference: evaluates one by one. Same result, used by the differential test. */
int route_first_linear(const struct route *r, struct smp_ctx *ctx, unsigned from);
/* The first rule before `rule` whose condition holds whenever this one's does, so that this one never gets its turn; -1 = none was found.
 * Through the indexes: ten thousand rules are checked in ten thousand lookups. tmp: scratch memory. */
int route_shadowed_by(const struct route *r, unsigned rule, struct arena *tmp);
void route_print(const struct route *r, struct sbuf *out);

#endif
