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

int tls_verify_cb(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = tls_of(ssl);
	int depth = X509_STORE_CTX_get_error_depth(store), err = X509_STORE_CTX_get_error(store);
	const struct tls_opts *o = opts_of(t);
	bool pass;

	if (ok || err == X509_V_OK)
		return ok;
	if (depth > 0) {
		if (!t->res.ca_err) {
			t->res.ca_err = err;
			t->res.ca_err_depth = depth;
		}
		pass = tls_errset_has(&o->ca_ignore, err);
		if (!pass)
			t->res.failure = TLS_CA_FAIL;
	} else {
		if (!t->res.crt_err)
			t->res.crt_err = err;
		pass = tls_errset_has(&o->crt_ignore, err);
		if (!pass)
			t->res.failure = err == X509_V_ERR_HOSTNAME_MISMATCH || err == X509_V_ERR_IP_ADDRESS_MISMATCH ?
				TLS_MISMATCH_SNI : TLS_CRT_FAIL;
	}
	return pass;
}
