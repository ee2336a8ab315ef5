// SPDX-License-Identifier: GPL-3.0-or-later
/* The idle server connections of this worker.
 *
 * http-reuse as HAProxy defines it: "never" keeps a connection with the session that made it; "safe" lets a request
 * that is not the first of its session take any idle one; "aggressive" also lets first requests take one that was
 * reused before; "always" lets everybody take any. The reason is the same everywhere: a request that dies on an idle
 * connection is the server's right, and only a client whose earlier request succeeded on the same connection is
 * prepared to repeat it. Most recently used first, so that the surplus grows old. */
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/ipc/place.h>
#include <sluice/tls/xprt_tls.h>
#include "accept.h"
#include "count.h"
#include "muxes.h"
#include "pool.h"
#include "session.h"
#include "steps.h"
#include "tls_out.h"

static struct pool sconn_pool = POOL("server connection", struct sconn);

static const struct rt_srv_opts *srv_opts(uint32_t srv) { return wk.rt->srv[srv].o; }

static enum live_kind idle_row(const struct sconn *sc) { return sc->proven ? LIVE_SRV_SAFE : LIVE_SRV_IDLE; }

void pool_works(struct sconn *sc)
{
	sc->idle = false;
	if (sc->priv)
		return;
	wk.srv[sc->srv].nidle--;
	wk_live(idle_row(sc), sc->srv, -1);
}

static void pool_unlink(struct sconn *sc)
{
	if (sc->idle || sc->shared)
		list_del(&sc->link);
	if (sc->idle)
		pool_works(sc);
	sc->shared = false;
}

void pool_forget(struct sconn *sc)
{
	OBJ_CHECK(sc, SCONN_MAGIC);
	pool_unlink(sc);
	wk_live(LIVE_SRV_CONN, sc->srv, -1);
	sc->magic = 0;
	pool_put(&sconn_pool, sc);
}

void pool_destroy(struct sconn *sc)
{
	struct mux *m = sc->mux;

	pool_forget(sc);
	m->ops->destroy(m);
}

static void back_idle_dead(struct mux *m) { pool_forget(m->owner); }

static struct mux_cfg back_cfg = { .on_idle_dead = back_idle_dead };

/* Closes the older half of the idle connections of a server, every pool-purge-delay. */
static void pool_purge(struct timer *t)
{
	struct wk_srv *ws = CONTAINER_OF(t, struct wk_srv, purge);
	uint32_t low = srv_opts((uint32_t)(ws - wk.srv))->pool_low_conn, n = (ws->nidle + 1) / 2;

	low = (low + wk.h->nworkers - 1) / wk.h->nworkers;
	n = ws->nidle > low ? MIN(n, ws->nidle - low) : 0;
	while (n--) {
		struct list *l = !list_empty(&ws->fresh) ? &ws->fresh : &ws->proven;
		struct sconn *sc = list_empty(l) ? pool_oldest_shared(ws) : LIST_ENTRY(l->prev, struct sconn, link);

		if (sc)
			pool_destroy(sc);
	}
	if (ws->nidle)
		timer_set(t, clock_ms() + srv_opts((uint32_t)(ws - wk.srv))->pool_purge_delay);
}

void pool_start(void)
{
	mux_limits(&back_cfg, wk.rt->g.h2.be_streams, wk.rt->g.h2.be_window);
	back_cfg.h2_glitches = wk.rt->g.h2.be_glitches;
	for (uint32_t i = 0; i < wk.rt->nsrv; i++) {
		struct wk_srv *ws = &wk.srv[i];

		*ws = (struct wk_srv){ 0 };
		list_init(&ws->fresh);
		list_init(&ws->proven);
		list_init(&ws->shared);
		list_init(&ws->streams);
		timer_init(&ws->purge, pool_purge);
	}
}

/* First usable connection of a list; dead ones met on the way are closed. */
static struct sconn *pool_pop(struct list *l, uint32_t srv, uint64_t sni)
{
	LIST_EACH_SAFE(p, n, l) {
		struct sconn *sc = LIST_ENTRY(p, struct sconn, link);

		if (sc->srv != srv || sc->sni != sni)
			continue;
		if (!conn_idle_ok(sc->mux->conn) || sc->place_seq != place_seq(wk.seg, srv)) {
			pool_destroy(sc);
			continue;
		}
		pool_unlink(sc);
		return sc;
	}
	return NULL;
}

bool pool_holds(const struct stream *s, uint32_t srv)
{
	const struct list *priv = &s->sess->priv;

	if (s->be->reuse != REUSE_NEVER && (wk.srv[srv].nidle || !list_empty(&wk.srv[srv].shared)))
		return true;
	LIST_EACH(p, priv)
		if (LIST_ENTRY(p, struct sconn, link)->srv == srv)
			return true;
	return false;
}

/* What must be the same for a connection to serve another exchange: the name it asked for, and where it went when its server is at 0.0.0.0. One that
 * only has no address yet, because its name is resolved at run time, is where that says. */
static uint64_t pool_key(struct stream *s, uint32_t srv, struct str *name)
{
	const struct rt_server *rs = &wk.rt->srv[srv];
	uint64_t key = tls_out_sni(s, srv, name);
	const struct addr *dst = UNLIKELY(addr_is_any(&rs->addr) && !(rs->flags & SRVF_RESOLVE)) ? strm_smp_ctx(s)->dst : NULL;

	return dst ? key ^ addr_hash(dst) : key;
}

struct sconn *pool_take(struct stream *s, uint32_t srv)
{
	struct wk_srv *ws = &wk.srv[srv];
	bool later = s->flags & SF_NOT_FIRST;
	unsigned mode = s->be->reuse;
	struct str name;
	struct sconn *sc;
	uint64_t sni;

	if (UNLIKELY(mux_proto_back(s, &wk.rt->srv[srv]) != srv_opts(srv)->proto))
		return NULL;
	sni = mode == REUSE_NEVER && list_empty(&s->sess->priv) ? 0 : pool_key(s, srv, &name);
	sc = s->ntries > 1 ? NULL : pool_pop(&s->sess->priv, srv, sni);
	if (sc || mode == REUSE_NEVER)
		return sc;
	if (!list_empty(&ws->shared))
		sc = pool_join(srv, sni);
	if (sc || !ws->nidle || s->ntries > 1)
		return sc;
	if (mode == REUSE_ALWAYS || later)
		sc = pool_pop(&ws->fresh, srv, sni);
	if (!sc && (mode != REUSE_SAFE || later))
		sc = pool_pop(&ws->proven, srv, sni);
	return sc;
}

struct sconn *pool_connect(struct stream *s, uint32_t srv, const struct addr *dst)
{
	const struct rt_server *rs = &wk.rt->srv[srv];
	const struct sock_connect_opts o = {
		.source = rs->o->source.family ? &rs->o->source : s->be->source.family ? &s->be->source : NULL,
		.socks4 = rs->o->socks4.family ? &rs->o->socks4 : NULL, .tfo = rs->flags & SRVF_TFO,
		.tcp_ut_ms = rs->o->tcp_ut, .tos = -1, .mark = -1,
	};
	struct sconn *sc = pool_get(&sconn_pool);
	struct str sni;
	struct conn *c;

	if (!sc)
		return NULL;
	*sc = (struct sconn){ .magic = SCONN_MAGIC, .srv = srv, .proto = mux_proto_back(s, rs), .place_seq = place_seq(wk.seg, srv), .sni = pool_key(s, srv, &sni),
			      .priv = rs->flags & (SRVF_SEND_PROXY | SRVF_SEND_PROXY_V2) };
	sc->apart = sc->proto != rs->o->proto;
	c = tls_out_wanted(srv) ? tls_out_connect(s, sc, dst, &o, sni) : conn_new_back(dst, &o, &xprt_raw, NULL, NULL, NULL);
	if (!c) {
		pool_put(&sconn_pool, sc);
		return NULL;
	}
	if (s->be->opts & OPT_TCPKA_SRV)
		sock_keepalive(c->io.fd, &s->be->srv_ka);
	if (s->be->opts & OPT_NOLINGER)
		sock_set_linger_reset(c->io.fd);
	list_init(&sc->link);
	sc->mux = mux_select_back(sc->proto, c, s->flags & SF_HTTP)->init(c, false, &back_cfg);
	if (!sc->mux) {
		conn_close(c);
		pool_put(&sconn_pool, sc);
		return NULL;
	}
	sc->mux->owner = sc;
	wk_live(LIVE_SRV_CONN, srv, 1);
	pool_share(s, sc);
	return sc;
}

bool pool_settle(struct stream *s)
{
	struct sconn *sc = s->sc;
	struct mux *old = sc->mux;
	struct conn *c = old->conn;
	const struct mux_ops *mo = mux_select_back(sc->proto, c, s->flags & SF_HTTP);

	if (sc->uses == 1 && tls_ssl(c))
		count_server_handshake(tls_sends_early(c) || SSL_session_reused(tls_ssl(c)));
	if (old->ops == mo || sc->uses > 1)
		return true;
	old->conn = NULL; /* it survives the mux */
	old->ops->destroy(old);
	sc->mux = mo->init(c, false, &back_cfg);
	if (!sc->mux) {
		conn_close(c);
		pool_forget(sc);
		s->sc = NULL;
		return false;
	}
	sc->mux->owner = sc;
	if (mo->open(sc->mux, &s->srv)) {
		pool_share(s, sc);
		return true;
	}
	pool_destroy(sc);
	s->sc = NULL;
	return false;
}

bool pool_keep_private(struct stream *s, struct sconn *sc)
{
	if (s->sess->flags & SESS_DEAD || wk.draining || wk.srv[sc->srv].down)
		return false;
	sc->priv = sc->idle = true;
	sc->t_idle = clock_ms();
	list_unshift(&s->sess->priv, &sc->link);
	return true;
}

void pool_idles(struct sconn *sc)
{
	struct wk_srv *ws = &wk.srv[sc->srv];
	uint32_t delay = srv_opts(sc->srv)->pool_purge_delay;

	sc->idle = true;
	sc->t_idle = clock_ms();
	sc->proven = sc->uses > 1;
	wk_live(idle_row(sc), sc->srv, 1);
	if (ws->nidle++ == 0 && !timer_on(&ws->purge) && delay)
		timer_set(&ws->purge, clock_ms() + delay);
}

void pool_give(struct stream *s, struct sconn *sc)
{
	const struct rt_srv_opts *o = srv_opts(sc->srv);
	struct wk_srv *ws = &wk.srv[sc->srv];

	sc->open--;
	if (sc->mux->ops->room) {
		pool_leave(s, sc);
		return;
	}
	if (wk.draining || ws->down || sc->apart || sc->place_seq != place_seq(wk.seg, sc->srv) || (o->max_reuse && sc->uses > o->max_reuse)) {
		pool_destroy(sc);
		return;
	}
	if (s->be->reuse == REUSE_NEVER || sc->priv) {
		if (!pool_keep_private(s, sc))
			pool_destroy(sc);
		return;
	}
	if (o->pool_max_conn >= 0 && ws->nidle >= (uint32_t)o->pool_max_conn) {
		pool_destroy(sc);
		return;
	}
	pool_idles(sc);
	list_unshift(sc->proven ? &ws->proven : &ws->fresh, &sc->link);
}

void pool_drop_session(struct session *se)
{
	while (!list_empty(&se->priv))
		pool_destroy(LIST_ENTRY(se->priv.next, struct sconn, link));
}

void pool_drop_server(uint32_t srv)
{
	struct wk_srv *ws = &wk.srv[srv];

	while (!list_empty(&ws->fresh))
		pool_destroy(LIST_ENTRY(ws->fresh.next, struct sconn, link));
	while (!list_empty(&ws->proven))
		pool_destroy(LIST_ENTRY(ws->proven.next, struct sconn, link));
	pool_drop_shared(srv);
	timer_stop(&ws->purge);
}

void pool_close_idle(uint32_t srv)
{
	pool_drop_server(srv);
	LIST_EACH(p, &wk.sessions)
		LIST_EACH_SAFE(q, n, &LIST_ENTRY(p, struct session, link)->priv)
			if (LIST_ENTRY(q, struct sconn, link)->srv == srv)
				pool_destroy(LIST_ENTRY(q, struct sconn, link));
}

void pool_drop_all(void)
{
	for (uint32_t i = 0; i < wk.rt->nsrv; i++)
		pool_drop_server(i);
}

void pool_end_streams(uint32_t srv, char why)
{
	struct list *l = &wk.srv[srv].streams;

	while (!list_empty(l)) {
		struct stream *s = LIST_ENTRY(l->next, struct stream, srv_link);

		term_cause(s, why);
		strm_end(s, MUX_ABORT);
	}
}

/* A server has gone down (or into maintenance): who waits for it chooses again, its idle connections are closed, and
 * with on-marked-down shutdown-sessions its exchanges end. */
static void server_lost(uint32_t srv)
{
	lb_queue_flush(&wk.q, srv);
	if (srv_admin_bits(atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed)) & ADM_MAINT)
		pool_close_idle(srv);
	else
		pool_drop_server(srv);
	if (wk.rt->srv[srv].flags & SRVF_SHUT_ON_DOWN)
		pool_end_streams(srv, 'D');
}

/* A server is back: with on-marked-up shutdown-backup-sessions the exchanges of its backend's backups end. */
static void server_back(uint32_t srv)
{
	const struct rt_server *s = &wk.rt->srv[srv];
	const struct rt_backend *be = &wk.rt->px[s->px].be;

	if (!(s->flags & SRVF_SHUT_BACKUP_ON_UP) || s->flags & SRVF_BACKUP || !lb_srv_usable(&wk.lb[s->px], srv, false))
		return;
	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (wk.rt->srv[i].flags & SRVF_BACKUP)
			pool_end_streams(i, 'U');
}

/* It stands elsewhere or speaks otherwise: connections made before carry no new requests. */
static void server_moved(uint32_t srv)
{
	uint32_t seq = place_seq(wk.seg, srv);
	struct srv_place p;

	if (seq == wk.srv[srv].place_seq)
		return;
	pool_drop_server(srv);
	wk.srv[srv].place_seq = seq;
	wk.srv[srv].plain = place_read(wk.seg, srv, &p) && p.plain;
}

void pool_follow_states(void)
{
	static uint64_t seen;
	uint64_t now = atomic_load_explicit(&wk.seg->h->epoch_checker, memory_order_acquire) +
		       atomic_load_explicit(&wk.seg->h->epoch_leader, memory_order_acquire);

	if (now == seen)
		return;
	seen = now;
	for (uint32_t i = 0; i < wk.rt->nsrv; i++) {
		uint64_t op = atomic_load_explicit(&wk.seg->srv[i].op, memory_order_acquire);
		uint64_t admin = atomic_load_explicit(&wk.seg->srv[i].admin, memory_order_acquire);
		bool down = srv_op_state(op) == SRV_DOWN || srv_admin_bits(admin) & ADM_MAINT;

		bool was = wk.srv[i].down;

		wk.srv[i].down = down;
		server_moved(i);
		if (down && !was)
			server_lost(i);
		else if (was && !down)
			server_back(i);
	}
	accept_follow();
	if (wk.q.waiting)
		lb_queue_poll(&wk.q);
}
