// SPDX-License-Identifier: GPL-3.0-or-later
/* Tokens signed here with fresh keys of each family verify, and nothing else does. */
#include "expr_test.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>

static char pems[4][4096]; /* by file name: "rsa", "ec256", "ec384", "junk" */
static const char *const files[] = { "rsa", "ec256", "ec384", "junk" };
static EVP_PKEY *keys[3];

static bool read_pem(void *ctx, struct str name, struct str *text)
{
	(void)ctx;
	for (unsigned i = 0; i < ARRAY_LEN(files); i++)
		if (str_eq(name, str_c(files[i])))
			return (*text = str_c(pems[i])).n > 0;
	return false;
}

static int make_keys(void **state)
{
	(void)state;
	keys[0] = EVP_RSA_gen(2048);
	keys[1] = EVP_EC_gen("P-256");
	keys[2] = EVP_EC_gen("P-384");
	for (int i = 0; i < 3; i++) {
		BIO *b = BIO_new(BIO_s_mem());

		if (!PEM_write_bio_PUBKEY(b, keys[i]))
			return 1;
		BIO_read(b, pems[i], sizeof(pems[i]) - 1);
		BIO_free(b);
	}
	strcpy(pems[3], "not a key");
	return 0;
}

static size_t base64url(const unsigned char *in, size_t n, char *out)
{
	size_t o = (size_t)EVP_EncodeBlock((unsigned char *)out, in, (int)n);

	while (o && out[o - 1] == '=')
		o--;
	for (size_t i = 0; i < o; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	return o;
}

static size_t raw_ecdsa(unsigned char *sig, size_t n, int half)
{
	const unsigned char *p = sig;
	ECDSA_SIG *e = d2i_ECDSA_SIG(NULL, &p, (long)n);

	BN_bn2binpad(ECDSA_SIG_get0_r(e), sig, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(e), sig + half, half);
	ECDSA_SIG_free(e);
	return 2 * (size_t)half;
}

/* {"alg":"x"}.{"sub":"s"}.signature, as an expression's constant */
static void sign(EVP_PKEY *key, const EVP_MD *md, bool pss, int half, char *token)
{
	unsigned char sig[1024];
	size_t n = sizeof(sig), o = (size_t)sprintf(token, "eyJhbGciOiJ4In0.eyJzdWIiOiJzIn0");
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pk;

	assert_int_equal(EVP_DigestSignInit(x, &pk, md, NULL, key), 1);
	if (pss) {
		EVP_PKEY_CTX_set_rsa_padding(pk, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pk, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestSign(x, sig, &n, (unsigned char *)token, o), 1);
	EVP_MD_CTX_free(x);
	if (half)
		n = raw_ecdsa(sig, n, half);
	token[o++] = '.';
	token[o + base64url(sig, n, token + o)] = '\0';
}

static void verify(struct canned *t, const char *token, const char *alg, const char *key, const char *want)
{
	char text[2200];

	t->env.read_file = read_pem;
	snprintf(text, sizeof(text), "str(%s),jwt_verify(%s,%s)", token, alg, key);
	expect_expr(t, text, want);
}

static void tokens_verify_with_the_key_of_their_signer(void **state)
{
	char token[2048];

	sign(keys[0], EVP_sha256(), false, 0, token);
	verify(*state, token, "RS256", "rsa", "1");
	verify(*state, token, "RS384", "rsa", "0");
	verify(*state, token, "PS256", "rsa", "0");
	sign(keys[0], EVP_sha512(), true, 0, token);
	verify(*state, token, "PS512", "rsa", "1");
	sign(keys[1], EVP_sha256(), false, 32, token);
	verify(*state, token, "ES256", "ec256", "1");
	verify(*state, token, "ES256", "ec384", "0");
	verify(*state, token, "ES384", "ec256", "0"); /* the curve is not the algorithm's */
	verify(*state, token, "RS256", "ec256", "0"); /* nor is the kind of key */
	sign(keys[2], EVP_sha384(), false, 48, token);
	verify(*state, token, "ES384", "ec384", "1");
}

static void a_changed_token_does_not_verify(void **state)
{
	char token[2048];

	sign(keys[1], EVP_sha256(), false, 32, token);
	token[17] ^= 1;
	verify(*state, token, "ES256", "ec256", "0");
	verify(*state, "a.b.c", "HS256", "secret", "-3"); /* one letter is no base 64 */
	verify(*state, "a.b", "HS256", "secret", "-3");
	verify(*state, "a.b.", "HS256", "secret", "-3");
	verify(*state, "a.b.c.d", "HS256", "secret", "-3");
	verify(*state, "", "HS256", "secret", "-3");
}

static void the_unsigned_kind_is_only_accepted_without_a_signature(void **state)
{
	verify(*state, "eyJhbGciOiJ4In0.eyJzdWIiOiJzIn0.", "none", "x", "1");
	verify(*state, "eyJhbGciOiJ4In0.eyJzdWIiOiJzIn0.abcd", "none", "x", "-3");
}

static void algorithm_and_key_may_come_from_variables(void **state)
{
	struct canned *t = *state;
	char token[2048];

	t->env.read_file = read_pem;
	sign(keys[0], EVP_sha256(), false, 0, token);
	expect_expr(t, "str(RS256),set-var(txn.alg)", "RS256");
	verify(t, token, "txn.alg", "rsa", "1");
	expect_expr(t, "str(rsa),set-var(txn.key)", "rsa");
	verify(t, token, "RS256", "txn.key", "1");
	expect_expr(t, "str(other),set-var(txn.key)", "other");
	verify(t, token, "RS256", "txn.key", "-5"); /* no file is read at run time */
	expect_expr(t, "str(XX),set-var(txn.alg)", "XX");
	verify(t, token, "txn.alg", "rsa", "-1");
}

static void keys_and_algorithms_are_judged_when_compiled(void **state)
{
	struct canned *t = *state;

	t->env.read_file = read_pem;
	expect_expr_error(t, "str(a),jwt_verify(RS255,rsa)", 18, 5,
			  "'RS255' is not an algorithm of tokens: HS, RS, ES or PS with 256, 384 or 512");
	expect_expr_error(t, "str(a),jwt_verify(RS256,junk)", 24, 4, "'junk' is not a PEM file with a public key or a certificate");
	expect_expr_error(t, "str(a),jwt_verify(RS256,none.pem)", 24, 8, "'none.pem' is not a PEM file with a public key or a certificate");
}

static void parts_of_a_token_are_read_without_verifying(void **state)
{
	struct canned *t = *state;

	expect_expr(t, "str(eyJhbGciOiJ4In0.eyJzdWIiOiJzIiwibiI6Mn0.x),jwt_header_query", "{\"alg\":\"x\"}");
	expect_expr(t, "str(eyJhbGciOiJ4In0.eyJzdWIiOiJzIiwibiI6Mn0.x),jwt_payload_query($.n,int),add(1)", "3");
	expect_expr(t, "str(eyJhbGciOiJ4In0.eyJzdWIiOiJzIiwibiI6Mn0.x),jwt_payload_query($.exp)", NULL);
	expect_expr(t, "str(eyJhbGciOiJ4In0),jwt_payload_query($.n)", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tokens_verify_with_the_key_of_their_signer),
		TEST(a_changed_token_does_not_verify),
		TEST(the_unsigned_kind_is_only_accepted_without_a_signature),
		TEST(algorithm_and_key_may_come_from_variables),
		TEST(keys_and_algorithms_are_judged_when_compiled),
		TEST(parts_of_a_token_are_read_without_verifying),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
