// SPDX-License-Identifier: GPL-3.0-or-later
/* CA files and revocation lists. A context does not read files: its store is filled from what is kept here, and filled
 * anew when that changes, so all processes of a generation judge by the same bytes. */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include <sluice/tls/trust.h>
#include "tls_priv.h"

static struct tls_trust *first, **last = &first;

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* Directories have most of theirs twice, by name and in a file of all. */
static bool has(const struct tls_trust *t, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(t->certs); i++)
		if (X509_cmp(sk_X509_value(t->certs, i), x) == 0)
			return true;
	return false;
}

static void take_all(struct tls_trust *t, STACK_OF(X509_INFO) *all)
{
	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		X509_INFO *x = sk_X509_INFO_value(all, i);
		if (x->x509 && !has(t, x->x509) && sk_X509_push(t->certs, x->x509))
			x->x509 = NULL;
		if (x->crl && sk_X509_CRL_push(t->crls, x->crl))
			x->crl = NULL;
	}
}

static void digest_all(struct tls_trust *t)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	unsigned char one[EVP_MAX_MD_SIZE];
	unsigned n;

	if (!h || !EVP_DigestInit_ex(h, EVP_sha256(), NULL))
		abort(); /* SHA-256 is there */
	for (int i = 0; i < sk_X509_num(t->certs); i++)
		if (X509_digest(sk_X509_value(t->certs, i), EVP_sha256(), one, &n))
			EVP_DigestUpdate(h, one, n);
	for (int i = 0; i < sk_X509_CRL_num(t->crls); i++)
		if (X509_CRL_digest(sk_X509_CRL_value(t->crls, i), EVP_sha256(), one, &n))
			EVP_DigestUpdate(h, one, n);
	EVP_DigestFinal_ex(h, t->digest, NULL);
	EVP_MD_CTX_free(h);
}

unsigned tls_trust_count(const struct tls_trust *t)
{
	return (unsigned)(t->kind == TLS_CAS ? sk_X509_num(t->certs) : sk_X509_CRL_num(t->crls));
}

struct tls_trust *tls_trust_parse(enum tls_trust_kind k, const char *path, struct str pem, struct tls_err *err)
{
	struct tls_trust *t = calloc(1, sizeof(*t));
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	STACK_OF(X509_INFO) *all = in ? PEM_X509_INFO_read_bio(in, NULL, tls_no_password, NULL) : NULL;

	if (t) {
		t->kind = (uint8_t)k;
		t->path = strdup(path);
		t->certs = sk_X509_new_null();
		t->crls = sk_X509_CRL_new_null();
	}
	if (t && t->path && t->certs && t->crls && all)
		take_all(t, all);
	if (t && (!all || !tls_trust_count(t))) {
		tls_err_set(err, "no %s in '%s'", k == TLS_CAS ? "CA certificate" : "revocation list", path);
		tls_trust_free(t);
		t = NULL;
	}
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	BIO_free(in);
	ERR_clear_error();
	if (t)
		digest_all(t);
	return t;
}

void tls_trust_free(struct tls_trust *t)
{
	if (!t)
		return;
	sk_X509_pop_free(t->certs, X509_free);
	sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
	free(t->path);
	free(t);
}

/* ---- the store ---------------------------------------------------------------------------------------------------- */

static bool is(const struct tls_trust *t, enum tls_trust_kind k, const char *path)
{
	return t->kind == k && strcmp(t->path, path) == 0;
}

struct tls_trust *tls_trust_find(enum tls_trust_kind k, const char *path)
{
	struct tls_trust *t = first;

	while (t && !is(t, k, path))
		t = t->next;
	return t;
}

struct tls_trust *tls_trust_next(enum tls_trust_kind k, const struct tls_trust *t)
{
	struct tls_trust *n = t ? t->next : first;

	while (n && n->kind != k)
		n = n->next;
	return n;
}

static void add(struct tls_trust *t)
{
	*last = t;
	last = &t->next;
}

struct tls_trust *tls_trust_load(enum tls_trust_kind k, const char *path, struct tls_err *err)
{
	struct tls_trust *t = tls_trust_find(k, path);
	struct sbuf text = { 0 };
	uint64_t stamp;

	if (t)
		return t;
	stamp = tls_trust_stamp(path);
	if (tls_trust_text(path, &text))
		t = tls_trust_parse(k, path, sbuf_str(&text), err);
	else
		tls_err_set(err, "cannot read %s from '%s': %s", k == TLS_CAS ? "CA certificates" : "revocations", path, strerror(errno));
	sbuf_free(&text);
	if (t) {
		t->stamp = stamp;
		add(t);
	}
	return t;
}

bool tls_trust_put(enum tls_trust_kind k, const char *path, struct str pem, struct tls_err *err)
{
	struct tls_trust *t = tls_trust_find(k, path), *n = tls_trust_parse(k, path, pem, err), old;

	if (!n)
		return false;
	if (!t) {
		add(n);
		return true;
	}
	old = *t; /* the object stays where it is, and so does its path */
	*t = *n;
	t->path = old.path;
	t->next = old.next;
	t->stamp = old.stamp;
	old.path = n->path;
	*n = old;
	tls_trust_free(n);
	return tls_fronts_retrust(k, path, err) && tls_backs_retrust(k, path, err);
}

bool tls_trust_delete(enum tls_trust_kind k, const char *path)
{
	for (struct tls_trust **at = &first; *at; at = &(*at)->next)
		if (is(*at, k, path)) {
			struct tls_trust *t = *at;
			*at = t->next;
			if (!*at)
				last = at;
			tls_trust_free(t);
			return true;
		}
	return false;
}

void tls_trusts_drop(void)
{
	TLS_DROP_ALL(first, last, tls_trust_free);
}

bool tls_trust_named(const struct tls_opts *o, enum tls_trust_kind k, const char *path)
{
	if (k == TLS_CRLS)
		return o->crl_file && strcmp(o->crl_file, path) == 0;
	return (o->ca_file && strcmp(o->ca_file, path) == 0) || (o->ca_verify_file && strcmp(o->ca_verify_file, path) == 0);
}

bool tls_trust_used(enum tls_trust_kind k, const char *path)
{
	return tls_fronts_trust(k, path) || tls_backs_trust(k, path);
}

/* ---- contexts ----------------------------------------------------------------------------------------------------- */

static bool store_fill(X509_STORE *s, const struct tls_trust *t)
{
	bool ok = true;

	for (int i = 0; ok && i < sk_X509_num(t->certs); i++)
		ok = X509_STORE_add_cert(s, sk_X509_value(t->certs, i));
	for (int i = 0; ok && i < sk_X509_CRL_num(t->crls); i++)
		ok = X509_STORE_add_crl(s, sk_X509_CRL_value(t->crls, i));
	return ok;
}

static bool add_cas(X509_STORE *s, const char *path, struct tls_err *err)
{
	const struct tls_trust *t = tls_trust_load(TLS_CAS, path, err);

	if (!t)
		return false;
	if (store_fill(s, t))
		return true;
	tls_err_ssl(err, "cannot use the CA certificates of '%s'", path);
	return false;
}

static bool add_crls(X509_STORE *s, const char *path, struct tls_err *err)
{
	const struct tls_trust *t = tls_trust_load(TLS_CRLS, path, err);

	if (!t)
		return false;
	if (!store_fill(s, t)) {
		tls_err_ssl(err, "cannot use the revocations of '%s'", path);
		return false;
	}
	X509_STORE_set_flags(s, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return true;
}

/* The names that clients are told, so that they know which of their certificates to show. */
static void announce(SSL_CTX *ctx, const struct tls_trust *t)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();

	for (int i = 0; names && i < sk_X509_num(t->certs); i++) {
		X509_NAME *n = X509_NAME_dup(X509_get_subject_name(sk_X509_value(t->certs, i)));
		if (n && !sk_X509_NAME_push(names, n))
			X509_NAME_free(n);
	}
	if (names)
		SSL_CTX_set_client_CA_list(ctx, names);
}

bool tls_trust_apply(SSL_CTX *ctx, const struct tls_opts *o, bool server, struct tls_err *err)
{
	X509_STORE *s = X509_STORE_new();
	const struct tls_trust *t;

	if (!s || (o->ca_file && !add_cas(s, o->ca_file, err)) || (o->ca_verify_file && !add_cas(s, o->ca_verify_file, err)) ||
	    (o->crl_file && !add_crls(s, o->crl_file, err))) {
		if (!s)
			tls_err_set(err, "out of memory for a certificate store");
		X509_STORE_free(s);
		return false;
	}
	SSL_CTX_set_cert_store(ctx, s);
	if (server && o->ca_file && !o->no_ca_names && (t = tls_trust_find(TLS_CAS, o->ca_file)))
		announce(ctx, t);
	return true;
}

void tls_trust_hash(EVP_MD_CTX *h, const struct tls_opts *o)
{
	const char *const paths[] = { o->ca_file, o->ca_verify_file, o->crl_file };

	for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
		const struct tls_trust *t = paths[i] ? tls_trust_find(i == 2 ? TLS_CRLS : TLS_CAS, paths[i]) : NULL;
		EVP_DigestUpdate(h, paths[i] ? paths[i] : "", paths[i] ? strlen(paths[i]) + 1 : 1);
		if (t)
			EVP_DigestUpdate(h, t->digest, sizeof(t->digest));
	}
}
