// SPDX-License-Identifier: GPL-3.0-or-later
/* Resolution at run time: counters of nameservers, and another name for a server. */
#include <sluice/ipc/dns_stats.h>
#include "cli_change.h"

static void section_text(struct cli_run *r, const struct rt_resolvers *rs)
{
	sbuf_printf(r->out, "Resolvers section " STR_FMT "\n", STR_ARG(rs->name));
	for (uint32_t i = 0; i < rs->nns; i++) {
		sbuf_printf(r->out, " nameserver " STR_FMT ":\n", STR_ARG(rs->ns[i].name));
		for (unsigned c = 0; c < DNS_COUNTERS; c++) {
			const char *name = dns_counter_name((enum dns_counter)c);

			sbuf_printf(r->out, "  %s:%*s%llu\n", name, (int)(12 - strlen(name)), "",
				    (unsigned long long)dns_counted(&r->l->dns, rs->ns0 + i, (enum dns_counter)c));
		}
	}
}

static void section_rows(struct cli_run *r, const struct rt_resolvers *rs)
{
	for (uint32_t i = 0; i < rs->nns; i++) {
		cli_row(r);
		cli_str(r, "resolvers", rs->name);
		cli_str(r, "nameserver", rs->ns[i].name);
		for (unsigned c = 0; c < DNS_COUNTERS; c++)
			cli_num(r, dns_counter_name((enum dns_counter)c), (int64_t)dns_counted(&r->l->dns, rs->ns0 + i, (enum dns_counter)c));
		cli_row_end(r);
	}
}

static bool exists(const struct rt *rt, struct str name)
{
	for (uint32_t i = 0; i < rt->nresolvers; i++)
		if (str_eq(rt->resolvers[i].name, name))
			return true;
	return false;
}

enum cli_state cli_show_resolvers(struct cli_run *r)
{
	const struct rt *rt = r->l->rt;

	if (!r->calls && r->n && !exists(rt, r->w[0]))
		return cli_fail(r, "Can't find that resolvers section");
	if (!r->calls && r->json)
		cli_head(r, "");
	for (; r->srv < rt->nresolvers && !cli_full(r); r->srv++) {
		if (r->n && !str_eq(rt->resolvers[r->srv].name, r->w[0]))
			continue;
		if (r->json)
			section_rows(r, &rt->resolvers[r->srv]);
		else
			section_text(r, &rt->resolvers[r->srv]);
	}
	if (r->srv < rt->nresolvers)
		return CLI_AGAIN;
	if (r->json)
		cli_tail(r);
	return CLI_DONE;
}

enum cli_state set_fqdn(struct cli_run *r, uint32_t srv, struct str v)
{
	const struct rt_server *s = &r->l->rt->srv[srv];
	struct srv_place p = cli_place(r->l, srv);

	if (!v.n)
		return cli_fail(r, "set server <b>/<s> fqdn requires a FQDN.");
	if (!(s->flags & SRVF_RESOLVE))
		return cli_fail(r, "set server <b>/<s> fqdn failed because no resolution is configured.");
	if (s->flags & SRVF_SRV)
		return cli_fail(r, "set server <b>/<s> fqdn failed because SRV resolution is configured.");
	if (v.n >= PLACE_FQDN_MAX - 1)
		return cli_fail(r, "could not update " STR_FMT "/" STR_FMT " FQDN", STR_ARG(r->l->rt->px[s->px].name), STR_ARG(s->name));
	struct str was = p.fqdn[0] ? str_c(p.fqdn) : s->host;
	cli_severity(r, CLI_INFO);
	sbuf_printf(r->out, STR_FMT "/" STR_FMT " changed its FQDN from " STR_FMT " to " STR_FMT "\n", STR_ARG(r->l->rt->px[s->px].name),
		    STR_ARG(s->name), STR_ARG(was), STR_ARG(v));
	memset(p.fqdn, 0, sizeof(p.fqdn));
	memcpy(p.fqdn, v.p, v.n);
	return cli_change(r, &(struct change){ .kind = CHG_PLACE, .at = srv, .place = &p });
}
