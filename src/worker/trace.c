// SPDX-License-Identifier: GPL-3.0-or-later
/* Decisions as text, in the words of the configuration and with the line that each comes from. */
#include "trace.h"
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

void trace_rule(struct stream *s, enum rule_phase ph, const struct rule *r, enum cond_result hit)
{
	sbuf_printf(wk.trace, "    %s %s", rule_phase_word(ph), rule_action_word((enum rule_id)r->act));
	if (r->name.n)
		sbuf_printf(wk.trace, " " STR_FMT, STR_ARG(r->name));
	if (r->status)
		sbuf_printf(wk.trace, " %u", r->status);
	put_cond(r->cond);
	put_verdict(r->cond, r->loc, verdict_word(hit));
	put_values(s, r->cond);
}

void trace_target(struct stream *s, const char *word, const struct rt_use_be *u, struct str target, bool hit)
{
	sbuf_printf(wk.trace, "    %s " STR_FMT, word, STR_ARG(target));
	put_cond(u->cond);
	put_verdict(u->cond, u->loc, hit ? "true" : "false");
	put_values(s, u->cond);
}
