// SPDX-License-Identifier: GPL-3.0-or-later
/* `set server` and its older spellings: state, weight, limits, health, addresses. Words, limits and messages are HAProxy's. */
#include <sluice/base/num.h>
#include <sluice/lb/lb.h>
#include "cli_change.h"

#define WEIGHT_MAX 256u
#define BY " by 'stats socket command'"

static enum cli_state change_srv(struct cli_run *r, enum change_kind k, uint32_t srv, uint32_t mask, uint32_t value)
{
	return cli_change(r, &(struct change){ .kind = (uint8_t)k, .at = srv, .mask = mask, .value = value });
}

/* ---- state ---- */

static enum cli_state state_ready(struct cli_run *r, uint32_t srv)
{
	bool was = srv_admin_bits(srv_admin_now(r->l, srv)) & (ADM_FORCED_MAINT | ADM_CONFIG_MAINT);

	if (was && srv_unchecked(&r->l->rt->srv[srv]))
		change_srv(r, CHG_ORDER, srv, 0, ORDER_UP);
	return change_srv(r, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN, 0);
}

static enum cli_state state_maint(struct cli_run *r, uint32_t srv)
{
	return change_srv(r, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_FORCED_DRAIN, ADM_FORCED_MAINT);
}

static enum cli_state state_drain(struct cli_run *r, uint32_t srv)
{
	return change_srv(r, CHG_ADMIN, srv, ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN, ADM_FORCED_DRAIN);
}

static enum cli_state set_state(struct cli_run *r, uint32_t srv, struct str v)
{
	if (str_eq(v, STR("ready")))
		return state_ready(r, srv);
	if (str_eq(v, STR("maint")))
		return state_maint(r, srv);
	if (str_eq(v, STR("drain")))
		return state_drain(r, srv);
	return cli_fail(r, "'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
}

/* ---- weight ---- */

/* HAProxy's algorithms that build their tables once: there a weight can only be switched off and on. */
bool weights_fixed(const struct rt_backend *be)
{
	if (be->algo == lb_algo_find(STR("static-rr")))
		return true;
	return be->key != KEY_NONE && !be->hash_consistent && be->algo != lb_algo_find(STR("maglev"));
}

static enum cli_state set_weight(struct cli_run *r, uint32_t srv, struct str v)
{
	const struct rt_server *s = &r->l->rt->srv[srv];
	bool percent = v.n && v.p[v.n - 1] == '%';
	int64_t n;

	if (!v.n)
		return cli_fail(r, "Require <weight> or <weight%%>.");
	if (!num_i64(str_sub(v, 0, v.n - percent), &n))
		return cli_fail(r, "Empty weight string empty or preceded by garbage");
	if (percent && n < 0)
		return cli_fail(r, "Relative weight must be positive.");
	if (percent)
		n = MIN((int64_t)s->weight * MIN(n, 25600) / 100, (int64_t)WEIGHT_MAX);
	else if (n < 0 || n > WEIGHT_MAX)
		return cli_fail(r, "Absolute weight can only be between 0 and 256 inclusive.");
	if (n && n != s->weight && weights_fixed(&r->l->rt->px[s->px].be))
		return cli_fail(r, "Backend is using a static LB algorithm and only accepts weights '0%%' and '100%%'.");
	return change_srv(r, CHG_WEIGHT, srv, 0, (uint32_t)n);
}

enum cli_state cli_get_weight(struct cli_run *r)
{
	uint32_t srv = cli_server(r, r->n ? r->w[0] : STR_NULL);

	if (srv != RT_NONE)
		sbuf_printf(r->out, "%u (initial %u)\n", srv_admin_weight(srv_admin_now(r->l, srv)), r->l->rt->srv[srv].weight);
	return CLI_DONE;
}

enum cli_state cli_set_weight(struct cli_run *r)
{
	uint32_t srv = cli_server(r, r->n ? r->w[0] : STR_NULL);

	return srv == RT_NONE ? CLI_DONE : set_weight(r, srv, r->n > 1 ? r->w[1] : STR_NULL);
}

/* ---- health and checks ---- */

static enum cli_state set_health(struct cli_run *r, uint32_t srv, struct str v)
{
	static const char *const words[] = { [ORDER_UP] = "up", [ORDER_STOPPING] = "stopping", [ORDER_DOWN] = "down" };

	if (r->l->rt->srv[srv].track != RT_NONE)
		return cli_fail(r, "cannot change health on a tracking server.");
	for (uint32_t i = ORDER_UP; i <= ORDER_DOWN; i++)
		if (str_eq(v, str_c(words[i])))
			return change_srv(r, CHG_ORDER, srv, 0, i);
	return cli_fail(r, "'set server <srv> health' expects 'up', 'stopping', or 'down'.");
}

static enum cli_state set_place(struct cli_run *r, uint32_t srv, const struct srv_place *p)
{
	return cli_change(r, &(struct change){ .kind = CHG_PLACE, .at = srv, .place = p });
}

static enum cli_state set_check_port(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);
	uint64_t port;

	if (!(r->l->rt->srv[srv].flags & SRVF_CHECK))
		return cli_fail(r, "health checks are not enabled on this server");
	if (!num_u64(v, &port) || port < 1 || port > 65535)
		return cli_fail(r, "provided port is invalid");
	p.check_port = (uint16_t)port;
	return set_place(r, srv, &p);
}

static enum cli_state set_check_addr(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);
	uint64_t port = 0;

	if (!(r->l->rt->srv[srv].flags & SRVF_CHECK))
		return cli_fail(r, "health checks are not enabled on this server.");
	if (r->n > 3 && (!str_eq(r->w[3], STR("port")) || r->n < 5 || !num_u64(r->w[4], &port) || port < 1 || port > 65535))
		return cli_fail(r, "set server <b>/<s> check-addr requires an address and optionally 'port <port>'");
	if (!addr_parse_ip(&p.check_addr, v))
		return cli_fail(r, "Invalid addr '" STR_FMT "'" BY, STR_ARG(v));
	if (port)
		p.check_port = (uint16_t)port;
	return set_place(r, srv, &p);
}

/* ---- address ---- */

static bool parse_port(const struct rt_server *s, struct str v, uint16_t now, uint16_t *port, bool *map)
{
	uint64_t n;

	*map = v.n && (v.p[0] == '+' || v.p[0] == '-');
	if (*map)
		return s->flags & (SRVF_PORT_OFFSET | SRVF_PORT_FROM_CLIENT) && (*port = now, true);
	if (!num_u64(v, &n) || n < 1 || n > 65535)
		return false;
	*port = (uint16_t)n;
	return true;
}

static void say_moved(struct cli_run *r, const struct srv_place *from, const struct srv_place *to)
{
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
	bool ip = !addr_eq(&from->addr, &to->addr, false), port = from->addr.port != to->addr.port;
	size_t na = addr_ip_text(&from->addr, a), nb = addr_ip_text(&to->addr, b);

	cli_severity(r, CLI_INFO);
	if (ip)
		sbuf_printf(r->out, "IP changed from '%.*s' to '%.*s'", (int)na, a, (int)nb, b);
	else
		sbuf_add(r->out, STR("no need to change the addr"));
	if (port)
		sbuf_printf(r->out, ", port changed from '%u' to '%u'", from->addr.port, to->addr.port);
	sbuf_add(r->out, STR(BY "\n"));
}

static enum cli_state set_addr(struct cli_run *r, uint32_t srv, struct str v)
{
	const struct rt_server *s = &r->l->rt->srv[srv];
	struct srv_place now = cli_place(r->l, srv), p = now;
	bool map = false;

	if (!v.n)
		return cli_fail(r, "set server <b>/<s> addr requires an address and optionally a port.");
	if (!addr_parse_ip(&p.addr, v))
		return cli_fail(r, "Invalid addr '" STR_FMT "'" BY, STR_ARG(v));
	p.addr.port = now.addr.port;
	if (r->n > 3 && (!str_eq(r->w[3], STR("port")) || r->n < 5))
		return cli_fail(r, "set server <b>/<s> addr requires an address and optionally a port.");
	if (r->n > 4) {
		if (!parse_port(s, r->w[4], now.addr.port, &p.addr.port, &map))
			return cli_fail(r, "provided port is not an integer or not in the range 1 to 65535");
		p.fixed_port = !map;
	}
	say_moved(r, &now, &p);
	if (addr_eq(&now.addr, &p.addr, true) && now.fixed_port == p.fixed_port)
		return CLI_DONE;
	return set_place(r, srv, &p);
}

/* ---- set server ---- */

/* What a handshake needs is read with the configuration, so only a server that has it there can be switched off and on again. */
static enum cli_state set_ssl(struct cli_run *r, uint32_t srv, struct str v)
{
	struct srv_place p = cli_place(r->l, srv);

	if (!(r->l->rt->srv[srv].flags & SRVF_SSL))
		return cli_fail(r, "'set server <srv> ssl' cannot be set.  default-server should define ssl settings");
	if (!str_eq(v, STR("on")) && !str_eq(v, STR("off")))
		return cli_fail(r, "'set server <srv> ssl' expects 'on' or 'off'.");
	p.plain = str_eq(v, STR("off"));
	return set_place(r, srv, &p);
}

static const struct { const char *word; enum cli_state (*fn)(struct cli_run *, uint32_t, struct str); } parts[] = {
	{ "addr", set_addr }, { "agent", set_agent }, { "agent-addr", set_agent_addr }, { "agent-port", set_agent_port }, { "agent-send", set_agent_send },
	{ "check-addr", set_check_addr }, { "check-port", set_check_port }, { "fqdn", set_fqdn }, { "health", set_health }, { "name", cli_rename },
	{ "ssl", set_ssl }, { "state", set_state }, { "weight", set_weight },
};

enum cli_state cli_set_server(struct cli_run *r)
{
	if (r->priv)
		return cli_renamed(r);
	uint32_t srv = cli_server(r, r->n ? r->w[0] : STR_NULL);

	if (srv == RT_NONE)
		return CLI_DONE;
	for (size_t i = 0; r->n > 1 && i < ARRAY_LEN(parts); i++)
		if (str_eq(r->w[1], str_c(parts[i].word)))
			return parts[i].fn(r, srv, r->n > 2 ? r->w[2] : STR_NULL);
	return cli_fail(r, "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | "
			   "check-port | fqdn | health | name | ssl | state | weight");
}

/* ---- older spellings, limits ---- */

static enum cli_state with_server(struct cli_run *r, enum cli_state (*fn)(struct cli_run *, uint32_t))
{
	uint32_t srv = cli_server(r, r->n ? r->w[0] : STR_NULL);

	return srv == RT_NONE ? CLI_DONE : fn(r, srv);
}

static enum cli_state checks_off(struct cli_run *r, uint32_t srv) { return change_srv(r, CHG_FLAGS, srv, ADMF_NOCHECK, ADMF_NOCHECK); }

static enum cli_state checks_on(struct cli_run *r, uint32_t srv)
{
	if (!(r->l->rt->srv[srv].flags & SRVF_CHECK))
		return cli_fail(r, "Health check was not configured on this server, cannot enable.");
	return change_srv(r, CHG_FLAGS, srv, ADMF_NOCHECK, 0);
}

enum cli_state cli_disable_server(struct cli_run *r) { return with_server(r, state_maint); }
enum cli_state cli_enable_server(struct cli_run *r) { return with_server(r, state_ready); }
enum cli_state cli_disable_health(struct cli_run *r) { return with_server(r, checks_off); }
enum cli_state cli_enable_health(struct cli_run *r) { return with_server(r, checks_on); }
enum cli_state cli_disable_agent(struct cli_run *r) { return with_server(r, agent_off); }
enum cli_state cli_enable_agent(struct cli_run *r) { return with_server(r, agent_on); }

enum cli_state cli_set_maxconn_server(struct cli_run *r)
{
	uint32_t srv = cli_server(r, r->n ? r->w[0] : STR_NULL);
	uint64_t n;

	if (srv == RT_NONE)
		return CLI_DONE;
	if (r->n < 2)
		return cli_fail(r, "Require <maxconn>.");
	if (!num_u64(r->w[1], &n) || n > INT32_MAX)
		return cli_fail(r, "maxconn string empty or preceded by garbage");
	return change_srv(r, CHG_MAXCONN, srv, 0, (uint32_t)n);
}
