// SPDX-License-Identifier: GPL-3.0-or-later
/* One request, one answer of eight bytes, of which two say something. Both are far below what a socket takes at once. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "socks.h"

#define ANSWER 8
#define GRANTED 90

/* VN, CD, DSTPORT, DSTIP, and a user's name that is empty. */
static int ask(struct conn *c)
{
	uint8_t q[9] = { 4, 1, (uint8_t)(c->dst.port >> 8), (uint8_t)c->dst.port };

	memcpy(q + 4, &c->dst.in4, 4);
	if (send(c->io.fd, q, sizeof(q), MSG_NOSIGNAL) != (ssize_t)sizeof(q)) {
		c->err = errno ? errno : EPIPE;
		return XPRT_ERR;
	}
	c->socks = SOCKS_ASKED;
	return 0;
}

/* Nothing behind the answer is touched. */
static int hear(struct conn *c)
{
	uint8_t a[ANSWER];
	ssize_t r;

	while (c->socks_n < ANSWER) {
		r = read(c->io.fd, a, (size_t)(ANSWER - c->socks_n));
		if (r < 0 && (errno == EAGAIN || errno == EINTR)) {
			io_wait(&c->io, IO_RD);
			return XPRT_AGAIN;
		}
		if (r <= 0) {
			c->err = r ? errno : ECONNRESET;
			return XPRT_ERR;
		}
		if (c->socks_n <= 1 && c->socks_n + r > 1)
			c->socks_cd = a[1 - c->socks_n];
		c->socks_n = (uint8_t)(c->socks_n + r);
	}
	c->socks = SOCKS_NONE;
	c->err = c->socks_cd == GRANTED ? 0 : ECONNREFUSED;
	return c->err ? XPRT_ERR : 0;
}

int socks4_step(struct conn *c)
{
	int r = c->socks == SOCKS_ASK ? ask(c) : 0;

	return r ? r : hear(c);
}
