// SPDX-License-Identifier: GPL-3.0-or-later
/* Texts that stand beside a certificate. */
#include "tls_test.h"

TEST(a_list_of_timestamps_has_its_length_in_front)
{
	struct tls_cert *c = make_cert("DNS:a", false);
	struct tls_err e;

	assert_false(tls_cert_take(c, TLS_BESIDE_SCTL, STR(""), &e));
	assert_false(tls_cert_take(c, TLS_BESIDE_SCTL, STR("\0\0"), &e));
	assert_false(tls_cert_take(c, TLS_BESIDE_SCTL, STR("\0\3ab"), &e));
	assert_false(tls_cert_take(c, TLS_BESIDE_SCTL, STR("\0\3abcd"), &e));
	assert_null(c->sctl);
	assert_true(tls_cert_take(c, TLS_BESIDE_SCTL, STR("\0\3abc"), &e));
	assert_int_equal(c->nsctl, 5);
	assert_false(tls_cert_take(c, TLS_BESIDE_SCTL, STR("junk"), &e));
	assert_int_equal(c->nsctl, 5);
}

TEST(an_issuer_is_a_certificate_and_a_bad_one_replaces_none)
{
	struct tls_cert *c = make_cert("DNS:a", false);
	struct tls_err e;
	char pem[8192];

	assert_false(tls_cert_take(c, TLS_BESIDE_ISSUER, STR("none"), &e));
	assert_null(c->issuer);
	make_pem("DNS:ca", false, 3, pem, sizeof(pem));
	assert_true(tls_cert_take(c, TLS_BESIDE_ISSUER, str_c(pem), &e));
	assert_non_null(c->issuer);
	assert_false(tls_cert_take(c, TLS_BESIDE_ISSUER, STR(""), &e));
	assert_non_null(c->issuer);
	assert_false(tls_cert_take(c, TLS_BESIDE_OCSP, STR("junk"), &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_list_of_timestamps_has_its_length_in_front, drop_all),
		cmocka_unit_test_teardown(an_issuer_is_a_certificate_and_a_bad_one_replaces_none, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
