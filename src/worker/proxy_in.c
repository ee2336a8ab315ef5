// SPDX-License-Identifier: GPL-3.0-or-later
/* accept-proxy, accept-netscaler-cip: a connection that begins with a PROXY header, or with NetScaler's. Exactly the header is read here, so that the mux finds the
 * first byte behind it in the socket; a header that is bad, cut or late closes the connection. */
#include <errno.h>
#include <stdlib.h>
#include <sluice/base/pool.h>
#include <sluice/net/cip_hdr.h>
#include "session.h"
#include "worker_priv.h"

#define TLVS_KEEP 2048u          /* bytes that rules can see */

struct proxy_in {
	bool cip;                    /* it is NetScaler's, with this magic number */
	uint32_t magic;
	uint16_t n;                  /* bytes in b */
	uint32_t skip;               /* TLV bytes still to be read */
	struct proxy_hdr hdr;        /* once it is known */
	uint8_t b[PROXY_HDR_KEEP];
};

static struct pool proxy_in_pool = POOL("PROXY header", struct proxy_in);

/* Bytes up to the LF of a version 1 line, or all that there are before it: XPRT_* when none. */
static ssize_t line_bytes(struct conn *c, struct proxy_in *x)
{
	uint8_t peek[PROXY_V1_MAX];
	ssize_t r = recv(c->io.fd, peek, (size_t)(PROXY_V1_MAX - x->n), MSG_PEEK | MSG_DONTWAIT);
	const uint8_t *lf;

	if (r == 0)
		return XPRT_EOF;
	if (r < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return XPRT_ERR;
		io_wait(&c->io, IO_RD);
		return XPRT_AGAIN;
	}
	lf = memchr(peek, '\n', (size_t)r);
	return lf ? lf + 1 - peek : r;
}

static ssize_t proxy_read(struct conn *c, struct proxy_in *x)
{
	ssize_t want = (ssize_t)(x->cip ? cip_hdr_want(x->b, x->n) : proxy_hdr_want(x->b, x->n)), r;

	if (!want && (want = line_bytes(c, x)) <= 0)
		return want;
	r = conn_recv(c, x->b + x->n, (size_t)want);
	if (r > 0)
		x->n = (uint16_t)(x->n + r);
	return r;
}

/* Without memory they are forgotten. */
static void tlvs_begin(struct session *se, uint32_t n)
{
	if (n && !se->tlvs && (se->tlvs = malloc(sizeof(*se->tlvs) + MIN(n, TLVS_KEEP))))
		se->tlvs->n = 0;
}

/* What is too long to be kept is not checked, as what has no checksum. They stay if a rule may ask for them. */
static bool tlvs_good(struct session *se)
{
	const struct proxy_in *x = se->proxy;
	struct proxy_tlvs *t = se->tlvs;
	bool good = !t || x->n + t->n != x->hdr.len || proxy_hdr_sum_good(x->b, x->n, str_n(t->b, t->n));

	if (!wk.rt->pp_tlvs) {
		free(t);
		se->tlvs = NULL;
	}
	return good;
}

static ssize_t proxy_tlvs(struct conn *c, struct proxy_in *x)
{
	struct proxy_tlvs *t = ((struct session *)c->owner)->tlvs;
	char part[1024];
	ssize_t r = conn_recv(c, part, MIN(x->skip, (uint32_t)sizeof(part)));
	uint32_t k = r > 0 && t ? MIN((uint32_t)r, TLVS_KEEP - t->n) : 0;

	if (k) {
		memcpy(t->b + t->n, part, k);
		t->n += k;
	}
	if (r > 0)
		x->skip -= (uint32_t)r;
	return r;
}

/* One read. PROXY_MORE with *again: there may be more to read at once. */
static enum proxy_parse proxy_advance(struct conn *c, struct proxy_in *x, bool *again)
{
	enum proxy_parse v = PROXY_OK;
	ssize_t r = x->skip ? proxy_tlvs(c, x) : proxy_read(c, x);

	*again = r > 0 && c->io.ready & IO_RD;
	if (r == XPRT_AGAIN)
		return PROXY_MORE;
	if (r <= 0)
		return PROXY_BAD;
	if (!x->hdr.len) {
		v = x->cip ? cip_hdr_parse(x->magic, x->b, x->n, &x->hdr) : proxy_hdr_parse(x->b, x->n, &x->hdr);
		if (v != PROXY_OK) {
			x->hdr.len = 0;
			return v;
		}
		x->skip = x->hdr.len - x->n;
		if (!x->cip) /* what else stands there are options of TCP */
			tlvs_begin(c->owner, x->skip);
	}
	return x->skip ? PROXY_MORE : PROXY_OK;
}

static void proxy_done(struct session *se)
{
	const struct proxy_hdr *h = &se->proxy->hdr;
	struct conn *c = se->conn;

	if (!tlvs_good(se)) {
		session_refuse(se);
		return;
	}
	if (!h->local) {
		c->src = h->src;
		c->dst = h->dst;
	}
	proxy_in_free(se);
	c->ops = NULL;
	session_secure(se);
}

static void proxy_io(struct conn *c)
{
	struct session *se = c->owner;
	enum proxy_parse v = PROXY_MORE;
	bool again = c->io.ready & (IO_RD | IO_HUP | IO_ERR);

	while (v == PROXY_MORE && again)
		v = proxy_advance(c, se->proxy, &again);
	if (v == PROXY_OK)
		proxy_done(se);
	else if (v == PROXY_BAD || c->flags & CONN_DEAD)
		session_refuse(se);
}

static const struct conn_owner_ops proxy_ops = { .io = proxy_io };

bool proxy_in_start(struct session *se)
{
	se->proxy = pool_get(&proxy_in_pool);
	if (!se->proxy)
		return false;
	se->proxy->cip = !se->lst->opts->accept_proxy && !(se->flags & SESS_PROXY);
	se->proxy->magic = se->flags & SESS_CIP ? se->cip_magic : se->lst->opts->cip_magic;
	se->proxy->n = 0;
	se->proxy->skip = 0;
	se->proxy->hdr.len = 0;
	se->conn->ops = &proxy_ops;
	se->conn->owner = se;
	return true;
}

void proxy_in_free(struct session *se)
{
	if (se->proxy)
		pool_put(&proxy_in_pool, se->proxy);
	se->proxy = NULL;
}
