// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of compiled routing.
 *
 *   route ── always: rules that no index can find
 *         └─ probe[]: one an expression, evaluated once ── index[]: keys of one kind of test ── bucket: rules with that key, ascending */
#ifndef SLUICE_RT_ROUTE_PRIV_H
#define SLUICE_RT_ROUTE_PRIV_H

#include <sluice/expr/cond.h>
#include <sluice/rt/route.h>

struct bucket {
	uint32_t *rule;          /* ascending */
	uint32_t n, cap;
	uint32_t tests; /* tests of all rules that have this key, chosen or not: the larger, the less it selects */
};

struct route_index {
	uint8_t match;           /* MATCH_STR, MATCH_BEG, MATCH_END or MATCH_IP */
	bool icase, used;
	size_t max_len;          /* longest key, bytes */
	struct hmap hash;        /* STR; keys in lower case with icase */
	struct radix *radix;     /* BEG, END */
	struct cidr_trie *cidr;  /* IP */
	struct route_index *next;
};

struct route_probe {
	const struct expr *expr;
	struct route_index *first;
	struct route_probe *next;
};

struct route {
	struct cond *const *conds;
	unsigned n;
	bool effect;             /* a condition changes something: none is left out, nothing is indexed */
	struct bucket always;
	struct route_probe *first;
};

/* Fills always and the probes from the conditions. */
void route_index_build(struct route *r, struct arena *a);
/* Calls add for each bucket whose key the value has; add takes struct bucket *. */
void route_index_lookup(const struct route_index *x, const struct smp *value, struct arena *tmp, radix_visit_fn *add,
			void *ctx);

#endif
