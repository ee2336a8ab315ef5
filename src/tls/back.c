// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers: contexts by options, the set-up of one connection, and sessions for resumption. A session is kept under the
 * server (the table), the options (which say what was verified) and the name that was asked for; a health check brings
 * no table, so it neither gives nor takes. */
#include <arpa/inet.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_priv.h"

static struct tls_back *backs;

/* ---- contexts --------------------------------------------------------------------------------------------------- */

static int on_new_session(SSL *ssl, SSL_SESSION *s)
{
	struct tls *t = tls_of(ssl);

	if (!t->sessions)
		return 0;
	tls_session_keep(t, s);
	return 1;
}

static bool back_build(struct tls_back *b, struct tls_err *err)
{
	const struct tls_opts *o = &b->o;

	b->ctx = tls_ctx_new(o, false, err);
	if (!b->ctx)
		return false;
	if (o->crt) {
		struct tls_cert *c = tls_cert_load(&(struct tls_cert_files){ .crt = o->crt }, err);
		if (!c || !tls_ctx_use_cert(b->ctx, c, err))
			return false;
	}
	if (o->alpn.n && SSL_CTX_set_alpn_protos(b->ctx, (const unsigned char *)o->alpn.p, (unsigned)o->alpn.n) != 0) {
		tls_err_ssl(err, "unusable alpn");
		return false;
	}
	SSL_CTX_set_session_cache_mode(b->ctx, o->no_reuse ? SSL_SESS_CACHE_OFF : SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(b->ctx, on_new_session);
	return true;
}

const struct tls_back *tls_back_find(const struct tls_opts *o)
{
	for (const struct tls_back *b = backs; b; b = b->next)
		if (tls_opts_eq(&b->o, o))
			return b;
	return NULL;
}

struct str tls_back_alpn(const struct tls_back *b) { return b->o.alpn; }

const struct tls_back *tls_back_get(const struct tls_opts *o, struct tls_err *err)
{
	const struct tls_back *found = tls_back_find(o);
	struct tls_back *b;

	if (found)
		return found;
	b = calloc(1, sizeof(*b));
	if (!b) {
		tls_err_set(err, "out of memory for a TLS context");
		return NULL;
	}
	b->o = *o;
	if (!back_build(b, err)) {
		SSL_CTX_free(b->ctx);
		free(b);
		return NULL;
	}
	b->next = backs;
	backs = b;
	return b;
}

bool tls_backs_refresh(const struct tls_cert *c, struct tls_err *err)
{
	for (struct tls_back *b = backs; b; b = b->next)
		if (b->o.crt && strcmp(b->o.crt, c->path) == 0 && !tls_ctx_use_cert(b->ctx, c, err))
			return false;
	return true;
}

bool tls_back_uses(const struct tls_cert *c)
{
	for (struct tls_back *b = backs; b; b = b->next)
		if (b->o.crt && strcmp(b->o.crt, c->path) == 0)
			return true;
	return false;
}

bool tls_backs_trust(enum tls_trust_kind k, const char *path)
{
	for (struct tls_back *b = backs; b; b = b->next)
		if (b->o.verify != TLS_VERIFY_NONE && tls_trust_named(&b->o, k, path))
			return true;
	return false;
}

/* Sessions of servers that were believed before are not resumed: they would be believed without a look. */
bool tls_backs_retrust(enum tls_trust_kind k, const char *path, struct tls_err *err)
{
	for (struct tls_back *b = backs; b; b = b->next)
		if (b->o.verify != TLS_VERIFY_NONE && tls_trust_named(&b->o, k, path)) {
			if (!tls_trust_apply(b->ctx, &b->o, false, err))
				return false;
			b->trust_no++;
		}
	return true;
}

void tls_backs_drop(void)
{
	while (backs) {
		struct tls_back *b = backs;
		backs = b->next;
		SSL_CTX_free(b->ctx);
		free(b);
	}
}

/* ---- a connection ----------------------------------------------------------------------------------------------- */

static bool is_address(const char *name)
{
	unsigned char bin[16];

	return inet_pton(AF_INET, name, bin) == 1 || inet_pton(AF_INET6, name, bin) == 1;
}

/* The certificate must be for this name, wildcards in whole labels only. */
static bool expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(p, name) : X509_VERIFY_PARAM_set1_host(p, name, 0);
}

/* Names that cannot be in a handshake are as good as none. */
static const char *sni_text(struct str sni, char *buf)
{
	if (!sni.n || sni.n > TLS_SNI_MAX || memchr(sni.p, '\0', sni.n))
		return NULL;
	memcpy(buf, sni.p, sni.n);
	buf[sni.n] = '\0';
	return buf;
}

bool tls_back_setup(SSL *ssl, const struct tls_connect *k)
{
	const struct tls_opts *o = &k->back->o;
	char buf[TLS_SNI_MAX + 1];
	const char *sni = sni_text(k->sni, buf), *name = o->verify_host ? o->verify_host : sni;
	struct tls_session *e;
	bool ok = true;

	if (sni && !is_address(sni))
		ok = SSL_set_tlsext_host_name(ssl, sni);
	if (name && o->verify != TLS_VERIFY_NONE)
		ok = ok && expect_name(ssl, name);
	if (k->alpn.n)
		ok = ok && SSL_set_alpn_protos(ssl, (const unsigned char *)k->alpn.p, (unsigned)k->alpn.n) == 0;
	if (ok && k->sessions && (e = tls_session_find(k->sessions, k->back, sni)) && SSL_set_session(ssl, e->s) && k->early && o->early_data &&
	    !e->spent && tls_early_fits(e->s, k->alpn.n ? k->alpn : o->alpn)) {
		e->spent = true; /* servers take a ticket's early data once */
		tls_early_begin(tls_of(ssl), e->s);
	}
	ERR_clear_error();
	return ok;
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

static bool slot_is(const struct tls_session *e, const struct tls_back *b, const char *sni)
{
	return e->s && e->back == b && e->trust_no == b->trust_no && (e->sni == sni || (e->sni && sni && strcmp(e->sni, sni) == 0));
}

static void slot_clear(struct tls_session *e)
{
	SSL_SESSION_free(e->s);
	free(e->sni);
	*e = (struct tls_session){ 0 };
}

static struct tls_session *slot_of(struct tls_sessions *c, const struct tls_back *b, const char *sni)
{
	for (unsigned i = 0; i < TLS_SESSIONS; i++)
		if (slot_is(&c->at[i], b, sni))
			return &c->at[i];
	return NULL;
}

struct tls_session *tls_session_find(struct tls_sessions *c, const struct tls_back *b, const char *sni)
{
	struct tls_session *e = slot_of(c, b, sni);

	if (!e)
		return NULL;
	if (!SSL_SESSION_is_resumable(e->s)) {
		slot_clear(e);
		return NULL;
	}
	e->used = ++c->clock;
	return e;
}

void tls_session_keep(struct tls *t, SSL_SESSION *s)
{
	struct tls_sessions *c = t->sessions;
	const char *sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	struct tls_session *e = slot_of(c, t->back, sni);

	if (!e) {
		e = &c->at[0];
		for (unsigned i = 1; i < TLS_SESSIONS; i++)
			if (c->at[i].used < e->used)
				e = &c->at[i];
	}
	slot_clear(e);
	*e = (struct tls_session){ .s = s, .back = t->back, .trust_no = t->back->trust_no,
				   .sni = sni ? strdup(sni) : NULL, .used = ++c->clock };
	if (sni && !e->sni)
		slot_clear(e);
}

void tls_session_drop(struct tls *t)
{
	struct tls_session *e =
		t->sessions ? slot_of(t->sessions, t->back, SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name)) : NULL;

	if (e)
		slot_clear(e);
}

void tls_sessions_free(struct tls_sessions *s)
{
	for (unsigned i = 0; i < TLS_SESSIONS; i++)
		slot_clear(&s->at[i]);
}
