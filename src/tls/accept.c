// SPDX-License-Identifier: GPL-3.0-or-later
/* Choices during a client's handshake: by the name it asks for, the policy (before anything is negotiated or resumed)
 * and the certificates (when one is needed, so not on a resumption); the protocol by ALPN; the OCSP response of the
 * certificate that was taken. */
#include <time.h>

#include <openssl/err.h>
#include <openssl/tls1.h>

#include "tls_priv.h"

/* The host name of a server_name extension (RFC 6066, 3): a list of one. */
static struct str sni_of(const unsigned char *p, size_t n)
{
	size_t list, len;

	if (n < 5)
		return STR_NULL;
	list = (size_t)p[0] << 8 | p[1];
	len = (size_t)p[3] << 8 | p[4];
	if (list + 2 != n || p[2] != TLSEXT_NAMETYPE_host_name || len + 5 > n || len > TLS_SNI_MAX || memchr(p + 5, 0, len))
		return STR_NULL;
	return str_n((const char *)p + 5, len);
}

/* The options of a crt-list line instead of those of the bind line. */
static void policy_switch(SSL *ssl, const struct tls_policy *p)
{
	SSL_set_SSL_CTX(ssl, p->ctx);
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(p->ctx), tls_verify_cb);
	SSL_set_session_id_context(ssl, p->sid, sizeof(p->sid));
	SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(p->ctx));
	SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(p->ctx));
	SSL_set_options(ssl, SSL_CTX_get_options(p->ctx));
	if (p->o.curves)
		(void)SSL_set1_groups_list(ssl, p->o.curves);
}

static const struct tls_policy *policy_of(const struct tls_match *m)
{
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++)
		if (m->at[k])
			return m->at[k]->policy;
	return NULL;
}

/* false: no certificate may be shown to this client. */
static bool match_find(struct tls *t, struct str sni)
{
	const struct tls_match *m = tls_front_match(t->front, sni);

	t->is_default = !m;
	if (!m && t->front->policies->o.strict_sni)
		return false;
	tls_match_drop(&t->match); /* of a first hello, when there was a retry */
	t->match = m ? *m : t->front->dflt;
	tls_match_hold(&t->match);
	return t->matched = policy_of(&t->match) != NULL;
}

static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls *t = tls_of(ssl);
	const struct tls_policy *p;
	const unsigned char *ext;
	size_t n;
	bool named = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &ext, &n);

	(void)arg;
	tls_fingerprint_take(t);
	if (t->policy->o.no_tickets && !tls_cache_on())
		SSL_set_num_tickets(ssl, 0); /* they would lead nowhere */
	if (!match_find(t, named ? sni_of(ext, n) : STR_NULL)) {
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		return SSL_CLIENT_HELLO_ERROR;
	}
	p = policy_of(&t->match);
	if (p != t->policy) {
		t->policy = p;
		policy_switch(ssl, p);
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Tells the client that its name counted, as RFC 6066 wants when it did. */
static int on_servername(SSL *ssl, int *alert, void *arg)
{
	struct tls *t = tls_of(ssl);

	(void)alert, (void)arg;
	return t->is_default ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
}

/* The default's certificates are in the context already. */
static int on_certificate(SSL *ssl, void *arg)
{
	struct tls *t = tls_of(ssl);

	(void)arg;
	if (!t->matched || (t->is_default && !t->front->certs_stale))
		return 1;
	SSL_certs_clear(ssl);
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++) {
		const struct tls_entry *e = t->match.at[k];
		if (e && !SSL_use_cert_and_key(ssl, e->cert->leaf, e->cert->key, e->cert->chain, 1))
			return 0;
	}
	ERR_clear_error();
	return 1;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in, unsigned inlen,
		   void *arg)
{
	const struct str *ours = &tls_of(ssl)->policy->o.alpn;

	(void)arg;
	if (!ours->n || SSL_select_next_proto((unsigned char **)(uintptr_t)out, outlen, (const unsigned char *)ours->p,
					      (unsigned)ours->n, in, inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_TLSEXT_ERR_OK;
}

static int on_status(SSL *ssl, void *arg)
{
	struct tls *t = tls_of(ssl);
	const X509 *used = SSL_get_certificate(ssl);
	unsigned char *copy;

	(void)arg;
	for (unsigned k = 0; t->matched && k < TLS_KEY_KINDS; k++) {
		const struct tls_entry *e = t->match.at[k];
		if (!e || e->cert->leaf != used || !e->cert->ocsp || e->cert->ocsp_until < (int64_t)time(NULL))
			continue;
		copy = OPENSSL_memdup(e->cert->ocsp, e->cert->nocsp);
		if (!copy)
			return SSL_TLSEXT_ERR_NOACK;
		SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)e->cert->nocsp);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

void tls_accept_hooks(SSL_CTX *ctx, const struct tls_policy *p)
{
	tls_cache_hook(ctx);
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_servername);
	SSL_CTX_set_cert_cb(ctx, on_certificate, NULL);
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	tls_timestamps_hook(ctx);
	if (p->o.early_data)
		tls_early_allow(ctx);
	if (p->o.alpn.n)
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
}
