// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules that never get their turn, because an earlier one takes whatever they would. A rule that covers this one has, under the same
 * expression, a key that one of this rule's own patterns would find: so the indexes name the suspects, and cond_implies() judges them. */
#include "route_priv.h"

/* Rules without a key that are looked at for each one. */
#define MAX_UNINDEXED 256

struct suspects {
	const struct route *r;
	const bool *ends;
	unsigned rule;
	int found;
};

/* Do both see the same, whatever the rules from `from` on did before `to` had its turn? */
static bool unchanged(const struct route *r, unsigned from, unsigned to)
{
	uint64_t deps = cond_deps(r->conds[from]) | cond_deps(r->conds[to]), changed = DEP_NONE;

	for (unsigned i = from; r->changes && i < to; i++)
		changed |= r->conds[i] && r->conds[i]->effect ? DEP_ALL : r->changes[i];
	return !(deps & changed);
}

static bool judge(void *ctx, void *bucket)
{
	struct suspects *s = ctx;
	const struct route_bucket *b = bucket;

	for (uint32_t i = 0; i < b->n && i < MAX_UNINDEXED; i++) {
		uint32_t other = b->rule[i];

		if (other >= s->rule || (s->found >= 0 && other >= (unsigned)s->found))
			break;
		if ((!s->ends || s->ends[other]) && cond_implies(s->r->conds[s->rule], s->r->conds[other]) && unchanged(s->r, other, s->rule)) {
			s->found = (int)other;
			break;
		}
	}
	return true;
}

/* A value that the first pattern of a test would match; every pattern has to be covered, so one is enough to name suspects. */
static bool sample_of(const struct acl_test *t, struct smp *v)
{
	const struct pat *p = t->pats.n ? &t->pats.at[0] : NULL;

	*v = (struct smp){ .type = (uint8_t)match_cast((enum match_kind)t->match) };
	if (!p || v->type == SMP_ANY)
		return false;
	switch ((enum match_kind)t->match) {
	case MATCH_BOOL:
	case MATCH_LEN: return false;
	case MATCH_IP: v->ip = p->net.ip; break;
	case MATCH_INT: v->i = p->lo; break;
	case MATCH_METH: v->meth = p->meth; /* fall through */
	default: v->s = p->text;
	}
	return true;
}

static void look_up_test(struct suspects *s, const struct acl_test *t, struct arena *tmp)
{
	struct smp v;
	bool known = sample_of(t, &v);

	for (uint32_t i = 0; i < s->r->nask; i++) {
		const struct route_ask *q = &s->r->ask[i];

		for (const struct route_index *x = q->expr && expr_same(q->expr, t->expr) ? q->index : NULL; x; x = x->next) {
			if (known && x->kind != IX_TEST)
				route_index_lookup(x, &v, tmp, judge, s);
			for (const struct route_test *k = x->test; k; k = k->next)
				judge(s, k->b);
		}
	}
}

int route_shadowed_by(const struct route *r, const bool *ends, unsigned rule, struct arena *tmp)
{
	struct suspects s = { r, ends, rule, -1 };
	const struct cond *c = r->conds[rule];
	struct arena_mark m = arena_mark(tmp);

	judge(&s, (void *)(uintptr_t)&r->always);
	for (uint32_t i = 0; i < r->nask; i++)
		if (!r->ask[i].expr)
			judge(&s, (void *)(uintptr_t)&r->ask[i].miss);
	for (uint32_t i = 0; c && c->nconj && i < c->conj[0].nterm; i++) {
		const struct cond_term *t = &c->conj[0].term[i];

		for (uint32_t j = 0; !t->neg && j < t->acl->ntest; j++)
			look_up_test(&s, t->acl->test[j], tmp);
	}
	arena_rewind(tmp, m);
	return s.found;
}
