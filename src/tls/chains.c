// SPDX-License-Identifier: GPL-3.0-or-later
/* What the global section says about how certificates are completed: where the parts are that a file lacks, and the chains of a directory
 * (`issuers-chain-path`), each known by its first certificate, for certificates that come without one. Read by the leader while the
 * configuration is; processes forked later complete what comes at run time from the same memory. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls_priv.h"

static struct tls_completion how = { .extra = TLS_EXTRA_ALL };
static VEC(STACK_OF(X509) *) chains;

struct tls_completion *tls_completion(void) { return &how; }

void tls_chains_drop(void)
{
	for (size_t i = 0; i < chains.n; i++)
		sk_X509_pop_free(chains.at[i], X509_free);
	VEC_FREE(&chains);
	how = (struct tls_completion){ .extra = TLS_EXTRA_ALL };
}

/* ---- loading ------------------------------------------------------------------------------------------------------ */

static bool chain_load(const char *path, void *arg)
{
	struct tls_err *err = arg;
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct sbuf text = { 0 };
	bool ok = tls_text_read(path, &text) && chain && tls_certs_parse(sbuf_str(&text), chain);

	sbuf_free(&text);
	if (ok) {
		VEC_PUSH(&chains, chain);
		return true;
	}
	sk_X509_pop_free(chain, X509_free);
	tls_err_set(err, "no certificate in '%s'", path);
	return false;
}

static int visible(const struct dirent *d) { return d->d_name[0] != '.'; }

bool tls_chains_load(const char *dir, struct tls_err *err)
{
	int r = tls_dir_each(dir, visible, chain_load, err);

	if (r < 0)
		tls_err_set(err, "cannot read the directory '%s': %s", dir, strerror(errno));
	return r > 0;
}

/* ---- completing --------------------------------------------------------------------------------------------------- */

static const STACK_OF(X509) *chain_for(X509 *leaf)
{
	for (size_t i = 0; i < chains.n; i++)
		if (X509_check_issued(sk_X509_value(chains.at[i], 0), leaf) == X509_V_OK)
			return chains.at[i];
	ERR_clear_error();
	return NULL;
}

static bool self_issued(X509 *x) { return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0; }

/* A root alone is nothing that a client lacks; but it is who signed the certificate, which a response is judged by. */
static void root_aside(struct tls_cert *c)
{
	if (sk_X509_num(c->chain) != 1 || !self_issued(sk_X509_value(c->chain, 0)))
		return;
	X509_free(c->issuer);
	c->issuer = sk_X509_pop(c->chain);
}

void tls_cert_complete(struct tls_cert *c)
{
	const STACK_OF(X509) *more;

	if (how.skip_self_issued)
		root_aside(c);
	more = sk_X509_num(c->chain) || self_issued(c->leaf) ? NULL : chain_for(c->leaf);
	for (int i = 0; more && i < sk_X509_num(more); i++) {
		X509 *x = sk_X509_value(more, i);
		if (!X509_up_ref(x))
			return;
		if (!sk_X509_push(c->chain, x))
			X509_free(x);
	}
}
