// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules that never get their turn, because an earlier one takes whatever they would. A rule that covers this one has, under the same
 * expression, a key that one of this rule's own patterns would find: so the indexes name the suspects, and cond_implies() judges them. */
#include "route_priv.h"

/* Rules without an index that are looked at for each one. */
#define MAX_UNINDEXED 256

struct suspects {
	const struct route *r;
	unsigned rule;
	int found;
};

static bool judge(void *ctx, void *val)
{
	struct suspects *s = ctx;
	const struct bucket *b = val;

	for (uint32_t i = 0; i < b->n && i < MAX_UNINDEXED; i++) {
		uint32_t other = b->rule[i];

		if (other >= s->rule || (s->found >= 0 && other >= (unsigned)s->found))
			break;
		if (cond_implies(s->r->conds[s->rule], s->r->conds[other])) {
			s->found = (int)other;
			break;
		}
	}
	return true;
}

/* What the first pattern of a test would find; every pattern has to be covered, so one is enough to name suspects. */
static void look_up_test(struct suspects *s, const struct acl_test *t, struct arena *tmp)
{
	const struct pat *p = t->pats.n ? &t->pats.at[0] : NULL;
	struct smp v;

	if (!p || (t->match != MATCH_IP && t->match != MATCH_STR && t->match != MATCH_BEG && t->match != MATCH_END))
		return;
	v = t->match == MATCH_IP ? (struct smp){ .type = SMP_IP, .ip = p->net.ip } : (struct smp){ .type = SMP_STR, .s = p->text };
	for (const struct route_probe *q = s->r->first; q; q = q->next)
		for (const struct route_index *x = expr_same(q->expr, t->expr) ? q->first : NULL; x; x = x->next)
			route_index_lookup(x, &v, tmp, judge, s);
}

int route_shadowed_by(const struct route *r, unsigned rule, struct arena *tmp)
{
	struct suspects s = { r, rule, -1 };
	const struct cond *c = r->conds[rule];
	struct arena_mark m = arena_mark(tmp);

	judge(&s, (void *)(uintptr_t)&r->always);
	for (uint32_t i = 0; c && c->nconj && i < c->conj[0].nterm; i++) {
		const struct cond_term *t = &c->conj[0].term[i];

		for (uint32_t j = 0; !t->neg && j < t->acl->ntest; j++)
			look_up_test(&s, t->acl->test[j], tmp);
	}
	arena_rewind(tmp, m);
	return s.found;
}
