// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP/1 mux: life of the connection and of the exchanges on it, and the events of the loop. Receiving is in
 * h1_recv.c, sending in h1_send.c, what happens to a client connection after an exchange in h1_end.c. */
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include "linger_priv.h"
#include "mux_priv.h"

_Static_assert(sizeof(struct mux_h1) <= 256, "an idle connection must stay below 1 KiB with its session");

static struct pool h1_pool = POOL("mux_h1", struct mux_h1);

static void h1_detach(struct mux_h1 *h)
{
	struct endp *ep = h->ep;

	if (!ep)
		return;
	buf_release(&ep->rx);
	ep->hold_head = false;
	ep->mux = NULL;
	h->ep = NULL;
}

void h1_free(struct mux_h1 *h)
{
	if (h->flags & H1F_LINGER)
		mux_linger_end();
	h1_detach(h);
	timer_stop(&h->timer);
	task_cancel(&h->task);
	buf_release(&h->in);
	buf_release(&h->out);
	if (h->m.conn)
		conn_close(h->m.conn);
	h->m.magic = 0;
	pool_put(&h1_pool, h);
}

void h1_idle_dead(struct mux_h1 *h)
{
	if (h->m.cfg->on_idle_dead)
		h->m.cfg->on_idle_dead(&h->m);
	h1_free(h);
}

/* ---- exchanges ---- */

static void exchange_reset(struct mux_h1 *h, struct endp *ep)
{
	h->ep = ep;
	h->rxs = RX_HEAD;
	h->txs = TX_HEAD;
	h->flags &= H1F_UP | H1F_DRAIN;
	h->interim = 0;
	h->scan = h->raw_off = h->raw_len = h->base = 0;
	h->rx_left = h->tx_left = 0;
	ep->mux = &h->m;
	ep->front = h->m.front;
	ep->flags = 0;
	ep->err = ep->h1_err = 0;
	ep->bytes_in = ep->bytes_out = 0;
	ep->hold_head = false;
}

void h1_begin(struct mux_h1 *h)
{
	struct endp *ep = h->m.cfg->on_exchange(&h->m);

	if (!ep) {
		h1_idle_dead(h);
		return;
	}
	exchange_reset(h, ep);
	h->flags |= H1F_UP;
	ep->flags = EP_NEW | EP_CONNECTED;
	ep->rx = h->in;
	h->in = (struct buf){ 0 };
	h->raw_off = ep->rx.head;
	h->raw_len = buf_len(&ep->rx);
	ep->rx.tail = ep->rx.head;
	ep->bytes_in = h->raw_len;
	h->m.exchanges++;
	ep->wake(ep);
}

static bool h1_open(struct mux *m, struct endp *ep)
{
	struct mux_h1 *h = h1_of(m);
	struct conn *c = m->conn;

	if (h->ep || (c->flags & CONN_DEAD) || (m->exchanges && !conn_idle_ok(c)))
		return false;
	exchange_reset(h, ep);
	ep->rx = (struct buf){ 0 };
	if (m->exchanges++)
		ep->flags |= EP_REUSED;
	if (conn_established(c)) {
		h->flags |= H1F_UP;
		ep->flags |= EP_CONNECTED;
	}
	return true;
}

/* Does the connection have anything to read? Asks the kernel only when the loop said so and nobody has met EAGAIN
 * since. */
static bool conn_is_silent(struct conn *c)
{
	char b;

	if (c->io.ready & IO_RD)
		return conn_recv(c, &b, 1) == XPRT_AGAIN && !(c->io.ready & (IO_HUP | IO_ERR));
	return conn_idle_ok(c);
}

static bool untouched(const struct mux_h1 *h)
{
	return h->txs == TX_HEAD && h->rxs == RX_HEAD && h->ep->bytes_out == 0 && h->ep->bytes_in == 0;
}

static bool back_keeps(struct mux_h1 *h)
{
	if ((h->ep->flags & (EP_ERR | EP_EOF)) || !conn_established(h->m.conn) || buf_len(&h->out) || h->raw_len)
		return false;
	if (!untouched(h) &&
	    (h->rxs != RX_DONE || h->txs != TX_DONE || !(h->flags & H1F_KEEP) || (h->flags & H1F_NOKEEP)))
		return false;
	return conn_is_silent(h->m.conn);
}

/* The rest of a body that is worth reading to save the connection. */
static bool can_skip(const struct mux_h1 *h)
{
	if (h->flags & H1F_EXPECT)
		return false;
	return h->rxs == RX_CHUNKED || (h->rxs == RX_CLEN && h->rx_left <= H1_DRAIN_BYTES);
}

static bool front_keeps(const struct mux_h1 *h)
{
	if ((h->ep->flags & EP_ERR) || ((h->ep->flags & EP_EOF) && h->raw_len == 0) || buf_len(&h->out))
		return false;
	if (h->txs != TX_DONE || !(h->flags & H1F_KEEP) || (h->flags & H1F_NOKEEP))
		return false;
	return h->rxs == RX_DONE || can_skip(h);
}

/* What was read beyond the message moves to h->in with its storage. */
static void keep_raw(struct mux_h1 *h)
{
	if (h->raw_len == 0)
		return;
	h->in = h->ep->rx;
	h->in.head = h->raw_off;
	h->in.tail = h->raw_off + h->raw_len;
	h->ep->rx = (struct buf){ 0 };
}

static bool close_front(struct mux_h1 *h, enum mux_close_how how)
{
	bool keep = how == MUX_KEEP && front_keeps(h);

	keep_raw(h);
	h1_detach(h);
	if (!keep) {
		h1_linger_start(h);
		return false;
	}
	if (h->rxs != RX_DONE)
		h1_skip_start(h);
	else if (buf_len(&h->in) || (h->m.conn->io.ready & (IO_RD | IO_HUP | IO_ERR)))
		task_wake(&h->task);
	return true;
}

static bool h1_close(struct endp *ep, enum mux_close_how how)
{
	struct mux_h1 *h = h1_of(ep->mux);

	if (how == MUX_RESET) {
		h1_detach(h);
		conn_reset(h->m.conn);
		h->m.conn = NULL;
		h1_free(h);
		return false;
	}
	if (h->m.front && how != MUX_ABORT)
		return close_front(h, how);
	if (how == MUX_KEEP && back_keeps(h)) {
		h1_detach(h);
		return true;
	}
	h1_free(h);
	return false;
}

static void h1_tunnel(struct endp *ep)
{
	struct mux_h1 *h = h1_of(ep->mux);

	h->rxs = RX_TUNNEL;
	h->txs = TX_TUNNEL;
	h->flags |= H1F_NOKEEP;
	ep->flags = (uint16_t)((ep->flags & ~(EP_EOM | EP_TX_EOM | EP_EOF)) | EP_TUNNEL);
}

static void h1_shutw(struct endp *ep)
{
	struct mux_h1 *h = h1_of(ep->mux);

	h->flags |= H1F_SHUTW;
	if (buf_len(&h->out) == 0)
		conn_shutw(h->m.conn);
}

/* ---- events ---- */

/* The first bytes may be the preface of HTTP/2 (RFC 9113 section 3.4). true: they are, and h is gone, or more of them
 * are needed to tell. */
static bool awaits_h2(struct mux_h1 *h)
{
	const struct mux_cfg *cfg = h->m.cfg;
	struct conn *c = h->m.conn;
	struct mux *now;
	int is;

	if (h->m.exchanges || !cfg->on_upgrade || c->flags & CONN_EOF || h->in.mem[h->in.head] != 'P')
		return false;
	is = mux_h2_preface(buf_str(&h->in));
	if (is <= 0)
		return is < 0;
	now = mux_h2_take(c, cfg, &h->in);
	if (!now)
		return false;
	h->m.conn = NULL;
	cfg->on_upgrade(&h->m, now);
	h1_free(h);
	return true;
}

/* false: there is nothing to begin with yet. */
static bool idle_read(struct mux_h1 *h)
{
	struct conn *c = h->m.conn;
	uint32_t had = buf_len(&h->in);

	if (!(c->io.ready & IO_RD) || !conn_established(c))
		return had > 0;
	if (!buf_acquire(&h->in)) {
		h1_idle_dead(h);
		return false;
	}
	if (!buf_room(&h->in))
		return true;
	ssize_t r = conn_recv(c, h->in.mem + h->in.tail, buf_room(&h->in));
	if (r == XPRT_AGAIN && !had)
		buf_release(&h->in);
	h->in.tail += r > 0 ? (uint32_t)r : 0;
	return r != XPRT_AGAIN || had;
}

/* Between two exchanges a client may send the next request or leave; a server may only leave. */
static void idle_io(struct mux_h1 *h)
{
	struct conn *c = h->m.conn;

	if (!h->m.front) {
		if (!conn_established(c) || !conn_is_silent(c))
			h1_idle_dead(h);
		return;
	}
	if ((buf_len(&h->in) == 0 || !h->m.exchanges) && !(c->flags & CONN_DEAD)) {
		if (!idle_read(h))
			return;
	}
	if (!buf_len(&h->in))
		h1_idle_dead(h);
	else if (!awaits_h2(h))
		h1_begin(h);
}

/* Establishment; true when it is news for the owner. */
static bool io_up(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	struct conn *c = h->m.conn;

	if (h->flags & H1F_UP)
		return false;
	if (c->flags & CONN_DEAD) {
		if (ep->flags & EP_ERR)
			return false;
		h1_rx_fail(h, EE_CONNECT, H1E_NONE);
		return true;
	}
	if (!conn_established(c))
		return false;
	h->flags |= H1F_UP;
	ep->flags |= EP_CONNECTED;
	return true;
}

static bool exchange_io(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	struct conn *c = h->m.conn;
	bool news = io_up(h);

	if ((c->io.ready & IO_WR) && (ep->flags & EP_TX_WAIT) && conn_established(c))
		news |= h1_flush(h) || (c->flags & CONN_DEAD);
	if ((c->io.ready & IO_RD) && (ep->flags & EP_RX_WAIT))
		news = true;
	if (h->rxs == RX_DONE)
		news |= h1_rx_gone(h);
	return news || (c->io.ready & IO_ERR);
}

static void h1_io(struct conn *c)
{
	struct mux_h1 *h = c->owner;

	OBJ_CHECK(&h->m, MUX_MAGIC);
	if (h->flags & H1F_LINGER)
		h1_linger(h);
	else if (h->flags & H1F_SKIP)
		h1_skip(h, true);
	else if (!h->ep)
		idle_io(h);
	else if (exchange_io(h))
		h->ep->wake(h->ep);
}

static const struct conn_owner_ops h1_conn_ops = { .io = h1_io };

static void h1_task(struct task *t)
{
	struct mux_h1 *h = CONTAINER_OF(t, struct mux_h1, task);

	if (!h->ep && !(h->flags & (H1F_LINGER | H1F_SKIP)))
		idle_io(h);
}

/* ---- the mux ---- */

static struct mux *h1_init(struct conn *c, bool front, const struct mux_cfg *cfg)
{
	struct mux_h1 *h = pool_zget(&h1_pool);

	if (!h)
		return NULL;
	h->m = (struct mux){ .magic = MUX_MAGIC, .ops = &mux_h1, .cfg = cfg, .conn = c, .front = front };
	h->flags = conn_established(c) ? H1F_UP : 0;
	timer_init(&h->timer, h1_end_timeout);
	task_init(&h->task, h1_task);
	c->ops = &h1_conn_ops;
	c->owner = h;
	return &h->m;
}

struct mux *mux_h1_take(struct conn *c, const struct mux_cfg *cfg, struct buf *in)
{
	struct mux *m = h1_init(c, true, cfg);

	if (m) {
		h1_of(m)->in = *in;
		*in = (struct buf){ 0 };
		task_wake(&h1_of(m)->task);
	}
	return m;
}

static void h1_destroy(struct mux *m) { h1_free(h1_of(m)); }

static void h1_drain(struct mux *m) { h1_of(m)->flags |= H1F_DRAIN; }

const struct mux_ops mux_h1 = {
	.name = "h1",
	.http_major = 1,
	.max_streams = 1,
	.init = h1_init,
	.open = h1_open,
	.recv = h1_recv,
	.send = h1_send,
	.shutw = h1_shutw,
	.tunnel = h1_tunnel,
	.close = h1_close,
	.destroy = h1_destroy,
	.drain = h1_drain,
};
