// SPDX-License-Identifier: GPL-3.0-or-later
/* The plain transport: the socket itself. */
#include <errno.h>
#include <sys/socket.h>
#include <sluice/net/conn.h>

static ssize_t failed(struct conn *c)
{
	if (errno == EAGAIN || errno == EINTR)
		return XPRT_AGAIN;
	c->err = errno;
	return XPRT_ERR;
}

static ssize_t raw_recv(struct conn *c, void *p, size_t n)
{
	ssize_t r = recv(c->io.fd, p, n, 0);
	if (LIKELY(r > 0))
		return r;
	return r == 0 ? XPRT_EOF : failed(c);
}

static ssize_t raw_send(struct conn *c, const struct iovec *iov, int niov, bool more)
{
	int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
	ssize_t r;
	if (niov == 1) {
		r = send(c->io.fd, iov->iov_base, iov->iov_len, flags);
	} else {
		struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)niov };
		r = sendmsg(c->io.fd, &m, flags);
	}
	return r >= 0 ? r : failed(c);
}

static void raw_shutw(struct conn *c) { shutdown(c->io.fd, SHUT_WR); }

const struct xprt_ops xprt_raw = { .name = "raw", .recv = raw_recv, .send = raw_send, .shutw = raw_shutw };
