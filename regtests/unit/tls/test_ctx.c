// SPDX-License-Identifier: GPL-3.0-or-later
/* Options as an SSL_CTX: what is not said is strict, what cannot be is said. */
#include <openssl/err.h>

#include "tls_test.h"
#include "../../../src/tls/tls_priv.h"

static struct tls_err e;

static SSL_CTX *made(const struct tls_opts *o)
{
	SSL_CTX *c = tls_ctx_new(o, true, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static void assert_versions(const struct tls_opts *o, int lo, int hi)
{
	SSL_CTX *c = made(o);

	assert_int_equal(SSL_CTX_get_min_proto_version(c), lo);
	assert_int_equal(SSL_CTX_get_max_proto_version(c), hi);
	SSL_CTX_free(c);
}

TEST(versions_are_what_is_left_between_both_ends)
{
	assert_versions(&(struct tls_opts){ 0 }, TLS1_2_VERSION, TLS1_3_VERSION);
	assert_versions(&(struct tls_opts){ .min_ver = TLS1_3_VERSION }, TLS1_3_VERSION, TLS1_3_VERSION);
	assert_versions(&(struct tls_opts){ .max_ver = TLS1_1_VERSION }, TLS1_1_VERSION, TLS1_1_VERSION);
	assert_versions(&(struct tls_opts){ .without = 1u << 4 }, TLS1_2_VERSION, TLS1_2_VERSION);
	assert_versions(&(struct tls_opts){ .without = 1u << 3 }, TLS1_3_VERSION, TLS1_3_VERSION);
	assert_null(tls_ctx_new(&(struct tls_opts){ .without = 3u << 3 }, true, &e));
	assert_string_equal(e.text, "no TLS version is left between ssl-min-ver and ssl-max-ver");
	assert_null(tls_ctx_new(&(struct tls_opts){ .min_ver = TLS1_3_VERSION, .max_ver = TLS1_2_VERSION }, true, &e));
}

TEST(by_default_every_cipher_is_forward_secret_with_aead)
{
	SSL_CTX *c = made(&(struct tls_opts){ 0 });
	STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(c);

	assert_true(sk_SSL_CIPHER_num(all) > 0);
	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *k = sk_SSL_CIPHER_value(all, i);
		int kx = SSL_CIPHER_get_kx_nid(k);
		assert_true(SSL_CIPHER_is_aead(k));
		assert_true(kx == NID_kx_any || kx == NID_kx_ecdhe || kx == NID_kx_dhe);
	}
	assert_true(SSL_CTX_get_options(c) & SSL_OP_NO_RENEGOTIATION);
	assert_true(SSL_CTX_get_options(c) & SSL_OP_NO_COMPRESSION);
	assert_false(SSL_CTX_get_options(c) & SSL_OP_NO_TICKET);
	SSL_CTX_free(c);
}

TEST(what_openssl_does_not_know_is_named)
{
	static const struct { struct tls_opts o; const char *text; } bad[] = {
		{ { .ciphers = "NONSENSE" }, "unusable ciphers 'NONSENSE'" },
		{ { .ciphersuites = "NONSENSE" }, "unusable ciphersuites 'NONSENSE'" },
		{ { .curves = "P-1" }, "unusable curves 'P-1'" },
		{ { .sigalgs = "X+Y" }, "unusable sigalgs 'X+Y'" },
		{ { .client_sigalgs = "X+Y" }, "unusable client-sigalgs 'X+Y'" },
		{ { .dh_file = "/nowhere/dh" }, "cannot read DH parameters from '/nowhere/dh'" },
		{ { .verify = TLS_VERIFY_REQUIRED, .ca_file = "/nowhere/ca" }, "cannot read CA certificates from '/nowhere/ca'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_null(tls_ctx_new(&bad[i].o, true, &e));
		assert_memory_equal(e.text, bad[i].text, strlen(bad[i].text));
		assert_int_equal(ERR_peek_error(), 0);
	}
}

TEST(options_are_equal_by_what_they_say)
{
	char a[] = "x", b[] = "x";
	struct tls_opts o = { .ciphers = a }, same = { .ciphers = b };

	assert_true(tls_opts_eq(&o, &same));
	b[0] = 'y';
	assert_false(tls_opts_eq(&o, &same));
	same = (struct tls_opts){ .ciphers = a, .ocsp_update = TLS_OCSP_ON };
	assert_true(tls_opts_eq(&o, &same));
	same.early_data = true;
	assert_false(tls_opts_eq(&o, &same));
}

TEST(versions_have_names)
{
	assert_int_equal(tls_version_parse(STR("tlsv1.3")), TLS1_3_VERSION);
	assert_int_equal(tls_version_parse(STR("TLSv1")), 0);
	assert_slice(tls_version_name(TLS1_2_VERSION), "TLSv1.2");
	assert_slice(tls_version_name(7), "");
}

#define CASE(name) cmocka_unit_test_teardown(name, drop_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(versions_are_what_is_left_between_both_ends),
		CASE(by_default_every_cipher_is_forward_secret_with_aead),
		CASE(what_openssl_does_not_know_is_named),
		CASE(options_are_equal_by_what_they_say),
		CASE(versions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
