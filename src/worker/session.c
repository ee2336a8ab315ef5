// SPDX-License-Identifier: GPL-3.0-or-later
/* Sessions: from accept to close. A session owns the client's connection through its mux and gives each exchange a
 * stream; between exchanges it only waits, with one lazy timer for itself and all its streams. */
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/base/rand.h>
#include <sluice/tls/xprt_tls.h>
#include "accept.h"
#include "ask.h"
#include "muxes.h"
#include "sess_log.h"
#include "steps.h"
#include "track.h"

static struct pool session_pool = POOL("session", struct session);

static void session_free(struct session *se)
{
	ask_forget(se);
	timer_stop(&se->timer);
	pool_drop_session(se);
	track_end(&se->track);
	var_store_drop(&se->vars);
	list_del(&se->link);
	wk.nsess -= !(se->flags & SESS_SHADOW);
	if (se->flags & SESS_COUNTED_FE) {
		accept_place_give(se->lst);
		if (se->fe->opts & OPT_SOCKET_STATS)
			wk_live(LIVE_LST, lst_index(se->lst), -1);
	}
	accept_released(se->fe);
	free(se->tlvs);
	se->magic = 0;
	pool_put(&session_pool, se);
}

/* The mux and with it the connection are gone. */
static void session_lost(struct session *se)
{
	se->mux = NULL;
	se->conn = NULL;
	se->flags |= SESS_DEAD;
	if (list_empty(&se->streams) && !(se->flags & SESS_PINNED))
		session_free(se);
}

static uint64_t session_idle_deadline(const struct session *se)
{
	const uint32_t *to = se->fe->to;
	uint32_t ms = to[TO_HTTP_REQUEST] ? to[TO_HTTP_REQUEST] : to[TO_CLIENT];

	if (se->proxy)
		ms = to[TO_CLIENT];
	if (se->flags & SESS_HANDSHAKE)
		ms = to[TO_CLIENT_HS];
	if (se->nreq && to[TO_HTTP_KEEP_ALIVE])
		ms = to[TO_HTTP_KEEP_ALIVE];
	return ms == TIMEOUT_NONE ? 0 : se->t_idle / 1000000u + ms;
}

void session_arm(struct session *se, uint64_t deadline_ms)
{
	if (deadline_ms && (!timer_on(&se->timer) || deadline_ms < se->timer.deadline))
		timer_set(&se->timer, deadline_ms);
}

static bool kill_runs(const struct session *se)
{
	return se->kill_at && (list_empty(&se->streams) || se->flags & SESS_HARD);
}

static uint64_t session_deadline(const struct session *se)
{
	uint64_t d = kill_runs(se) ? se->kill_at : 0;

	if (list_empty(&se->streams)) {
		uint64_t idle = session_idle_deadline(se);

		return idle && (!d || idle < d) ? idle : d;
	}
	LIST_EACH(p, &se->streams) {
		uint64_t e = strm_deadline(LIST_ENTRY(p, struct stream, link));

		if (e && (!d || e < d))
			d = e;
	}
	return d;
}

/* A stream for a request of which no byte came: for the log, counters and perhaps an answer. */
static struct stream *unborn_begin(struct session *se, unsigned status, char cause)
{
	struct stream *s = strm_new(se, se->fe, true);

	if (!s)
		return NULL;
	s->t.req_start = se->t_hs_done; /* all the time since then was waiting for this request */
	s->status = (uint16_t)status;
	term_set(s, cause, 'R');
	return s;
}

static void unborn_end(struct stream *s)
{
	s->t.end = clock_now_ns;
	strm_log(s);
	count_end(s);
	strm_discard(s);
}

/* A client that never sent a byte is told so, unless probes are to be ignored. No exchange exists that could carry
 * the answer, so it goes to the socket as it is; an empty send queue takes it. */
static void session_answer_408(struct session *se)
{
	struct stream *s = unborn_begin(se, 408, 'c');
	struct iovec iov[64];
	char scratch[512];
	struct h1_out o = { .iov = iov, .max = 64, .scratch = scratch, .scratch_cap = sizeof(scratch) };
	ssize_t n = 0;

	if (!s)
		return;
	reply_error(s, 408);
	if (!(s->flags & SF_REPLY_SILENT)) {
		h1_write_head(&o, &s->res, H1_CONN_CLOSE);
		h1_write_bytes(&o, s->reply_body);
		if (!o.full)
			n = conn_sendv(se->conn, iov, o.n, false);
	}
	s->bytes_out = s->cli.bytes_out = n > 0 ? (uint64_t)n : 0;
	unborn_end(s);
}

/* Nothing came in time. One that waited after an answer is closed without a word, as it expects. */
static void session_idle_expired(struct session *se)
{
	struct mux *m = se->mux;

	if (!se->nreq && m->ops == &mux_h1 && !(se->fe->opts & OPT_IGNORE_PROBES))
		session_answer_408(se);
	session_lost(se);
	m->ops->destroy(m);
}

/* Neither a mux nor a stream: a PROXY header or a handshake is awaited. */
static bool session_unready(const struct session *se) { return se->proxy || se->flags & SESS_HANDSHAKE; }

static void handshake_failed(struct session *se)
{
	count_handshake(se, false, false);
	sess_log_failure(se);
	session_refuse(se);
}

static void session_unready_expired(struct session *se)
{
	if (!(se->flags & SESS_HANDSHAKE)) {
		session_refuse(se);
		return;
	}
	tls_timed_out(se->conn);
	handshake_failed(se);
}

static void session_timer(struct timer *t)
{
	struct session *se = CONTAINER_OF(t, struct session, timer);
	uint64_t now = clock_ms(), d;

	if (kill_runs(se) && se->kill_at <= now) {
		session_kill(se, 'K');
		return;
	}
	if (session_unready(se)) {
		d = session_deadline(se);
		if (d && d <= now)
			session_unready_expired(se);
		else
			session_arm(se, d);
		return;
	}
	se->flags |= SESS_PINNED;
	if (list_empty(&se->streams)) {
		d = session_idle_deadline(se);
		if (d && d <= now)
			session_idle_expired(se);
	} else {
		LIST_EACH_SAFE(p, n, &se->streams) {
			struct stream *s = LIST_ENTRY(p, struct stream, link);

			d = strm_deadline(s);
			if (d && d <= now)
				strm_expire(s);
		}
	}
	se->flags &= ~(unsigned)SESS_PINNED;
	if (se->flags & SESS_DEAD && list_empty(&se->streams))
		session_free(se);
	else
		session_arm(se, session_deadline(se));
}

static struct endp *front_on_exchange(struct mux *m)
{
	struct session *se = m->owner;
	struct stream *s;

	if (se->flags & SESS_DEAD)
		return NULL;
	s = strm_new(se, se->fe, session_is_http(se));
	return s ? &s->cli : NULL;
}

/* The connection went while no exchange was open. One that never carried any is worth a line. */
static void front_idle_dead(struct mux *m)
{
	struct session *se = m->owner;
	struct stream *s = NULL;

	if (!se->nreq && session_is_http(se) && !(se->fe->opts & OPT_IGNORE_PROBES)) {
		se->flags |= SESS_PINNED;
		s = unborn_begin(se, 400, 'C');
		if (s)
			unborn_end(s);
		se->flags &= ~(unsigned)SESS_PINNED;
	}
	session_lost(se);
}

static void session_speaks(struct session *se, struct mux *m)
{
	se->mux = m;
	m->owner = se;
	if (m->ops->max_streams > 1)
		se->flags |= SESS_MANY;
	if (se->flags & SESS_DRAINING)
		m->ops->drain(m);
}

static void front_upgrade(struct mux *old, struct mux *now) { session_speaks(old->owner, now); }

/* As in HAProxy: in what the session tracks, since it is the connection's fault. */
static void front_on_glitch(struct mux *m, uint32_t n)
{
	if (m->owner)
		track_session_event(m->owner, SE_GLITCH, n);
}

static struct mux_cfg front_cfg = { .on_exchange = front_on_exchange, .on_idle_dead = front_idle_dead, .on_glitch = front_on_glitch };
static struct mux_cfg upgrade_cfg; /* of connections that may turn out to speak HTTP/2 */

void session_setup(void)
{
	const struct rt_h2 *h2 = &wk.rt->g.h2;

	mux_limits(&front_cfg, h2->fe_streams, h2->fe_window);
	front_cfg.h2_glitches = h2->fe_glitches;
	front_cfg.h2_total = h2->fe_total;
	upgrade_cfg = front_cfg;
	upgrade_cfg.on_upgrade = front_upgrade;
}

/* tcp-request connection or session rules: a stream without any message is what they see. false = the connection
 * was ended. */
static bool session_admit(struct session *se, enum rule_phase ph)
{
	struct stream *s;
	enum rule_verdict v;

	if (!se->fe->rules[ph].n)
		return true;
	s = strm_new(se, se->fe, false);
	if (!s)
		return false;
	v = rules_run(s, ph, se->fe);
	strm_discard(s);
	se->nreq = 0;
	if (v == RULE_CONTINUE || v == RULE_ALLOW)
		return true;
	count_session_refused(se, ph);
	if (v == RULE_RESET)
		conn_reset(se->conn);
	else
		conn_close(se->conn);
	return false;
}

static void session_init(struct session *se, const struct rt_listener *lst)
{
	memset(se, 0, sizeof(*se));
	se->magic = SESSION_MAGIC;
	se->lst = lst;
	se->fe = &wk.rt->px[lst->px];
	se->last_srv = RT_NONE;
	se->vars = var_store_make(VAR_SESS, &wk.vars);
	list_init(&se->streams);
	list_init(&se->priv);
	timer_init(&se->timer, session_timer);
	se->t_accept = se->t_hs_done = se->t_idle = clock_now_ns;
	se->accept_date = clock_real;
	list_push(&wk.sessions, &se->link);
}

struct session *session_shadow(const struct session *of)
{
	struct session *se = pool_get(&session_pool);

	if (!se)
		return NULL;
	session_init(se, of->lst);
	se->flags = SESS_SHADOW | SESS_DEAD;
	se->accept_date = of->accept_date;
	se->t_accept = of->t_accept;
	se->t_hs_done = of->t_hs_done;
	return se;
}

static void session_begin(struct session *se, int fd, const struct addr *peer, const struct rt_listener *lst)
{
	session_init(se, lst);
	wk.nsess++;
	se->flags = SESS_COUNTED_FE;
	if (se->fe->opts & OPT_SOCKET_STATS)
		wk_live(LIVE_LST, lst_index(lst), 1);
	if (se->fe->opts & OPT_TCPKA_CLI)
		sock_keepalive(fd, &se->fe->cli_ka);
	if (se->fe->opts & OPT_NOLINGER)
		sock_set_linger_reset(fd);
	se->conn = conn_new_front(fd, peer, &xprt_raw, NULL, NULL, NULL);
}

void session_new(int fd, const struct addr *peer, uint32_t lst_idx)
{
	const struct rt_listener *lst = &wk.rt->lst[lst_idx];
	struct session *se = pool_get(&session_pool);

	if (!se) {
		close(fd);
		accept_place_give(lst);
		return;
	}
	session_begin(se, fd, peer, lst);
	if (!se->conn || !session_admit(se, PH_TCP_CONN)) {
		session_free(se);
		return;
	}
	if (!session_has_header(se))
		session_secure(se);
	else if (proxy_in_start(se))
		session_arm(se, session_idle_deadline(se));
	else
		session_refuse(se);
}

void session_refuse(struct session *se)
{
	proxy_in_free(se);
	conn_close(se->conn);
	session_free(se);
}

static void handshake_io(struct conn *c)
{
	struct session *se = c->owner;

	if (c->flags & CONN_DEAD) {
		handshake_failed(se);
		return;
	}
	se->flags &= ~(unsigned)SESS_HANDSHAKE;
	count_handshake(se, true, SSL_session_reused(tls_ssl(c)));
	c->ops = NULL;
	session_proceed(se);
}

static const struct conn_owner_ops handshake_ops = { .io = handshake_io };

void session_secure(struct session *se)
{
	const struct rt_bind_opts *o = se->lst->opts;

	if (!o->ssl) {
		session_proceed(se);
		return;
	}
	se->conn->ops = &handshake_ops;
	se->conn->owner = se;
	if (!conn_upgrade(se->conn, &xprt_tls, o->xprt_cfg)) {
		session_refuse(se);
		return;
	}
	se->flags |= SESS_HANDSHAKE;
	session_arm(se, session_idle_deadline(se));
	if (se->conn->io.ready & (IO_RD | IO_HUP | IO_ERR)) /* behind a PROXY header: no event announces it again */
		conn_handshake(se->conn);
}

void session_proceed(struct session *se)
{
	struct mux *m;

	se->t_hs_done = se->t_idle = clock_now_ns;
	if (!session_admit(se, PH_TCP_SESS)) {
		session_free(se);
		return;
	}
	m = mux_select_front(se)->init(se->conn, true, mux_may_upgrade(se) ? &upgrade_cfg : &front_cfg);
	if (!m) {
		session_refuse(se);
		return;
	}
	session_speaks(se, m);
	count_session(se);
	track_session_event(se, SE_SESS, 1);
	session_arm(se, session_idle_deadline(se));
	if (se->conn->io.ready & IO_RD) /* came with the handshake: no event announces it again */
		se->conn->ops->io(se->conn);
}

void session_switch_http(struct stream *s, enum rt_proto proto)
{
	struct session *se = s->sess;
	struct mux *old = s->cli.mux, *m;
	struct conn *c = old->conn;
	struct buf in = s->cli.rx;

	s->cli.rx = (struct buf){ 0 };
	old->conn = NULL; /* it survives the mux */
	old->ops->destroy(old);
	task_cancel(&s->task);
	strm_discard(s);
	se->mux = NULL;
	se->nreq = 0;
	se->flags |= SESS_HTTP;
	se->t_idle = se->t_hs_done = clock_now_ns;
	if (proto == PROTO_AUTO && buf_len(&in) && mux_h2_preface(buf_str(&in)) == 1)
		proto = PROTO_H2;
	if (proto == PROTO_H2)
		m = mux_h2_take(c, &front_cfg, &in);
	else
		m = mux_h1_take(c, proto == PROTO_AUTO ? &upgrade_cfg : &front_cfg, &in);
	if (!m) {
		buf_release(&in);
		conn_close(c);
		session_lost(se);
		return;
	}
	session_speaks(se, m);
	session_arm(se, session_idle_deadline(se));
}

void session_exchange_done(struct session *se, bool alive)
{
	if (!alive) {
		session_lost(se);
		return;
	}
	se->t_idle = clock_now_ns;
	if (list_empty(&se->streams)) /* else the timer finds the earliest deadline when it fires */
		session_arm(se, session_deadline(se));
}

void session_drain(struct session *se)
{
	se->flags |= SESS_DRAINING;
	if (se->flags & SESS_SHADOW) {
		session_kill(se, 'K');
		return;
	}
	if (!se->mux)
		return;
	se->mux->ops->drain(se->mux);
	if (!list_empty(&se->streams) || !session_is_http(se))
		return;
	if (wk.rt->g.drain_idle == DRAIN_IDLE_NOW) {
		session_kill(se, 'K');
	} else if (wk.rt->g.drain_idle == DRAIN_IDLE_SPREAD) {
		se->kill_at = clock_ms() + 1 + rand_below(wk.rt->g.drain_idle_spread + 1);
		session_arm(se, se->kill_at);
	}
}

void session_kill_within(struct session *se, uint32_t spread_ms)
{
	if (se->flags & SESS_HARD)
		return;
	if (!spread_ms) {
		session_kill(se, 'K');
		return;
	}
	se->flags |= SESS_HARD;
	se->kill_at = clock_ms() + 1 + rand_below(spread_ms);
	session_arm(se, se->kill_at);
}

void session_kill(struct session *se, char why)
{
	struct mux *m;

	if (session_unready(se)) {
		session_refuse(se);
		return;
	}
	se->flags |= SESS_PINNED;
	while (!list_empty(&se->streams)) {
		struct stream *s = LIST_ENTRY(se->streams.next, struct stream, link);

		term_cause(s, why);
		strm_end(s, MUX_ABORT);
	}
	se->flags &= ~(unsigned)SESS_PINNED;
	m = se->mux;
	session_lost(se);
	if (m)
		m->ops->destroy(m);
}
