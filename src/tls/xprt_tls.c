// SPDX-License-Identifier: GPL-3.0-or-later
/* The transport. OpenSSL reads the socket through a BIO that knows when it is empty (no recv only to meet EAGAIN), and
 * writes into one that never blocks: what the socket does not take is kept here, so a record that was encrypted counts
 * as sent and is never asked for again with other bytes. A connection that is closed with such a rest stays behind
 * for a while to send it.
 *
 * OpenSSL's error queue is empty whenever no function of this file runs. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include "tls_priv.h"

#define RECORD 16384
#define LINGER_MS 10000

static struct pool tls_pool = POOL("tls", struct tls);
static BIO_METHOD *bio_method;
static unsigned nlingering;

unsigned tls_lingering(void) { return nlingering; }
struct tls *tls_of(const SSL *ssl) { return SSL_get_app_data(ssl); }

/* ---- the socket -------------------------------------------------------------------------------------------------- */

static bool out_keep(struct tls *t, const char *p, size_t n)
{
	if (t->out_at + t->out_n + n > t->out_cap) {
		size_t cap = MAX((size_t)t->out_n + n, (size_t)RECORD + 1024);
		char *more = malloc(cap);
		if (!more)
			return false;
		if (t->out_n)
			memcpy(more, t->out + t->out_at, t->out_n);
		free(t->out);
		t->out = more;
		t->out_at = 0;
		t->out_cap = (uint32_t)cap;
	}
	memcpy(t->out + t->out_at + t->out_n, p, n);
	t->out_n += (uint32_t)n;
	return true;
}

static void out_free(struct tls *t)
{
	free(t->out);
	t->out = NULL;
	t->out_at = t->out_n = t->out_cap = 0;
}

/* Bytes taken by the socket; -1 when it is broken. */
static ssize_t sock_send(struct tls *t, const char *p, size_t n)
{
	struct conn *c = t->c;
	ssize_t r;

	if (!(c->io.ready & IO_WR))
		return 0;
	r = send(c->io.fd, p, n, MSG_NOSIGNAL | (t->more ? MSG_MORE : 0));
	if (r < 0 && errno != EAGAIN && errno != EINTR) {
		c->err = errno;
		return -1;
	}
	if (r < (ssize_t)n)
		io_wait(&c->io, IO_WR);
	return MAX(r, 0);
}

/* true: nothing is left. false: the socket is full, or broken (t->broken). */
static bool out_flush(struct tls *t)
{
	ssize_t r = t->out_n ? sock_send(t, t->out + t->out_at, t->out_n) : 0;

	if (r < 0) {
		t->broken = true;
		return false;
	}
	t->out_at += (uint32_t)r;
	t->out_n -= (uint32_t)r;
	if (t->out_n)
		return false;
	if (t->out)
		out_free(t);
	if (t->fin) {
		t->fin = false;
		shutdown(t->c->io.fd, SHUT_WR);
	}
	return true;
}

static int bio_write(BIO *b, const char *p, int n)
{
	struct tls *t = BIO_get_data(b);
	ssize_t r = t->out_n ? 0 : sock_send(t, p, (size_t)n);

	BIO_clear_retry_flags(b);
	if (r < 0 || (r < n && !out_keep(t, p + r, (size_t)(n - r)))) {
		t->broken = true;
		return -1;
	}
	return n;
}

static int bio_read(BIO *b, char *p, int n)
{
	struct tls *t = BIO_get_data(b);
	bool hup = t->c->io.ready & (IO_HUP | IO_ERR);
	ssize_t r;

	BIO_clear_retry_flags(b);
	if (t->wire_eof)
		return 0;
	if (t->dry && !hup) {
		BIO_set_retry_read(b);
		return -1;
	}
	r = recv(t->c->io.fd, p, (size_t)n, 0);
	if (r > 0) {
		t->dry = r < n && !hup;
		return (int)r;
	}
	if (r == 0) {
		t->wire_eof = true;
		return 0;
	}
	if (errno == EAGAIN || errno == EINTR) {
		t->dry = true;
		BIO_set_retry_read(b);
	} else {
		t->c->err = errno;
	}
	return -1;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *p)
{
	(void)b, (void)num, (void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *bio_new(struct tls *t)
{
	BIO *b;

	if (!bio_method) {
		bio_method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "connection");
		if (!bio_method)
			return NULL;
		BIO_meth_set_write(bio_method, bio_write);
		BIO_meth_set_read(bio_method, bio_read);
		BIO_meth_set_ctrl(bio_method, bio_ctrl);
	}
	b = BIO_new(bio_method);
	if (b) {
		BIO_set_data(b, t);
		BIO_set_init(b, 1);
	}
	return b;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void linger_end(struct tls *t)
{
	nlingering--;
	timer_stop(&t->timer);
	conn_abort(t->c);
}

static void linger_timer(struct timer *tm) { linger_end(CONTAINER_OF(tm, struct tls, timer)); }

static void say_goodbye(struct tls *t);

static void linger_io(struct conn *c)
{
	struct tls *t = c->xprt_ctx;

	if (!(c->io.ready & IO_ERR) && !tls_early_over(c))
		return;
	say_goodbye(t);
	if (!t->out_n || t->broken || c->io.ready & IO_ERR)
		linger_end(t);
}

static const struct conn_owner_ops linger_ops = { .io = linger_io };

/* OpenSSL forgets the session of a connection that ends without a word. One that was cut for our own reasons is as good
 * as before. */
static void tls_free(struct tls *t)
{
	if (t->ssl && !t->broken && !t->early)
		SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(t->ssl);
	ERR_clear_error();
	out_free(t);
	tls_match_drop(&t->match);
	while (!list_empty(&t->waiters))
		list_del(t->waiters.next);
	free(t->early_buf);
	SSL_SESSION_free(t->early_with);
	free(t->prints);
	pool_put(&tls_pool, t);
}

static bool back_setup(struct tls *t, const struct tls_connect *k)
{
	t->back = k->back;
	t->sessions = k->sessions;
	return tls_back_setup(t->ssl, k) && (!k->preface.n || out_keep(t, k->preface.p, k->preface.n));
}

static bool tls_open(struct conn *c, bool front, const void *cfg)
{
	struct tls *t = pool_zget(&tls_pool);
	const struct tls_front *f = front ? cfg : NULL;
	const struct tls_connect *k = front ? NULL : cfg;
	SSL_CTX *ctx = front ? f->policies->ctx : k->back->ctx;
	BIO *b;

	if (!t)
		return false;
	t->c = c;
	t->early = true;
	list_init(&t->waiters);
	timer_init(&t->timer, linger_timer);
	t->ssl = SSL_new(ctx);
	b = t->ssl ? bio_new(t) : NULL;
	if (!b) {
		tls_free(t);
		return false;
	}
	SSL_set_bio(t->ssl, b, b);
	SSL_set_app_data(t->ssl, t);
	if (front) {
		t->front = f;
		t->policy = f->policies;
		t->stage = t->policy->o.early_data ? TLS_EARLY_READING : TLS_EARLY_NONE;
		SSL_set_accept_state(t->ssl);
	} else if (!back_setup(t, k)) {
		tls_free(t);
		return false;
	} else {
		SSL_set_connect_state(t->ssl);
	}
	c->xprt_ctx = t;
	return true;
}

static void tls_close(struct conn *c)
{
	tls_free(c->xprt_ctx);
	c->xprt_ctx = NULL;
}

static void tls_event(struct conn *c)
{
	struct tls *t = c->xprt_ctx;

	if (c->io.ready & (IO_RD | IO_HUP | IO_ERR))
		t->dry = false;
	if (t->out_n && !(c->flags & CONN_CONNECTING))
		out_flush(t);
	if (UNLIKELY(!list_empty(&t->waiters)))
		tls_early_event(t);
}

/* ---- handshake --------------------------------------------------------------------------------------------------- */

static void handshake_failed(struct tls *t)
{
	struct tls_result *r = &t->res;

	t->broken = true;
	r->ssl_err = ERR_peek_error();
	if (!r->failure && (t->wire_eof || t->c->err))
		r->failure = SSL_get_state(t->ssl) == TLS_ST_BEFORE && !t->c->err ? TLS_EMPTY : TLS_ABORT;
	if (!r->failure)
		r->failure = TLS_HANDSHAKE;
	if (!t->c->err)
		t->c->err = t->wire_eof ? ECONNRESET : EPROTO;
	if (t->back)
		tls_session_drop(t);
	ERR_clear_error();
}

/* Is there anything to read? OpenSSL may hold bytes that the loop knows nothing of. */
static void rd_settle(struct tls *t)
{
	struct conn *c = t->c;

	if (SSL_has_pending(t->ssl) || !t->dry)
		c->io.ready |= IO_RD;
	else if (!(c->io.ready & (IO_HUP | IO_ERR)))
		io_wait(&c->io, IO_RD);
}

/* TLS 1.3: all that is left to send is a ticket (RFC 8446, 4.6.1), and no client waits for that: it leaves with the first
 * answer, or when the kernel loses patience (200 ms). */
static bool ticket_due(const struct tls *t)
{
	return t->front && t->stage == TLS_EARLY_NONE && SSL_get_state(t->ssl) == TLS_ST_EARLY_DATA;
}

static int tls_handshake(struct conn *c)
{
	struct tls *t = c->xprt_ctx;
	int r;

	if (t->out_n && !out_flush(t) && !t->broken)
		return XPRT_AGAIN; /* a preface, or a flight that did not fit */
	if (UNLIKELY(t->stage == TLS_EARLY_SENDING) && !t->broken)
		return 0; /* the first bytes will take the hello along */
	t->more = ticket_due(t);
	r = UNLIKELY(t->stage == TLS_EARLY_READING) ? tls_early_start(t) : SSL_do_handshake(t->ssl);
	if (r == 1 && t->front)
		tls_ticket_owe(t);
	t->more = false;
	if (r == 1 && !t->broken) {
		t->early = false;
		tls_match_drop(&t->match);
		rd_settle(t);
		return 0;
	}
	if (!t->broken && SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ) {
		io_wait(&c->io, IO_RD);
		return XPRT_AGAIN;
	}
	handshake_failed(t);
	return XPRT_ERR;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

static ssize_t recv_failed(struct tls *t, int r)
{
	int e = SSL_get_error(t->ssl, r);

	if (e == SSL_ERROR_WANT_READ)
		return XPRT_AGAIN;
	if (e == SSL_ERROR_ZERO_RETURN)
		return XPRT_EOF;
	t->broken = true;
	t->res.ssl_err = ERR_peek_error();
	ERR_clear_error();
	if (!t->c->err && t->wire_eof)
		return XPRT_EOF;
	if (!t->c->err)
		t->c->err = EPROTO;
	return XPRT_ERR;
}

/* As recv_failed(), for a server whose handshake is not over. */
static ssize_t early_failed(struct tls *t, int r)
{
	if (!t->broken && SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ)
		return XPRT_AGAIN;
	handshake_failed(t);
	return XPRT_ERR;
}

static ssize_t tls_recv(struct conn *c, void *p, size_t n)
{
	struct tls *t = c->xprt_ctx;
	int r;

	if (UNLIKELY(t->broken || t->early))
		return t->early && !t->broken ? XPRT_AGAIN : XPRT_ERR;
	if (UNLIKELY(t->stage)) {
		r = (int)tls_early_recv(t, p, MIN(n, (size_t)INT32_MAX));
		if (r > 0) {
			c->io.ready |= IO_RD; /* the end of the handshake may lie behind it */
			return r;
		}
		if (r < 0)
			return t->stage == TLS_EARLY_SENDING ? early_failed(t, r) : recv_failed(t, r);
	}
	r = SSL_read(t->ssl, p, (int)MIN(n, (size_t)INT32_MAX));
	if (LIKELY(r > 0)) {
		rd_settle(t);
		return r;
	}
	return recv_failed(t, r);
}

struct gather { const struct iovec *iov; int n; size_t off; };

/* The next bytes for one record: where they lie when they are in one piece, else copied together. */
static size_t gather_next(struct gather *g, const char **p)
{
	static char record[RECORD];
	size_t n = 0;

	while (g->n && g->off == g->iov->iov_len)
		g->iov++, g->n--, g->off = 0;
	if (!g->n)
		return 0;
	*p = (const char *)g->iov->iov_base + g->off;
	if (g->n == 1 || g->iov->iov_len - g->off >= RECORD) {
		n = MIN(g->iov->iov_len - g->off, (size_t)RECORD);
		g->off += n;
		return n;
	}
	for (*p = record; g->n && n < RECORD;) {
		size_t k = MIN(g->iov->iov_len - g->off, RECORD - n);
		memcpy(record + n, (const char *)g->iov->iov_base + g->off, k);
		n += k;
		g->off += k;
		if (g->off == g->iov->iov_len)
			g->iov++, g->n--, g->off = 0;
	}
	return n;
}

static ssize_t tls_send(struct conn *c, const struct iovec *iov, int niov, bool more)
{
	struct tls *t = c->xprt_ctx;
	struct gather g = { iov, niov, 0 };
	ssize_t sent = 0;
	const char *p;
	size_t n;

	if (t->out_n && !t->broken)
		out_flush(t);
	if (UNLIKELY(t->broken)) {
		c->err = c->err ? c->err : EPIPE;
		return XPRT_ERR;
	}
	t->more = more;
	while (!t->out_n && c->io.ready & IO_WR && (n = gather_next(&g, &p))) {
		int r = UNLIKELY(t->stage) ? tls_early_send(t, p, n) : SSL_write(t->ssl, p, (int)n);
		if (r <= 0 || t->broken) {
			t->broken = true;
			ERR_clear_error();
			c->err = c->err ? c->err : EPIPE;
			return XPRT_ERR;
		}
		sent += r;
	}
	t->more = false;
	return sent ? sent : XPRT_AGAIN;
}

/* close_notify; also when the peer has sent its own already. */
static void say_goodbye(struct tls *t)
{
	if (t->early || t->broken || SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN)
		return;
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

static void tls_shutw(struct conn *c)
{
	struct tls *t = c->xprt_ctx;

	say_goodbye(t);
	if (t->out_n && !t->broken)
		t->fin = true;
	else
		shutdown(c->io.fd, SHUT_WR);
}

static bool tls_linger(struct conn *c)
{
	struct tls *t = c->xprt_ctx;
	bool over = t->stage != TLS_EARLY_SENDING && tls_early_over(c); /* or the end of the handshake would meet a closed socket, and the client a reset */

	if (over)
		say_goodbye(t);
	if ((over && !t->out_n) || t->broken || t->early || t->stage == TLS_EARLY_SENDING)
		return false;
	c->ops = &linger_ops;
	c->owner = t;
	nlingering++;
	timer_set(&t->timer, clock_ms() + LINGER_MS);
	return true;
}

static struct str tls_alpn(struct conn *c)
{
	struct tls *t = c->xprt_ctx;
	const unsigned char *p;
	unsigned n;

	if (UNLIKELY(t->stage == TLS_EARLY_SENDING))
		return tls_early_alpn(t);
	SSL_get0_alpn_selected(t->ssl, &p, &n);
	return str_n((const char *)p, n);
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

const struct tls_result *tls_result(const struct conn *c)
{
	return c && c->xprt == &xprt_tls ? &((const struct tls *)c->xprt_ctx)->res : NULL;
}

void tls_timed_out(struct conn *c)
{
	if (c->xprt == &xprt_tls)
		((struct tls *)c->xprt_ctx)->res.failure = TLS_TIMEOUT;
}

SSL *tls_ssl(const struct conn *c) { return c && c->xprt == &xprt_tls ? ((struct tls *)c->xprt_ctx)->ssl : NULL; }

const char *tls_failure_text(enum tls_failure f)
{
	switch (f) {
	case TLS_OK: return "Success";
	case TLS_EMPTY: return "Connection closed during SSL handshake";
	case TLS_ABORT: return "Connection error during SSL handshake";
	case TLS_TIMEOUT: return "Timeout during SSL handshake";
	case TLS_NO_MEM: return "Out of memory when initializing an SSL connection";
	case TLS_CA_FAIL: return "SSL client CA chain cannot be verified";
	case TLS_CRT_FAIL: return "SSL client certificate not trusted";
	case TLS_MISMATCH: return "Server presented an SSL certificate different from the configured one";
	case TLS_MISMATCH_SNI: return "Server presented an SSL certificate different from the expected one";
	case TLS_EARLY_REFUSED: return "Server refused early data";
	case TLS_HANDSHAKE: break;
	}
	return "SSL handshake failure";
}

const struct xprt_ops xprt_tls = {
	.name = "tls",
	.own_ready = true,
	.open = tls_open,
	.handshake = tls_handshake,
	.recv = tls_recv,
	.send = tls_send,
	.shutw = tls_shutw,
	.close = tls_close,
	.event = tls_event,
	.linger = tls_linger,
	.alpn = tls_alpn,
};
