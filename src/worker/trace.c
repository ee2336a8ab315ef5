// SPDX-License-Identifier: GPL-3.0-or-later
/* Decisions as text, in the words of the configuration and with the line that each comes from. */
#include <sluice/stick/stick.h>

#include "trace.h"
#include "track.h"
#include "worker_priv.h"

static void put_cond(const struct cond *c)
{
	if (!c)
		return;
	sbuf_addc(wk.trace, ' ');
	cond_print(c, wk.trace);
}

static void put_verdict(const struct cond *c, struct rt_loc loc, const char *verdict)
{
	sbuf_printf(wk.trace, "  [%s:%u] %s\n", loc.file ? loc.file : "-", loc.line, c ? verdict : "always");
}

static const char *verdict_word(enum cond_result r)
{
	return r == COND_TRUE ? "true" : r == COND_FALSE ? "false" : "undecided";
}

static void put_values(struct stream *s, const struct cond *c)
{
	if (c)
		cond_explain(c, strm_smp_ctx(s), wk.trace);
}

static void put_maps(void *ctx, const struct expr *e) { expr_explain_maps(e, strm_smp_ctx(ctx), wk.trace); }

/* The maps that an action will look into. */
static void put_action_maps(struct stream *s, const struct rule *r)
{
	if (r->expr)
		put_maps(s, r->expr);
	if (r->fmt)
		logfmt_each_expr(r->fmt, put_maps, s);
	if (r->value)
		logfmt_each_expr(r->value, put_maps, s);
}

void trace_rule(struct stream *s, enum rule_phase ph, const struct rule *r, enum cond_result hit)
{
	sbuf_printf(wk.trace, "    %s ", rule_phase_word(ph));
	rule_action_print(r, wk.trace);
	if (r->name.n)
		sbuf_printf(wk.trace, " " STR_FMT, STR_ARG(r->name));
	if (r->status)
		sbuf_printf(wk.trace, " %u", r->status);
	put_cond(r->cond);
	put_verdict(r->cond, r->loc, verdict_word(hit));
	put_values(s, r->cond);
	if (hit == COND_TRUE)
		put_action_maps(s, r);
}

void trace_target(struct stream *s, const char *word, const struct rt_use_be *u, struct str target, bool hit)
{
	sbuf_printf(wk.trace, "    %s " STR_FMT, word, STR_ARG(target));
	put_cond(u->cond);
	put_verdict(u->cond, u->loc, hit ? "true" : "false");
	put_values(s, u->cond);
	if (hit && u->name)
		logfmt_each_expr(u->name, put_maps, s);
}

/* The third letter of the termination state, as the manual explains it. */
static const char *cookie_finding(const struct stream *s)
{
	switch (s->term[2]) {
	case 'N': return "the request has none";
	case 'I': return "its value names no server";
	case 'D': return "its server is down";
	case 'E': return "its date of the last visit is too old";
	case 'O': return "its date of the first visit is too old";
	case 'U': return "it is not used: something else has chosen, or ignore-persist holds";
	default: return "it is only listened to";
	}
}

struct str trace_server(uint32_t srv)
{
	return srv == RT_NONE ? STR_NULL : wk.rt->srv[srv].name;
}

void trace_cookie(const struct stream *s, uint32_t before, uint32_t srv)
{
	sbuf_printf(wk.trace, "    cookie " STR_FMT ": ", STR_ARG(s->be->cookie.name));
	if (srv != before)
		sbuf_printf(wk.trace, "it names " STR_FMT "\n", STR_ARG(trace_server(srv)));
	else
		sbuf_printf(wk.trace, "%s\n", cookie_finding(s));
}

static void put_key(const struct stick_table *t, struct str key)
{
	struct sbuf text = { 0 };

	stick_key_text(stick_spec(t), key, &text);
	sbuf_add(wk.trace, sbuf_str(&text));
	sbuf_free(&text);
}

void trace_stick(const struct rt_stick *r, struct str key, uint32_t srv)
{
	const struct rt_table *t = &wk.rt->tbl[r->table];
	bool match = r->when & STICK_MATCH, store = r->when & STICK_STORE_REQ;

	sbuf_printf(wk.trace, "    stick %s in " STR_FMT " with key ", match && store ? "on" : match ? "match" : "store-request", STR_ARG(t->name));
	put_key(track_table(r->table), key);
	put_cond(r->cond);
	sbuf_printf(wk.trace, "  [%s:%u] ", r->loc.file ? r->loc.file : "-", r->loc.line);
	if (srv == RT_NONE)
		sbuf_printf(wk.trace, "%s\n", match ? "no server is stored" : "stored with the choice");
	else
		sbuf_printf(wk.trace, "belongs to " STR_FMT "\n", STR_ARG(trace_server(srv)));
}

static struct lb_drawn drawn;

struct lb_drawn *trace_draws(void)
{
	drawn.n = 0;
	return &drawn;
}

const struct lb_drawn *trace_drawn(void) { return &drawn; }
