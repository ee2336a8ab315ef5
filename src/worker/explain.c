// SPDX-License-Identifier: GPL-3.0-or-later
/* Takes a described request through the steps of a stream and writes down what was decided. The stream is a real one; only its client is
 * a mux that has one request to give, and it ends where a connection would begin. Rules write their part through trace.h. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/http/h1.h>
#include <sluice/tls/said.h>
#include <sluice/worker/explain.h>
#include "steps.h"
#include "trace.h"

struct explained {              /* the client: connection, session, mux and what it says */
	struct conn conn;
	struct session se;
	struct mux mux;
	struct tls_said tls;
	struct sbuf head;
	uint32_t lst;
};

/* ---- a mux with one request ---- */

static void said_recv(struct endp *ep)
{
	struct explained *x = CONTAINER_OF(ep->mux, struct explained, mux);
	struct h1_head_opts o = { .request = true, .max_head = wk.rt->g.bufsize - wk.rt->g.maxrewrite };
	enum h1_error err = H1E_NONE;
	uint32_t scan = 0;

	if (ep->flags & (EP_HEAD | EP_ERR))
		return;
	if (h1_head_parse(ep->msg, sbuf_str(&x->head), &o, &scan, &err) == H1_OK) {
		ep->flags |= EP_HEAD | EP_EOM;
		return;
	}
	ep->flags |= EP_ERR;
	ep->err = EE_BAD_HEAD;
	ep->h1_err = (uint8_t)err;
}

static bool said_send(struct endp *ep, struct mux_tx *tx)
{
	tx->head = NULL;
	ep->flags |= EP_TX_EOM;
	return true;
}

static bool said_close(struct endp *ep, enum mux_close_how how UNUSED)
{
	ep->mux = NULL;
	return false;
}

static const struct mux_ops said_ops = {
	.name = "explain", .max_streams = 1, .recv = said_recv, .send = said_send, .close = said_close,
};

static void say_request(struct sbuf *head, const struct explain_request *q)
{
	bool host = false;

	sbuf_printf(head, STR_FMT " " STR_FMT " HTTP/1.1\r\n", STR_ARG(q->method), STR_ARG(q->target));
	for (unsigned i = 0; i < q->nhdr; i++) {
		host |= str_istarts(q->hdr[i], STR("host:"));
		sbuf_printf(head, STR_FMT "\r\n", STR_ARG(q->hdr[i]));
	}
	if (!host)
		sbuf_printf(head, "Host: " STR_FMT "\r\n", STR_ARG(q->host));
	sbuf_add(head, STR("\r\n"));
}

/* ---- where it arrives ---- */

static bool listens_for(const struct rt_listener *l, const struct explain_request *q, bool named)
{
	const struct rt_proxy *fe = &wk.rt->px[l->px];

	if (fe->caps & PX_DISABLED || fe->mode != MODE_HTTP)
		return false;
	if (named)
		return str_eq(fe->name, q->frontend);
	return l->addr.port == q->port && l->opts->ssl == q->tls;
}

static uint32_t find_listener(const struct explain_request *q)
{
	for (uint32_t i = 0; i < wk.rt->nlst; i++)
		if (listens_for(&wk.rt->lst[i], q, q->frontend.n > 0))
			return i;
	return RT_NONE;
}

static void put_where(const char *word, struct str name, struct rt_loc loc)
{
	sbuf_printf(wk.trace, "%-10s" STR_FMT "  [%s:%u]\n", word, STR_ARG(name), loc.file ? loc.file : "-", loc.line);
}

static void put_arrival(const struct explain_request *q, const struct rt_listener *l)
{
	const struct rt_proxy *fe = &wk.rt->px[l->px];
	char text[ADDR_TEXT_MAX];
	size_t n = addr_ip_text(&q->src, text);

	sbuf_printf(wk.trace, "request   " STR_FMT " %s://" STR_FMT STR_FMT "  from " STR_FMT "\n", STR_ARG(q->method), q->tls ? "https" : "http",
		    STR_ARG(q->host), STR_ARG(q->target), (int)n, text);
	n = addr_text(&l->addr, text);
	put_where("bind", str_n(text, n), l->opts->loc);
	put_where("frontend", fe->name, fe->loc);
}

/* What the handshake would have come to. */
static bool tls_open(struct explained *x, const struct explain_request *q, const struct rt_listener *l)
{
	struct str file;

	if (!l->opts->ssl)
		return true;
	x->tls = (struct tls_said){ .sni = q->sni, .alpn = q->alpn, .version = q->version, .cipher = q->cipher };
	if (q->client_dn.n && !tls_said_client(&x->tls, q->client_dn, q->issuer_dn)) {
		sbuf_add(wk.trace, STR("a name of a certificate is written /C=DE/O=Example/CN=joe\n"));
		return false;
	}
	file = tls_said_own(&x->tls, l->opts->xprt_cfg);
	sbuf_printf(wk.trace, "tls       server name " STR_FMT ", certificate " STR_FMT "\n", STR_ARG(q->sni.n ? q->sni : STR("none")),
		    STR_ARG(file.n ? file : STR("none: strict-sni refuses the client")));
	if (tls_said_refused(&x->tls, l->opts->xprt_cfg)) {
		sbuf_add(wk.trace, STR("closed    the handshake fails: a client certificate is required (--client-dn)\n"));
		return false;
	}
	return file.n > 0;
}

static void client_open(struct explained *x, const struct explain_request *q, uint32_t lst)
{
	const struct rt_listener *l = &wk.rt->lst[lst];

	x->conn = (struct conn){ .flags = CONN_FRONT, .src = q->src, .dst = l->addr, .xprt_ctx = &x->tls };
	x->conn.xprt = l->opts->ssl ? &xprt_said : &xprt_raw;
	if (addr_is_any(&l->addr) || l->addr.family == AF_UNSPEC)
		x->conn.dst = (struct addr){ .family = AF_INET, .port = q->port, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	x->mux = (struct mux){ .magic = MUX_MAGIC, .ops = &said_ops, .conn = &x->conn, .owner = &x->se, .front = true };
	x->se = (struct session){ .magic = SESSION_MAGIC, .flags = SESS_PINNED, .conn = &x->conn, .mux = &x->mux, .fe = &wk.rt->px[l->px], .lst = l,
				  .last_srv = RT_NONE, .t_accept = clock_now_ns, .t_hs_done = clock_now_ns };
	list_init(&x->se.link);
	list_init(&x->se.streams);
	list_init(&x->se.priv);
	say_request(&x->head, q);
}

/* ---- servers ---- */

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
	char text[ADDR_TEXT_MAX];

	sbuf_printf(wk.trace, "    " STR_FMT " %.*s %s%s, weight %u, in flight %u", STR_ARG(rs->name), (int)addr_text(&rs->addr, text), text, state_word(srv),
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

static void put_servers(struct stream *s)
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

static void put_choice(struct stream *s)
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
	sbuf_printf(wk.trace, "because   %s\n", s->flags & SF_PINNED ? "it is the one that persistence or use-server asks for"
							      : algo_help(&wk.lb[s->be_idx]));
}

static void put_answer(const struct stream *s)
{
	int loc = msg_find(&s->res, STR("location"), 0);

	sbuf_printf(wk.trace, "answer    %u made by the proxy, termination state %.2s%s\n", s->res.status, s->term, s->flags & SF_TARPIT ? ", after a tarpit" : "");
	if (loc >= 0)
		sbuf_printf(wk.trace, "location  " STR_FMT "\n", STR_ARG(hdr_val(&s->res.hdr[loc])));
}

/* ---- the steps ---- */

static void put_heading(struct stream *s)
{
	switch (s->step) {
	case ST_TCP_RULES: sbuf_add(wk.trace, STR("rules\n")); break;
	case ST_ROUTE: sbuf_add(wk.trace, STR("route\n")); break;
	case ST_BE_RULES: put_where("backend", s->be->name, s->be->loc); break;
	case ST_PICK: put_servers(s); break;
	}
}

/* false: a step has ended the stream. */
static bool walk(struct stream *s)
{
	enum step_result r = STEP_NEXT;

	s->running = true;
	while (r == STEP_NEXT && s->step < ST_CONNECT && s->step != ST_QUEUE) {
		put_heading(s);
		r = strm_step(s);
		if (r == STEP_END) {
			sbuf_add(wk.trace, STR("closed    without an answer\n"));
			return false;
		}
	}
	if (s->step == ST_TARPIT || s->step == ST_REPLY)
		put_answer(s);
	else
		put_choice(s);
	return true;
}

bool explain_run(const struct heritage *h, const struct explain_request *q, struct sbuf *out)
{
	struct explained x = { 0 };
	struct stream *s;

	worker_setup(h);
	wk.trace = out;
	x.lst = find_listener(q);
	if (x.lst == RT_NONE) {
		sbuf_printf(out, q->frontend.n ? "no http frontend of that name has a listener\n" : "no http frontend listens on port %u%s\n", q->port,
			    q->tls ? " with ssl" : "");
		return false;
	}
	client_open(&x, q, x.lst);
	put_arrival(q, x.se.lst);
	if (!tls_open(&x, q, x.se.lst))
		return false;
	s = strm_new(&x.se, x.se.fe, true);
	if (!s)
		return false;
	s->cli.mux = &x.mux;
	s->flags |= SF_LOGGED;
	if (walk(s))
		strm_discard(s);
	sbuf_free(&x.head);
	tls_said_free(&x.tls);
	return true;
}
