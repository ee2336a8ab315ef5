// SPDX-License-Identifier: GPL-3.0-or-later
/* Gives numbers to the expressions that rules of one proxy evaluate more than once (expr/memo.h): those of conditions, of routing, and
 * what actions take values from. */
#include <sluice/expr/memo.h>

#include "sema_priv.h"

struct memo_pass {
	struct memo_plan *plan;
	uint32_t px;
	bool numbering;              /* else counting */
};

static void place(struct memo_pass *m, const struct expr *e, bool all)
{
	if (m->numbering)
		memo_plan_number(m->plan, e, all);
	else
		memo_plan_count(m->plan, m->px, e, all);
}

static void place_test(void *ctx, const struct expr *e) { place(ctx, e, true); }
static void place_value(void *ctx, const struct expr *e) { place(ctx, e, false); }

static void pass_rules(struct memo_pass *m, const struct rule_list *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct rule *r = &l->at[i];

		cond_each_expr(r->cond, place_test, m);
		if (r->expr)
			place(m, r->expr, false);
		if (r->fmt)
			logfmt_each_expr(r->fmt, place_value, m);
		if (r->value)
			logfmt_each_expr(r->value, place_value, m);
	}
}

static void pass_targets(struct memo_pass *m, const struct rt_use_be *u, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		cond_each_expr(u[i].cond, place_test, m);
		if (u[i].name)
			logfmt_each_expr(u[i].name, place_value, m);
	}
}

static void pass_all(struct memo_pass *m, const struct rt *rt)
{
	for (m->px = 0; m->px < rt->npx; m->px++) {
		const struct rt_proxy *p = &rt->px[m->px];

		for (unsigned ph = 0; ph < PH_COUNT; ph++)
			pass_rules(m, &p->rules[ph]);
		pass_targets(m, p->use_be, p->nuse_be);
		pass_targets(m, p->use_srv, p->nuse_srv);
	}
}

void memo_number(struct sema *s)
{
	struct memo_pass m = { .plan = memo_plan_new(&s->scratch) };

	if (s->d->errors)
		return;
	pass_all(&m, s->rt);
	m.numbering = true;
	pass_all(&m, s->rt);
	s->rt->memo = memo_plan_slots(m.plan, s->a);
}
