// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be said about a proxy only when it is complete: missing pieces, combinations that do not fit, leftovers. */
#include <stdio.h>

#include "sema_priv.h"

static struct word name_word(const struct px_build *b)
{
	const struct line *h = &b->sec->head;
	return h->w[h->n > 1 ? 1 : 0];
}

static void check_timeouts(struct sema *s, const struct px_build *b)
{
	const struct rt_proxy *p = b->p;
	struct word w = name_word(b);
	char list[64] = "";
	bool be = (p->caps & PX_BE) && p->be.nsrv;

	if ((p->caps & PX_FE) && (b->to_unset >> TO_CLIENT & 1))
		snprintf(list, sizeof(list), " client");
	if (be && (b->to_unset >> TO_CONNECT & 1))
		strncat(list, " connect", sizeof(list) - strlen(list) - 1);
	if (be && (b->to_unset >> TO_SERVER & 1))
		strncat(list, " server", sizeof(list) - strlen(list) - 1);
	if (list[0])
		sema_warn(s, &w, "'" STR_FMT "' has no timeout for:%s%s", STR_ARG(b->name), list,
			  strstr(list, "client") ? "; 60s are used for client" : "");
}

static void check_frontend(struct sema *s, const struct px_build *b)
{
	struct word w = name_word(b);

	if (!b->bound)
		sema_warn(s, &w, "frontend '" STR_FMT "' has no 'bind': declare it as a backend if that was intended",
			  STR_ARG(b->name));
}

static void check_default_backend(struct sema *s, const struct px_build *b)
{
	if (b->p->default_be != RT_NONE && b->default_be && b->p->mode == MODE_HTTP && s->rt->px[b->p->default_be].mode != MODE_HTTP)
		sema_err(s, b->default_be, "'" STR_FMT "' is in mode tcp, this frontend in mode http: both must agree", STR_ARG(b->default_be->s));
}

static void warn_unused_acl(void *ctx, struct str name)
{
	struct sema *s = ctx;
	const struct px_build *b = s->px;

	for (size_t i = 0; i < b->sec->lines.n; i++) {
		const struct line *l = &b->sec->lines.at[i];
		if (l->n > 1 && word_is(&l->w[0], "acl") && str_eq(l->w[1].s, name)) {
			sema_warn(s, &l->w[1], "acl '" STR_FMT "' is never used", STR_ARG(name));
			return;
		}
	}
}

static void check_http_only(struct sema *s, const struct px_build *b)
{
	struct word w = name_word(b);

	if (px_speaks_http(b))
		return;
	if (b->p->monitor_uri.n)
		sema_warn(s, &w, "'monitor-uri' has no effect in '" STR_FMT "', which is in mode tcp",
			  STR_ARG(b->name));
	if (b->p->nreq_cap && b->sect != SECT_BACKEND && b->p->req_cap[0].name.n)
		sema_warn(s, &w, "'capture' has no effect in '" STR_FMT "', which is in mode tcp", STR_ARG(b->name));
}

static void check_backend(struct sema *s, const struct px_build *b)
{
	const struct rt_check *c = &b->p->check;
	struct word w = name_word(b);

	if (c->nsteps && c->kind == CHK_TCP && b->chk_own)
		sema_warn(s, &w,
			  "the check steps of '" STR_FMT
			  "' have no effect without 'option httpchk' or 'option tcp-check'",
			  STR_ARG(b->name));
	if (c->nsteps && c->kind == CHK_GRPC && b->chk_own)
		sema_warn(s, &w, "the check steps of '" STR_FMT "' have no effect with 'option grpc-check'", STR_ARG(b->name));
	if (c->kind != CHK_SCRIPT)
		return;
	for (uint32_t i = 0; i + 1 < c->nsteps; i++)
		if (c->steps[i + 1].kind == CS_CONNECT && i == 0 && c->steps[0].kind != CS_CONNECT && c->steps[0].kind < CS_SET_VAR)
			sema_warn(s, &w,
				  "in '" STR_FMT
				  "' the steps before the first 'tcp-check connect' use a connection of their own",
				  STR_ARG(b->name));
}

/* ---- rules that never get their turn ---------------------------------------------------------------------------- */

static void warn_shadowed(struct sema *s, const struct px_build *b, struct rt_loc later, struct rt_loc earlier)
{
	for (size_t i = 0; i < b->sec->lines.n; i++) {
		const struct line *l = &b->sec->lines.at[i];
		struct rt_loc at = sema_loc(s, l->w[0].at);

		if (at.file == later.file && at.line == later.line) {
			sema_warn(s, &l->w[0], "this rule is never reached: the condition of %s:%u holds whenever this one does", earlier.file, earlier.line);
			return;
		}
	}
}

static void check_shadowed_routes(struct sema *s, const struct px_build *b)
{
	const struct rt_proxy *p = b->p;

	for (uint32_t i = 0; p->route && i < p->nuse_be; i++) {
		int by = route_shadowed_by(p->route, NULL, i, &s->scratch);
		const struct rt_use_be *u = by < 0 ? NULL : &p->use_be[by];

		if (u && u->cond && (u->target == RT_NONE || !(s->rt->px[u->target].caps & PX_DISABLED)))
			warn_shadowed(s, b, p->use_be[i].loc, u->loc);
	}
}

/* What one list says of its rules, for the search. */
struct final_rules { struct cond **conds; uint64_t *changes; bool *ends; bool any; };

/* An allow ends the rules, but not the `redirect` lines behind them. */
static struct final_rules final_rules(struct sema *s, const struct rule_list *l, bool for_late)
{
	struct arena *a = &s->scratch;
	struct final_rules f = { ARENA_NEWN(a, struct cond *, l->n), ARENA_NEWN(a, uint64_t, l->n), ARENA_NEWN(a, bool, l->n), false };

	for (uint32_t i = 0; i < l->n; i++) {
		f.conds[i] = l->at[i].cond;
		f.changes[i] = rule_changes(&l->at[i]);
		f.ends[i] = l->at[i].cond && rule_ends_list(l->at[i].act) && !(for_late && i < l->late && l->at[i].act == ACT_ALLOW);
		f.any |= f.ends[i];
	}
	return f;
}

static void check_shadowed_span(struct sema *s, const struct px_build *b, const struct rule_list *l, uint32_t from, uint32_t to)
{
	struct final_rules f = final_rules(s, l, from >= l->late);

	if (!f.any || from >= to)
		return;
	const struct route *r = l->route ? l->route : route_compile(&s->scratch, f.conds, f.changes, l->n);

	for (uint32_t i = MAX(from, 1u); i < to; i++) {
		int by = f.conds[i] ? route_shadowed_by(r, f.ends, i, &s->scratch) : -1;

		if (by >= 0)
			warn_shadowed(s, b, l->at[i].loc, l->at[by].loc);
	}
}

static void check_shadowed_rules(struct sema *s, const struct px_build *b, const struct rule_list *l)
{
	check_shadowed_span(s, b, l, 0, l->late);
	check_shadowed_span(s, b, l, l->late, l->n);
}

static void check_unused(struct sema *s, const struct px_build *b)
{
	struct word w = name_word(b);

	if (b->sect == SECT_BACKEND && b->p->be.nsrv && !b->used && !s->dynamic_targets)
		sema_warn(s, &w, "backend '" STR_FMT "' is never used", STR_ARG(b->name));
}

void px_check(struct sema *s, struct px_build *b)
{
	s->px = b;
	if (b->p->caps & PX_DISABLED)
		return;
	if (b->p->caps & PX_FE)
		check_default_backend(s, b);
	if (s->d->errors)
		return; /* what is missing may stand in a line that was refused */
	check_timeouts(s, b);
	if (b->sect == SECT_FRONTEND)
		check_frontend(s, b);
	if (b->p->caps & PX_BE)
		check_backend(s, b);
	check_http_only(s, b);
	check_shadowed_routes(s, b);
	for (unsigned ph = 0; ph < PH_COUNT; ph++)
		check_shadowed_rules(s, b, &b->p->rules[ph]);
	check_unused(s, b);
	if (b->own_acls)
		acl_each_unused(b->own_acls, warn_unused_acl, s);
}
