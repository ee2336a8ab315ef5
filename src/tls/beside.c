// SPDX-License-Identifier: GPL-3.0-or-later
/* What stands in files beside a certificate: an OCSP response (ocsp.c), who signed it, and the timestamps of the logs that know it, which
 * clients get who ask for them (RFC 6962, 3.3). */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls_priv.h"

static bool issuer_take(struct tls_cert *c, struct str pem, struct tls_err *err)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = in ? PEM_read_bio_X509(in, NULL, tls_no_password, NULL) : NULL;

	ERR_clear_error();
	BIO_free(in);
	if (!x) {
		tls_err_set(err, "there is no certificate in it");
		return false;
	}
	X509_free(c->issuer);
	c->issuer = x;
	return true;
}

/* A list begins with its length. */
static bool is_list(struct str s)
{
	return s.n > 2 && ((size_t)(unsigned char)s.p[0] << 8 | (unsigned char)s.p[1]) + 2 == s.n;
}

static bool sctl_take(struct tls_cert *c, struct str list, struct tls_err *err)
{
	unsigned char *copy = is_list(list) ? OPENSSL_memdup(list.p, list.n) : NULL;

	if (!copy) {
		tls_err_set(err, "it is no list of signed certificate timestamps");
		return false;
	}
	OPENSSL_free(c->sctl);
	c->sctl = copy;
	c->nsctl = list.n;
	return true;
}

bool tls_cert_take(struct tls_cert *c, enum tls_beside k, struct str text, struct tls_err *err)
{
	switch (k) {
	case TLS_BESIDE_OCSP: return tls_ocsp_take(c, text, err);
	case TLS_BESIDE_ISSUER: return issuer_take(c, text, err);
	case TLS_BESIDE_SCTL: return sctl_take(c, text, err);
	case TLS_BESIDES: break;
	}
	return false;
}

/* In TLS 1.2 it is asked for the hello, in 1.3 for each certificate of the chain. */
static int on_timestamps(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *n, X509 *x, size_t at,
			 int *alert, void *arg)
{
	const struct tls *t = tls_of(ssl);
	const X509 *used = SSL_get_certificate(ssl);

	(void)type, (void)context, (void)x, (void)alert, (void)arg;
	for (unsigned k = 0; t->matched && !at && k < TLS_KEY_KINDS; k++) {
		const struct tls_entry *e = t->match.at[k];
		if (!e || e->cert->leaf != used || !e->cert->sctl)
			continue;
		*out = e->cert->sctl;
		*n = e->cert->nsctl;
		return 1;
	}
	return 0;
}

static int on_asked(SSL *ssl, unsigned type, unsigned context, const unsigned char *in, size_t n, X509 *x, size_t at, int *alert,
		    void *arg)
{
	(void)ssl, (void)type, (void)context, (void)in, (void)n, (void)x, (void)at, (void)alert, (void)arg;
	return 1;
}

void tls_timestamps_hook(SSL_CTX *ctx)
{
	const unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE;

	(void)SSL_CTX_add_custom_ext(ctx, TLSEXT_TYPE_signed_certificate_timestamp, where, on_timestamps, NULL, NULL, on_asked, NULL);
}
