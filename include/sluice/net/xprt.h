// SPDX-License-Identifier: GPL-3.0-or-later
/* The transport seam: what lies between a descriptor and a mux. `raw` is the socket itself; tls/xprt_tls.h encrypts.
 * Results: > 0 bytes moved; XPRT_AGAIN; XPRT_EOF; XPRT_ERR with conn->err (an errno) set. */
#ifndef SLUICE_NET_XPRT_H
#define SLUICE_NET_XPRT_H

#include <sys/uio.h>
#include <sluice/base/str.h>

struct conn;

enum { XPRT_AGAIN = -1, XPRT_EOF = -2, XPRT_ERR = -3 };

struct xprt_ops {
	const char *name;
	/* The transport sets and clears io.ready itself: how much a call moved says nothing about the socket. */
	bool own_ready;
	/* Prepares state for c (front: we accepted it). false = no memory. */
	bool (*open)(struct conn *c, bool front, const void *cfg);
	/* Drives the handshake: 0 done, XPRT_AGAIN, XPRT_ERR. */
	int (*handshake)(struct conn *c);
	ssize_t (*recv)(struct conn *c, void *p, size_t n);
	ssize_t (*send)(struct conn *c, const struct iovec *iov, int niov, bool more);
	/* Ends our sending direction (FIN, close_notify). */
	void (*shutw)(struct conn *c);
	void (*close)(struct conn *c);
	/* Moves bytes inside the kernel when both ends allow it; NULL when this transport cannot. */
	ssize_t (*splice_in)(struct conn *c, int pipe_w, size_t n);
	ssize_t (*splice_out)(struct conn *c, int pipe_r, size_t n);
	/* The loop has reported something for the socket; called before anybody else hears of it. */
	void (*event)(struct conn *c);
	/* conn_close() came while bytes that count as sent have not left: true when the transport takes the connection
	 * over, sends them and closes it by itself. */
	bool (*linger)(struct conn *c);
	/* Protocol agreed on in the handshake ("h2", "http/1.1"); empty when none was. */
	struct str (*alpn)(struct conn *c);
};

extern const struct xprt_ops xprt_raw;

#endif
