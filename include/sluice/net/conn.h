// SPDX-License-Identifier: GPL-3.0-or-later
/* A connection: one descriptor, its transport, and the mux (or check) that speaks on it. Worker and checker. */
#ifndef SLUICE_NET_CONN_H
#define SLUICE_NET_CONN_H

#include <sluice/base/addr.h>
#include <sluice/net/loop.h>
#include <sluice/net/xprt.h>

#define CONN_MAGIC 0x636f6e6eu

enum conn_flags {
	CONN_CONNECTING = 1 << 0,  /* connect(2) under way */
	CONN_HANDSHAKE = 1 << 1,   /* transport handshake under way */
	CONN_FRONT = 1 << 2,       /* we accepted it */
	CONN_EOF = 1 << 3,         /* the peer will send no more and everything has been read */
	CONN_SHUTW = 1 << 4,       /* we have ended our sending direction */
	CONN_DEAD = 1 << 5,        /* error: conn->err says which; no further I/O */
	CONN_HELD = 1 << 6,        /* the kernel may hold back what was sent last (MSG_MORE) */
};

enum conn_socks { SOCKS_NONE, SOCKS_ASK, SOCKS_ASKED }; /* a SOCKS4 proxy is to lead to dst; it was asked. CONN_CONNECTING until it does */

struct conn_owner_ops {
	/* Something is ready (conn->io.ready), connected, or dead. May close the connection. */
	void (*io)(struct conn *c);
};

struct conn {
	uint32_t magic;
	uint32_t flags;                     /* enum conn_flags */
	struct io io;
	const struct xprt_ops *xprt;
	void *xprt_ctx;
	const struct conn_owner_ops *ops;
	void *owner;                        /* the mux, or a check */
	int err;                            /* errno of the failure */
	uint8_t socks, socks_n, socks_cd;   /* enum conn_socks; bytes of the answer so far, and what it says */
	struct addr src, dst;               /* front: peer and local (dst filled on demand); back: dst is the server */
	uint64_t t_start;                   /* accept or connect, ns monotonic */
};

/* Takes over fd. NULL (fd closed) when memory is short. */
struct conn *conn_new_front(int fd, const struct addr *peer, const struct xprt_ops *x, const void *xcfg,
			    const struct conn_owner_ops *ops, void *owner) MUST_CHECK;
/* Starts connecting to dst; ops->io is called once it is established or dead. NULL with errno set on immediate
 * failure. */
struct sock_connect_opts;
struct conn *conn_new_back(const struct addr *dst, const struct sock_connect_opts *o, const struct xprt_ops *x,
	const void *xcfg, const struct conn_owner_ops *ops, void *owner) MUST_CHECK;
/* Puts the transport x above the socket of c, which is established and raw, and begins its handshake; ops->io is
 * called when that has ended. Bytes already read from the socket are not seen by x. false = no memory: close c. */
bool conn_upgrade(struct conn *c, const struct xprt_ops *x, const void *xcfg) MUST_CHECK;
/* Runs the handshake with what is there already: for an upgrade whose first bytes were reported before it. */
void conn_handshake(struct conn *c);
/* Unwatches, closes, frees. What counts as sent still leaves: see xprt_ops.linger. */
void conn_close(struct conn *c);
/* As conn_close(), without waiting for anything. */
void conn_abort(struct conn *c);
/* The same but the peer gets RST. */
void conn_reset(struct conn *c);
/* Reads at most n > 0 bytes. A short read marks the connection as drained, so no second call is spent on EAGAIN; with
 * IO_HUP or IO_ERR known it goes on until end of file is seen. */
ssize_t conn_recv(struct conn *c, void *p, size_t n);
ssize_t conn_sendv(struct conn *c, const struct iovec *iov, int niov, bool more);
void conn_shutw(struct conn *c);
static inline bool conn_established(const struct conn *c)
{
	return !(c->flags & (CONN_CONNECTING | CONN_HANDSHAKE | CONN_DEAD));
}
/* See xprt_ops.alpn. */
static inline struct str conn_alpn(struct conn *c) { return c->xprt->alpn ? c->xprt->alpn(c) : STR_NULL; }
/* Local address, asked of the kernel once. */
const struct addr *conn_local(struct conn *c);
/* True when an idle connection is still usable: nothing to read, no FIN, no error (uses io.ready, no system call). */
bool conn_idle_ok(const struct conn *c);

#endif
