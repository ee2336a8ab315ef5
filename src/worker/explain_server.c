// SPDX-License-Identifier: GPL-3.0-or-later
/* The server of a described request: who could take it, with state, load and cost; who does, and why; and how that one is spoken to. */
#include <string.h>
#include <sluice/ipc/place.h>
#include <sluice/tls/back.h>
#include <sluice/tls/hello.h>
#include "explain_priv.h"
#include "muxes.h"
#include "tls_out.h"

static const char *state_word(uint32_t srv)
{
	uint64_t op = atomic_load_explicit(&wk.seg->srv[srv].op, memory_order_relaxed);
	unsigned admin = srv_admin_bits(atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed));

	if (admin & ADM_MAINT)
		return "MAINT";
	if (srv_op_state(op) == SRV_DOWN)
		return "DOWN";
	if (admin & ADM_DRAIN)
		return "DRAIN";
	return srv_op_state(op) == SRV_STOPPING ? "NOLB" : srv_op_state(op) == SRV_STARTING ? "STARTING" : "UP";
}

static uint32_t srv_max_now(uint32_t srv)
{
	return srv_admin_maxconn(atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed));
}

static const struct lb_cand *candidate(const struct lb *lb, uint32_t srv)
{
	for (uint32_t i = 0; i < lb->n; i++)
		if (lb->cand[i].srv == srv)
			return &lb->cand[i];
	return NULL;
}

/* Why a server is no candidate, in the order in which that is decided. */
static const char *passed_over(const struct lb *lb, uint32_t srv)
{
	uint64_t admin = atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed);
	const char *state = state_word(srv);

	if (!strcmp(state, "MAINT") || !strcmp(state, "DOWN") || !strcmp(state, "DRAIN") || !strcmp(state, "NOLB"))
		return "it takes no new requests in this state";
	if (!srv_admin_weight(admin))
		return "its weight is 0";
	if (wk.rt->srv[srv].flags & SRVF_BACKUP)
		return lb->on_backup ? "another backup serves" : "it is a backup, and a server that is none is usable";
	return "the algorithm leaves it out";
}

static void put_server(const struct lb *lb, uint32_t srv)
{
	const struct rt_server *rs = &wk.rt->srv[srv];
	const struct lb_cand *c = candidate(lb, srv);
	uint32_t load = live_sum(wk.seg, LIVE_SRV, srv), queued = live_sum(wk.seg, LIVE_SRV_QUEUE, srv), max = srv_max_now(srv);
	uint64_t ewma = atomic_load_explicit(&wk.seg->srv[srv].ewma, memory_order_relaxed);
	struct addr at = place_addr(wk.seg, srv, &rs->addr);
	char text[ADDR_TEXT_MAX];

	sbuf_printf(wk.trace, "    " STR_FMT " %.*s %s%s, weight %u, in flight %u", STR_ARG(rs->name), (int)addr_text(&at, text), text, state_word(srv),
		    rs->flags & SRVF_BACKUP ? " backup" : "", srv_admin_weight(atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed)), load);
	if (max)
		sbuf_printf(wk.trace, " of %u", max);
	if (queued)
		sbuf_printf(wk.trace, ", queued %u", queued);
	if (ewma)
		sbuf_printf(wk.trace, ", latency %.2f ms", (double)(ewma >> 32) / 64000.0);
	if (c)
		sbuf_printf(wk.trace, ", cost %.3f\n", (double)load * LB_WEIGHT_SCALE / c->weight);
	else
		sbuf_printf(wk.trace, ", not a candidate: %s\n", passed_over(lb, srv));
}

void explain_servers(struct stream *s)
{
	struct lb *lb = &wk.lb[s->be_idx];
	const struct rt_backend *be = &s->be->be;
	struct lb_req r = { 0 };

	sbuf_printf(wk.trace, "servers   %u of %u usable%s\n", lb_usable(lb), rt_count_servers(be), lb->on_backup && lb->n ? ", backups" : "");
	for (uint32_t i = 0; i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]))
			put_server(lb, be->srv0 + i);
	lbkey_fill(s, &r);
	if (be->key != KEY_NONE)
		sbuf_printf(wk.trace, r.has_key ? "key       hash %08x\n" : "key       none in this request: round robin\n", r.hash);
}

static const char *algo_help(const struct lb *lb)
{
	static const struct { const struct lb_algo *algo; const char *help; } rows[] = {
#define LB_ALGO(id, word, sym, help_) { &sym, help_ },
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
	};

	for (size_t i = 0; i < ARRAY_LEN(rows) && lb->be->key == KEY_NONE; i++)
		if (rows[i].algo == lb->algo)
			return rows[i].help;
	return "the hash of the key leads there";
}

/* Which servers chance has drawn: the algorithm compares those and no others. */
static void put_draws(const struct lb_drawn *d)
{
	for (unsigned i = 0; i < d->n; i++)
		if (!i || d->at[i].srv != d->at[i - 1].srv)
			sbuf_printf(wk.trace, "%s" STR_FMT ", cost %.3f", i ? "; " : "drawn     ", STR_ARG(trace_server(d->at[i].srv)), d->at[i].cost);
		else
			sbuf_printf(wk.trace, "; " STR_FMT " again", STR_ARG(trace_server(d->at[i].srv)));
	sbuf_addc(wk.trace, '\n');
}

/* Why the one that was taken won. */
static const char *draw_reason(const struct lb_drawn *d, uint32_t won)
{
	unsigned others = 0;
	double mine = 0;

	for (unsigned i = 0; i < d->n; i++)
		if (d->at[i].srv == won)
			mine = d->at[i].cost;
		else
			others++;
	for (unsigned i = 0; others && i < d->n; i++)
		if (d->at[i].srv != won && d->at[i].cost > mine)
			return "it costs less than what else was drawn";
	return others ? "it costs as much as what else was drawn, and came first" : "nothing else was drawn";
}

/* "\2h2\10http/1.1" */
static void put_alpn(struct str wire)
{
	struct str name;
	unsigned n = 0;

	while (tls_hello_alpn(&wire, &name))
		sbuf_printf(wk.trace, "%s" STR_FMT, n++ ? "," : "", STR_ARG(name));
}

static const char *proto_word(enum rt_proto p) { return p == PROTO_H2 ? "HTTP/2" : "HTTP/1.1"; }

/* How the server will be spoken to: as pool.c opens a connection. */
static void put_connect(struct stream *s, uint32_t srv)
{
	const struct rt_server *rs = &wk.rt->srv[srv];
	enum rt_proto proto = mux_proto_back(s, rs);
	bool tls = tls_out_wanted(srv), apart = proto != rs->o->proto, ws = mux_is_websocket(&s->req);
	struct str sni, alpn = tls ? tls_back_alpn(rs->o->xprt_cfg) : STR_NULL;

	(void)tls_out_sni(s, srv, &sni);
	sbuf_add(wk.trace, STR("connect   "));
	if (tls)
		sbuf_printf(wk.trace, "TLS, server name " STR_FMT ", ", STR_ARG(sni.n ? sni : STR("none")));
	if (proto == PROTO_AUTO && alpn.n) {
		sbuf_add(wk.trace, STR("the protocol that the server chooses of "));
		put_alpn(alpn);
	} else {
		sbuf_printf(wk.trace, "%s", proto_word(proto));
		sbuf_add(wk.trace, apart ? STR(", for a WebSocket") : proto != PROTO_AUTO ? STR(", as its line says") : STR(""));
	}
	if (ws)
		sbuf_printf(wk.trace, "; the WebSocket goes as %s", proto == PROTO_H2 ? "an extended CONNECT (RFC 8441)" : proto == PROTO_AUTO && alpn.n ?
			    "that protocol has it" : "an upgrade");
	sbuf_addc(wk.trace, '\n');
}

void explain_choice(struct stream *s)
{
	const struct rt_server *rs;

	if (s->step == ST_QUEUE) {
		sbuf_printf(wk.trace, "pick      none free: the request waits, at most %u ms\n", strm_timeout(s, TO_QUEUE));
		return;
	}
	if (s->srv_idx == RT_NONE)
		return;
	rs = &wk.rt->srv[s->srv_idx];
	sbuf_printf(wk.trace, "pick      " STR_FMT "/" STR_FMT "  [%s:%u]\n", STR_ARG(s->be->name), STR_ARG(rs->name), rs->loc.file ? rs->loc.file : "-",
		    rs->loc.line);
	const struct lb_drawn *d = trace_drawn();
	bool chance = d->n && !(s->flags & SF_PINNED);

	if (chance)
		put_draws(d);
	sbuf_printf(wk.trace, "because   %s%s%s\n", s->flags & SF_PINNED ? "it is the one that persistence or use-server asks for" : algo_help(&wk.lb[s->be_idx]),
		    chance ? ": " : "", chance ? draw_reason(d, s->srv_idx) : "");
	put_connect(s, s->srv_idx);
}
