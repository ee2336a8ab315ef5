// SPDX-License-Identifier: GPL-3.0-or-later
/* Early data to servers (RFC 8446, 4.2.10). A connection counts as established before its first flight: what is sent then leaves with the
 * hello, as far as the ticket allows, and is kept. The handshake goes on below recv(). A server that threw early data away has not looked
 * at it, so the same bytes are sent again when the handshake is over; only a server that chose another protocol meanwhile cannot take them
 * (RFC 8470, 3). */
#include <stdlib.h>
#include <time.h>

#include "tls_priv.h"

#define PIECE 16384u

static struct str alpn_of(const SSL_SESSION *s)
{
	const unsigned char *p;
	size_t n;

	SSL_SESSION_get0_alpn_selected(s, &p, &n);
	return str_n((const char *)p, n);
}

static bool offered(struct str wire, struct str name)
{
	for (size_t i = 0; i < wire.n; i += 1u + (unsigned char)wire.p[i])
		if (str_eq(str_sub(wire, i + 1, (unsigned char)wire.p[i]), name))
			return true;
	return false;
}

/* OpenSSL leaves out a ticket whose life is over, but not the promise of early data that goes with it. */
static bool alive(const SSL_SESSION *s)
{
	long age = (long)time(NULL) - SSL_SESSION_get_time(s);

	return age >= 0 && age + 1 < (long)SSL_SESSION_get_ticket_lifetime_hint(s);
}

bool tls_early_fits(const SSL_SESSION *s, struct str alpn)
{
	struct str was = alpn_of(s);

	return SSL_SESSION_get_protocol_version(s) == TLS1_3_VERSION && SSL_SESSION_get_max_early_data(s) && alive(s) &&
	       (!was.n || offered(alpn, was));
}

void tls_early_begin(struct tls *t, SSL_SESSION *s)
{
	SSL_SESSION_up_ref(s);
	t->early_with = s;
	t->stage = TLS_EARLY_SENDING;
}

struct str tls_early_alpn(const struct tls *t) { return alpn_of(t->early_with); }

static bool keep(struct tls *t, const char *p, size_t n)
{
	if (t->early_n + n > t->early_cap) {
		size_t cap = MAX((size_t)t->early_n + n, 2 * (size_t)t->early_cap);
		char *more = cap < UINT32_MAX ? realloc(t->early_buf, cap) : NULL;
		if (!more)
			return false;
		t->early_buf = more;
		t->early_cap = (uint32_t)cap;
	}
	memcpy(t->early_buf + t->early_n, p, n);
	t->early_n += (uint32_t)n;
	return true;
}

int tls_early_back_send(struct tls *t, const char *p, size_t n)
{
	uint32_t max = SSL_SESSION_get_max_early_data(t->early_with);
	size_t room = t->early_at == t->early_n ? MIN(n, (size_t)(max - t->early_at)) : 0, put = 0;

	if (!keep(t, p, n))
		return -1;
	t->early = false;
	if (room && !SSL_write_early_data(t->ssl, p, room, &put))
		return -1;
	t->early_at += (uint32_t)put;
	return (int)n;
}

static bool send_rest(struct tls *t, uint32_t from)
{
	for (int r; from < t->early_n; from += (uint32_t)r) {
		r = SSL_write(t->ssl, t->early_buf + from, (int)MIN(t->early_n - from, PIECE));
		if (r <= 0)
			return false;
	}
	return true;
}

int tls_early_back_finish(struct tls *t)
{
	int r = SSL_do_handshake(t->ssl);
	const unsigned char *p;
	unsigned n;
	bool taken;

	if (r != 1)
		return -1;
	taken = SSL_get_early_data_status(t->ssl) == SSL_EARLY_DATA_ACCEPTED;
	SSL_get0_alpn_selected(t->ssl, &p, &n);
	if (!str_eq(alpn_of(t->early_with), str_n((const char *)p, n))) {
		t->res.failure = taken ? TLS_HANDSHAKE : TLS_EARLY_REFUSED;
		t->broken = true;
		return -1;
	}
	t->stage = TLS_EARLY_NONE;
	t->broken = !send_rest(t, taken ? t->early_at : 0) || t->broken;
	free(t->early_buf);
	t->early_buf = NULL;
	t->early_at = t->early_n = t->early_cap = 0;
	return t->broken ? -1 : 0;
}
