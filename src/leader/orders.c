// SPDX-License-Identifier: GPL-3.0-or-later
/* Orders from the statistics page, from agents and from resolution. A worker passes on what an operator has sent, the checker what it
 * was told; either may have gone astray, so every number is checked here. What is done is the same as the commands of the runtime
 * interface do. */
#include <unistd.h>
#include <sluice/base/notice.h>
#include <sluice/health/health.h>

#include "cli_change.h"

static void order(struct leader *l, enum change_kind kind, uint32_t srv, uint32_t mask, uint32_t value)
{
	change_apply(l, &(struct change){ .kind = kind, .at = srv, .mask = mask, .value = value });
}

/* Out of maintenance a server without checks is up: nobody else would say so. */
static void order_ready(struct leader *l, uint32_t srv)
{
	const struct rt_server *s = &l->rt->srv[srv];

	if (srv_admin_bits(srv_admin_now(l, srv)) & (ADM_FORCED_MAINT | ADM_CONFIG_MAINT) && srv_unchecked(s))
		order(l, CHG_ORDER, srv, 0, ORDER_UP);
	order(l, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN, 0);
}

static void obey(struct leader *l, enum srv_action act, uint32_t srv)
{
	switch (act) {
	case SRVA_READY: case SRVA_ENABLE: case SRVA_START: order_ready(l, srv); break;
	case SRVA_DRAIN: case SRVA_STOP:
		order(l, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN, ADM_FORCED_DRAIN);
		break;
	case SRVA_MAINT: case SRVA_DISABLE: order(l, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_FORCED_DRAIN, ADM_FORCED_MAINT); break;
	case SRVA_DHLTH: order(l, CHG_FLAGS, srv, ADMF_NOCHECK, ADMF_NOCHECK); break;
	case SRVA_EHLTH: order(l, CHG_FLAGS, srv, ADMF_NOCHECK, 0); break;
	case SRVA_DAGENT: order(l, CHG_FLAGS, srv, ADMF_NOAGENT, ADMF_NOAGENT); break;
	case SRVA_EAGENT: order(l, CHG_FLAGS, srv, ADMF_NOAGENT, 0); break;
	case SRVA_HRUNN: order(l, CHG_ORDER, srv, 0, ORDER_UP); break;
	case SRVA_HNOLB: order(l, CHG_ORDER, srv, 0, ORDER_STOPPING); break;
	case SRVA_HDOWN: order(l, CHG_ORDER, srv, 0, ORDER_DOWN); break;
	case SRVA_SHUTDOWN: children_tell(l, ROLE_WORKER, IPC_SHUT_SERVER, srv); break;
	case SRVA_COUNT: break;
	}
}

void order_servers(struct leader *l, const struct ipc_msg *m)
{
	struct ipc_srv_order o;

	if (m->arg >= SRVA_COUNT || m->num > SRV_ORDER_MAX) {
		notice(SAY_ALERT, "a worker sends an order that does not exist");
		return;
	}
	memcpy(&o, m->data, sizeof(o));
	for (uint64_t i = 0; i < m->num; i++)
		if (o.srv[i] < l->rt->nsrv)
			obey(l, (enum srv_action)m->arg, o.srv[i]);
	changes_told(l);
}

/* Where tables are built once, weights only go off and on. */
static void order_weight(struct leader *l, uint32_t srv, unsigned weight)
{
	const struct rt_server *s = &l->rt->srv[srv];

	if (weight != srv_admin_weight(srv_admin_now(l, srv)) && (!weight || weight == s->weight || !weights_fixed(&l->rt->px[s->px].be)))
		order(l, CHG_WEIGHT, srv, 0, weight);
}

void order_agent(struct leader *l, const struct ipc_msg *m)
{
	struct ipc_agent a;
	struct agent_reply r;
	uint32_t srv = (uint32_t)m->num;

	memcpy(&a, m->data, sizeof(a));
	if (m->num >= l->rt->nsrv || !(l->rt->srv[srv].flags & SRVF_AGENT) || a.admin > AGENT_MAINT) {
		notice(SAY_ALERT, "the checker sends an order that does not exist");
		return;
	}
	r = (struct agent_reply){ .admin = (uint8_t)a.admin, .weight_pct = MIN(a.weight_pct, 25600), .maxconn = a.maxconn };
	const struct rt_server *s = &l->rt->srv[srv];
	uint64_t now = srv_admin_now(l, srv);
	if (srv_admin_flags(now) & ADMF_NOAGENT)
		return; /* it was disabled while this was on its way */
	uint64_t want = health_agent_admin(&r, s, now);
	unsigned bits = ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN, weight = srv_admin_weight(want);

	if ((now ^ want) & bits)
		change_apply(l, &(struct change){ .kind = CHG_ADMIN, .by = BY_AGENT, .at = srv, .mask = bits, .value = srv_admin_bits(want) & bits });
	order_weight(l, srv, weight);
	if (srv_admin_maxconn(want) != srv_admin_maxconn(now))
		order(l, CHG_MAXCONN, srv, 0, srv_admin_maxconn(want));
	changes_told(l);
}

static void move(struct leader *l, uint32_t srv, const struct srv_place *p)
{
	struct srv_place before = cli_place(l, srv);

	if (!addr_eq(&before.addr, &p->addr, true) || strcmp(before.fqdn, p->fqdn) != 0)
		change_apply(l, &(struct change){ .kind = CHG_PLACE, .by = BY_DNS, .at = srv, .place = p });
}

static void set_resolution(struct leader *l, uint32_t srv, unsigned want)
{
	if ((srv_admin_bits(srv_admin_now(l, srv)) & ADM_RESOLUTION) != want)
		change_apply(l, &(struct change){ .kind = CHG_ADMIN, .by = BY_DNS, .at = srv, .mask = ADM_RESOLUTION, .value = want });
}

static bool has_flags(const struct leader *l, const struct ipc_msg *m, uint32_t flags)
{
	if (m->num < l->rt->nsrv && (l->rt->srv[m->num].flags & flags) == flags)
		return true;
	notice(SAY_ALERT, "the checker sends the address of a server that has no name");
	return false;
}

/* The port stays what it is. */
void order_resolved(struct leader *l, const struct ipc_msg *m)
{
	struct ipc_resolved r;
	struct addr a;
	uint32_t srv = (uint32_t)m->num;

	memcpy(&r, m->data, sizeof(r));
	if (!has_flags(l, m, SRVF_RESOLVE))
		return;
	if (ipc_resolved_addr(&r, &a)) {
		struct srv_place p = cli_place(l, srv);

		a.port = p.addr.port;
		p.addr = a;
		move(l, srv, &p);
	}
	set_resolution(l, srv, r.failing ? ADM_RESOLUTION : 0);
	changes_told(l);
}

void order_record(struct leader *l, const struct ipc_msg *m, int fd)
{
	struct ipc_record r;
	uint32_t srv = (uint32_t)m->num;

	if (!has_flags(l, m, SRVF_RESOLVE | SRVF_SRV))
		return;
	struct srv_place p = cli_place(l, srv);
	if (pread(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r) || !ipc_resolved_addr(&r.at, &p.addr)) {
		notice(SAY_ALERT, "the checker sends a record that cannot be read");
		return;
	}
	p.addr.port = r.port;
	memcpy(p.fqdn, r.target, sizeof(p.fqdn));
	p.fqdn[sizeof(p.fqdn) - 1] = '\0';
	move(l, srv, &p);
	if (r.weight <= 256)
		order_weight(l, srv, r.weight);
	set_resolution(l, srv, 0);
	changes_told(l);
}
