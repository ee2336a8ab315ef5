// SPDX-License-Identifier: GPL-3.0-or-later
/* A worker without a loop and muxes without descriptors: for tests of one source file. */
#ifndef REGTESTS_WORKER_FAKE_H
#define REGTESTS_WORKER_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/lb/lb.h>
#include "../../../src/worker/steps.h"

struct fake_mux {                 /* what recv() will find, and what send() has got */
	struct mux m;
	char in[256], out[256];
	unsigned in_len, out_len, room;
	bool in_end, out_end, err;
};

static void fake_recv(struct endp *ep)
{
	struct fake_mux *f = CONTAINER_OF(ep->mux, struct fake_mux, m);

	if (!ep->rx.cap)
		assert_true(buf_acquire(&ep->rx));
	f->in_len -= buf_append(&ep->rx, str_n(f->in, f->in_len));
	if (f->err)
		ep->flags |= EP_ERR;
	else if (f->in_end)
		ep->flags |= ep->flags & EP_TUNNEL ? EP_EOF : EP_EOM;
	else
		ep->flags |= EP_RX_WAIT;
}

static bool fake_send(struct endp *ep, struct mux_tx *tx)
{
	struct fake_mux *f = CONTAINER_OF(ep->mux, struct fake_mux, m);
	uint32_t n = tx->body ? MIN(buf_len(tx->body), f->room) : 0;

	if (n) {
		memcpy(f->out + f->out_len, buf_at(tx->body), n);
		buf_consume(tx->body, n);
		f->out_len += n, f->room -= n;
	}
	if (tx->body && buf_len(tx->body)) {
		ep->flags |= EP_TX_WAIT;
		return false;
	}
	if (tx->flags & MS_EOM) {
		f->out_end = true;
		ep->flags |= EP_TX_EOM;
	}
	return true;
}

static void fake_destroy(struct mux *m)
{
	conn_close(m->conn);
	free(CONTAINER_OF(m, struct fake_mux, m));
}

static const struct mux_ops fake_ops = {
	.name = "fake", .max_streams = 1, .recv = fake_recv, .send = fake_send, .destroy = fake_destroy,
};

struct fake_world {
	struct rt rt;
	struct rt_proxy px[2];
	struct rt_server srv[2];
	struct rt_srv_opts opts;
	struct heritage h;
	struct wk_srv ws[2];
	struct lb lb[2];
	struct session sess;
	struct stream s;
};

/* Frontend 0, backend 1, two servers; one stream that has been routed. */
static void fake_world(struct fake_world *w)
{
	memset(w, 0, sizeof(*w));
	w->rt.g = (struct rt_global){ .bufsize = 16384, .maxrewrite = 1024, .maxhdr = 101, .maxaccept = 8 };
	w->rt.px = w->px, w->rt.npx = 2, w->rt.srv = w->srv, w->rt.nsrv = 2;
	w->opts.pool_max_conn = -1;
	w->opts.pool_purge_delay = 1000;
	w->srv[0].o = w->srv[1].o = &w->opts;
	w->h.nworkers = 1;
	wk = (struct worker){ .h = &w->h, .rt = &w->rt, .seg = segment_create(1, 1, 2, 2, 0), .srv = w->ws, .lb = w->lb };
	assert_non_null(wk.seg);
	list_init(&wk.sessions);
	buf_set_size(16384);
	loop_init("poll", 64);
	pool_start();
	list_init(&w->sess.priv);
	list_init(&w->sess.streams);
	w->s.magic = STREAM_MAGIC;
	w->s.sess = &w->sess;
	w->sess.fe = &w->px[0];
	w->s.fe = &w->px[0], w->s.be = &w->px[1], w->s.be_idx = 1;
	w->s.srv_idx = RT_NONE;
	memcpy(w->s.term, "----", 4);
}

static void fake_world_end(struct fake_world *w)
{
	(void)w;
	pool_drop_all();
	loop_free();
	segment_unmap((struct segment *)(uintptr_t)wk.seg);
}

static inline const void *fake_use(void) { return &fake_ops; }

#endif
