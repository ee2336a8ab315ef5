// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates in words, for the runtime socket. */
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "tls_priv.h"

static void put_bio(struct sbuf *out, BIO *b)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	if (n > 0)
		sbuf_add(out, str_n(p, (size_t)n));
	(void)BIO_reset(b);
}

void tls_cert_date(const ASN1_TIME *t, struct sbuf *out)
{
	BIO *b = BIO_new(BIO_s_mem());

	if (b && ASN1_TIME_print(b, t))
		put_bio(out, b);
	BIO_free(b);
}

static void put_name(struct sbuf *out, const char *label, const X509_NAME *n)
{
	char line[1024];

	sbuf_printf(out, "%s: %s\n", label, X509_NAME_oneline(n, line, sizeof(line)));
}

static void put_serial(struct sbuf *out, const X509 *x)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *hex = n ? BN_bn2hex(n) : NULL;

	sbuf_printf(out, "Serial: %s\n", hex ? hex : "");
	OPENSSL_free(hex);
	BN_free(n);
}

static void put_names(struct sbuf *out, const struct tls_cert *c)
{
	sbuf_add(out, STR("Subject Alternative Name: "));
	for (unsigned i = 0; i < c->nnames; i++)
		sbuf_printf(out, "%sDNS:%s", i ? ", " : "", c->names[i]);
	sbuf_addc(out, '\n');
}

static void put_fingerprint(struct sbuf *out, const X509 *x)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	sbuf_add(out, STR("SHA1 FingerPrint: "));
	if (X509_digest(x, EVP_sha1(), md, &n))
		for (unsigned i = 0; i < n; i++)
			sbuf_printf(out, "%02X", md[i]);
	sbuf_addc(out, '\n');
}

void tls_cert_describe(const struct tls_cert *c, struct sbuf *out)
{
	static const char *const kinds[] = { [TLS_KEY_RSA] = "RSA", [TLS_KEY_EC] = "EC", [TLS_KEY_OTHER] = "OTHER" };
	const X509 *x = c->leaf;

	put_serial(out, x);
	sbuf_add(out, STR("notBefore: "));
	tls_cert_date(X509_get0_notBefore(x), out);
	sbuf_add(out, STR("\nnotAfter: "));
	tls_cert_date(X509_get0_notAfter(x), out);
	sbuf_addc(out, '\n');
	put_names(out, c);
	sbuf_printf(out, "Algorithm: %s%d\n", kinds[c->kind], EVP_PKEY_get_bits(c->key));
	put_fingerprint(out, x);
	put_name(out, "Subject", X509_get_subject_name(x));
	put_name(out, "Issuer", X509_get_issuer_name(x));
	for (int i = 0; i < sk_X509_num(c->chain); i++) {
		put_name(out, "Chain Subject", X509_get_subject_name(sk_X509_value(c->chain, i)));
		put_name(out, "Chain Issuer", X509_get_issuer_name(sk_X509_value(c->chain, i)));
	}
	if (c->ocsp)
		sbuf_printf(out, "OCSP Response: %zu bytes\n", c->nocsp);
}
