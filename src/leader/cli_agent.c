// SPDX-License-Identifier: GPL-3.0-or-later
/* What the runtime interface does to agents: their word overridden, where they are asked and what they are told, off and on. Words and
 * messages are HAProxy's. */
#include <sluice/base/num.h>
#include "cli_change.h"

static bool enabled(const struct cli_run *r, uint32_t srv)
{
	return r->l->rt->srv[srv].flags & SRVF_AGENT && !(srv_admin_flags(srv_admin_now(r->l, srv)) & ADMF_NOAGENT);
}

static enum cli_state not_enabled(struct cli_run *r)
{
	return cli_fail(r, "agent checks are not enabled on this server.");
}

static enum cli_state flag(struct cli_run *r, uint32_t srv, uint32_t value)
{
	return cli_change(r, &(struct change){ .kind = CHG_FLAGS, .at = srv, .mask = ADMF_NOAGENT, .value = value });
}

static enum cli_state place(struct cli_run *r, uint32_t srv, const struct srv_place *p)
{
	return cli_change(r, &(struct change){ .kind = CHG_PLACE, .at = srv, .place = p });
}

enum cli_state set_agent(struct cli_run *r, uint32_t srv, struct str v)
{
	bool up = str_eq(v, STR("up"));

	if (!enabled(r, srv))
		return not_enabled(r);
	if (!up && !str_eq(v, STR("down")))
		return cli_fail(r, "'set server <srv> agent' expects 'up' or 'down'.");
	return cli_change(r, &(struct change){ .kind = CHG_ORDER, .at = srv, .value = up ? ORDER_AGENT_UP : ORDER_AGENT_DOWN });
}

static bool parse_port(struct cli_run *r, struct str v, uint16_t *port)
{
	uint64_t n;

	if (!num_u64(v, &n)) {
		(void)!cli_fail(r, "provided port is not an integer");
		return false;
	}
	if (n < 1 || n > 65535) {
		(void)!cli_fail(r, "provided port is invalid");
		return false;
	}
	*port = (uint16_t)n;
	return true;
}

enum cli_state set_agent_addr(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);

	if (!v.n || (r->n > 3 && (!str_eq(r->w[3], STR("port")) || r->n < 5)))
		return cli_fail(r, "set server <b>/<s> agent-addr requires an address and optionally a port.");
	if (!enabled(r, srv))
		return not_enabled(r);
	if (!addr_parse_ip(&p.agent_addr, v))
		return cli_fail(r, "invalid addr '" STR_FMT "'", STR_ARG(v));
	if (r->n > 4 && !parse_port(r, r->w[4], &p.agent_port))
		return CLI_DONE;
	return place(r, srv, &p);
}

enum cli_state set_agent_port(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);

	if (!v.n)
		return cli_fail(r, "set server <b>/<s> agent-port requires a port.");
	if (!enabled(r, srv))
		return not_enabled(r);
	return parse_port(r, v, &p.agent_port) ? place(r, srv, &p) : CLI_DONE;
}

enum cli_state set_agent_send(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);

	if (!enabled(r, srv))
		return not_enabled(r);
	if (!v.n || v.n > sizeof(p.agent_send))
		return cli_fail(r, "'set server <srv> agent-send' expects a text of at most %zu bytes.", sizeof(p.agent_send));
	memset(p.agent_send, 0, sizeof(p.agent_send));
	memcpy(p.agent_send, v.p, v.n);
	p.send_len = (uint8_t)v.n;
	return place(r, srv, &p);
}

enum cli_state agent_off(struct cli_run *r, uint32_t srv) { return flag(r, srv, ADMF_NOAGENT); }

enum cli_state agent_on(struct cli_run *r, uint32_t srv)
{
	if (!(r->l->rt->srv[srv].flags & SRVF_AGENT))
		return cli_fail(r, "Agent was not configured on this server, cannot enable.");
	return flag(r, srv, 0);
}
