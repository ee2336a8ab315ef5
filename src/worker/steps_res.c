// SPDX-License-Identifier: GPL-3.0-or-later
/* Steps of the response: waiting for its head while the request's body still flows, rules, forwarding, replies of
 * our own, the end. */
#include <sluice/base/clock.h>
#include "compress.h"
#include "persist.h"
#include "ask.h"
#include "reply_gen.h"
#include "steps.h"
#include "track.h"

/* Interim responses a server may send before its answer. */
#define INTERIM_MAX 32

/* Pushes what is left of the request. STEP_NEXT: go on with the response, whatever became of the request. */
static enum step_result request_pump(struct stream *s)
{
	struct mux_tx tx = { .body = &s->req_view, .flags = MS_EOM };

	if (s->srv.flags & (EP_TX_EOM | EP_ERR) || !s->srv.mux)
		return STEP_NEXT;
	if (s->flags & SF_REQ_HELD) {
		(void)!strm_send(s, &s->srv, &tx);
		return STEP_NEXT;
	}
	switch (s->comp_req ? compress_move(s, s->comp_req) : fwd_move(s, &s->cli, &s->srv)) {
	case FWD_SRC_ERR:
		return strm_request_broken(s);
	case FWD_MORE:
		task_wake(&s->task);
		break;
	default:
		break;
	}
	return STEP_NEXT;
}

/* 100 to 199 save 101: passed on to clients that know them. */
static enum step_result interim_forward(struct stream *s)
{
	struct mux_tx tx = { .head = &s->res };

	if (s->req.ver >= 11 && !s->cli.mux->ops->send(&s->cli, &tx) && s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', 'H', MUX_ABORT);
	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	s->srv.flags &= (uint16_t)~EP_HEAD;
	strm_touch_srv(s);
	return STEP_NEXT;
}

/* No handshake, no response: as if it had not been connected at all, for what went early may be repeated. */
static enum step_result early_failed(struct stream *s)
{
	return tls_result(s->sc->mux->conn)->failure == TLS_EARLY_REFUSED ? strm_refused(s) : strm_connect_failed(s, false);
}

static enum step_result response_broken(struct stream *s)
{
	if (UNLIKELY(s->early & EARLY_SENT) && tls_sends_early(s->sc->mux->conn))
		return early_failed(s);
	switch (s->srv.err) {
	case EE_CONNECT:
		return strm_connect_failed(s, false);
	case EE_REFUSED:
		return strm_refused(s);
	case EE_BAD_HEAD:
	case EE_BAD_BODY:
		errors_capture(s, false);
		return strm_response_failed(s, RO_JUNK, 502, 'P');
	default:
		return strm_response_failed(s, RO_EMPTY, 502, 'S');
	}
}

/* The client half of waiting for a response: its connection is only looked at when something happened on it. */
static bool client_left(struct stream *s)
{
	struct endp *c = &s->cli;

	if (c->flags & EP_EOM && !(c->flags & (EP_EOF | EP_ERR)) && c->mux->conn && c->mux->conn->io.ready & (IO_HUP | IO_ERR))
		c->mux->ops->recv(c);
	return c->flags & EP_ERR || (c->flags & EP_EOF && (s->fe->opts | s->be->opts) & OPT_ABORTONCLOSE);
}

enum step_result step_res_head(struct stream *s)
{
	struct endp *srv = &s->srv;

	if (request_pump(s) == STEP_END)
		return STEP_END;
	if (s->step != ST_RES_HEAD)
		return STEP_NEXT;
	for (;;) {
		srv->mux->ops->recv(srv);
		if (!(srv->flags & EP_HEAD))
			break;
		if (s->res.status >= 200 || (s->res.status == 101 && s->req.flags & MSG_UPGRADE)) {
			srv->hold_head = true;
			return step_to(s, ST_RES_RULES);
		}
		if (s->res.status == 101 || s->ninterim++ == INTERIM_MAX)
			return strm_response_failed(s, RO_JUNK, 502, 'P');
		if (interim_forward(s) == STEP_END)
			return STEP_END;
	}
	if (srv->flags & (EP_ERR | EP_EOF))
		return response_broken(s);
	if (client_left(s))
		return strm_abort(s, 'C', 'H', MUX_ABORT);
	strm_await(s);
	return STEP_WAIT;
}

/* Lists of response rules in their order: two of each phase, of the backend and of the frontend. */
static const uint8_t res_phases[] = { PH_TCP_RES_CONTENT, PH_HTTP_RES, PH_HTTP_AFTER };
enum { RES_LISTS = 2 * ARRAY_LEN(res_phases), RES_AFTER = RES_LISTS - 2 };

static const struct rule_list *res_list(const struct stream *s, unsigned i, const struct rt_proxy **px)
{
	*px = i % 2 ? (s->fe != s->be && !s->copy ? s->fe : NULL) : s->be;
	return *px && (*px)->rules[res_phases[i / 2]].n ? &(*px)->rules[res_phases[i / 2]] : NULL;
}

/* Goes on where s->res_at says. STEP_NEXT with the step unchanged: nothing objected. */
static enum step_result res_rules(struct stream *s)
{
	const struct rt_proxy *px;

	for (; s->res_at <= RES_LISTS; s->res_at++) {
		unsigned i = s->res_at - 1u;

		if (i == RES_AFTER && !(s->flags & SF_REPLY) && s->be->cookie.name.n && !s->cookie_told)
			cookie_response(s);
		if (!res_list(s, i, &px))
			continue;
		enum rule_verdict v = rules_run(s, (enum rule_phase)res_phases[i / 2], px);

		if (v == RULE_CONTINUE || v == RULE_ALLOW || v == RULE_WAIT)
			continue;
		if (v != RULE_HOLD)
			strm_release_server(s, MUX_ABORT, false);
		return strm_obey(s, v, ST_RES_SEND);
	}
	return STEP_NEXT;
}

/* observe layer7: which statuses speak well of a server. */
static bool status_good(unsigned st) { return st < 500 || st == 501 || st == 505; }

/* NTLM and Negotiate authenticate the connection, not the request: nobody else may ever use it. */
static bool auth_binds_connection(const struct http_msg *m)
{
	for (unsigned i = 0; i < m->nhdr; i++) {
		const struct hdr *h = &m->hdr[i];
		struct str v = hdr_val(h);

		if (!(h->flags & HDR_DEL) && (h->id == HH_WWW_AUTHENTICATE || h->id == HH_PROXY_AUTHENTICATE) &&
		    (str_istarts(v, STR("ntlm")) || str_istarts(v, STR("negotiate"))))
			return true;
	}
	return false;
}

static bool status_retried(const struct stream *s)
{
	int slot = error_slot(s->res.status);

	if (UNLIKELY(s->res.status == 425))
		return early_retried(s);
	return slot >= 0 && s->be->retry_slots >> slot & 1 && s->flags & SF_REQ_HELD && !(s->flags & SF_NO_RETRY) &&
	       s->retries < strm_retries(s);
}

/* What the head of a response means before any rule. false: *r says where to go instead. */
static bool res_rules_begin(struct stream *s, enum step_result *r)
{
	s->t.res_head = clock_now_ns;
	server_observe(s, true, status_good(s->res.status));
	if (s->be->retry_on & (RO_STATUS | RO_0RTT) && status_retried(s)) {
		*r = s->early ? strm_too_early(s) : strm_response_failed(s, RO_STATUS, s->res.status, 'S');
		return false;
	}
	strm_vars_response(s);
	s->status = s->res.status;
	track_status(s, s->status);
	persist_store(s);
	persist_store_response(s);
	if ((s->status == 401 || s->status == 407) && auth_binds_connection(&s->res))
		s->sc->priv = true;
	headers_capture_response(s);
	s->res_at = 1;
	return true;
}

enum step_result step_res_rules(struct stream *s)
{
	enum step_result r = STEP_NEXT;

	if (!s->res_at && !res_rules_begin(s, &r))
		return r;
	if (s->hold_until && s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', 'H', MUX_ABORT);
	s->exp = 0;
	r = res_rules(s);
	if (r != STEP_NEXT || s->step != ST_RES_RULES)
		return r;
	s->status = s->res.status;
	s->flags |= SF_AFTER_DONE;
	compress_response(s);
	return step_to(s, ST_RES_SEND);
}

/* Body framing of the server's message need not suit the client: a body without a length becomes chunked, chunks for
 * 1.0 end with the connection. */
static void response_frame(struct stream *s)
{
	struct http_msg *m = &s->res;

	if (m->flags & MSG_NO_BODY || m->status == 101)
		return;
	if (m->flags & MSG_CLOSE_DELIM && s->req.ver >= 11) {
		m->flags = (m->flags & ~(uint32_t)MSG_CLOSE_DELIM) | MSG_CHUNKED;
	} else if (m->flags & (MSG_CHUNKED | MSG_CLOSE_DELIM) && s->req.ver < 11) {
		msg_del(m, STR("transfer-encoding"));
		m->flags = (m->flags & ~(uint32_t)MSG_CHUNKED) | MSG_CLOSE_DELIM;
		s->flags |= SF_CLI_CLOSE;
	}
}

/* Must the client's connection end with this exchange? */
static bool client_closes(const struct stream *s)
{
	uint32_t opts = s->fe->opts | (s->be ? s->be->opts : 0);

	return s->flags & SF_CLI_CLOSE || opts & OPT_HTTPCLOSE || !(s->req.flags & MSG_KEEPALIVE) || wk.draining ||
	       s->sess->flags & SESS_DRAINING;
}

enum step_result step_res_send(struct stream *s)
{
	struct mux_tx tx = { .head = &s->res, .body = &s->srv.rx };
	bool eom = s->srv.flags & EP_EOM;
	bool taken, tunnel = eom &&
			     (s->res.status == 101 || (s->req.method == HTTP_CONNECT && s->res.status / 100 == 2));

	if (s->flags & SF_RES_STARTED)
		tx.head = NULL;
	else
		response_frame(s);
	if (s->comp) {
		compress_fill(s, s->comp);
		tx.body = &s->comp->out;
		eom = s->comp->done;
	}
	if (!tunnel && client_closes(s))
		s->flags |= SF_CLI_CLOSE;
	tx.flags = (eom ? MS_EOM : 0) | (s->flags & SF_CLI_CLOSE ? MS_CLOSE : 0);
	tx.trailers_of = tx.flags & MS_EOM ? strm_trailers(s, &s->res) : NULL;
	taken = strm_send(s, &s->cli, &tx);
	if (s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', 'D', MUX_ABORT);
	strm_touch_cli(s);
	if (tx.head)
		return STEP_WAIT;
	if (s->fe->log.asap && !(s->flags & SF_RES_STARTED))
		strm_log_early(s);
	s->flags |= SF_RES_STARTED;
	s->srv.hold_head = false;
	if (tunnel && taken)
		return step_to(s, ST_TUNNEL);
	if (tunnel)
		return STEP_WAIT;
	return step_to(s, taken && tx.flags & MS_EOM ? ST_DONE : ST_FORWARD);
}

/* The held body has been delivered for good. */
static void request_unhold(struct stream *s)
{
	if (s->flags & SF_REQ_HELD && buf_len(&s->cli.rx))
		buf_consume(&s->cli.rx, buf_len(&s->cli.rx));
	s->flags &= ~(unsigned)SF_REQ_HELD;
}

enum step_result step_tunnel(struct stream *s)
{
	s->flags |= SF_TUNNEL;
	s->cli.mux->ops->tunnel(&s->cli);
	s->srv.mux->ops->tunnel(&s->srv);
	request_unhold(s);
	strm_drop_req_head(s);
	strm_touch_cli(s);
	strm_touch_srv(s);
	return step_to(s, ST_TCP_FORWARD);
}

enum step_result step_forward(struct stream *s)
{
	if (request_pump(s) == STEP_END)
		return STEP_END;
	switch (s->comp ? compress_move(s, s->comp) : fwd_move(s, &s->srv, &s->cli)) {
	case FWD_DONE:
		return step_to(s, ST_DONE);
	case FWD_SRC_ERR:
		return strm_abort(s, s->srv.err == EE_BAD_BODY ? 'P' : 'S', 'D', MUX_ABORT);
	case FWD_DST_ERR:
		return strm_abort(s, 'C', term_phase(s), MUX_ABORT);
	case FWD_MORE:
		task_wake(&s->task);
		break;
	case FWD_WAIT:
		break;
	}
	strm_await(s);
	return STEP_WAIT;
}

/* An answer of our own has a body only where HTTP lets it have one. */
static bool reply_has_body(const struct stream *s)
{
	return s->req.method != HTTP_HEAD && s->res.status >= 200 && s->res.status != 204 && s->res.status != 304;
}

static void reply_begin(struct stream *s)
{
	struct str b = reply_has_body(s) ? s->reply_body : STR_NULL;

	s->reply_buf = (struct buf){ .mem = (char *)(uintptr_t)b.p, .tail = (uint32_t)b.n, .cap = (uint32_t)b.n };
	s->status = s->res.status;
	if (!(s->cli.flags & EP_EOM) || client_closes(s))
		s->flags |= SF_CLI_CLOSE;
}

/* The next piece of a generated body, once the one before has left. */
static void reply_refill(struct stream *s)
{
	struct sbuf *t = &s->gen->text;

	if (buf_len(&s->reply_buf) || s->gen->done)
		return;
	reply_gen_fill(s->gen);
	s->reply_buf = (struct buf){ .mem = t->p, .tail = (uint32_t)t->n, .cap = (uint32_t)t->n };
}

static bool reply_send(struct stream *s)
{
	struct mux_tx tx = { .head = s->flags & SF_RES_STARTED ? NULL : &s->res, .body = &s->reply_buf };
	uint32_t left;
	bool taken;

	if (s->gen)
		reply_refill(s);
	left = buf_len(&s->reply_buf);
	tx.flags = (s->gen && !s->gen->done ? 0 : MS_EOM) | (s->flags & SF_CLI_CLOSE ? MS_CLOSE : 0);
	taken = s->cli.mux->ops->send(&s->cli, &tx);
	if (!tx.head)
		s->flags |= SF_RES_STARTED;
	if (!s->exp_cli)
		strm_touch_cli(s);
	else
		strm_touch_sent(s, true, left - buf_len(&s->reply_buf), false);
	if (taken && !(tx.flags & MS_EOM)) {
		task_wake(&s->task); /* others get their turn between two pieces */
		return false;
	}
	return taken;
}

enum step_result step_reply(struct stream *s)
{
	strm_release_server(s, MUX_ABORT, false);
	if (s->flags & SF_REPLY_SILENT)
		return strm_abort(s, 'P', 'R', MUX_CLOSE);
	if (!(s->flags & SF_AFTER_DONE)) {
		s->flags |= SF_AFTER_DONE;
		strm_vars_response(s);
		s->res_at = RES_AFTER + 1;
		if (res_rules(s) == STEP_END)
			return STEP_END;
		s->step = ST_REPLY;
		reply_begin(s);
	}
	if (reply_send(s))
		return step_to(s, ST_DONE);
	if (s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', 'R', MUX_ABORT);
	return STEP_WAIT;
}

enum step_result step_done(struct stream *s)
{
	uint32_t opts = s->fe->opts | (s->be ? s->be->opts : 0);
	bool keep_srv = s->srv.flags & EP_EOM && s->srv.flags & EP_TX_EOM;

	s->flags |= SF_RES_STARTED;
	request_unhold(s);
	if (opts & (OPT_HTTP_SERVER_CLOSE | OPT_HTTPCLOSE) || s->flags & SF_SRV_CLOSE)
		keep_srv = false;
	strm_release_server(s, keep_srv ? MUX_KEEP : MUX_CLOSE, false);
	if (!(s->cli.flags & EP_EOM))
		s->flags |= SF_CLI_CLOSE; /* an early answer: what is left of the request has no reader */
	strm_end(s, s->flags & SF_CLI_CLOSE ? MUX_CLOSE : MUX_KEEP);
	return STEP_END;
}
