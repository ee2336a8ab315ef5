// SPDX-License-Identifier: GPL-3.0-or-later
/* Steps from the choice of a server to a request on its way: pick, queue, pause, connect, send. */
#include <sluice/base/clock.h>
#include "compress.h"
#include "mirror.h"
#include "persist.h"
#include "steps.h"

/* Servers found full that one pick may look past before the request queues on the backend. */
#define PICK_LOOKS 4

static void queue_granted(struct lb_wait *w, uint32_t srv)
{
	struct stream *s = CONTAINER_OF(w, struct stream, wait);

	s->flags &= ~(unsigned)SF_QUEUED;
	s->exp = 0;
	s->step = ST_PICK;
	if (srv != RT_NONE) {
		strm_take_server(s, srv);
		s->step = ST_CONNECT;
	}
	task_wake(&s->task); /* not from inside whatever gave the slot back */
}

/* Waits for a slot of srv, or of any server of the backend (RT_NONE). */
static enum step_result pick_enqueue(struct stream *s, uint32_t srv)
{
	if (UNLIKELY(s->copy != NULL))
		return strm_fail(s, 503, 'S', 'Q');
	if (srv != RT_NONE) {
		uint32_t max = wk.rt->srv[srv].o->maxqueue;

		s->srv_queue_pos = lb_queue_srv_len(wk.seg, srv);
		if (max && s->srv_queue_pos >= max)
			return strm_fail(s, 503, 'S', 'Q');
	} else {
		s->be_queue_pos = lb_queue_be_len(wk.seg, s->be_idx);
	}
	s->wait.be = s->be_idx;
	s->wait.srv = srv;
	s->wait.prio = (int64_t)((uint64_t)s->prio_class << 48) + (int64_t)clock_ms() + s->prio_offset;
	s->wait.granted = queue_granted;
	if (!lb_queue_add(&wk.q, &s->wait)) {
		strm_take_server(s, s->wait.srv);
		return step_to(s, ST_CONNECT);
	}
	s->flags |= SF_QUEUED;
	count_queued(s, srv);
	s->exp = wk_after(strm_timeout(s, TO_QUEUE));
	return step_to(s, ST_QUEUE);
}

static enum step_result pick_admit(struct stream *s, uint32_t srv)
{
	strm_take_server(s, srv);
	return step_to(s, ST_CONNECT);
}

/* use-server and persistence: that server and no other, unless it is down and may be left. */
static bool pick_pinned(struct stream *s, uint32_t *srv)
{
	if (!(s->flags & SF_PINNED) && (s->be->nuse_srv || s->be->nstick || s->be->cookie.name.n) && !s->navoid) {
		uint32_t want = persist_pick(s);

		if (want != RT_NONE && persist_usable(s, want)) {
			s->srv_idx = want;
			s->flags |= SF_PINNED;
		}
	}
	*srv = s->srv_idx;
	return s->flags & SF_PINNED;
}

/* prefer-last-server: where the client's last request went, while a connection to it is kept. Keys go first. */
static bool pick_last(const struct stream *s, const struct lb *lb)
{
	uint32_t srv = s->sess->last_srv;

	return s->be->opts & OPT_PREFER_LAST && srv != RT_NONE && !s->navoid && !lb->algo->by_key &&
	       lb_srv_usable(lb, srv, false) && pool_holds(s, srv);
}

enum step_result step_pick(struct stream *s)
{
	struct lb *lb = &wk.lb[s->be_idx];
	struct lb_req r;
	uint32_t avoid[STRM_MAX_AVOID + PICK_LOOKS], want;
	unsigned full = 0;
	int srv;

	if (pick_pinned(s, &want) && !persist_usable(s, want)) {
		if (!(s->be->opts & OPT_REDISPATCH))
			return strm_fail(s, 503, 'S', 'C');
		s->flags &= ~(unsigned)SF_PINNED;
	}
	if (s->flags & SF_PINNED)
		return lb_queue_admit(&wk.q, s->be_idx, want) ? pick_admit(s, want) : pick_enqueue(s, want);
	if (pick_last(s, lb)) {
		want = s->sess->last_srv;
		return lb_queue_admit(&wk.q, s->be_idx, want) ? pick_admit(s, want) : pick_enqueue(s, want);
	}
	lbkey_fill(s, &r);
	memcpy(avoid, s->avoid, s->navoid * sizeof(avoid[0]));
	r.avoid = avoid;
	for (;;) {
		r.navoid = s->navoid + full;
		srv = lb_pick(lb, &r);
		if (srv < 0)
			break;
		if (lb_queue_admit(&wk.q, s->be_idx, (uint32_t)srv))
			return pick_admit(s, (uint32_t)srv);
		if (r.has_key)
			return pick_enqueue(s, (uint32_t)srv);
		if (full == PICK_LOOKS)
			return pick_enqueue(s, RT_NONE);
		avoid[s->navoid + full++] = (uint32_t)srv;
	}
	if (full)
		return pick_enqueue(s, RT_NONE);
	if (s->navoid)
		return strm_retry_same(s);
	count_no_server(s);
	return strm_fail(s, 503, 'S', 'C');
}

/* Has the client gone while nothing was sent to it? A half-close counts only with abortonclose. */
static bool client_gone(struct stream *s)
{
	struct endp *c = &s->cli;

	if (c->mux && !(c->flags & (EP_ERR | EP_EOF)) && (c->flags & EP_EOM || !(s->flags & SF_HTTP)) && c->mux->conn &&
	    c->mux->conn->io.ready & (IO_HUP | IO_ERR))
		c->mux->ops->recv(c);
	/* a reset behind a FIN reads as the end of input */
	if (c->flags & EP_ERR || (c->mux && c->mux->conn && c->mux->conn->io.ready & IO_ERR))
		return true;
	return c->flags & EP_EOF && (s->fe->opts | s->be->opts) & OPT_ABORTONCLOSE;
}

enum step_result step_queue(struct stream *s)
{
	if (!client_gone(s))
		return STEP_WAIT;
	s->t.queue_done = clock_now_ns;
	return strm_abort(s, 'C', 'Q', MUX_ABORT);
}

enum step_result step_turnaround(struct stream *s)
{
	if (client_gone(s))
		return strm_abort(s, 'C', 'C', MUX_ABORT);
	return STEP_WAIT;
}

/* server … redir: the client is to ask the server itself. It has its slot, and its share of the balancing. */
static bool redirected_by_server(struct stream *s)
{
	struct str loc[] = { wk.rt->srv[s->srv_idx].o->redir, s->req.target };
	char *p;

	if (!(s->flags & SF_HTTP) || (s->req.method != HTTP_GET && s->req.method != HTTP_HEAD))
		return false;
	p = arena_bytes(s->arena, loc[0].n + loc[1].n);
	memcpy(p, loc[0].p, loc[0].n);
	memcpy(p + loc[0].n, loc[1].p, loc[1].n);
	term_set(s, 'L', 'R');
	reply_open(s, 302);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache"));
	headers_add(s, &s->res, STR("location"), str_n(p, loc[0].n + loc[1].n));
	reply_close(s, STR_NULL);
	return true;
}

enum step_result step_connect(struct stream *s)
{
	if (!s->sc) {
		if (UNLIKELY(wk.rt->srv[s->srv_idx].o->redir.n) && redirected_by_server(s))
			return step_to(s, ST_REPLY);
		if (!server_connect(s))
			return strm_connect_failed(s, false);
		s->exp = wk_after(strm_timeout(s, TO_CONNECT));
	}
	if (s->srv.flags & EP_ERR)
		return strm_connect_failed(s, false);
	if (!(s->srv.flags & EP_CONNECTED)) {
		if (client_gone(s))
			return strm_abort(s, 'C', 'C', MUX_ABORT);
		return STEP_WAIT;
	}
	if (!pool_settle(s) || !server_introduce(s))
		return strm_connect_failed(s, false);
	s->exp = 0;
	s->t.conn_done = clock_now_ns;
	server_observe(s, false, true);
	strm_log_connected(s);
	if (!(s->flags & SF_HTTP))
		persist_store(s);
	return step_to(s, s->flags & SF_HTTP ? ST_SEND_HEAD : ST_TCP_FORWARD);
}

/* Everything of the request is here, so it can be said again. */
static void request_hold(struct stream *s)
{
	if (!(s->cli.flags & EP_EOM)) {
		s->flags &= ~(unsigned)SF_REQ_HELD;
		return;
	}
	if (UNLIKELY(s->comp_req != NULL) && !compress_whole(s)) {
		s->flags &= ~(unsigned)SF_REQ_HELD;
		return;
	}
	s->flags |= SF_REQ_HELD;
	s->req_view = s->comp_req ? s->comp_req->out : s->cli.rx;
	if (UNLIKELY(s->copies != NULL))
		mirror_feed(s, buf_str(&s->cli.rx), true);
}

static unsigned request_flags(const struct stream *s)
{
	uint32_t opts = s->fe->opts | s->be->opts;
	unsigned f = (s->comp_req ? s->comp_req->done : s->cli.flags & EP_EOM) ? MS_EOM : 0;

	if (opts & (OPT_HTTP_SERVER_CLOSE | OPT_HTTPCLOSE) && !(s->be->opts & OPT_PRETEND_KEEPALIVE) &&
	    !(s->req.flags & MSG_UPGRADE))
		f |= MS_CLOSE;
	return f;
}

enum step_result step_send_head(struct stream *s)
{
	struct mux_tx tx = { .head = &s->req };
	bool taken;

	if (!(s->flags & SF_REQ_PREPARED)) {
		headers_request(s);
		compress_request(s);
		s->flags |= SF_REQ_PREPARED;
		if (s->flags & SF_HTTP && !(s->cli.flags & EP_EOM) && !buf_len(&s->cli.rx))
			s->cli.mux->ops->recv(&s->cli); /* a body that came meanwhile leaves with the head */
	}
	compress_upload(s);
	request_hold(s);
	if (UNLIKELY(s->comp_req != NULL) && !(s->flags & SF_REQ_HELD))
		compress_fill(s, s->comp_req);
	tx.body = s->flags & SF_REQ_HELD ? &s->req_view : s->comp_req ? &s->comp_req->out : &s->cli.rx;
	tx.flags = request_flags(s);
	tx.trailers_of = tx.flags & MS_EOM ? strm_trailers(s, &s->req) : NULL;
	taken = strm_send(s, &s->srv, &tx);
	if (taken || !tx.head)
		s->flags |= SF_REQ_SENT;
	if (s->srv.flags & EP_ERR || s->flags & SF_REQ_SENT) {
		if (!(s->flags & SF_REQ_HELD))
			strm_drop_req_head(s);
		s->t.req_sent = clock_now_ns;
		return step_to(s, ST_RES_HEAD);
	}
	if (!s->exp_srv)
		strm_touch_srv(s);
	return STEP_WAIT;
}
