// SPDX-License-Identifier: GPL-3.0-or-later
/* `show rules`: every rule of the configuration in the order in which requests meet them, and how often its condition held. */
#include <sluice/ipc/hits.h>
#include "cli_priv.h"

/* The lists of a proxy in their order: phases up to routing, routes, the servers that rules name, phases of the response. */
enum { LIST_USE_BE = PH_HTTP_REQ + 1, LIST_USE_SRV, LIST_RESPONSE, LIST_END = LIST_RESPONSE + PH_COUNT - PH_HTTP_REQ - 1 };

static void put_row(struct cli_run *r, const struct rt_proxy *px, const char *kind, uint32_t id, struct rt_loc loc, const char *what, struct str name,
		    const struct cond *cond)
{
	struct sbuf text = { 0 };

	sbuf_printf(&text, "%s%s" STR_FMT "%s", what, name.n && *what ? " " : "", STR_ARG(name), cond ? " " : "");
	if (cond)
		cond_print(cond, &text);
	cli_row(r);
	cli_str(r, "proxy", px->name);
	cli_str(r, "kind", str_c(kind));
	cli_num(r, "hits", (int64_t)hits_sum(&r->l->hits, id));
	cli_fmt(r, "line", "%s:%u", loc.file ? loc.file : "-", loc.line);
	cli_str(r, "rule", sbuf_str(&text));
	cli_row_end(r);
	sbuf_free(&text);
}

static bool put_rule(struct cli_run *r, const struct rt_proxy *px, enum rule_phase ph, uint32_t i)
{
	const struct rule *x = i < px->rules[ph].n ? &px->rules[ph].at[i] : NULL;
	char kind[40], action[64];
	struct sbuf text = SBUF_FIXED(action);
	size_t n = 0;

	if (!x)
		return false;
	/* one word of a row: tcp-request-content */
	for (const char *w = rule_phase_word(ph); w[n] && n + 1 < sizeof(kind); n++)
		kind[n] = w[n] == ' ' ? '-' : w[n];
	kind[n] = '\0';
	rule_action_print(x, &text);
	put_row(r, px, kind, x->id, x->loc, sbuf_cstr(&text), x->name, x->cond);
	return true;
}

static bool put_target(struct cli_run *r, const struct rt_proxy *px, bool server, uint32_t i)
{
	const struct rt_use_be *u = server ? px->use_srv : px->use_be;
	struct str name;

	if (i >= (server ? px->nuse_srv : px->nuse_be))
		return false;
	u += i;
	name = u->target == RT_NONE ? STR("<dynamic>") : server ? r->l->rt->srv[u->target].name : r->l->rt->px[u->target].name;
	put_row(r, px, server ? "use-server" : "use_backend", u->id, u->loc, "", name, u->cond);
	return true;
}

/* Rule r->at of list r->srv of a proxy. */
static bool put_one(struct cli_run *r, const struct rt_proxy *px)
{
	if (r->srv == LIST_USE_BE || r->srv == LIST_USE_SRV)
		return put_target(r, px, r->srv == LIST_USE_SRV, r->at);
	return put_rule(r, px, (enum rule_phase)(r->srv < LIST_USE_BE ? r->srv : r->srv - LIST_RESPONSE + PH_HTTP_REQ + 1), r->at);
}

static bool wanted(const struct cli_run *r, const struct rt_proxy *px)
{
	unsigned name = r->n && str_eq(r->w[0], STR("hits"));

	return r->n <= name || str_eq(px->name, r->w[name]);
}

enum cli_state cli_show_rules(struct cli_run *r)
{
	const struct rt *rt = r->l->rt;

	if (!r->calls)
		cli_head(r, "# proxy kind hits line rule");
	for (; r->px < rt->npx; r->px++, r->srv = 0)
		for (; wanted(r, &rt->px[r->px]) && r->srv < LIST_END; r->srv++, r->at = 0)
			for (;; r->at++) {
				if (cli_full(r))
					return CLI_AGAIN;
				if (!put_one(r, &rt->px[r->px]))
					break;
			}
	cli_tail(r);
	return CLI_DONE;
}
