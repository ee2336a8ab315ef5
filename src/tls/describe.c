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

static void put_date(struct sbuf *out, const char *label, const ASN1_TIME *t)
{
	sbuf_printf(out, "%s: ", label);
	if (t)
		tls_cert_date(t, out);
	sbuf_addc(out, '\n');
}

static void put_name(struct sbuf *out, const char *label, const X509_NAME *n)
{
	char line[1024];

	sbuf_printf(out, "%s: %s\n", label, X509_NAME_oneline(n, line, sizeof(line)));
}

static void put_serial(struct sbuf *out, const ASN1_INTEGER *serial, const char *label)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = n ? BN_bn2hex(n) : NULL;

	sbuf_printf(out, "%s%s\n", label, hex ? hex : "");
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

	put_serial(out, X509_get0_serialNumber(x), "Serial: ");
	put_date(out, "notBefore", X509_get0_notBefore(x));
	put_date(out, "notAfter", X509_get0_notAfter(x));
	put_names(out, c);
	sbuf_printf(out, "Algorithm: %s%d\n", kinds[c->kind], EVP_PKEY_get_bits(c->key));
	put_fingerprint(out, x);
	put_name(out, "Subject", X509_get_subject_name(x));
	put_name(out, "Issuer", X509_get_issuer_name(x));
	for (int i = 0; i < sk_X509_num(c->chain); i++) {
		put_name(out, "Chain Subject", X509_get_subject_name(sk_X509_value(c->chain, i)));
		put_name(out, "Chain Issuer", X509_get_issuer_name(sk_X509_value(c->chain, i)));
	}
}

/* ---- CA certificates, revocation lists ------------------------------------------------------------------------------- */

static void put_dns_names(struct sbuf *out, X509 *x)
{
	GENERAL_NAMES *alt = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	BIO *b = BIO_new(BIO_s_mem());

	sbuf_add(out, STR("Subject Alternative Name: "));
	for (int i = 0; b && i < sk_GENERAL_NAME_num(alt); i++) {
		if (i)
			BIO_puts(b, ", ");
		GENERAL_NAME_print(b, sk_GENERAL_NAME_value(alt, i));
	}
	if (b)
		put_bio(out, b);
	sbuf_addc(out, '\n');
	BIO_free(b);
	GENERAL_NAMES_free(alt);
}

static void put_ca(X509 *x, struct sbuf *out)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	int id = key ? EVP_PKEY_get_base_id(key) : 0;

	put_serial(out, X509_get0_serialNumber(x), "Serial: ");
	put_date(out, "notBefore", X509_get0_notBefore(x));
	put_date(out, "notAfter", X509_get0_notAfter(x));
	put_dns_names(out, x);
	sbuf_printf(out, "Algorithm: %s%d\n", id == EVP_PKEY_RSA ? "RSA" : id == EVP_PKEY_EC ? "EC" : "OTHER",
		    key ? EVP_PKEY_get_bits(key) : 0);
	put_fingerprint(out, x);
	put_name(out, "Subject", X509_get_subject_name(x));
	put_name(out, "Issuer", X509_get_issuer_name(x));
}

static void put_crl(X509_CRL *l, struct sbuf *out)
{
	STACK_OF(X509_REVOKED) *gone = X509_CRL_get_REVOKED(l);

	sbuf_printf(out, "Version %ld\nSignature Algorithm: %s\n", X509_CRL_get_version(l) + 1, OBJ_nid2ln(X509_CRL_get_signature_nid(l)));
	put_name(out, "Issuer", X509_CRL_get_issuer(l));
	put_date(out, "Last Update", X509_CRL_get0_lastUpdate(l));
	put_date(out, "Next Update", X509_CRL_get0_nextUpdate(l));
	sbuf_add(out, sk_X509_REVOKED_num(gone) > 0 ? STR("Revoked Certificates:\n") : STR("No Revoked Certificates.\n"));
	for (int i = 0; i < sk_X509_REVOKED_num(gone); i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(gone, i);
		put_serial(out, X509_REVOKED_get0_serialNumber(r), "    Serial Number: ");
		put_date(out, "        Revocation Date", X509_REVOKED_get0_revocationDate(r));
	}
}

void tls_trust_describe(const struct tls_trust *t, unsigned i, struct sbuf *out)
{
	if (t->kind == TLS_CAS)
		put_ca(sk_X509_value(t->certs, (int)i), out);
	else
		put_crl(sk_X509_CRL_value(t->crls, (int)i), out);
}
