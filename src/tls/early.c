// SPDX-License-Identifier: GPL-3.0-or-later
/* Early data of clients (RFC 8446, 2.3): requests that come in the first flight of a resumption. The connection counts as
 * established when the first of it has arrived; the rest of the handshake goes on below recv(), and what is sent until
 * then goes to a client that has only shown a ticket. What was sent twice is found by tls/replay.h. */
#include <stdlib.h>

#include <openssl/err.h>

#include <sluice/tls/replay.h>
#include "tls_priv.h"

static int on_early_data(SSL *ssl, void *arg)
{
	unsigned char random[SSL3_RANDOM_SIZE];

	(void)arg;
	return SSL_get_client_random(ssl, random, sizeof(random)) == sizeof(random) &&
	       tls_replay_first(str_n((const char *)random, sizeof(random)));
}

/* Tickets stay what they are, good for all workers: OpenSSL's own way of counting them would need each in a store. */
void tls_early_allow(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_max_early_data(ctx, TLS_EARLY_MAX);
	SSL_CTX_set_recv_max_early_data(ctx, TLS_EARLY_MAX);
	SSL_CTX_set_allow_early_data_cb(ctx, on_early_data, NULL);
}

/* Reads early data until there is none for now: 1 = some is there, 0 = there will be no more, -1 = as after SSL_read(). */
static int read_more(struct tls *t, void *p, size_t n, size_t *got)
{
	switch (SSL_read_early_data(t->ssl, p, n, got)) {
	case SSL_READ_EARLY_DATA_SUCCESS:
		return 1;
	case SSL_READ_EARLY_DATA_FINISH:
		t->stage = TLS_EARLY_FINISHING;
		return 0;
	default:
		return -1;
	}
}

int tls_early_start(struct tls *t)
{
	static char first[TLS_EARLY_MAX]; /* most clients have none: memory is for those that do */
	size_t got;
	int r = read_more(t, first, sizeof(first), &got);

	if (r < 0)
		return r;
	if (r == 0) {
		t->stage = TLS_EARLY_NONE;
		return SSL_do_handshake(t->ssl);
	}
	t->early_buf = malloc(TLS_EARLY_MAX);
	if (!t->early_buf)
		return -1;
	memcpy(t->early_buf, first, got);
	t->early_n = (uint32_t)got;
	t->early_taken = true;
	return 1;
}

ssize_t tls_early_recv(struct tls *t, void *p, size_t n)
{
	size_t got = MIN(n, (size_t)t->early_n);
	int r;

	if (t->stage == TLS_EARLY_SENDING)
		return tls_early_back_finish(t);
	if (got) {
		memcpy(p, t->early_buf + t->early_at, got);
		t->early_at += (uint32_t)got;
		t->early_n -= (uint32_t)got;
		return (ssize_t)got;
	}
	if (t->stage == TLS_EARLY_READING) {
		r = read_more(t, p, n, &got);
		if (r != 0)
			return r > 0 ? (ssize_t)got : -1;
	}
	if (t->stage == TLS_EARLY_FINISHING && SSL_do_handshake(t->ssl) != 1)
		return -1;
	t->stage = TLS_EARLY_NONE;
	free(t->early_buf);
	t->early_buf = NULL;
	t->early_at = 0;
	return 0;
}

static struct tls *tls_on(const struct conn *c) { return c && c->xprt == &xprt_tls ? c->xprt_ctx : NULL; }
static bool early_open(const struct tls *t) { return t->stage == TLS_EARLY_READING || t->stage == TLS_EARLY_FINISHING; }

/* Early data behind what is kept already waits in the buffer; when that is full it waits where it is. */
bool tls_early_over(struct conn *c)
{
	struct tls *t = tls_on(c);
	size_t got, end;
	int r = 1;

	if (!t || !early_open(t) || t->broken)
		return true;
	while (r == 1 && t->stage == TLS_EARLY_READING && (end = (size_t)t->early_at + t->early_n) < TLS_EARLY_MAX) {
		r = read_more(t, t->early_buf + end, TLS_EARLY_MAX - end, &got);
		t->early_n += r == 1 ? (uint32_t)got : 0;
	}
	if (t->stage == TLS_EARLY_FINISHING && (r = SSL_do_handshake(t->ssl)) == 1)
		t->stage = t->early_n ? TLS_EARLY_LEFT : TLS_EARLY_NONE;
	if (r < 0 && SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ)
		t->broken = true;
	ERR_clear_error();
	return t->broken || !early_open(t);
}

bool tls_is_early(const struct conn *c)
{
	const struct tls *t = tls_on(c);

	return t && t->early_taken && early_open(t);
}

void tls_early_wait(struct conn *c, struct tls_waiter *w)
{
	if (list_empty(&w->link))
		list_push(&tls_on(c)->waiters, &w->link);
}

void tls_early_event(struct tls *t)
{
	if (!tls_early_over(t->c))
		return;
	while (!list_empty(&t->waiters)) {
		struct tls_waiter *w = LIST_ENTRY(t->waiters.next, struct tls_waiter, link);
		list_del(&w->link);
		task_wake(w->task);
	}
}

bool tls_sends_early(const struct conn *c)
{
	const struct tls *t = tls_on(c);

	return t && t->stage == TLS_EARLY_SENDING;
}

int tls_early_send(struct tls *t, const char *p, size_t n)
{
	size_t put = 0;

	if (t->stage == TLS_EARLY_SENDING)
		return tls_early_back_send(t, p, n);
	if (t->stage == TLS_EARLY_LEFT)
		return SSL_write(t->ssl, p, (int)n);
	return SSL_write_early_data(t->ssl, p, n, &put) ? (int)put : -1;
}
