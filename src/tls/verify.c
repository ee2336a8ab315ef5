// SPDX-License-Identifier: GPL-3.0-or-later
/* Judging the peer's certificate: OpenSSL finds the errors, the options say which are tolerated, and the connection
 * remembers the first of each kind for logs and rules. */
#include "tls_priv.h"

int tls_verify_mode(const struct tls_opts *o)
{
	switch ((enum tls_verify)o->verify) {
	case TLS_VERIFY_NONE: return SSL_VERIFY_NONE;
	case TLS_VERIFY_OPTIONAL: return SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
	case TLS_VERIFY_REQUIRED: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT | SSL_VERIFY_CLIENT_ONCE;
	}
	return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

static const struct tls_opts *opts_of(const struct tls *t)
{
	return t->policy ? &t->policy->o : &t->back->o;
}

/* The first error of each kind is kept; the failure only when it is not tolerated. */
static bool judge_ca(struct tls *t, const struct tls_opts *o, int err, int depth)
{
	if (!t->res.ca_err) {
		t->res.ca_err = err;
		t->res.ca_err_depth = depth;
	}
	if (tls_errset_has(&o->ca_ignore, err))
		return true;
	t->res.failure = t->back ? TLS_HANDSHAKE : TLS_CA_FAIL;
	return false;
}

static enum tls_failure leaf_failure(const struct tls *t, const struct tls_opts *o, int err)
{
	if (!t->back)
		return TLS_CRT_FAIL;
	if (err != X509_V_ERR_HOSTNAME_MISMATCH && err != X509_V_ERR_IP_ADDRESS_MISMATCH)
		return TLS_HANDSHAKE;
	return o->verify_host ? TLS_MISMATCH : TLS_MISMATCH_SNI;
}

static bool judge_leaf(struct tls *t, const struct tls_opts *o, int err)
{
	if (!t->res.crt_err)
		t->res.crt_err = err;
	if (tls_errset_has(&o->crt_ignore, err))
		return true;
	t->res.failure = leaf_failure(t, o, err);
	return false;
}

int tls_verify_cb(int ok, X509_STORE_CTX *store)
{
	struct tls *t = tls_of(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
	int depth = X509_STORE_CTX_get_error_depth(store), err = X509_STORE_CTX_get_error(store);

	if (ok || err == X509_V_OK)
		return ok;
	return depth > 0 ? judge_ca(t, opts_of(t), err, depth) : judge_leaf(t, opts_of(t), err);
}
