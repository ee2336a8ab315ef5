// SPDX-License-Identifier: GPL-3.0-or-later
/* `sluice dump`: the compiled tables as text, in the order of their indices, one fact a line. For people and golden
 * tests. */
#include <sluice/conf/conf.h>
#include <sluice/lb/lb.h>

static const char *const timeout_words[] = { "connect",	     "client",		"server", "queue",
					     "http-request", "http-keep-alive", "tunnel", "client-fin",
					     "server-fin",   "check",		"tarpit", "client-hs" };

static void put_addr(struct sbuf *out, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	sbuf_add(out, str_n(text, addr_text(a, text)));
}

static void put_cond(struct sbuf *out, const struct cond *c)
{
	if (!c)
		return;
	sbuf_addc(out, ' ');
	cond_print(c, out);
}

static void dump_global(const struct rt *rt, struct sbuf *out)
{
	const struct rt_global *g = &rt->g;
	sbuf_printf(out,
		    "global workers=%u maxconn=%u ulimit-n=%u bufsize=%u maxrewrite=%u maxhdr=%u hard-stop-after=%ums "
		    "proxies=%u servers=%u "
		    "listeners=%u rules=%u\n",
		    g->workers, g->maxconn, g->ulimit_n, g->bufsize, g->maxrewrite, g->maxhdr, g->hard_stop_after,
		    rt->npx, rt->nsrv - rt->nspare, rt->nlst, rt->nrules);
}

static void dump_listeners(const struct rt *rt, uint32_t px, struct sbuf *out)
{
	for (uint32_t i = 0; i < rt->nlst; i++) {
		const struct rt_listener *l = &rt->lst[i];
		if (l->px != px)
			continue;
		sbuf_printf(out, "  listener %u ", i);
		if (l->inherited_fd >= 0)
			sbuf_printf(out, "fd@%d", l->inherited_fd);
		else
			put_addr(out, &l->addr);
		sbuf_addc(out, '\n');
	}
}

static void dump_rules(const struct rt_proxy *p, struct sbuf *out)
{
	for (unsigned ph = 0; ph < PH_COUNT; ph++) {
		for (uint32_t i = 0; i < p->rules[ph].n; i++) {
			const struct rule *r = &p->rules[ph].at[i];
			sbuf_printf(out, "  rule %u %s ", r->id, rule_phase_word(ph));
			rule_action_print(r, out);
			if (r->name.n)
				sbuf_printf(out, " " STR_FMT, STR_ARG(r->name));
			if (r->status)
				sbuf_printf(out, " %u", r->status);
			put_cond(out, r->cond);
			sbuf_printf(out, "  # %s:%u\n", r->loc.file, r->loc.line);
		}
		if (p->rules[ph].route)
			route_print(p->rules[ph].route, out);
	}
}

static void dump_targets(const struct rt *rt, const struct rt_proxy *p, struct sbuf *out)
{
	for (uint32_t i = 0; i < p->nuse_be; i++) {
		const struct rt_use_be *u = &p->use_be[i];
		struct str name = u->target == RT_NONE ? STR("<dynamic>") : rt->px[u->target].name;
		sbuf_printf(out, "  use_backend " STR_FMT, STR_ARG(name));
		put_cond(out, u->cond);
		sbuf_addc(out, '\n');
	}
	if (p->route)
		route_print(p->route, out);
	if (p->default_be != RT_NONE)
		sbuf_printf(out, "  default_backend " STR_FMT "\n", STR_ARG(rt->px[p->default_be].name));
}

static void dump_server(const struct rt *rt, uint32_t i, struct sbuf *out)
{
	const struct rt_server *s = &rt->srv[i];

	sbuf_printf(out, "  server %u " STR_FMT " ", i, STR_ARG(s->name));
	put_addr(out, &s->addr);
	sbuf_printf(out, " id=%u weight=%u", s->id, s->weight);
	if (s->host.n)
		sbuf_printf(out, " host=" STR_FMT "%s", STR_ARG(s->host),
			    s->flags & SRVF_UNRESOLVED ? "(unresolved)" : "");
	if (s->flags & SRVF_PORT_OFFSET)
		sbuf_printf(out, " port%+d", s->port_offset);
	else if (s->flags & SRVF_PORT_FROM_CLIENT)
		sbuf_add(out, STR(" port=client"));
	if (s->flags & SRVF_CHECK)
		sbuf_printf(out, " check inter=%ums rise=%u fall=%u", s->o->inter, s->o->rise, s->o->fall);
	if (s->flags & SRVF_BACKUP)
		sbuf_add(out, STR(" backup"));
	if (s->flags & SRVF_DISABLED)
		sbuf_add(out, STR(" disabled"));
	if (s->o->maxconn)
		sbuf_printf(out, " maxconn=%u", s->o->maxconn);
	if (s->track != RT_NONE)
		sbuf_printf(out, " track=%u", s->track);
	sbuf_addc(out, '\n');
}

static void dump_backend(const struct rt *rt, const struct rt_proxy *p, struct sbuf *out)
{
	static const char *const checks[] = { "tcp", "http", "script", "grpc" };
	const struct rt_backend *be = &p->be;

	sbuf_printf(out, "  balance %s retries=%u check=%s\n", be->algo ? be->algo->name : "none", p->retries,
		    checks[p->check.kind]);
	for (uint32_t i = 0; i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]))
			dump_server(rt, be->srv0 + i, out);
	for (uint32_t i = 0; i < p->nuse_srv; i++) {
		struct str name =
			p->use_srv[i].target == RT_NONE ? STR("<dynamic>") : rt->srv[p->use_srv[i].target].name;
		sbuf_printf(out, "  use-server " STR_FMT, STR_ARG(name));
		put_cond(out, p->use_srv[i].cond);
		sbuf_addc(out, '\n');
	}
}

static void dump_proxy(const struct rt *rt, uint32_t i, struct sbuf *out)
{
	const struct rt_proxy *p = &rt->px[i];
	const char *kind = (p->caps & (PX_FE | PX_BE)) == (PX_FE | PX_BE) ? "listen"
			   : p->caps & PX_FE				  ? "frontend"
									  : "backend";

	sbuf_printf(out, "%s %u " STR_FMT " id=%u mode=%s%s\n ", kind, i, STR_ARG(p->name), p->id,
		    p->mode == MODE_HTTP ? "http" : "tcp", p->caps & PX_DISABLED ? " disabled" : "");
	for (unsigned t = 0; t < TO_COUNT; t++)
		if (p->to[t])
			sbuf_printf(out, " %s=%ums", timeout_words[t], p->to[t]);
	sbuf_addc(out, '\n');
	dump_rules(p, out);
	if (p->caps & PX_FE) {
		dump_listeners(rt, i, out);
		dump_targets(rt, p, out);
	}
	if (p->caps & PX_BE)
		dump_backend(rt, p, out);
}

static void dump_maps(const struct rt *rt, struct sbuf *out)
{
	struct str match, val;

	for (struct pat_file *f = rt->patterns.first; f; f = f->next) {
		if (!pat_file_build(f))
			continue;
		for (const struct pat_use *u = f->uses; u; u = u->next) {
			pat_use_kind(u, &match, &val);
			sbuf_printf(out, "%s " STR_FMT " " STR_FMT "%s%s" STR_FMT " entries=%u bytes=%zu\n", f->pairs ? "map" : "acl", STR_ARG(f->name),
				    STR_ARG(match), u->icase ? " -i" : "", f->pairs ? "->" : "", STR_ARG(f->pairs ? val : STR_NULL),
				    ptab_count(f->tab), ptab_bytes(f->tab));
		}
	}
}

void rt_dump(const struct rt *rt, struct sbuf *out)
{
	dump_global(rt, out);
	dump_maps(rt, out);
	for (uint32_t i = 0; i < rt->npx; i++)
		dump_proxy(rt, i, out);
}
