// SPDX-License-Identifier: GPL-3.0-or-later
/* The tcp mux: one exchange for the life of the connection, bytes as they are. As thin as it can be: a chunk costs one
 * conn_recv into ep->rx and one conn_sendv from the other side's buffer, nothing is copied or kept here. */
#include <sluice/base/pool.h>
#include "mux_priv.h"

struct mux_tcp {
	struct mux m;
	struct endp *ep;
	struct task task;   /* front: opens the exchange in the turn of init() */
	bool up;            /* transport was established */
};

static struct pool tcp_pool = POOL("mux_tcp", struct mux_tcp);

static struct mux_tcp *tcp_of(struct mux *m)
{
	OBJ_CHECK(m, MUX_MAGIC);
	return (struct mux_tcp *)m;
}

static void tcp_free(struct mux_tcp *t)
{
	if (t->ep) {
		buf_release(&t->ep->rx);
		t->ep->mux = NULL;
	}
	task_cancel(&t->task);
	if (t->m.conn)
		conn_close(t->m.conn);
	t->m.magic = 0;
	pool_put(&tcp_pool, t);
}

static void tcp_idle_dead(struct mux_tcp *t)
{
	if (t->m.cfg->on_idle_dead)
		t->m.cfg->on_idle_dead(&t->m);
	tcp_free(t);
}

static void tcp_bind(struct mux_tcp *t, struct endp *ep)
{
	t->ep = ep;
	t->m.exchanges++;
	t->up = conn_established(t->m.conn);
	ep->mux = &t->m;
	ep->front = t->m.front;
	ep->rx = (struct buf){ 0 };
	ep->flags = (uint16_t)(EP_TUNNEL | (t->up ? EP_CONNECTED : 0));
	ep->err = ep->h1_err = 0;
	ep->bytes_in = ep->bytes_out = 0;
	ep->hold_head = false;
}

static void tcp_begin(struct mux_tcp *t)
{
	struct endp *ep = t->m.cfg->on_exchange(&t->m);

	if (!ep) {
		tcp_idle_dead(t);
		return;
	}
	tcp_bind(t, ep);
	ep->wake(ep);
}

static bool tcp_open(struct mux *m, struct endp *ep)
{
	struct mux_tcp *t = tcp_of(m);

	if (t->ep || (m->conn->flags & CONN_DEAD))
		return false;
	tcp_bind(t, ep);
	return true;
}

static void tcp_fail(struct endp *ep, enum endp_err err)
{
	ep->flags |= EP_ERR;
	ep->err = (uint8_t)err;
}

/* One read from the connection; true when there may be more. */
static bool tcp_read(struct endp *ep)
{
	struct conn *c = ep->mux->conn;
	struct buf *rx = &ep->rx;

	if (buf_room(rx) == 0)
		buf_compact(rx);
	if (buf_room(rx) == 0)
		return false;
	ssize_t r = conn_recv(c, rx->mem + rx->tail, buf_room(rx));
	if (r > 0) {
		rx->tail += (uint32_t)r;
		ep->bytes_in += (uint64_t)r;
		if (c->io.ready & IO_RD)
			return true;
	}
	if (r == XPRT_EOF)
		ep->flags |= EP_EOF;
	else if (r == XPRT_ERR)
		tcp_fail(ep, EE_RESET);
	else
		ep->flags |= EP_RX_WAIT;
	return false;
}

static void tcp_recv(struct endp *ep)
{
	struct conn *c = ep->mux->conn;

	ep->flags &= (uint16_t)~EP_RX_WAIT;
	if (ep->flags & (EP_EOF | EP_ERR))
		return;
	if (!(c->io.ready & IO_RD) || !conn_established(c)) {
		ep->flags |= EP_RX_WAIT;
	} else if (!buf_acquire(&ep->rx)) {
		tcp_fail(ep, EE_RESET);
	} else {
		while (tcp_read(ep))
			;
	}
	if (buf_len(&ep->rx) == 0)
		buf_release(&ep->rx);
}

static bool tcp_send(struct endp *ep, struct mux_tx *tx)
{
	struct conn *c = ep->mux->conn;

	tx->head = NULL;
	ep->flags &= (uint16_t)~EP_TX_WAIT;
	while (tx->body && buf_len(tx->body) && !(ep->flags & EP_ERR)) {
		struct iovec v = { .iov_base = buf_at(tx->body), .iov_len = buf_len(tx->body) };
		if (!(c->io.ready & IO_WR) || !conn_established(c)) {
			ep->flags |= EP_TX_WAIT;
			return false;
		}
		ssize_t r = conn_sendv(c, &v, 1, (tx->flags & MS_MORE) != 0);
		if (r > 0) {
			ep->bytes_out += (uint64_t)r;
			buf_consume(tx->body, (uint32_t)r);
		} else if (r == XPRT_ERR) {
			tcp_fail(ep, EE_RESET);
		}
	}
	if (ep->flags & EP_ERR)
		return false;
	if (tx->flags & MS_EOM)
		ep->flags |= EP_TX_EOM;
	return true;
}

static void tcp_shutw(struct endp *ep) { conn_shutw(ep->mux->conn); }

static void tcp_tunnel(struct endp *ep) { (void)ep; }

/* The kernel flushes what was sent and sends FIN; there is no next exchange to keep the connection for. */
static bool tcp_close(struct endp *ep, enum mux_close_how how)
{
	struct mux_tcp *t = tcp_of(ep->mux);

	if (how == MUX_RESET) {
		conn_reset(t->m.conn);
		t->m.conn = NULL;
	}
	tcp_free(t);
	return false;
}

static bool tcp_up(struct mux_tcp *t)
{
	struct conn *c = t->m.conn;

	if (t->up)
		return false;
	if (c->flags & CONN_DEAD) {
		tcp_fail(t->ep, EE_CONNECT);
		return true;
	}
	t->up = conn_established(c);
	if (t->up)
		t->ep->flags |= EP_CONNECTED;
	return t->up;
}

static void tcp_io(struct conn *c)
{
	struct mux_tcp *t = c->owner;
	struct endp *ep = t->ep;

	if (!ep) {
		if (c->flags & CONN_DEAD)
			tcp_idle_dead(t);
		return;
	}
	bool news = tcp_up(t);
	if (((c->io.ready & IO_RD) && (ep->flags & EP_RX_WAIT)) ||
	    ((c->io.ready & IO_WR) && (ep->flags & EP_TX_WAIT)) || (c->io.ready & IO_ERR))
		news = true;
	if ((c->io.ready & IO_HUP) && !(ep->flags & (EP_EOF | EP_ERR))) /* also while nobody wants its bytes yet */
		news = true;
	if (news)
		ep->wake(ep);
}

static const struct conn_owner_ops tcp_conn_ops = { .io = tcp_io };

static void tcp_task(struct task *k)
{
	struct mux_tcp *t = CONTAINER_OF(k, struct mux_tcp, task);

	if (!t->ep)
		tcp_begin(t);
}

static struct mux *tcp_init(struct conn *c, bool front, const struct mux_cfg *cfg)
{
	struct mux_tcp *t = pool_zget(&tcp_pool);

	if (!t)
		return NULL;
	t->m = (struct mux){ .magic = MUX_MAGIC, .ops = &mux_tcp, .cfg = cfg, .conn = c, .front = front };
	task_init(&t->task, tcp_task);
	c->ops = &tcp_conn_ops;
	c->owner = t;
	if (front)
		task_wake(&t->task);
	return &t->m;
}

static void tcp_destroy(struct mux *m) { tcp_free(tcp_of(m)); }

static void tcp_drain(struct mux *m) { (void)m; }

const struct mux_ops mux_tcp = {
	.name = "tcp",
	.http_major = 1,
	.max_streams = 1,
	.init = tcp_init,
	.open = tcp_open,
	.recv = tcp_recv,
	.send = tcp_send,
	.shutw = tcp_shutw,
	.tunnel = tcp_tunnel,
	.close = tcp_close,
	.destroy = tcp_destroy,
	.drain = tcp_drain,
};
