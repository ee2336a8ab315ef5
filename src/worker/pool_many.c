// SPDX-License-Identifier: GPL-3.0-or-later
/* Server connections that carry many exchanges at once (HTTP/2). Such a connection is offered to everybody from the
 * moment it is made until it has served max-reuse, its server moves or goes down, or its mux takes no more. Which requests
 * may join does not depend on http-reuse, save "never": a server that ends such a connection says which requests it has
 * not looked at, and those may be sent again. */
#include <sluice/base/clock.h>
#include <sluice/ipc/place.h>
#include "pool.h"
#include "session.h"
#include "steps.h"

void pool_unshare(struct sconn *sc)
{
	if (!sc->shared)
		return;
	sc->shared = false;
	list_del(&sc->link);
}

void pool_share(const struct stream *s, struct sconn *sc)
{
	if (!sc->mux->ops->room || sc->priv || sc->apart || sc->shared || s->be->reuse == REUSE_NEVER || wk.draining)
		return;
	sc->shared = true;
	list_unshift(&wk.srv[sc->srv].shared, &sc->link);
}

static bool worn_out(const struct sconn *sc)
{
	uint32_t max = wk.rt->srv[sc->srv].o->max_reuse;

	return (max && sc->uses > max) || sc->place_seq != place_seq(wk.seg, sc->srv);
}

struct sconn *pool_join(uint32_t srv, uint64_t sni)
{
	struct wk_srv *ws = &wk.srv[srv];

	LIST_EACH_SAFE(p, n, &ws->shared) {
		struct sconn *sc = LIST_ENTRY(p, struct sconn, link);

		if (sc->sni != sni || tls_sends_early(sc->mux->conn)) /* others were not asked whether they may be early */
			continue;
		if (worn_out(sc)) {
			if (sc->idle)
				pool_destroy(sc);
			else
				pool_unshare(sc);
			continue;
		}
		if (!sc->mux->ops->room(sc->mux))
			continue;
		if (sc->idle)
			pool_works(sc);
		return sc;
	}
	return NULL;
}

void pool_leave(struct stream *s, struct sconn *sc)
{
	const struct rt_srv_opts *o = wk.rt->srv[sc->srv].o;
	struct wk_srv *ws = &wk.srv[sc->srv];

	if (wk.draining || ws->down || sc->priv || worn_out(sc) || !conn_established(sc->mux->conn))
		pool_unshare(sc);
	if (sc->open)
		return;
	if (!sc->shared || !sc->mux->ops->room(sc->mux) ||
	    (o->pool_max_conn >= 0 && ws->nidle >= (uint32_t)o->pool_max_conn)) {
		if (s->be->reuse == REUSE_NEVER && !sc->apart && pool_keep_private(s, sc))
			return;
		pool_destroy(sc);
		return;
	}
	list_del(&sc->link);
	list_unshift(&ws->shared, &sc->link);
	pool_idles(sc);
}

struct sconn *pool_oldest_shared(struct wk_srv *ws)
{
	for (struct list *p = ws->shared.prev; p != &ws->shared; p = p->prev)
		if (LIST_ENTRY(p, struct sconn, link)->idle)
			return LIST_ENTRY(p, struct sconn, link);
	return NULL;
}

void pool_drop_shared(uint32_t srv)
{
	LIST_EACH_SAFE(p, n, &wk.srv[srv].shared) {
		struct sconn *sc = LIST_ENTRY(p, struct sconn, link);

		if (sc->idle)
			pool_destroy(sc);
		else
			pool_unshare(sc);
	}
}
