// SPDX-License-Identifier: GPL-3.0-or-later
/* use_split: a use_backend rule whose backend is drawn by weights. */
#include <sluice/base/num.h>

#include "sema_priv.h"

#define WEIGHT_MAX 10000u

/* `name:weight`. */
static bool split_target(struct sema *s, const struct word *w, struct rt_split_target *t)
{
	struct word name = *w;
	size_t colon = w->s.n;
	uint64_t weight;
	struct px_build *be;

	while (colon > 0 && w->s.p[colon - 1] != ':')
		colon--;
	if (colon < 2) {
		sema_err(s, w, "a backend and its weight are expected here: name:weight");
		return false;
	}
	if (!num_u64(str_sub(w->s, colon, SIZE_MAX), &weight) || weight > WEIGHT_MAX) {
		sema_err_at(s, w, str_sub(w->s, colon, SIZE_MAX), "a weight is a number from 0 to %u", WEIGHT_MAX);
		return false;
	}
	name.s = str_sub(w->s, 0, colon - 1);
	if (!(be = sema_backend(s, &name)))
		return false;
	if (be->p->mode != s->px->p->mode && s->px->p->mode == MODE_HTTP) {
		sema_err(s, w, "'" STR_FMT "' is in mode tcp, this frontend in mode http: both must agree",
			 STR_ARG(be->name));
		return false;
	}
	t->px = (uint32_t)(be->p - s->rt->px);
	t->weight = (uint32_t)weight;
	return true;
}

/* Targets up to `by` or the condition; *i stands behind them. */
static bool split_targets(struct sema *s, const struct line *l, uint32_t end, uint32_t *i, struct rt_split *sp)
{
	for (; *i < end && !word_is(&l->w[*i], "by"); ++*i) {
		struct rt_split_target t;

		if (!split_target(s, &l->w[*i], &t))
			return false;
		sp->total += t.weight;
		APPEND(s->a, sp->at, sp->n, t);
	}
	if (sp->n && sp->total)
		return true;
	sema_err(s, &l->w[0], sp->n ? "all weights are 0" : "'use_split' expects backends with weights: name:weight");
	return false;
}

void dir_use_split(struct sema *s, const struct line *l)
{
	struct rt_use_be u = { .target = RT_NONE, .loc = sema_loc(s, l->w[0].at), .id = s->next_rule++ };
	unsigned avail = phase_avail(s, s->px->p->mode == MODE_HTTP ? PH_HTTP_REQ : PH_TCP_CONTENT);
	uint32_t end = cond_at(l->w, l->n, 1), i = 1;
	const struct word *key;

	u.split = ARENA_NEW(s->a, struct rt_split);
	if (!split_targets(s, l, end, &i, u.split))
		return;
	if (i < end) {
		if (!(key = arg_next(s, l->w, end, &i)) || !(u.split->by = sema_expr(s, key, avail)))
			return;
		i++;
	}
	if (i < end) {
		sema_err(s, &l->w[i], "unexpected '" STR_FMT "', only 'if' or 'unless' may follow", STR_ARG(l->w[i].s));
		return;
	}
	if (!sema_cond(s, l->w, l->n, end, avail, &u.cond))
		return;
	if (s->px->use_be_final)
		sema_warn(s, &l->w[0], "this rule is never reached: an unconditional 'use_backend' stands before it");
	VEC_PUSH(&s->px->use_be, u);
	s->px->use_be_final |= !u.cond;
}
