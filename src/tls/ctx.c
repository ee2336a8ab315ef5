// SPDX-License-Identifier: GPL-3.0-or-later
/* From options to an SSL_CTX, the same for both sides. What is not said is strict: TLS 1.2 and up, forward secrecy with
 * AEAD, no renegotiation, no compression, no session cache (resumption is by tickets, or kept by back.c). */
#include <stdarg.h>
#include <stdio.h>

#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls_priv.h"

/* AES-128 is out of reach for anybody, and costs a quarter less than AES-256 with SHA-384 (in this order also Mozilla's
 * "Server Side TLS", intermediate). */
#define DEFAULT_CIPHERS "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM+AES128:DHE+AESGCM:DHE+CHACHA20:!aNULL:!PSK:!SRP"
#define DEFAULT_SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define DEFAULT_LIFETIME_S 300

void tls_err_set(struct tls_err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
}

void tls_err_ssl(struct tls_err *e, const char *fmt, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(code);
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	if (why)
		snprintf(e->text + n, sizeof(e->text) - n, ": %s", why);
	ERR_clear_error();
}

uint16_t tls_version_parse(struct str w)
{
	static const struct { const char *word; uint16_t v; } words[] = {
		{ "SSLv3", SSL3_VERSION },     { "TLSv1.0", TLS1_VERSION },   { "TLSv1.1", TLS1_1_VERSION },
		{ "TLSv1.2", TLS1_2_VERSION }, { "TLSv1.3", TLS1_3_VERSION },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_ieq(w, str_c(words[i].word)))
			return words[i].v;
	return 0;
}

struct str tls_version_name(uint16_t v)
{
	switch (v) {
	case SSL3_VERSION: return STR("SSLv3");
	case TLS1_VERSION: return STR("TLSv1.0");
	case TLS1_1_VERSION: return STR("TLSv1.1");
	case TLS1_2_VERSION: return STR("TLSv1.2");
	case TLS1_3_VERSION: return STR("TLSv1.3");
	default: return STR_NULL;
	}
}

static bool text_eq(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool texts_eq(const struct tls_opts *a, const struct tls_opts *b)
{
	return text_eq(a->ciphers, b->ciphers) && text_eq(a->ciphersuites, b->ciphersuites) && text_eq(a->curves, b->curves) &&
	       text_eq(a->sigalgs, b->sigalgs) && text_eq(a->client_sigalgs, b->client_sigalgs) &&
	       text_eq(a->ca_file, b->ca_file) && text_eq(a->ca_verify_file, b->ca_verify_file) &&
	       text_eq(a->crl_file, b->crl_file) && text_eq(a->dh_file, b->dh_file) && text_eq(a->crt, b->crt) &&
	       text_eq(a->ticket_keys, b->ticket_keys) && text_eq(a->verify_host, b->verify_host) && str_eq(a->alpn, b->alpn);
}

bool tls_opts_eq(const struct tls_opts *a, const struct tls_opts *b)
{
	return texts_eq(a, b) && a->min_ver == b->min_ver && a->max_ver == b->max_ver && a->without == b->without &&
	       a->dh_bits == b->dh_bits && a->lifetime == b->lifetime && a->verify == b->verify &&
	       a->no_tickets == b->no_tickets && a->no_ca_names == b->no_ca_names && a->strict_sni == b->strict_sni &&
	       a->client_ciphers == b->client_ciphers && a->early_data == b->early_data && a->no_reuse == b->no_reuse &&
	       memcmp(&a->ca_ignore, &b->ca_ignore, sizeof(a->ca_ignore)) == 0 &&
	       memcmp(&a->crt_ignore, &b->crt_ignore, sizeof(a->crt_ignore)) == 0;
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

static bool left_out(const struct tls_opts *o, int v) { return o->without >> (v - SSL3_VERSION) & 1; }

static bool ctx_versions(SSL_CTX *ctx, const struct tls_opts *o, struct tls_err *err)
{
	int lo = o->min_ver ? o->min_ver : TLS1_2_VERSION, hi = o->max_ver ? o->max_ver : TLS1_3_VERSION;

	if (!o->min_ver && hi < lo)
		lo = hi;
	while (lo <= hi && left_out(o, lo))
		lo++;
	while (hi >= lo && left_out(o, hi))
		hi--;
	if (hi < lo) {
		tls_err_set(err, "no TLS version is left between ssl-min-ver and ssl-max-ver");
		return false;
	}
	if (lo < TLS1_2_VERSION) /* nothing older passes the default level */
		SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_set_min_proto_version(ctx, lo) && SSL_CTX_set_max_proto_version(ctx, hi))
		return true;
	tls_err_ssl(err, "this TLS version is not available");
	return false;
}

static bool ctx_algorithms(SSL_CTX *ctx, const struct tls_opts *o, struct tls_err *err)
{
	const char *what = NULL, *text = NULL;

	if (!SSL_CTX_set_cipher_list(ctx, o->ciphers ? o->ciphers : DEFAULT_CIPHERS))
		what = "ciphers", text = o->ciphers;
	else if (!SSL_CTX_set_ciphersuites(ctx, o->ciphersuites ? o->ciphersuites : DEFAULT_SUITES))
		what = "ciphersuites", text = o->ciphersuites;
	else if (o->curves && !SSL_CTX_set1_groups_list(ctx, o->curves))
		what = "curves", text = o->curves;
	else if (o->sigalgs && !SSL_CTX_set1_sigalgs_list(ctx, o->sigalgs))
		what = "sigalgs", text = o->sigalgs;
	else if (o->client_sigalgs && !SSL_CTX_set1_client_sigalgs_list(ctx, o->client_sigalgs))
		what = "client-sigalgs", text = o->client_sigalgs;
	if (what)
		tls_err_ssl(err, "unusable %s '%s'", what, text ? text : "");
	return !what;
}

static bool ctx_dh(SSL_CTX *ctx, const struct tls_opts *o, struct tls_err *err)
{
	EVP_PKEY *key;
	BIO *in;

	if (!o->dh_file) {
		if (o->dh_bits)
			SSL_CTX_set_dh_auto(ctx, 1);
		return true;
	}
	in = BIO_new_file(o->dh_file, "r");
	key = in ? PEM_read_bio_Parameters(in, NULL) : NULL;
	BIO_free(in);
	if (key && SSL_CTX_set0_tmp_dh_pkey(ctx, key))
		return true;
	EVP_PKEY_free(key);
	tls_err_ssl(err, "cannot read DH parameters from '%s'", o->dh_file);
	return false;
}

static bool ctx_verify(SSL_CTX *ctx, const struct tls_opts *o, bool server, struct tls_err *err)
{
	SSL_CTX_set_verify(ctx, tls_verify_mode(o), tls_verify_cb);
	if (o->verify == TLS_VERIFY_NONE)
		return true;
	return tls_trust_apply(ctx, o, server, err);
}

static void ctx_manners(SSL_CTX *ctx, const struct tls_opts *o, bool server)
{
	uint64_t opt = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF;

	if (server && !o->client_ciphers)
		opt |= SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
	if (o->no_tickets)
		opt |= SSL_OP_NO_TICKET;
	SSL_CTX_set_options(ctx, opt);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_timeout(ctx, o->lifetime ? (long)o->lifetime : DEFAULT_LIFETIME_S);
	SSL_CTX_set_num_tickets(ctx, 1); /* with SSL_OP_NO_TICKET one that is an id in the cache */
}

SSL_CTX *tls_ctx_new(const struct tls_opts *o, bool server, struct tls_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

	if (!ctx) {
		tls_err_ssl(err, "out of memory for a TLS context");
		return NULL;
	}
	ctx_manners(ctx, o, server);
	if (ctx_versions(ctx, o, err) && ctx_algorithms(ctx, o, err) && ctx_dh(ctx, o, err) && ctx_verify(ctx, o, server, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

bool tls_ctx_use_cert(SSL_CTX *ctx, const struct tls_cert *c, struct tls_err *err)
{
	if (SSL_CTX_use_cert_and_key(ctx, c->leaf, c->key, c->chain, 1))
		return true;
	tls_err_ssl(err, "cannot use the certificate '%s'", c->path);
	return false;
}
