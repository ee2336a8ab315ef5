// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that need libcrypto: digests, HMAC, AES-GCM. Algorithms are looked up when the configuration is read; one that the library
 * does not have is an error there. Keys are base 64 text or a variable that holds such text. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "rows_priv.h"

const void *digest_find(struct str name)
{
	char text[32];

	if (name.n >= sizeof(text))
		return NULL;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return EVP_get_digestbyname(text);
}

static bool set_bin(struct smp *s, const char *p, size_t n)
{
	s->type = SMP_BIN;
	s->s = str_n(p, n);
	return true;
}

static bool digest(struct smp_ctx *c, const EVP_MD *md, struct smp *s)
{
	unsigned char *out = (unsigned char *)arena_bytes(c->tmp, EVP_MAX_MD_SIZE);
	unsigned n = 0;

	return md && EVP_Digest(s->s.p ? s->s.p : "", s->s.n, out, &n, md, NULL) == 1 && set_bin(s, (char *)out, n);
}

bool conv_sha1(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)k;
	return digest(c, EVP_sha1(), s);
}

bool conv_sha2(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	switch (k->arg[0].set ? k->arg[0].i : 256) {
	case 224: return digest(c, EVP_sha224(), s);
	case 256: return digest(c, EVP_sha256(), s);
	case 384: return digest(c, EVP_sha384(), s);
	default: return digest(c, EVP_sha512(), s);
	}
}

bool conv_digest(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	return digest(c, k->arg[0].ptr, s);
}

/* The bytes of a key argument: decoded when the configuration was read, or now when it is a variable. */
static bool key_bytes(struct smp_ctx *c, const struct arg *a, struct str *out)
{
	struct str text;

	if (!a->is_var) {
		*out = a->s;
		return true;
	}
	return arg_var_str(c, a, &text) && b64_decode(c->tmp, text, false, out);
}

bool conv_hmac(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	unsigned char *out = (unsigned char *)arena_bytes(c->tmp, EVP_MAX_MD_SIZE);
	unsigned n = 0;
	struct str key;

	if (!key_bytes(c, &k->arg[1], &key))
		return false;
	return HMAC(k->arg[0].ptr, key.p ? key.p : "", (int)key.n, (const unsigned char *)(s->s.p ? s->s.p : ""), s->s.n, out, &n) &&
	       set_bin(s, (char *)out, n);
}

static const EVP_CIPHER *gcm_of(int64_t bits, size_t key_len)
{
	if (bits != (int64_t)key_len * 8)
		return NULL;
	return bits == 128 ? EVP_aes_128_gcm() : bits == 192 ? EVP_aes_192_gcm() : bits == 256 ? EVP_aes_256_gcm() : NULL;
}

static bool gcm_open(EVP_CIPHER_CTX *x, const EVP_CIPHER *alg, struct str nonce, struct str key, struct str tag, struct str in,
		     unsigned char *out, int *n)
{
	int last = 0;

	return EVP_DecryptInit_ex(x, alg, NULL, NULL, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_IVLEN, (int)nonce.n, NULL) == 1 &&
	       EVP_DecryptInit_ex(x, NULL, NULL, (const unsigned char *)key.p, (const unsigned char *)nonce.p) == 1 &&
	       EVP_DecryptUpdate(x, out, n, (const unsigned char *)in.p, (int)in.n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_TAG, (int)tag.n, (void *)(uintptr_t)tag.p) == 1 &&
	       EVP_DecryptFinal_ex(x, out + *n, &last) == 1 && (*n += last, true);
}

/* The input carries no tag: that is an argument of its own, as are nonce and key. What does not authenticate has no value. */
bool conv_aes_gcm_dec(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str nonce, key, tag;
	int n = 0;

	if (!key_bytes(c, &k->arg[1], &nonce) || !key_bytes(c, &k->arg[2], &key) || !key_bytes(c, &k->arg[3], &tag))
		return false;
	const EVP_CIPHER *alg = gcm_of(k->arg[0].i, key.n);

	if (!alg || !nonce.n || tag.n != 16 || s->s.n > INT32_MAX / 2)
		return false;
	unsigned char *out = (unsigned char *)arena_bytes(c->tmp, s->s.n + 16);
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	bool ok = x && gcm_open(x, alg, nonce, key, tag, s->s, out, &n);

	EVP_CIPHER_CTX_free(x);
	return ok && set_bin(s, (char *)out, (size_t)n);
}
