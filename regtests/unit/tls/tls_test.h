// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates for the unit tests of TLS, made on the spot. */
#ifndef TLS_TEST_H
#define TLS_TEST_H

#include "../unit.h"
#include <stdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sluice/tls/lists.h>
#include <sluice/tls/trust.h>
#include <sluice/tls/xprt_tls.h>

/* Self-signed, for names "DNS:a,DNS:b", valid for that many days; PEM of certificate and key into buf. */
static inline void make_pem(const char *san, bool rsa, int days, char *buf, size_t cap)
{
	EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	BIO *out = BIO_new(BIO_s_mem());
	int got;

	assert_non_null(key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400L * days + 60);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, key);
	assert_non_null(e);
	X509_add_ext(x, e, -1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	PEM_write_bio_X509(out, x);
	PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
	got = BIO_read(out, buf, (int)cap - 1);
	assert_true(got > 0);
	buf[got] = '\0';
	BIO_free(out);
	X509_EXTENSION_free(e);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* The same as a file below /tmp; the name goes into path. */
static inline void make_file(const char *san, bool rsa, int days, char path[64])
{
	char pem[8192];
	int fd;

	make_pem(san, rsa, days, pem, sizeof(pem));
	strcpy(path, "/tmp/sluice-unit-tls.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
	close(fd);
}

static inline struct tls_cert *load(const char *path)
{
	struct tls_err e;
	struct tls_cert *c = tls_cert_load(&(struct tls_cert_files){ .crt = path }, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static inline struct tls_cert *make_cert(const char *san, bool rsa)
{
	char path[64];
	struct tls_cert *c;

	make_file(san, rsa, 30, path);
	c = load(path);
	unlink(path);
	return c;
}

static inline int drop_all(void **st)
{
	(void)st;
	tls_fronts_drop();
	tls_backs_drop();
	tls_lists_drop();
	tls_trusts_drop();
	tls_certs_drop();
	return 0;
}

#endif
