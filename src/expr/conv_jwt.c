// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON Web Tokens in compact form (RFC 7515, RFC 7518): verification and the fields of their parts. Public keys are read when the
 * configuration is and kept by the name of their file, so that a token may name its algorithm through a variable without a file ever
 * being opened at run time. The algorithm "none" is accepted where the configuration names it, and then only without a signature. */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "rows_priv.h"

enum jwt_family { JF_NONE, JF_HMAC, JF_RSA, JF_ECDSA, JF_PSS };
enum jwt_result { JWT_FAIL = 0, JWT_OK = 1, JWT_UNKNOWN_ALG = -1, JWT_UNMANAGED_ALG = -2, JWT_INVALID = -3, JWT_NO_MEMORY = -4,
		  JWT_UNKNOWN_KEY = -5 };

static const struct jwt_alg { char name[6]; uint8_t family; uint16_t bits; } algs[] = {
	{ "none", JF_NONE, 0 },	     { "HS256", JF_HMAC, 256 },	 { "HS384", JF_HMAC, 384 },	{ "HS512", JF_HMAC, 512 },
	{ "RS256", JF_RSA, 256 },    { "RS384", JF_RSA, 384 },	 { "RS512", JF_RSA, 512 },	{ "ES256", JF_ECDSA, 256 },
	{ "ES384", JF_ECDSA, 384 },  { "ES512", JF_ECDSA, 512 }, { "PS256", JF_PSS, 256 },	{ "PS384", JF_PSS, 384 },
	{ "PS512", JF_PSS, 512 },
};

static const struct jwt_alg *alg_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (str_eq(name, str_c(algs[i].name)))
			return &algs[i];
	return NULL;
}

bool jwt_alg_known(struct str name)
{
	return alg_find(name) != NULL;
}

static const EVP_MD *alg_md(const struct jwt_alg *a)
{
	return a->bits == 256 ? EVP_sha256() : a->bits == 384 ? EVP_sha384() : EVP_sha512();
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* Read once each, for the life of the process. */
static struct jwt_key { char *name; EVP_PKEY *key; struct jwt_key *next; } *keys;

static EVP_PKEY *key_find(struct str name)
{
	for (const struct jwt_key *k = keys; k; k = k->next)
		if (str_eq(name, str_c(k->name)))
			return k->key;
	return NULL;
}

/* A public key, or the one in a certificate. */
static EVP_PKEY *pem_key(struct str pem)
{
	BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = b ? PEM_read_bio_PUBKEY(b, NULL, NULL, NULL) : NULL;

	BIO_free(b);
	if (key)
		return key;
	b = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *cert = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;

	BIO_free(b);
	key = cert ? X509_get_pubkey(cert) : NULL;
	X509_free(cert);
	return key;
}

bool jwt_key_load(const struct expr_env *env, struct str name)
{
	struct jwt_key *k;
	struct str pem;
	EVP_PKEY *key;

	if (key_find(name))
		return true;
	if (!env->read_file || !env->read_file(env->ctx, name, &pem) || !(key = pem_key(pem)))
		return false;
	k = calloc(1, sizeof(*k));
	if (!k || !(k->name = strndup(name.p, name.n))) {
		EVP_PKEY_free(key);
		free(k);
		return false;
	}
	k->key = key;
	k->next = keys;
	keys = k;
	return true;
}

/* ---- verification ----------------------------------------------------------------------------------------------- */

struct jwt { struct str header, payload, sig, signed_part; };

static bool jwt_split(struct str t, struct jwt *j)
{
	struct str rest = t;

	j->header = str_split(&rest, '.');
	j->payload = rest.p ? str_split(&rest, '.') : STR_NULL;
	j->sig = rest;
	j->signed_part = str_n(t.p, j->header.n + 1 + j->payload.n);
	return j->header.n && j->payload.n && rest.p && str_chr(rest, '.') < 0;
}

static enum jwt_result verify_hmac(const struct jwt_alg *a, const struct jwt *j, struct str secret, struct str sig)
{
	unsigned char mac[EVP_MAX_MD_SIZE], diff = 0;
	unsigned n = 0;

	if (!HMAC(alg_md(a), secret.p ? secret.p : "", (int)secret.n, (const unsigned char *)j->signed_part.p, j->signed_part.n, mac, &n))
		return JWT_NO_MEMORY;
	if (n != sig.n)
		return JWT_FAIL;
	for (unsigned i = 0; i < n; i++)
		diff |= (unsigned char)(mac[i] ^ (unsigned char)sig.p[i]);
	return diff ? JWT_FAIL : JWT_OK;
}

/* A token has the two numbers of an ECDSA signature side by side, the library wants them in DER. */
static bool ecdsa_der(struct smp_ctx *c, struct str sig, struct str *der)
{
	ECDSA_SIG *e = ECDSA_SIG_new();
	size_t half = sig.n / 2;
	BIGNUM *r = BN_bin2bn((const unsigned char *)sig.p, (int)half, NULL);
	BIGNUM *s = BN_bin2bn((const unsigned char *)sig.p + half, (int)half, NULL);
	int n = 0;

	if (e && r && s && ECDSA_SIG_set0(e, r, s)) {
		n = i2d_ECDSA_SIG(e, NULL);
		unsigned char *p = (unsigned char *)arena_bytes(c->tmp, (size_t)MAX(n, 1)), *q = p;

		n = n > 0 ? i2d_ECDSA_SIG(e, &q) : 0;
		*der = str_n((char *)p, (size_t)MAX(n, 0));
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(e);
	return n > 0;
}

static enum jwt_result verify_pkey(struct smp_ctx *c, const struct jwt_alg *a, const struct jwt *j, EVP_PKEY *key, struct str sig)
{
	int want = a->family == JF_ECDSA ? EVP_PKEY_EC : EVP_PKEY_RSA;
	EVP_PKEY_CTX *pk = NULL;

	if (EVP_PKEY_get_base_id(key) != want)
		return JWT_FAIL;
	if (a->family == JF_ECDSA) {
		size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;

		/* RFC 7518 section 3.4: the curve belongs to the algorithm */
		if (EVP_PKEY_get_bits(key) != (a->bits == 512 ? 521 : a->bits) || sig.n != 2 * half || !ecdsa_der(c, sig, &sig))
			return JWT_FAIL;
	}
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	bool ok = x && EVP_DigestVerifyInit(x, &pk, alg_md(a), NULL, key) == 1 &&
		  (a->family != JF_PSS || (EVP_PKEY_CTX_set_rsa_padding(pk, RSA_PKCS1_PSS_PADDING) == 1 &&
					   EVP_PKEY_CTX_set_rsa_pss_saltlen(pk, RSA_PSS_SALTLEN_DIGEST) == 1));
	bool good = ok && EVP_DigestVerify(x, (const unsigned char *)sig.p, sig.n, (const unsigned char *)j->signed_part.p,
					   j->signed_part.n) == 1;

	EVP_MD_CTX_free(x);
	return !ok ? JWT_NO_MEMORY : good ? JWT_OK : JWT_FAIL;
}

static enum jwt_result jwt_verify(struct smp_ctx *c, struct str token, struct str alg_name, struct str key_text)
{
	const struct jwt_alg *a = alg_find(alg_name);
	struct str sig;
	struct jwt j;

	if (!a)
		return JWT_UNKNOWN_ALG;
	if (!jwt_split(token, &j))
		return JWT_INVALID;
	if (a->family == JF_NONE)
		return j.sig.n ? JWT_INVALID : JWT_OK;
	if (!j.sig.n || !b64_decode(c->tmp, j.sig, true, &sig))
		return JWT_INVALID;
	if (a->family == JF_HMAC)
		return verify_hmac(a, &j, key_text, sig);
	EVP_PKEY *key = key_find(key_text);

	return key ? verify_pkey(c, a, &j, key, sig) : JWT_UNKNOWN_KEY;
}

static bool arg_or_var(struct smp_ctx *c, const struct arg *a, struct str *out)
{
	*out = a->s;
	return !a->is_var || arg_var_str(c, a, out);
}

bool conv_jwt_verify(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str alg, key;

	if (!arg_or_var(c, &k->arg[0], &alg) || !arg_or_var(c, &k->arg[1], &key))
		return false;
	return smp_set_int(s, jwt_verify(c, s->s, alg, key));
}

/* The header (aux 0) or the payload, decoded; or one field of it. */
bool conv_jwt_query(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct jwt j;
	struct str doc;

	if (!jwt_split(s->s, &j) || !b64_decode(c->tmp, k->aux ? j.payload : j.header, true, &doc))
		return false;
	if (!k->arg[0].set)
		return smp_set_str(s, doc);
	return json_get(c, doc, k->arg[0].s, k->arg[1].set, s);
}
