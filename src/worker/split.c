// SPDX-License-Identifier: GPL-3.0-or-later
/* Weighted choice of a backend. With a key by weighted rendezvous hashing (Schindelhauer, Schomaker 2005): the backend
 * with the highest -weight / ln(h), h in (0, 1) from the hash of key and backend name. A key keeps its backend as long
 * as that is there, and a change of weights moves just the keys that have to move. Without a key, or for a request that
 * has none, it is drawn. */
#include <math.h>
#include <sluice/base/hash.h>
#include <sluice/base/rand.h>

#include "rules.h"
#include "worker_priv.h"

static uint32_t open_weight(const struct rt_split_target *t)
{
	return wk.rt->px[t->px].caps & PX_DISABLED ? 0 : t->weight;
}

/* The names, not the numbers, of backends count: a reload that renumbers them moves no key. */
static double score(const struct rt_split_target *t, uint64_t key)
{
	uint64_t h = hash_xxh3(wk.rt->px[t->px].name, key);

	return -(double)open_weight(t) / log(((double)(h >> 11) + 0.5) / 9007199254740992.0);
}

static uint32_t by_key(const struct rt_split *sp, uint64_t key)
{
	uint32_t best = RT_NONE;
	double high = 0;

	for (uint32_t i = 0; i < sp->n; i++) {
		double x = open_weight(&sp->at[i]) ? score(&sp->at[i], key) : 0;

		if (x > high)
			high = x, best = sp->at[i].px;
	}
	return best;
}

static uint32_t drawn(const struct rt_split *sp)
{
	uint32_t total = 0, at;

	for (uint32_t i = 0; i < sp->n; i++)
		total += open_weight(&sp->at[i]);
	if (!total)
		return RT_NONE;
	at = rand_below(total);
	for (uint32_t i = 0;; i++) {
		if (at < open_weight(&sp->at[i]))
			return sp->at[i].px;
		at -= open_weight(&sp->at[i]);
	}
}

uint32_t rules_split(struct stream *s, const struct rt_split *sp)
{
	struct str key;

	if (sp->by && expr_eval_str(sp->by, strm_smp_ctx(s), &key) && key.n)
		return by_key(sp, hash_xxh3(key, 0));
	return drawn(sp);
}
