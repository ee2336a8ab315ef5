// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers about the TLS of a connection, in the forms that HAProxy's fetches have. */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <sluice/tls/hello.h>
#include <sluice/tls/info.h>
#include <sluice/tls/said.h>
#include "tls_priv.h"

static bool text(struct tls_answer *a, struct str s)
{
	a->text = s;
	return s.n > 0;
}

static bool num(struct tls_answer *a, int64_t n)
{
	a->num = n;
	return true;
}

static bool bytes(struct tls_answer *a, struct arena *tmp, const void *p, size_t n)
{
	char *to = arena_bytes(tmp, n ? n : 1);

	if (n)
		memcpy(to, p, n);
	return text(a, str_n(to, n));
}

/* ---- the connection ---------------------------------------------------------------------------------------------- */

static bool session_text(SSL *ssl, unsigned what, struct arena *tmp, struct tls_answer *a)
{
	SSL_SESSION *s = SSL_get_session(ssl);
	unsigned char buf[EVP_MAX_MD_SIZE];
	unsigned n;

	switch (what) {
	case TLS_ASK_SESSION_ID: {
		const unsigned char *id = s ? SSL_SESSION_get_id(s, &n) : NULL;
		return id && bytes(a, tmp, id, n);
	}
	case TLS_ASK_SESSION_KEY: return s && bytes(a, tmp, buf, SSL_SESSION_get_master_key(s, buf, sizeof(buf)));
	case TLS_ASK_CLIENT_RANDOM: return bytes(a, tmp, buf, SSL_get_client_random(ssl, buf, 32));
	case TLS_ASK_SERVER_RANDOM: return bytes(a, tmp, buf, SSL_get_server_random(ssl, buf, 32));
	default: /* tls-unique: the first Finished of the handshake */
		n = (unsigned)(SSL_session_reused(ssl) == SSL_is_server(ssl) ? SSL_get_finished(ssl, buf, sizeof(buf)) :
									       SSL_get_peer_finished(ssl, buf, sizeof(buf)));
		return bytes(a, tmp, buf, n);
	}
}

static bool cipher_answer(SSL *ssl, unsigned what, struct tls_answer *a)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(ssl);
	int alg = 0, bits = c ? SSL_CIPHER_get_bits(c, &alg) : 0;

	if (!c)
		return false;
	if (what == TLS_ASK_CIPHER)
		return text(a, str_c(SSL_CIPHER_get_name(c)));
	return num(a, what == TLS_ASK_KEY_BITS ? bits : alg);
}

static bool failure_answer(const struct tls *t, unsigned what, struct tls_answer *a)
{
	switch (what) {
	case TLS_ASK_ERR: return num(a, (int64_t)t->res.ssl_err);
	case TLS_ASK_ERR_TEXT: return t->res.ssl_err && text(a, str_c(ERR_error_string(t->res.ssl_err, NULL)));
	case TLS_ASK_CONN_ERR: return num(a, t->res.failure);
	case TLS_ASK_CONN_ERR_TEXT: return text(a, str_c(tls_failure_text(t->res.failure)));
	case TLS_ASK_VERIFY: return num(a, SSL_get_verify_result(t->ssl));
	case TLS_ASK_CRT_ERR: return num(a, t->res.crt_err);
	case TLS_ASK_CA_ERR: return num(a, t->res.ca_err);
	default: return num(a, t->res.ca_err_depth);
	}
}

static bool conn_answer(const struct tls *t, unsigned what, struct arena *tmp, struct tls_answer *a)
{
	const char *sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);

	switch (what) {
	case TLS_ASK_SNI: return sni && text(a, str_c(sni));
	case TLS_ASK_HAS_SNI: return num(a, sni != NULL);
	case TLS_ASK_ALPN: return text(a, t->c->xprt->alpn(t->c));
	case TLS_ASK_PROTOCOL: return text(a, t->early ? STR_NULL : str_c(SSL_get_version(t->ssl)));
	case TLS_ASK_CURVE: {
		int nid = (int)SSL_get_negotiated_group(t->ssl);
		return nid && text(a, str_c(OBJ_nid2sn(nid)));
	}
	case TLS_ASK_CIPHER:
	case TLS_ASK_KEY_BITS:
	case TLS_ASK_ALG_BITS: return cipher_answer(t->ssl, what, a);
	case TLS_ASK_RESUMED: return num(a, SSL_session_reused(t->ssl));
	case TLS_ASK_EARLY: return num(a, tls_is_early(t->c));
	case TLS_ASK_JA3: return t->prints && text(a, str_n(t->prints, TLS_JA3_LEN));
	case TLS_ASK_JA4: return t->prints && text(a, str_n(t->prints + TLS_JA3_LEN, TLS_JA4_LEN));
	case TLS_ASK_CRT_USED: return num(a, SSL_get0_peer_certificate(t->ssl) != NULL);
	case TLS_ASK_CRT_SENT:
		return num(a, SSL_get0_peer_certificate(t->ssl) != NULL && !SSL_session_reused(t->ssl));
	case TLS_ASK_ERR:
	case TLS_ASK_ERR_TEXT:
	case TLS_ASK_CONN_ERR:
	case TLS_ASK_CONN_ERR_TEXT:
	case TLS_ASK_VERIFY:
	case TLS_ASK_CRT_ERR:
	case TLS_ASK_CA_ERR:
	case TLS_ASK_CA_ERR_DEPTH: return failure_answer(t, what, a);
	default: return session_text(t->ssl, what, tmp, a);
	}
}

/* ---- certificates ------------------------------------------------------------------------------------------------ */

static struct str asn1_text(const ASN1_STRING *s)
{
	return str_n((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static struct str entry_name(const X509_NAME_ENTRY *e)
{
	return str_c(OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(e))));
}

static bool dn_attr(const X509_NAME *n, const struct tls_dn *d, struct tls_answer *a)
{
	int count = X509_NAME_entry_count(n), at = d->at ? d->at : 1, step = at > 0 ? 1 : -1;

	for (int i = at > 0 ? 0 : count - 1; i >= 0 && i < count; i += step) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(n, i);
		if (!str_ieq(entry_name(e), d->attr))
			continue;
		at -= step;
		if (!at)
			return text(a, asn1_text(X509_NAME_ENTRY_get_data(e)));
	}
	return false;
}

static bool dn_line(const X509_NAME *n, struct arena *tmp, struct tls_answer *a)
{
	char line[2048];
	struct sbuf b = SBUF_FIXED(line);

	for (int i = 0; i < X509_NAME_entry_count(n); i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(n, i);
		sbuf_addc(&b, '/');
		sbuf_add(&b, entry_name(e));
		sbuf_addc(&b, '=');
		sbuf_add(&b, asn1_text(X509_NAME_ENTRY_get_data(e)));
	}
	return bytes(a, tmp, b.p, b.n);
}

static bool dn_rfc2253(const X509_NAME *n, struct arena *tmp, struct tls_answer *a)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p;
	bool ok = false;
	long len;

	if (out && X509_NAME_print_ex(out, n, 0, XN_FLAG_RFC2253) >= 0 && (len = BIO_get_mem_data(out, &p)) > 0)
		ok = bytes(a, tmp, p, (size_t)len);
	BIO_free(out);
	return ok;
}

static bool dn_answer(const X509_NAME *n, const struct tls_dn *d, struct arena *tmp, struct tls_answer *a)
{
	if (d && d->attr.n)
		return dn_attr(n, d, a);
	return d && d->rfc2253 ? dn_rfc2253(n, tmp, a) : dn_line(n, tmp, a);
}

/* YYMMDDhhmmssZ; years after 2049 come with four digits in the certificate, and here without the century too. */
static bool date_answer(const ASN1_TIME *t, struct tls_answer *a)
{
	struct str s = asn1_text(t);

	return text(a, ASN1_STRING_type(t) == V_ASN1_GENERALIZEDTIME && s.n > 2 ? str_sub(s, 2, s.n) : s);
}

static bool key_alg(const X509 *x, struct tls_answer *a)
{
	ASN1_OBJECT *alg;

	return X509_PUBKEY_get0_param(&alg, NULL, NULL, NULL, X509_get_X509_PUBKEY(x)) &&
	       text(a, str_c(OBJ_nid2sn(OBJ_obj2nid(alg))));
}

static bool der_answer(const X509 *x, struct arena *tmp, struct tls_answer *a)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	bool ok = n > 0 && bytes(a, tmp, der, (size_t)n);

	OPENSSL_free(der);
	return ok;
}

static bool cert_answer(const X509 *x, unsigned what, const struct tls_dn *d, struct arena *tmp, struct tls_answer *a)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	switch (what) {
	case TLS_ASK_DER: return der_answer(x, tmp, a);
	case TLS_ASK_SHA1: return X509_digest(x, EVP_sha1(), md, &n) && bytes(a, tmp, md, n);
	case TLS_ASK_SERIAL: return text(a, asn1_text(X509_get0_serialNumber(x)));
	case TLS_ASK_SUBJECT: return dn_answer(X509_get_subject_name(x), d, tmp, a);
	case TLS_ASK_ISSUER: return dn_answer(X509_get_issuer_name(x), d, tmp, a);
	case TLS_ASK_NOT_BEFORE: return date_answer(X509_get0_notBefore(x), a);
	case TLS_ASK_NOT_AFTER: return date_answer(X509_get0_notAfter(x), a);
	case TLS_ASK_KEY_ALG: return key_alg(x, a);
	case TLS_ASK_SIG_ALG: return text(a, str_c(OBJ_nid2sn(X509_get_signature_nid(x))));
	default: return num(a, X509_get_version(x) + 1);
	}
}

/* ---- a client that was only described ---------------------------------------------------------------------------- */

static bool said_answer(const struct tls_said *t, unsigned what, const struct tls_dn *d, struct arena *tmp, struct tls_answer *a)
{
	bool named = (what & 0xff) == TLS_ASK_SUBJECT || (what & 0xff) == TLS_ASK_ISSUER;

	if (what & TLS_ASK_OWN)
		return t->own && cert_answer(t->own, what & 0xff, d, tmp, a);
	switch (what) {
	case TLS_ASK_TLS: return num(a, 1);
	case TLS_ASK_SNI: return text(a, t->sni);
	case TLS_ASK_HAS_SNI: return num(a, t->sni.n > 0);
	case TLS_ASK_ALPN: return text(a, t->alpn);
	case TLS_ASK_PROTOCOL: return text(a, t->version.n ? t->version : STR("TLSv1.3"));
	case TLS_ASK_CIPHER: return text(a, t->cipher);
	case TLS_ASK_CRT_USED:
	case TLS_ASK_CRT_SENT: return num(a, t->client != NULL);
	case TLS_ASK_RESUMED:
	case TLS_ASK_EARLY:
	case TLS_ASK_ERR:
	case TLS_ASK_CONN_ERR:
	case TLS_ASK_VERIFY:
	case TLS_ASK_CRT_ERR:
	case TLS_ASK_CA_ERR:
	case TLS_ASK_CA_ERR_DEPTH: return num(a, 0);
	default: return named && t->client && cert_answer(t->client, what, d, tmp, a);
	}
}

bool tls_ask(struct conn *c, unsigned what, const struct tls_dn *dn, struct arena *tmp, struct tls_answer *a)
{
	SSL *ssl = tls_ssl(c);
	const X509 *x;
	bool ok;

	if (c && UNLIKELY(c->xprt == &xprt_said))
		return said_answer(c->xprt_ctx, what, dn, tmp, a);
	if (what == TLS_ASK_TLS)
		return c && num(a, ssl != NULL);
	if (!ssl)
		return false;
	if ((what & 0xff) < TLS_ASK_DER) {
		ok = conn_answer(tls_of(ssl), what, tmp, a);
	} else {
		x = what & TLS_ASK_OWN ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
		ok = x && cert_answer(x, what & 0xff, dn, tmp, a);
	}
	ERR_clear_error();
	return ok;
}
