// SPDX-License-Identifier: GPL-3.0-or-later
/* OCSP responses: whether one may be shown, which certificate it is about, and both in words. */
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <sluice/tls/ocsp.h>
#include "tls_priv.h"

#define CLOCK_SKEW_S 300

X509 *tls_cert_issuer(const struct tls_cert *c)
{
	for (int i = 0; i < sk_X509_num(c->chain); i++)
		if (X509_check_issued(sk_X509_value(c->chain, i), c->leaf) == X509_V_OK)
			return sk_X509_value(c->chain, i);
	return c->issuer && X509_check_issued(c->issuer, c->leaf) == X509_V_OK ? c->issuer : NULL;
}

static OCSP_CERTID *id_of(const struct tls_cert *c)
{
	X509 *issuer = tls_cert_issuer(c);

	return issuer ? OCSP_cert_to_id(NULL, c->leaf, issuer) : NULL;
}

/* ---- judging ------------------------------------------------------------------------------------------------------ */

static OCSP_BASICRESP *basic_of(struct str der, struct tls_err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *r = der.n < (1u << 20) ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
	OCSP_BASICRESP *b = NULL;
	int status = r ? OCSP_response_status(r) : -1;

	if (!r)
		tls_err_set(err, "Unable to parse OCSP response");
	else if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		tls_err_set(err, "OCSP response status not successful: %s", OCSP_response_status_str(status));
	else if (!(b = OCSP_response_get1_basic(r)))
		tls_err_set(err, "Failed to get basic response from OCSP Response");
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return b;
}

/* By the issuer itself, or by one to whom the issuer gave a certificate for that purpose. */
static bool signed_well(OCSP_BASICRESP *b, const struct tls_cert *c, X509 *issuer, struct tls_err *err)
{
	X509_STORE *trust = X509_STORE_new();
	STACK_OF(X509) *known = sk_X509_new_null();
	bool ok = trust && known && X509_STORE_add_cert(trust, issuer) && sk_X509_push(known, issuer);

	if (ok) {
		X509_STORE_set_flags(trust, X509_V_FLAG_PARTIAL_CHAIN);
		ok = OCSP_basic_verify(b, known, trust, 0) == 1;
	}
	if (!ok)
		tls_err_ssl(err, "OCSP response: it is not signed by the issuer of '%s'", c->path);
	sk_X509_free(known);
	X509_STORE_free(trust);
	return ok;
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *t)
{
	int days = 0, secs = 0;

	if (!ASN1_TIME_diff(&days, &secs, NULL, t))
		return 0;
	return (int64_t)time(NULL) + days * 86400ll + secs;
}

/* What it says about the certificate; *until: nextUpdate. */
static bool says_good(OCSP_BASICRESP *b, OCSP_CERTID *id, int64_t *until, struct tls_err *err)
{
	ASN1_GENERALIZEDTIME *from, *next = NULL;
	int status, reason;

	if (!OCSP_resp_find_status(b, id, &status, &reason, NULL, &from, &next))
		tls_err_set(err, "OCSP single response: Certificate ID does not match certificate and issuer");
	else if (status == V_OCSP_CERTSTATUS_UNKNOWN)
		tls_err_set(err, "OCSP single response: certificate status is unknown");
	else if (!next)
		tls_err_set(err, "OCSP single response: missing nextupdate");
	else if (!OCSP_check_validity(from, next, CLOCK_SKEW_S, -1))
		tls_err_set(err, "OCSP single response: no longer valid");
	else {
		*until = seconds_of(next);
		return true;
	}
	ERR_clear_error();
	return false;
}

bool tls_ocsp_take(struct tls_cert *c, struct str der, struct tls_err *err)
{
	OCSP_BASICRESP *b = basic_of(der, err);
	OCSP_CERTID *id = b ? id_of(c) : NULL;
	unsigned char *copy = NULL;
	int64_t until = 0;

	if (b && !id)
		tls_err_set(err, "the issuer of '%s' is neither in its chain nor in '%s.issuer'", c->path, c->path);
	if (id && signed_well(b, c, tls_cert_issuer(c), err) && says_good(b, id, &until, err) &&
	    !(copy = OPENSSL_memdup(der.p, der.n)))
		tls_err_set(err, "OCSP response: Memory allocation error");
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(b);
	if (!copy)
		return false;
	OPENSSL_free(c->ocsp);
	c->ocsp = copy;
	c->nocsp = der.n;
	c->ocsp_until = until;
	return true;
}

/* ---- whose it is -------------------------------------------------------------------------------------------------- */

static bool is_about(OCSP_BASICRESP *b, const struct tls_cert *c)
{
	OCSP_CERTID *id = id_of(c);
	bool is = id && OCSP_resp_find(b, id, -1) >= 0;

	OCSP_CERTID_free(id);
	return is;
}

struct tls_cert *tls_ocsp_owner(struct str der, struct tls_err *err)
{
	OCSP_BASICRESP *b = basic_of(der, err);
	struct tls_cert *c = b ? tls_cert_first() : NULL;

	while (c && !is_about(b, c))
		c = c->next;
	if (b && !c)
		tls_err_set(err, "OCSP single response: Certificate ID does not match any certificate or issuer");
	OCSP_BASICRESP_free(b);
	ERR_clear_error();
	return c;
}

/* ---- words -------------------------------------------------------------------------------------------------------- */

static void put_hex(struct sbuf *out, const unsigned char *p, int n, bool upper)
{
	for (int i = 0; i < n; i++)
		sbuf_printf(out, upper ? "%02X" : "%02x", p[i]);
}

void tls_ocsp_key(const struct tls_cert *c, struct sbuf *out)
{
	OCSP_CERTID *id = id_of(c);
	unsigned char *der = NULL;
	int n = id ? i2d_OCSP_CERTID(id, &der) : 0;

	put_hex(out, der, n, false);
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	ERR_clear_error();
}

static void put_octets(struct sbuf *out, const char *label, const ASN1_STRING *s)
{
	sbuf_printf(out, "   %s: ", label);
	put_hex(out, ASN1_STRING_get0_data(s), ASN1_STRING_length(s), true);
	sbuf_addc(out, '\n');
}

void tls_ocsp_describe_id(const struct tls_cert *c, struct sbuf *out)
{
	OCSP_CERTID *id = id_of(c);
	ASN1_OCTET_STRING *name, *key;
	ASN1_INTEGER *serial;

	if (id && OCSP_id_get0_info(&name, NULL, &key, &serial, id)) {
		sbuf_add(out, STR(" Certificate ID:\n"));
		put_octets(out, "Issuer Name Hash", name);
		put_octets(out, "Issuer Key Hash", key);
		put_octets(out, "Serial Number", serial);
	}
	OCSP_CERTID_free(id);
}

void tls_ocsp_describe(struct str der, struct sbuf *out)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	BIO *b = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (r && b && OCSP_RESPONSE_print(b, r, 0) && (n = BIO_get_mem_data(b, &text)) > 0)
		sbuf_add(out, str_n(text, (size_t)n));
	BIO_free(b);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
}

/* ---- asking for one ----------------------------------------------------------------------------------------------- */

bool tls_ocsp_responder(const struct tls_cert *c, struct tls_responder *r)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(c->leaf);
	char *host = NULL, *port = NULL, *path = NULL;
	int ssl = 0;
	bool ok = sk_OPENSSL_STRING_num(urls) > 0 && OCSP_parse_url(sk_OPENSSL_STRING_value(urls, 0), &host, &port, &path, &ssl) && !ssl;

	if (ok)
		ok = (size_t)snprintf(r->host, sizeof(r->host), "%s", host) < sizeof(r->host) &&
		     (size_t)snprintf(r->port, sizeof(r->port), "%s", port) < sizeof(r->port) &&
		     (size_t)snprintf(r->path, sizeof(r->path), "%s", path) < sizeof(r->path);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	X509_email_free(urls);
	ERR_clear_error();
	return ok;
}

bool tls_ocsp_request(const struct tls_cert *c, struct sbuf *der)
{
	OCSP_REQUEST *q = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_of(c);
	unsigned char *p = NULL;
	int n = 0;

	if (q && id && OCSP_request_add0_id(q, id)) {
		id = NULL; /* the request's now */
		n = i2d_OCSP_REQUEST(q, &p);
	}
	if (n > 0)
		sbuf_add(der, str_n((const char *)p, (size_t)n));
	OPENSSL_free(p);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(q);
	ERR_clear_error();
	return n > 0;
}
