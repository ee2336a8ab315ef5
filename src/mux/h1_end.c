// SPDX-License-Identifier: GPL-3.0-or-later
/* A client connection after an exchange whose input was not all read. Skipping: the response said keep-alive, so the
 * rest of the request body is read and thrown away before the next request is looked for; it is decoded as what it is
 * and never parsed as a request. Lingering: the connection ends; after our FIN, input is thrown away until the client's
 * FIN, since closing with unread input would send RST, and that may destroy the response on its way. Both have a limit
 * in bytes and in time. */
#include <sluice/base/clock.h>
#include "linger_priv.h"
#include "mux_priv.h"

void h1_end_timeout(struct timer *t)
{
	struct mux_h1 *h = CONTAINER_OF(t, struct mux_h1, timer);

	if (h->flags & H1F_LINGER)
		h1_free(h);
	else
		h1_idle_dead(h);
}

/* ---- skipping ---- */

static void skip_done(struct mux_h1 *h, bool from_loop)
{
	h->flags &= (uint16_t)~H1F_SKIP;
	h->rxs = RX_DONE;
	timer_stop(&h->timer);
	if (buf_len(&h->in) && from_loop) {
		h1_begin(h);
		return;
	}
	if (buf_len(&h->in) == 0)
		buf_release(&h->in);
	if (buf_len(&h->in) || (h->m.conn->io.ready & IO_RD))
		task_wake(&h->task);
}

/* Reads once into h->in; false when the connection has nothing or is of no more use (*dead). */
static bool skip_read(struct mux_h1 *h, bool *dead)
{
	struct conn *c = h->m.conn;

	*dead = (c->flags & CONN_DEAD) || h->drain_left == 0 || !buf_acquire(&h->in);
	if (*dead || !(c->io.ready & IO_RD))
		return false;
	buf_compact(&h->in);
	*dead = buf_room(&h->in) == 0;
	if (*dead)
		return false;
	ssize_t r = conn_recv(c, h->in.mem + h->in.tail, buf_room(&h->in));
	*dead = r == XPRT_EOF || r == XPRT_ERR;
	if (r <= 0)
		return false;
	h->in.tail += (uint32_t)r;
	h->drain_left -= (uint32_t)MIN((uint64_t)h->drain_left, (uint64_t)r);
	return true;
}

void h1_skip(struct mux_h1 *h, bool from_loop)
{
	bool dead = false;
	enum h1_verdict v;

	do
		v = h1_rx_discard(h, &h->in);
	while (v == H1_MORE && skip_read(h, &dead));
	if (v == H1_OK) {
		skip_done(h, from_loop);
	} else if (v == H1_MORE && !dead) {
		if (buf_len(&h->in) == 0)
			buf_release(&h->in);
	} else if (from_loop) {
		h1_idle_dead(h);
	} else { /* inside close(): the owner may not be called now */
		h->drain_left = 0;
		timer_set(&h->timer, clock_ms() + 1);
	}
}

void h1_skip_start(struct mux_h1 *h)
{
	h->flags |= H1F_SKIP;
	h->drain_left = H1_DRAIN_BYTES;
	timer_set(&h->timer, clock_ms() + H1_DRAIN_MS);
	h1_skip(h, false);
}

/* ---- lingering ---- */

void h1_linger(struct mux_h1 *h)
{
	static char sink[16384];
	struct conn *c = h->m.conn;

	if (buf_len(&h->out) && !h1_flush(h)) {
		if (c->flags & CONN_DEAD)
			h1_free(h);
		return;
	}
	conn_shutw(c);
	while (!(c->flags & (CONN_EOF | CONN_DEAD)) && h->drain_left && (c->io.ready & IO_RD)) {
		ssize_t r = conn_recv(c, sink, MIN(sizeof(sink), (size_t)h->drain_left));
		if (r > 0)
			h->drain_left -= (uint32_t)r;
	}
	if ((c->flags & (CONN_EOF | CONN_DEAD)) || h->drain_left == 0)
		h1_free(h);
}

/* A client that has nothing in flight as far as we can know needs no lingering: that costs two more system calls. */
static bool needs_linger(const struct mux_h1 *h)
{
	const struct conn *c = h->m.conn;

	if (buf_len(&h->out))
		return !(c->flags & CONN_DEAD);
	if (c->flags & (CONN_EOF | CONN_DEAD))
		return false;
	return buf_len(&h->in) || (h->rxs != RX_DONE && h->rxs != RX_TUNNEL) || (c->io.ready & IO_RD);
}

void h1_linger_start(struct mux_h1 *h)
{
	if (!needs_linger(h)) {
		h1_free(h);
		return;
	}
	buf_release(&h->in);
	h->m.owner = NULL;
	h->flags |= H1F_LINGER;
	mux_linger_begin();
	h->drain_left = H1_DRAIN_BYTES;
	timer_set(&h->timer, clock_ms() + H1_DRAIN_MS);
	h1_linger(h);
}
