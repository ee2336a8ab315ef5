// SPDX-License-Identifier: GPL-3.0-or-later
/* A stream and its server: taking a slot, connecting, and what follows when that fails.
 *
 * A failed connection moves to a server not yet tried at once; the pause of HAProxy (1 s) is kept for the same
 * server again. Once a byte of the request may have been read, only what `retry-on` allows is repeated, and only
 * from a request that is still whole. A request that dies on a reused connection before any response byte is
 * repeated when that is harmless (an idempotent method): closing an idle connection is the server's right. */
#include <errno.h>
#include <sluice/base/clock.h>
#include <sluice/ipc/place.h>
#include <sluice/net/proxy_hdr.h>
#include <sluice/tls/xprt_tls.h>
#include "persist.h"
#include "steps.h"

#define TURNAROUND_MS 1000

void strm_take_server(struct stream *s, uint32_t srv)
{
	if (s->retries && s->srv_idx != RT_NONE && s->srv_idx != srv)
		s->flags |= SF_REDISPATCHED;
	s->srv_idx = s->sess->last_srv = srv;
	persist_moved(s, srv);
	s->flags |= SF_SRV_COUNTED;
	list_push(&wk.srv[srv].streams, &s->srv_link);
	if (!s->t.queue_done)
		s->t.queue_done = clock_now_ns;
	count_server(s);
}

static void server_learn(struct stream *s, bool failed)
{
	struct lb_done d = { .srv = s->srv_idx, .failed = failed || s->status >= 500 };

	if (s->t.res_head > s->t.req_sent && s->t.req_sent)
		d.rtt_us = (uint32_t)((s->t.res_head - s->t.req_sent) / 1000u);
	lb_done(&wk.lb[s->be_idx], &d);
}

/* The connection alone; the slot stays. */
static void server_disconnect(struct stream *s, enum mux_close_how how)
{
	struct sconn *sc = s->sc;

	if (!sc)
		return;
	s->sc = NULL;
	if (s->srv.mux && s->srv.mux->ops->close(&s->srv, how))
		pool_give(s, sc);
	else
		pool_forget(sc);
}

void strm_release_server(struct stream *s, enum mux_close_how how, bool failed)
{
	server_disconnect(s, how);
	if (!(s->flags & SF_SRV_COUNTED))
		return;
	s->flags &= ~(unsigned)SF_SRV_COUNTED;
	list_del(&s->srv_link);
	server_learn(s, failed);
	lb_release(&wk.q, s->be_idx, s->srv_idx);
}

void server_observe(struct stream *s, bool l7, bool ok)
{
	const struct rt_srv_opts *o = wk.rt->srv[s->srv_idx].o;
	struct seg_srv *seg = &wk.seg->srv[s->srv_idx];
	uint32_t n;

	if (o->observe == OBSERVE_NONE || (o->observe == OBSERVE_L7) != l7)
		return;
	if (ok) {
		if (atomic_load_explicit(&seg->fail_hint, memory_order_relaxed))
			atomic_store_explicit(&seg->fail_hint, 0, memory_order_relaxed);
		return;
	}
	ctr_inc(&count_srv(s->srv_idx)->hanafail);
	n = atomic_fetch_add_explicit(&seg->fail_hint, 1, memory_order_relaxed) + 1;
	if (n >= (o->error_limit ? o->error_limit : 10)) {
		atomic_store_explicit(&seg->fail_hint, 0, memory_order_relaxed);
		atomic_fetch_add_explicit(&seg->passive_seq, 1, memory_order_release);
	}
}

/* A server at 0.0.0.0 or :: is where the client wanted to go, or where set-dst sends it. */
static struct addr wherever_it_went(struct stream *s, uint16_t port)
{
	const struct addr *dst = strm_smp_ctx(s)->dst;
	struct addr a = dst ? *dst : (struct addr){ 0 };

	a.port = port ? port : a.port;
	return a;
}

/* Address of the server for this client: a server without a port takes the port the client came to. */
static struct addr server_addr(struct stream *s)
{
	const struct rt_server *rs = &wk.rt->srv[s->srv_idx];
	struct addr a = rs->addr;
	struct srv_place moved;

	if (place_read(wk.seg, s->srv_idx, &moved) && moved.addr.family != AF_UNSPEC) {
		a = moved.addr;
		if (moved.fixed_port)
			return a;
	}
	if (addr_is_any(&a))
		a = wherever_it_went(s, a.port);
	if (rs->flags & (SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET) && s->sess->conn)
		a.port = conn_local(s->sess->conn)->port;
	if (rs->flags & SRVF_PORT_OFFSET)
		a.port = (uint16_t)(a.port + rs->port_offset);
	return a;
}

static void endp_reset(struct stream *s)
{
	s->srv = (struct endp){ .wake = s->srv.wake, .owner = s, .msg = &s->res };
	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	s->res_at = 0;
	s->flags &= ~(unsigned)(SF_REQ_SENT | SF_REQ_PREPARED);
}

bool server_connect(struct stream *s)
{
	struct addr dst;

	if (s->ntries++)
		endp_reset(s);
	if (s->flags & SF_HTTP)
		s->sc = pool_take(s, s->srv_idx);
	if (!s->sc) {
		dst = server_addr(s);
		s->sc = pool_connect(s, s->srv_idx, &dst);
		if (!s->sc)
			return false;
		if (UNLIKELY(s->bc_marked))
			conn_mark(s->sc->mux->conn->io.fd, &dst, s->bc_tos, s->bc_mark);
	}
	count_connect(s, s->sc->uses++ > 0);
	if (s->sc->mux->ops->open(s->sc->mux, &s->srv)) {
		s->sc->open++;
		return true;
	}
	if (!s->sc->open)
		pool_destroy(s->sc);
	s->sc = NULL;
	return false;
}

bool server_introduce(struct stream *s)
{
	char hdr[PROXY_OUT_MAX];
	struct iovec iov = { .iov_base = hdr };

	if (s->sc->uses > 1 || tls_ssl(s->sc->mux->conn))
		return true;
	iov.iov_len = server_proxy_header(s, hdr);
	return !iov.iov_len || conn_sendv(s->sc->mux->conn, &iov, 1, false) == (ssize_t)iov.iov_len;
}

static void avoid_server(struct stream *s)
{
	for (unsigned i = 0; i < s->navoid; i++)
		if (s->avoid[i] == s->srv_idx)
			return;
	if (s->navoid < STRM_MAX_AVOID)
		s->avoid[s->navoid++] = s->srv_idx;
}

enum step_result strm_retry_same(struct stream *s)
{
	uint32_t conn = strm_timeout(s, TO_CONNECT);

	s->navoid = 0;
	if (s->flags & SF_REQ_SENT)
		return step_to(s, ST_PICK); /* it takes connections: only a refused one is worth a pause */
	s->exp = wk_after(conn && conn < TURNAROUND_MS ? conn : TURNAROUND_MS);
	return step_to(s, ST_TURNAROUND);
}

/* In mode tcp nothing but a connection can be tried again. */
static bool may_reconnect(const struct stream *s)
{
	return s->retries < strm_retries(s) && (s->be->retry_on & RO_CONN_FAILURE || !(s->flags & SF_HTTP));
}

/* May this retry (s->retries counts it already) go to another server? One that is down is left at any retry. */
static bool retry_elsewhere(const struct stream *s)
{
	int every = s->be->redispatch_every;

	if (!(s->be->opts & OPT_REDISPATCH) || s->flags & SF_FORCE_PERSIST)
		return false;
	if (!lb_srv_usable(&wk.lb[s->be_idx], s->srv_idx, true))
		return true;
	if (every < 0)
		every += strm_retries(s) + 1;
	return every <= 1 || s->retries % every == 0;
}

enum step_result strm_connect_failed(struct stream *s, bool timed_out)
{
	bool other;

	s->exp = s->exp_cli = s->exp_srv = 0;
	server_observe(s, false, false);
	count_connect_failed(s);
	if (s->cli.flags & EP_ERR) {
		strm_release_server(s, MUX_ABORT, true);
		return strm_abort(s, 'C', 'C', MUX_ABORT);
	}
	if (!may_reconnect(s)) {
		strm_release_server(s, MUX_ABORT, true);
		return strm_fail(s, 503, timed_out ? 's' : 'S', 'C');
	}
	s->retries++;
	other = retry_elsewhere(s);
	count_retry(s, other);
	if (other) {
		avoid_server(s);
		s->flags &= ~(unsigned)SF_PINNED;
	}
	strm_release_server(s, MUX_ABORT, true);
	if (other)
		return step_to(s, ST_PICK);
	s->flags |= SF_PINNED;
	return strm_retry_same(s);
}

static bool method_idempotent(const struct stream *s)
{
	switch (s->req.method) {
	case HTTP_GET: case HTTP_HEAD: case HTTP_PUT: case HTTP_DELETE: case HTTP_OPTIONS: case HTTP_TRACE:
		return true;
	default:
		return false;
	}
}

/* Sends the whole request again, elsewhere if there is an elsewhere. */
static enum step_result request_again(struct stream *s, bool elsewhere, bool failed)
{
	s->exp = s->exp_cli = s->exp_srv = 0;
	if (elsewhere) {
		avoid_server(s);
		s->flags &= ~(unsigned)SF_PINNED;
	} else {
		s->flags |= SF_PINNED;
	}
	strm_release_server(s, MUX_ABORT, failed);
	return step_to(s, ST_PICK);
}

enum step_result strm_refused(struct stream *s)
{
	bool other;

	if (!(s->flags & SF_REQ_HELD) || s->retries >= strm_retries(s))
		return strm_response_failed(s, RO_EMPTY, 502, 'S');
	s->retries++;
	other = retry_elsewhere(s);
	count_retry(s, other);
	return request_again(s, other, false);
}

enum step_result strm_too_early(struct stream *s)
{
	s->retries++;
	count_retry(s, false);
	early_untell(s);
	request_again(s, false, false);
	return step_to(s, ST_EARLY);
}

enum step_result strm_response_failed(struct stream *s, enum retry_on why, unsigned status, char cause)
{
	bool held = s->flags & SF_REQ_HELD && !(s->flags & SF_RES_STARTED);
	bool reused = s->srv.flags & EP_REUSED;
	bool untouched = why == RO_EMPTY && !s->srv.bytes_in;

	/* a stale idle connection is nobody's fault: again at once, and not counted as a try */
	if (held && reused && untouched && (method_idempotent(s) || !s->srv.bytes_out) && s->ntries < 16) {
		return request_again(s, false, false);
	}
	if (why != RO_STATUS) {
		server_observe(s, true, false);
		count_bad_response(s);
	}
	if (held && s->retries < strm_retries(s) && !(s->flags & SF_NO_RETRY) &&
	    (s->be->retry_on & why || (untouched && !s->srv.bytes_out && !reused))) {
		bool other;

		s->retries++;
		other = retry_elsewhere(s);
		count_retry(s, other);
		return request_again(s, other, true);
	}
	if (reused && untouched && s->flags & SF_NOT_FIRST && !s->status) {
		strm_release_server(s, MUX_ABORT, false);
		/* the client knows what a dying keep-alive connection means */
		return strm_abort(s, cause, 'H', MUX_CLOSE);
	}
	strm_release_server(s, MUX_ABORT, true);
	return strm_fail(s, status, cause, 'H');
}
