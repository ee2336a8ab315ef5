// SPDX-License-Identifier: GPL-3.0-or-later
#include <time.h>
#include <sluice/tls/ocsp.h>
#include "tls_test.h"

/* What a responder with the key of `by` says about a certificate that `about` has issued to itself. */
static size_t answer(const struct tls_cert *about, const struct tls_cert *by, int status, long from, long until, unsigned char **der)
{
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	ASN1_TIME *start = X509_gmtime_adj(NULL, from), *end = until ? X509_gmtime_adj(NULL, until) : NULL;
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, about->leaf, about->leaf);
	OCSP_RESPONSE *r;
	int n;

	assert_non_null(OCSP_basic_add1_status(b, id, status, 0,
					       status == V_OCSP_CERTSTATUS_REVOKED ? start : NULL, start, end));
	assert_true(OCSP_basic_sign(b, by->leaf, by->key, EVP_sha256(), NULL, 0));
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	*der = NULL;
	n = i2d_OCSP_RESPONSE(r, der);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(b);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(start);
	ASN1_TIME_free(end);
	return n > 0 ? (size_t)n : 0;
}

/* The reason why it is not taken, "" when it is. */
static const char *taken(struct tls_cert *c, const struct tls_cert *by, int status, long from, long until)
{
	static struct tls_err e;
	unsigned char *der;
	size_t n = answer(c, by, status, from, until, &der);
	bool ok;

	assert_true(n > 0);
	ok = tls_ocsp_take(c, str_n((const char *)der, n), &e);
	OPENSSL_free(der);
	return ok ? "" : e.text;
}

static struct tls_cert *own_issuer(const char *san)
{
	struct tls_cert *c = make_cert(san, false);

	c->issuer = c->leaf;
	X509_up_ref(c->leaf);
	return c;
}

TEST(a_response_is_taken_when_the_issuer_has_signed_it_and_it_is_in_force)
{
	struct tls_cert *c = own_issuer("DNS:a"), *other = own_issuer("DNS:b");

	assert_string_equal(taken(c, c, V_OCSP_CERTSTATUS_GOOD, -60, 3600), "");
	assert_non_null(c->ocsp);
	assert_in_range(c->ocsp_until - time(NULL), 3500, 3700);
	assert_non_null(strstr(taken(c, other, V_OCSP_CERTSTATUS_GOOD, -60, 3600), "not signed by the issuer"));
	assert_non_null(strstr(taken(c, c, V_OCSP_CERTSTATUS_UNKNOWN, -60, 3600), "status is unknown"));
	assert_non_null(strstr(taken(c, c, V_OCSP_CERTSTATUS_GOOD, -7200, -3600), "no longer valid"));
	assert_non_null(strstr(taken(c, c, V_OCSP_CERTSTATUS_GOOD, -60, 0), "missing nextupdate"));
	assert_non_null(c->ocsp); /* the good one stayed */
}

TEST(a_response_finds_its_certificate)
{
	struct tls_cert *a = own_issuer("DNS:a"), *b = own_issuer("DNS:b");
	unsigned char *der;
	size_t n = answer(b, b, V_OCSP_CERTSTATUS_GOOD, -60, 3600, &der);
	struct tls_err e;

	assert_ptr_equal(tls_ocsp_owner(str_n((const char *)der, n), &e), b);
	assert_null(tls_ocsp_owner(str_n((const char *)der, n / 2), &e));
	assert_string_equal(e.text, "Unable to parse OCSP response");
	assert_true(tls_cert_delete(b->path));
	assert_null(tls_ocsp_owner(str_n((const char *)der, n), &e));
	assert_ptr_equal(tls_cert_first(), a);
	OPENSSL_free(der);
}

TEST(without_an_issuer_there_is_no_question_and_no_answer)
{
	struct tls_cert *c = make_cert("DNS:a", false), *known = own_issuer("DNS:b");
	struct sbuf q = { 0 };
	struct tls_responder r;

	assert_non_null(strstr(taken(c, c, V_OCSP_CERTSTATUS_GOOD, -60, 3600), "neither in its chain nor in"));
	assert_false(tls_ocsp_request(c, &q));
	assert_true(tls_ocsp_request(known, &q));
	assert_true(q.n > 50);
	assert_false(tls_ocsp_responder(known, &r)); /* it names none */
	sbuf_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_response_is_taken_when_the_issuer_has_signed_it_and_it_is_in_force, drop_all),
		cmocka_unit_test_teardown(a_response_finds_its_certificate, drop_all),
		cmocka_unit_test_teardown(without_an_issuer_there_is_no_question_and_no_answer, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
