// SPDX-License-Identifier: GPL-3.0-or-later
/* `show servers state` and `show servers conn`, in the columns that HAProxy's scripts and state files know. */
#include <stdio.h>
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/health/state_line.h>
#include <sluice/ipc/counters.h>
#include "cli_change.h"

#define STATE_HEAD \
	"# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change " \
	"srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn " \
	"srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port"

struct srv_place cli_place(const struct leader *l, uint32_t srv)
{
	struct srv_place p;

	if (!place_read(l->seg, srv, &p))
		p = (struct srv_place){ 0 };
	if (!p.addr.family)
		p.addr = l->rt->srv[srv].addr;
	return p;
}

unsigned cli_admin_bits(uint64_t admin)
{
	unsigned bits = srv_admin_bits(admin);

	return bits & ADM_CONFIG_MAINT ? bits | ADM_FORCED_MAINT : bits;
}

static void cell_ip(struct cli_run *r, const char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	cli_str(r, name, a->family && !addr_is_any(a) ? str_n(text, addr_ip_text(a, text)) : STR_NULL);
}

/* HAProxy numbers: result 0 unknown 1 neutral 2 failed 3 passed 4 passed conditionally; a server in maintenance is stopped. */
static void cells_health(struct cli_run *r, const struct rt_server *s, const struct seg_srv *w)
{
	uint64_t op = atomic_load_explicit(&w->op, memory_order_relaxed), check = atomic_load_explicit(&w->check, memory_order_relaxed);
	uint64_t admin = atomic_load_explicit(&w->admin, memory_order_relaxed);
	enum check_status st = check_word_status(check);
	static const uint8_t result[] = { [HEALTH_NEUTRAL] = 1, [HEALTH_FAILED] = 2, [HEALTH_PASSED] = 3, [HEALTH_CONDPASS] = 4 };
	uint32_t now = (uint32_t)(clock_ms() / 1000), since = srv_op_since(op);
	bool checked = s->flags & SRVF_CHECK, maint = srv_admin_bits(admin) & ADM_MAINT;

	cli_num(r, "srv_op_state", maint ? SRV_DOWN : srv_op_state(op));
	cli_num(r, "srv_admin_state", cli_admin_bits(admin));
	cli_num(r, "srv_uweight", srv_admin_weight(admin));
	cli_num(r, "srv_iweight", s->weight);
	cli_num(r, "srv_time_since_last_change", since && since <= now ? now - since : 0);
	cli_num(r, "srv_check_status", checked ? check_status_number(st) : 1);
	cli_num(r, "srv_check_result", checked && st > CHK_INI ? result[check_status_result(st)] : 0);
	cli_num(r, "srv_check_health", checked ? srv_op_pos(op) : srv_op_state(op) == SRV_DOWN ? 0 : s->o->rise);
	cli_num(r, "srv_check_state", !checked ? 0 : srv_admin_flags(admin) & ADMF_NOCHECK ? 2 : maint ? 14 : 6);
}

static void state_row(struct cli_run *r, uint32_t i)
{
	const struct rt_server *s = &r->l->rt->srv[i];
	const struct rt_proxy *px = &r->l->rt->px[s->px];
	struct srv_place p = cli_place(r->l, i);
	bool by_record = s->flags & SRVF_SRV;

	cli_row(r);
	cli_num(r, "be_id", px->id);
	cli_str(r, "be_name", px->name);
	cli_num(r, "srv_id", s->id);
	cli_str(r, "srv_name", s->name);
	cell_ip(r, "srv_addr", &p.addr);
	cells_health(r, s, &r->l->seg->srv[i]);
	cli_num(r, "srv_agent_state", !(s->flags & SRVF_AGENT) ? 0 : srv_admin_flags(srv_admin_now(r->l, i)) & ADMF_NOAGENT ? 18 : 22);
	cli_num(r, "bk_f_forced_id", 0);
	cli_num(r, "srv_f_forced_id", 0);
	cli_str(r, "srv_fqdn", p.fqdn[0] ? str_c(p.fqdn) : by_record ? STR_NULL : s->host);
	cli_num(r, "srv_port", p.addr.port);
	cli_str(r, "srvrecord", by_record ? s->host : STR_NULL);
	cli_num(r, "srv_use_ssl", s->flags & SRVF_SSL && !p.plain);
	cli_num(r, "srv_check_port", p.check_port ? p.check_port : s->o->check_port);
	cell_ip(r, "srv_check_addr", p.check_addr.family ? &p.check_addr : &s->o->check_addr);
	cell_ip(r, "srv_agent_addr", p.agent_addr.family ? &p.agent_addr : &s->o->agent_addr);
	cli_num(r, "srv_agent_port", p.agent_port ? p.agent_port : s->o->agent_port);
	cli_row_end(r);
}

static void conn_row(struct cli_run *r, uint32_t i)
{
	const struct leader *l = r->l;
	const struct rt_server *s = &l->rt->srv[i];
	const struct rt_proxy *px = &l->rt->px[s->px];
	struct srv_place p = cli_place(l, i);
	struct srv_counters c;
	uint32_t once = live_sum(l->seg, LIVE_SRV_IDLE, i), safe = live_sum(l->seg, LIVE_SRV_SAFE, i);
	uint32_t conns = live_sum(l->seg, LIVE_SRV_CONN, i), used = conns - MIN(once + safe, conns);

	srv_ctr_sum(l->seg, i, clock_ms(), &c);
	cli_row(r);
	cli_fmt(r, "bkname/svname", STR_FMT "/" STR_FMT, STR_ARG(px->name), STR_ARG(s->name));
	cli_fmt(r, "bkid/svid", "%u/%u", px->id, s->id);
	cell_ip(r, "addr", &p.addr);
	cli_num(r, "port", p.addr.port);
	cli_str(r, "-", STR_NULL);
	cli_num(r, "purge_delay", s->o->pool_purge_delay);
	cli_num(r, "used_cur", used);
	cli_num(r, "used_max", (int64_t)c.smax);
	cli_num(r, "need_est", used);
	cli_num(r, "unsafe_nb", once);
	cli_num(r, "safe_nb", safe);
	cli_num(r, "idle_lim", s->o->pool_max_conn);
	cli_num(r, "idle_cur", once + safe);
	for (unsigned w = 0; w < l->nworkers; w++) {
		uint32_t mine = atomic_load_explicit(live_row(l->seg, LIVE_SRV_IDLE, i) + w, memory_order_relaxed) +
				atomic_load_explicit(live_row(l->seg, LIVE_SRV_SAFE, i) + w, memory_order_relaxed);
		char name[32];

		snprintf(name, sizeof(name), "idle_per_worker_%u", w);
		cli_num(r, name, mine);
	}
	cli_row_end(r);
}

/* The servers of all backends or of the one that was named. */
static bool first_call(struct cli_run *r, const char *head)
{
	const struct rt *rt = r->l->rt;

	r->srv = 0;
	r->num = rt->nsrv;
	if (r->n) {
		uint32_t px = cli_backend(r, r->w[0]);

		if (px == RT_NONE)
			return false;
		r->srv = rt->px[px].be.srv0;
		r->num = r->srv + rt->px[px].be.nsrv;
	}
	cli_head(r, head);
	return true;
}

static enum cli_state rows(struct cli_run *r, void (*row)(struct cli_run *, uint32_t))
{
	for (; r->srv < r->num && !cli_full(r); r->srv++)
		if (rt_srv_exists(&r->l->rt->srv[r->srv]))
			row(r, r->srv);
	if (r->srv < r->num)
		return CLI_AGAIN;
	cli_tail(r);
	return CLI_DONE;
}

enum cli_state cli_show_servers_state(struct cli_run *r)
{
	return !r->calls && !first_call(r, "1\n" STATE_HEAD) ? CLI_DONE : rows(r, state_row);
}

enum cli_state cli_show_servers_conn(struct cli_run *r)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur "
		 "idle_per_thr[%u]", r->l->nworkers);
	return !r->calls && !first_call(r, head) ? CLI_DONE : rows(r, conn_row);
}
