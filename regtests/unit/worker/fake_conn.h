// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections to the servers of fake.h: the far end is a socket of the test, the mux is fake. */
#ifndef REGTESTS_WORKER_FAKE_CONN_H
#define REGTESTS_WORKER_FAKE_CONN_H

#include <unistd.h>
#include <sluice/base/pool.h>
#include "fake.h"

static struct pool sconns = POOL("test connection", struct sconn);
static int far_end[8];
static unsigned nfar;

static void no_io(struct conn *c) { (void)c; }
static const struct conn_owner_ops no_ops = { .io = no_io };

/* An idle-to-be connection to server srv that has carried `uses` exchanges. */
static inline struct sconn *make(uint32_t srv, uint32_t uses)
{
	struct fake_mux *f = calloc(1, sizeof(*f));
	struct sconn *sc = pool_get(&sconns);
	struct addr none = { 0 };
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv), 0);
	far_end[nfar++] = sv[1];
	f->m.ops = &fake_ops;
	f->m.conn = conn_new_front(sv[0], &none, &xprt_raw, NULL, &no_ops, NULL);
	assert_non_null(f->m.conn);
	*sc = (struct sconn){ .magic = SCONN_MAGIC, .srv = srv, .uses = uses, .mux = &f->m };
	list_init(&sc->link);
	f->m.owner = sc;
	wk_live(LIVE_SRV_CONN, srv, 1);
	return sc;
}

static inline void finish(struct fake_world *w)
{
	pool_drop_session(&w->sess);
	pool_drop_all();
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_CONN, 0), 0);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_IDLE, 0), 0);
	assert_int_equal(live_sum(wk.seg, LIVE_SRV_SAFE, 0), 0);
	while (nfar)
		close(far_end[--nfar]);
	fake_world_end(w);
}

#endif
