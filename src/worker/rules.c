// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs rule lists: conditions in order, actions from the table, until one is final. Also routing (use_backend, use-server) and the
 * monitor address, which are first-match lists of their own. */
#include <sluice/expr/cond.h>
#include <sluice/lb/lb.h>

#include "act_priv.h"
#include "trace.h"
#include "worker_priv.h"

static act_exec_fn *const act_exec[ACT_COUNT] = {
#define ACTION(id, word, phases, parse, exec, changes, help, example) [ACT_##id] = act_exec_##exec,
#include <sluice/tbl/actions.def>
#undef ACTION
};

/* Nothing that a condition computed outlives it: thousands of rules with converters take the memory of one. */
static enum cond_result cond_hit(const struct cond *cond, struct smp_ctx *c)
{
	struct arena_mark m = arena_mark(c->tmp);
	enum cond_result r = cond_eval(cond, c);

	if (!cond->effect) /* a capture keeps its text there */
		arena_rewind(c->tmp, m);
	return r;
}

static void rule_hit(uint32_t id)
{
	if (LIKELY(wk.hits != NULL))
		hits_add(wk.hits, id);
}

/* Between here and memo_end() an expression is evaluated once, until a rule changes what it depends on. The lists of a request go on
 * with what those before have seen; a response may be another one by now, and so may what a list finds that was held up. */
static void memo_begin(struct stream *s, bool go_on)
{
	if (wk.memo)
		memo_open(wk.memo, &s->ctx, go_on, s->req.edits);
}

static void memo_end(struct stream *s)
{
	if (wk.memo)
		memo_close(wk.memo, &s->ctx, s->req.edits);
}

/* One rule whose condition holds, or that cannot be decided yet. One that holds its list or waits for input has another turn, and
 * counts then. */
static inline enum rule_verdict rule_turn(struct stream *s, enum rule_phase ph, const struct rule_list *l, uint32_t i, enum cond_result hit)
{
	const struct rule *r = &l->at[i];
	enum rule_verdict v = LIKELY(hit == COND_TRUE) ? act_exec[r->act](s, r, ph) : RULE_WAIT;

	if (wk.memo && r->changes)
		memo_touch(wk.memo, r->changes);
	if (UNLIKELY(v == RULE_WAIT || v == RULE_HOLD)) {
		s->rule_list = l;
		s->rule_at = i;
		return v;
	}
	rule_hit(r->id);
	if (v != RULE_CONTINUE)
		s->last_rule = r;
	return v;
}

/* A long list: only the rules that the indexes name are looked at. */
static enum rule_verdict rules_indexed(struct stream *s, enum rule_phase ph, const struct rule_list *l, uint32_t from, uint32_t to)
{
	struct route_walk w;
	enum cond_result hit;
	unsigned i;

	if (s->hold_until && from < to) {
		enum rule_verdict v = rule_turn(s, ph, l, from, COND_TRUE);
		if (v != RULE_CONTINUE)
			return v;
		from++;
	}
	route_start(&w, l->route, strm_smp_ctx(s), from);
	while ((hit = route_next(&w, to, &i)) != COND_FALSE) {
		enum rule_verdict v = rule_turn(s, ph, l, i, hit);
		if (v != RULE_CONTINUE)
			return v;
	}
	return RULE_CONTINUE;
}

static enum rule_verdict rules_span(struct stream *s, enum rule_phase ph, const struct rule_list *l, uint32_t from, uint32_t to)
{
	struct smp_ctx *c = strm_smp_ctx(s);

	if (l->route && LIKELY(!wk.trace))
		return rules_indexed(s, ph, l, from, to);
	for (uint32_t i = from; i < to; i++) {
		const struct rule *r = &l->at[i];
		bool held = s->hold_until && i == from;
		enum cond_result hit = r->cond && !held ? cond_hit(r->cond, c) : COND_TRUE;
		if (UNLIKELY(wk.trace != NULL))
			trace_rule(s, ph, r, hit);
		if (hit == COND_FALSE || (hit == COND_WAIT && c->final))
			continue;
		enum rule_verdict v = rule_turn(s, ph, l, i, hit);
		if (v != RULE_CONTINUE)
			return v;
	}
	return RULE_CONTINUE;
}

enum rule_verdict rules_run(struct stream *s, enum rule_phase ph, const struct rt_proxy *px)
{
	const struct rule_list *l = &px->rules[ph];

	if (LIKELY(l->n == 0))
		return RULE_CONTINUE;
	uint32_t late = ph == PH_HTTP_REQ ? l->late : l->n, from = s->rule_list == l ? s->rule_at : 0;
	memo_begin(s, s->rule_list != l && (ph == PH_HTTP_REQ || ph == PH_TCP_CONTENT));
	s->rule_list = NULL;
	enum rule_verdict v = rules_span(s, ph, l, from, late);
	/* `redirect` lines are a set of their own behind the rules: an allow does not skip them. */
	if (late < l->n && (v == RULE_CONTINUE || v == RULE_ALLOW))
		v = rules_span(s, ph, l, MAX(from, late), l->n);
	memo_end(s);
	if (UNLIKELY(s->hints != NULL) && v != RULE_WAIT)
		strm_hints_send(s);
	return v;
}

enum rule_verdict rules_monitor(struct stream *s)
{
	const struct rt_proxy *fe = s->fe;

	if (fe->monitor_uri.n == 0 || !str_eq(s->req.target, fe->monitor_uri))
		return RULE_CONTINUE;
	struct smp_ctx *c = strm_smp_ctx(s);
	unsigned status = 200;
	for (uint32_t i = 0; i < fe->nmonitor_fail && status == 200; i++)
		if (cond_true(fe->monitor_fail[i], c))
			status = 503;
	s->flags |= SF_MONITOR;
	reply_error(s, status);
	return RULE_ANSWERED;
}

/* A name made at run time; nothing found means that the rules end and the default applies. */
static const struct rt_proxy *route_dynamic(struct stream *s, const struct logfmt *f)
{
	char text[256];
	struct sbuf name = SBUF_FIXED(text);

	strm_render(s, f, &name);
	return name.cut ? NULL : rt_find_backend(wk.rt, sbuf_str(&name));
}

/* The same answer as the compiled list's, rule by rule, with the reasons. */
static int route_traced(struct stream *s, unsigned from)
{
	struct smp_ctx *c = strm_smp_ctx(s);

	for (unsigned i = from; i < s->fe->nuse_be; i++) {
		const struct rt_use_be *u = &s->fe->use_be[i];
		uint32_t drawn = u->split ? rules_split(s, u->split) : u->target;
		const struct rt_proxy *px = u->name ? route_dynamic(s, u->name) : drawn == RT_NONE ? NULL : &wk.rt->px[drawn];
		bool hit = cond_true(u->cond, c);

		trace_target(s, u->split ? "use_split" : "use_backend", u, px ? px->name : STR("(no such backend)"), hit);
		if (hit)
			return (int)i;
	}
	return -1;
}

static bool route_open(uint32_t px) { return px != RT_NONE && !(wk.rt->px[px].caps & PX_DISABLED); }

static uint32_t route_search(struct stream *s)
{
	const struct rt_proxy *fe = s->fe;
	struct smp_ctx *c = strm_smp_ctx(s);

	for (unsigned from = 0; fe->route && from < fe->nuse_be;) {
		int i = UNLIKELY(wk.trace != NULL) ? route_traced(s, from) : route_first(fe->route, c, from);
		if (i < 0)
			break;
		const struct rt_use_be *u = &fe->use_be[i];
		rule_hit(u->id);
		if (u->name) {
			const struct rt_proxy *px = route_dynamic(s, u->name);
			if (!px)
				break;
			if (route_open(px_index(px)))
				return px_index(px);
		} else {
			uint32_t px = u->split ? rules_split(s, u->split) : u->target;
			if (route_open(px))
				return px;
		}
		from = (unsigned)i + 1;
	}
	if (route_open(fe->default_be)) {
		if (UNLIKELY(wk.trace != NULL))
			sbuf_printf(wk.trace, "    default_backend " STR_FMT "\n", STR_ARG(wk.rt->px[fe->default_be].name));
		return fe->default_be;
	}
	return fe->caps & PX_BE && rt_has_servers(&fe->be) ? px_index(fe) : RT_NONE;
}

uint32_t rules_route(struct stream *s)
{
	memo_begin(s, true);
	uint32_t px = route_search(s);

	memo_end(s);
	return px;
}

static uint32_t server_dynamic(struct stream *s, const struct logfmt *f)
{
	char text[256];
	struct sbuf name = SBUF_FIXED(text);

	strm_render(s, f, &name);
	return name.cut ? RT_NONE : rt_find_server(wk.rt, s->be, sbuf_str(&name));
}

/* The next use-server rule that holds, or all of them when somebody asks why. */
static uint32_t use_server_next(const struct rt_proxy *be, struct smp_ctx *c, uint32_t from, bool *hit)
{
	*hit = true;
	if (be->srv_route && LIKELY(!wk.trace)) {
		int i = route_first(be->srv_route, c, from);
		return i < 0 ? be->nuse_srv : (uint32_t)i;
	}
	for (; from < be->nuse_srv; from++) {
		*hit = cond_true(be->use_srv[from].cond, c);
		if (*hit || UNLIKELY(wk.trace != NULL))
			break;
	}
	return from;
}

static uint32_t use_server_search(struct stream *s)
{
	const struct rt_proxy *be = s->be;
	struct smp_ctx *c = strm_smp_ctx(s);
	bool hit;

	for (uint32_t i = 0; i < be->nuse_srv && (i = use_server_next(be, c, i, &hit)) < be->nuse_srv; i++) {
		const struct rt_use_be *u = &be->use_srv[i];
		uint32_t srv = u->name ? server_dynamic(s, u->name) : u->target;
		if (UNLIKELY(wk.trace != NULL))
			trace_target(s, "use-server", u, srv == RT_NONE ? STR("(no such server)") : wk.rt->srv[srv].name, hit);
		if (!hit)
			continue;
		rule_hit(u->id);
		if (srv != RT_NONE && lb_srv_usable(&wk.lb[s->be_idx], srv, true))
			return srv;
	}
	return RT_NONE;
}

uint32_t rules_use_server(struct stream *s)
{
	if (LIKELY(s->be->nuse_srv == 0))
		return RT_NONE;
	memo_begin(s, true);
	uint32_t srv = use_server_search(s);

	memo_end(s);
	return srv;
}
