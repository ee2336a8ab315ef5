// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections: life, establishment, and I/O that keeps io.ready honest. What the bytes mean is the owner's business. */
#include <errno.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/net/conn.h>
#include <sluice/net/sock.h>
#include "socks.h"

static struct pool conn_pool = POOL("conn", struct conn);

static void conn_fail(struct conn *c, int err)
{
	c->flags |= CONN_DEAD;
	c->flags &= ~(uint32_t)(CONN_CONNECTING | CONN_HANDSHAKE);
	if (!c->err)
		c->err = err ? err : ECONNRESET;
}

/* Moves establishment on; true when the owner should be told (established or dead). */
static bool conn_establish(struct conn *c)
{
	if (c->flags & CONN_CONNECTING) {
		int e = sock_error(c->io.fd);
		if (e) {
			conn_fail(c, e);
			return true;
		}
		if (!(c->io.ready & IO_WR))
			return false;
		int r = c->socks ? socks4_step(c) : 0;
		if (r == XPRT_AGAIN)
			return false;
		if (r < 0) {
			conn_fail(c, c->err);
			return true;
		}
		c->flags &= ~(uint32_t)CONN_CONNECTING;
	}
	if (c->flags & CONN_HANDSHAKE) {
		int r = c->xprt->handshake(c);
		if (r == XPRT_AGAIN)
			return false;
		if (r < 0)
			conn_fail(c, c->err);
		c->flags &= ~(uint32_t)CONN_HANDSHAKE;
	}
	return true;
}

static void conn_io(struct io *io)
{
	struct conn *c = CONTAINER_OF(io, struct conn, io);
	OBJ_CHECK(c, CONN_MAGIC);
	if (c->xprt->event)
		c->xprt->event(c);
	if (UNLIKELY(c->flags & (CONN_CONNECTING | CONN_HANDSHAKE)) && !conn_establish(c))
		return;
	c->ops->io(c);
}

static struct conn *conn_make(int fd, const struct xprt_ops *x, const void *xcfg, const struct conn_owner_ops *ops,
	void *owner, uint32_t flags)
{
	struct conn *c = pool_get(&conn_pool);
	if (!c) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	*c = (struct conn){ .magic = CONN_MAGIC, .flags = flags, .xprt = x, .ops = ops, .owner = owner,
		.t_start = clock_now_ns };
	if (x->handshake)
		c->flags |= CONN_HANDSHAKE;
	c->io.fd = fd;
	if (!x->open || x->open(c, flags & CONN_FRONT, xcfg)) {
		if (io_add(&c->io, fd, IO_STREAM, conn_io))
			return c;
		if (x->close)
			x->close(c);
	}
	close(fd);
	pool_put(&conn_pool, c);
	errno = ENOMEM;
	return NULL;
}

struct conn *conn_new_front(int fd, const struct addr *peer, const struct xprt_ops *x, const void *xcfg,
	const struct conn_owner_ops *ops, void *owner)
{
	struct conn *c = conn_make(fd, x, xcfg, ops, owner, CONN_FRONT);
	if (!c)
		return NULL;
	c->src = *peer;
	c->io.ready = IO_WR; /* an empty send queue: no need to be told */
	return c;
}

struct conn *conn_new_back(const struct addr *dst, const struct sock_connect_opts *o, const struct xprt_ops *x,
	const void *xcfg, const struct conn_owner_ops *ops, void *owner)
{
	bool done, socks = o && o->socks4;
	if (socks && dst->family != AF_INET) {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	int fd = sock_connect(socks ? o->socks4 : dst, o, &done);
	if (fd < 0)
		return NULL;
	struct conn *c = conn_make(fd, x, xcfg, ops, owner, done && !socks ? 0 : CONN_CONNECTING);
	if (!c)
		return NULL;
	c->socks = socks ? SOCKS_ASK : SOCKS_NONE;
	c->dst = *dst; /* io.ready stays empty even when `done`: the loop reports it writable, which tells the owner */
	return c;
}

bool conn_upgrade(struct conn *c, const struct xprt_ops *x, const void *xcfg)
{
	c->xprt = x;
	if (x->open && !x->open(c, c->flags & CONN_FRONT, xcfg)) {
		c->xprt = &xprt_raw;
		return false;
	}
	if (x->handshake)
		c->flags |= CONN_HANDSHAKE;
	return true;
}

void conn_handshake(struct conn *c)
{
	if (conn_establish(c))
		c->ops->io(c);
}

/* A close that finds unread input, or is to reset, throws away what was held back: so that leaves before, with our end. */
void conn_close(struct conn *c)
{
	if (c->flags & CONN_HELD && !c->xprt->linger)
		conn_shutw(c);
	if (c->xprt->linger && !(c->flags & (CONN_DEAD | CONN_CONNECTING)) && c->xprt->linger(c))
		return;
	conn_abort(c);
}

void conn_abort(struct conn *c)
{
	OBJ_CHECK(c, CONN_MAGIC);
	io_del(&c->io);
	if (c->xprt->close)
		c->xprt->close(c);
	close(c->io.fd);
	c->magic = 0;
	pool_put(&conn_pool, c);
}

void conn_reset(struct conn *c)
{
	sock_set_linger_reset(c->io.fd);
	conn_abort(c);
}

ssize_t conn_recv(struct conn *c, void *p, size_t n)
{
	ASSERT_HOT(n > 0); /* 0 bytes read would look like the end of file */
	ssize_t r = c->xprt->recv(c, p, n);
	if (LIKELY(r > 0)) {
		if ((size_t)r < n && !c->xprt->own_ready && !(c->io.ready & (IO_HUP | IO_ERR)))
			io_wait(&c->io, IO_RD);
		return r;
	}
	if (r == XPRT_AGAIN)
		io_wait(&c->io, IO_RD);
	else if (r == XPRT_EOF)
		c->flags |= CONN_EOF;
	else
		conn_fail(c, c->err);
	return r;
}

static size_t iov_bytes(const struct iovec *iov, int n)
{
	size_t t = 0;
	for (int i = 0; i < n; i++)
		t += iov[i].iov_len;
	return t;
}

ssize_t conn_sendv(struct conn *c, const struct iovec *iov, int niov, bool more)
{
	ssize_t r = c->xprt->send(c, iov, niov, more);
	if (LIKELY(r >= 0)) {
		c->flags = more ? c->flags | CONN_HELD : c->flags & ~(uint32_t)CONN_HELD;
		if (!c->xprt->own_ready && (size_t)r < iov_bytes(iov, niov))
			io_wait(&c->io, IO_WR);
		return r;
	}
	if (r == XPRT_AGAIN)
		io_wait(&c->io, IO_WR);
	else
		conn_fail(c, c->err);
	return r;
}

void conn_shutw(struct conn *c)
{
	if (c->flags & (CONN_SHUTW | CONN_DEAD))
		return;
	c->flags |= CONN_SHUTW;
	c->xprt->shutw(c);
}

const struct addr *conn_local(struct conn *c)
{
	struct addr *a = c->flags & CONN_FRONT ? &c->dst : &c->src;
	if (a->family == AF_UNSPEC && !sock_local(c->io.fd, a))
		a->family = AF_UNSPEC;
	return a;
}

bool conn_idle_ok(const struct conn *c)
{
	return conn_established(c) && !(c->flags & (CONN_EOF | CONN_SHUTW)) &&
		!(c->io.ready & (IO_RD | IO_HUP | IO_ERR));
}
