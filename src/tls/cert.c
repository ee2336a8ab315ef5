// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates: parsing of PEM texts, in any order as long as the certificate comes before its chain, and the store of
 * what was loaded. Texts come from files in the leader (cert_files.c), from the leader in workers. */
#include <stdlib.h>
#include <time.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls_priv.h"

static struct tls_cert *first, **last = &first;
static struct arena index_mem;
static struct hmap by_path;

/* ---- parsing ---------------------------------------------------------------------------------------------------- */

int tls_no_password(char *buf, int size, int rw, void *u)
{
	(void)buf, (void)size, (void)rw, (void)u;
	return -1;
}

static struct str key_block(struct str pem)
{
	ptrdiff_t mark = str_find(pem, STR("PRIVATE KEY-----"), false), from = mark;

	while (from > 0 && pem.p[from - 1] != '\n')
		from--;
	return mark < 0 ? STR_NULL : str_sub(pem, (size_t)from, pem.n);
}

/* Setting a decoder up costs OpenSSL five times what decoding does, so one is kept: with ten thousand certificates that
 * is seconds of the start. */
static EVP_PKEY *key_decode(struct str pem)
{
	static OSSL_DECODER_CTX *decoder;
	static EVP_PKEY *key;
	struct str block = key_block(pem);
	const unsigned char *p = (const unsigned char *)block.p;
	size_t n = block.n;

	if (!decoder && (decoder = OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL)))
		OSSL_DECODER_CTX_set_pem_password_cb(decoder, tls_no_password, NULL);
	key = NULL;
	if (!decoder || !p || !OSSL_DECODER_from_data(decoder, &p, &n))
		ERR_clear_error();
	return key;
}

static EVP_PKEY *key_parse(struct str pem)
{
	EVP_PKEY *key = key_decode(pem);
	BIO *in = key ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);

	if (in)
		key = PEM_read_bio_PrivateKey(in, NULL, tls_no_password, NULL);
	BIO_free(in);
	if (!key)
		ERR_clear_error();
	return key;
}

/* All certificates of the text, in order. */
bool tls_certs_parse(struct str pem, STACK_OF(X509) *to)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x;

	while (in && (x = PEM_read_bio_X509(in, NULL, tls_no_password, NULL)))
		if (!sk_X509_push(to, x))
			X509_free(x);
	ERR_clear_error();
	BIO_free(in);
	return sk_X509_num(to) > 0;
}

static enum tls_key_kind kind_of(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS: return TLS_KEY_RSA;
	case EVP_PKEY_EC: return TLS_KEY_EC;
	default: return TLS_KEY_OTHER;
	}
}

static bool name_add(struct tls_cert *c, const char *p, size_t n)
{
	char **more = realloc(c->names, (c->nnames + 1) * sizeof(*more)), *name;

	if (!more)
		return false;
	c->names = more;
	if (!(name = malloc(n + 1)))
		return false;
	for (size_t i = 0; i < n; i++)
		name[i] = ascii_lower(p[i]);
	name[n] = '\0';
	c->names[c->nnames++] = name;
	return true;
}

/* A name with a NUL inside is somebody's trick: it is left out. */
static bool asn1_name_add(struct tls_cert *c, const ASN1_STRING *s)
{
	const char *p = (const char *)ASN1_STRING_get0_data(s);
	size_t n = (size_t)ASN1_STRING_length(s);

	return n == 0 || n > TLS_SNI_MAX || memchr(p, '\0', n) || name_add(c, p, n);
}

/* Subject alternative names; the common name only when there is none (RFC 6125, 6.4.4). */
static bool names_collect(struct tls_cert *c)
{
	GENERAL_NAMES *alt = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
	X509_NAME *subject = X509_get_subject_name(c->leaf);
	bool ok = true;
	int at = -1;

	for (int i = 0; alt && i < sk_GENERAL_NAME_num(alt); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(alt, i);
		if (g->type == GEN_DNS)
			ok = ok && asn1_name_add(c, g->d.dNSName);
	}
	GENERAL_NAMES_free(alt);
	while (!c->nnames && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		ok = ok && asn1_name_add(c, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	return ok;
}

static void cert_clear(struct tls_cert *c)
{
	X509_free(c->leaf);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->chain, X509_free);
	X509_free(c->issuer);
	OPENSSL_free(c->ocsp);
	OPENSSL_free(c->sctl);
	for (unsigned i = 0; i < c->nnames; i++)
		free(c->names[i]);
	free(c->names);
	free(c->key_path);
	for (unsigned i = 0; i < TLS_BESIDES; i++)
		free(c->beside[i].path);
	*c = (struct tls_cert){ .path = c->path, .next = c->next, .refs = c->refs };
}

void tls_cert_free(struct tls_cert *c)
{
	if (!c || c->refs-- > 0)
		return;
	cert_clear(c);
	free(c->path);
	free(c);
}

bool tls_cert_fill(struct tls_cert *c, struct str pem, struct str key_text, struct tls_err *err)
{
	c->chain = sk_X509_new_null();
	if (!c->chain || !tls_certs_parse(pem, c->chain)) {
		tls_err_set(err, "no certificate in '%s'", c->path);
		return false;
	}
	c->leaf = sk_X509_shift(c->chain);
	c->key = key_parse(key_text);
	if (!c->key) {
		tls_err_set(err, "no usable private key for '%s'", c->path);
		return false;
	}
	if (!X509_check_private_key(c->leaf, c->key)) {
		tls_err_ssl(err, "the private key does not belong to the certificate '%s'", c->path);
		return false;
	}
	c->kind = (uint8_t)kind_of(c->key);
	tls_cert_complete(c);
	if (names_collect(c))
		return true;
	tls_err_set(err, "out of memory for '%s'", c->path);
	return false;
}

struct tls_cert *tls_cert_parse(const char *path, struct str pem, struct tls_err *err)
{
	struct tls_cert *c = calloc(1, sizeof(*c));

	if (c && (c->path = strdup(path)) && tls_cert_fill(c, pem, pem, err))
		return c;
	if (!c || !c->path)
		tls_err_set(err, "out of memory for '%s'", path);
	tls_cert_free(c);
	return NULL;
}

/* ---- store ---------------------------------------------------------------------------------------------------- */

struct tls_cert *tls_cert_find(const char *path)
{
	return first ? hmap_get(&by_path, str_c(path)) : NULL;
}

struct tls_cert *tls_cert_first(void) { return first; }

static void store_add(struct tls_cert *c)
{
	if (!first) {
		arena_init(&index_mem, 0);
		hmap_init(&by_path, &index_mem);
	}
	*last = c;
	last = &c->next;
	hmap_put(&by_path, str_c(c->path), c);
}

struct tls_cert *tls_cert_load(const struct tls_cert_files *f, struct tls_err *err)
{
	struct tls_cert *c = tls_cert_find(f->crt);

	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (!c || !(c->path = strdup(f->crt)) || !tls_cert_read(c, f, err)) {
		tls_cert_free(c);
		return NULL;
	}
	c->ocsp_update = f->ocsp_update;
	store_add(c);
	return c;
}

static bool same_names(const struct tls_cert *a, const struct tls_cert *b)
{
	if (a->kind != b->kind || a->nnames != b->nnames)
		return false;
	for (unsigned i = 0; i < a->nnames; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

/* The object stays where it is, entries of fronts point at it. */
static void swap_in(struct tls_cert *c, struct tls_cert *n)
{
	struct tls_cert old = *c;

	*c = *n;
	c->path = old.path;
	c->next = old.next;
	c->refs = old.refs;
	c->ocsp_update = old.ocsp_update;
	c->ocsp_scheduled = old.ocsp_scheduled;
	c->key_path = old.key_path;
	c->stamp = old.stamp;
	memcpy(c->beside, old.beside, sizeof(c->beside));
	memset(old.beside, 0, sizeof(old.beside));
	old.key_path = NULL;
	if (!c->issuer) {
		c->issuer = old.issuer;
		old.issuer = NULL;
	}
	old.path = n->path;
	old.refs = 0;
	*n = old;
	tls_cert_free(n);
}

struct tls_cert *tls_cert_put(const char *path, struct str pem, bool *renamed, struct tls_err *err)
{
	struct tls_cert *c = tls_cert_find(path), *n = tls_cert_parse(path, pem, err);

	*renamed = true;
	if (!n)
		return NULL;
	if (!c) {
		store_add(n);
		return n;
	}
	*renamed = !same_names(c, n);
	swap_in(c, n);
	return c;
}

bool tls_cert_delete(const char *path)
{
	struct tls_cert *c = tls_cert_find(path), **at = &first;

	if (!c)
		return false;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	tls_cert_free(c);
	arena_free(&index_mem);
	arena_init(&index_mem, 0);
	hmap_init(&by_path, &index_mem);
	last = &first;
	for (c = first; c; c = c->next) {
		hmap_put(&by_path, str_c(c->path), c);
		last = &c->next;
	}
	if (!first)
		arena_free(&index_mem);
	return true;
}

int64_t tls_cert_not_after(const struct tls_cert *c)
{
	struct tm t;

	return ASN1_TIME_to_tm(X509_get0_notAfter(c->leaf), &t) ? (int64_t)timegm(&t) : 0;
}

long tls_cert_days_left(const struct tls_cert *c)
{
	int days = 0, secs = 0;

	if (!ASN1_TIME_diff(&days, &secs, NULL, X509_get0_notAfter(c->leaf)))
		return 0;
	return secs < 0 ? days - 1 : days;
}

void tls_certs_drop(void)
{
	tls_chains_drop();
	while (first) {
		struct tls_cert *c = first;
		first = c->next;
		tls_cert_free(c);
		if (!first)
			arena_free(&index_mem);
	}
	last = &first;
}
