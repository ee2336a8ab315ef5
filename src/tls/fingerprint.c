// SPDX-License-Identifier: GPL-3.0-or-later
/* Fingerprints of clients: what they offer in their hello, in the order (JA3) or sorted (JA4) and hashed. GREASE values
 * (RFC 8701) are left out, since they are random. */
#include <stdlib.h>

#include <openssl/evp.h>

#include <sluice/tls/hello.h>
#include <sluice/tls/info.h>
#include "tls_priv.h"

#define LIST_MAX 256

struct values { uint16_t at[LIST_MAX]; unsigned n; };

static void values_add(struct values *l, unsigned v)
{
	if (l->n < LIST_MAX && !tls_grease(v))
		l->at[l->n++] = (uint16_t)v;
}

static void values_pairs(struct values *l, struct str s)
{
	l->n = 0;
	for (size_t i = 0; i + 1 < s.n; i += 2)
		values_add(l, (unsigned)(uint8_t)s.p[i] << 8 | (uint8_t)s.p[i + 1]);
}

static void values_bytes(struct values *l, struct str s)
{
	l->n = 0;
	for (size_t i = 0; i < s.n; i++)
		values_add(l, (uint8_t)s.p[i]);
}

static void values_exts(struct values *l, const struct tls_hello *h)
{
	struct str rest = h->exts, content;
	uint16_t type;

	l->n = 0;
	while (tls_hello_ext(&rest, &type, &content))
		values_add(l, type);
}

static bool digest_hex(const EVP_MD *md, struct str s, char *out, size_t chars)
{
	unsigned char d[EVP_MAX_MD_SIZE];
	unsigned n;

	if (!EVP_Digest(s.p, s.n, d, &n, md, NULL))
		return false;
	for (size_t i = 0; i < chars; i++)
		out[i] = "0123456789abcdef"[i % 2 ? d[i / 2] & 15 : d[i / 2] >> 4];
	return true;
}

/* ---- JA3 --------------------------------------------------------------------------------------------------------- */

static void put_dashed(struct sbuf *out, const struct values *l)
{
	sbuf_addc(out, ',');
	for (unsigned i = 0; i < l->n; i++)
		sbuf_printf(out, "%s%u", i ? "-" : "", l->at[i]);
}

void tls_hello_ja3_text(const struct tls_hello *h, struct sbuf *out)
{
	struct values l;

	sbuf_printf(out, "%u", h->version);
	values_pairs(&l, h->ciphers);
	put_dashed(out, &l);
	values_exts(&l, h);
	put_dashed(out, &l);
	values_pairs(&l, h->groups);
	put_dashed(out, &l);
	values_bytes(&l, h->formats);
	put_dashed(out, &l);
}

bool tls_hello_ja3(const struct tls_hello *h, char out[TLS_JA3_LEN])
{
	char text[8192];
	struct sbuf b = SBUF_FIXED(text);

	tls_hello_ja3_text(h, &b);
	return digest_hex(EVP_md5(), sbuf_str(&b), out, TLS_JA3_LEN);
}

/* ---- JA4 --------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void put_hex(struct sbuf *out, const struct values *l)
{
	for (unsigned i = 0; i < l->n; i++)
		sbuf_printf(out, "%s%04x", i ? "," : "", l->at[i]);
}

static const char *version_text(unsigned v)
{
	switch (v) {
	case 0x0304: return "13";
	case 0x0303: return "12";
	case 0x0302: return "11";
	case 0x0301: return "10";
	case 0x0300: return "s3";
	default: return "00";
	}
}

static bool alnum(char c) { return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

/* First and last character of the first protocol; of its hexadecimal form when they are no letters or digits. */
static void put_alpn(struct sbuf *out, const struct tls_hello *h)
{
	struct str rest = h->alpn, name = STR_NULL;
	const char *hex = "0123456789abcdef";

	if (!rest.n || !tls_hello_alpn(&rest, &name)) {
		sbuf_printf(out, "00");
	} else if (alnum(name.p[0]) && alnum(name.p[name.n - 1])) {
		sbuf_printf(out, "%c%c", name.p[0], name.p[name.n - 1]);
	} else {
		sbuf_addc(out, hex[(uint8_t)name.p[0] >> 4]);
		sbuf_addc(out, hex[(uint8_t)name.p[name.n - 1] & 15]);
	}
}

/* Twelve characters of the SHA-256 of a sorted list, and of what follows it. */
static bool put_hash(struct sbuf *out, struct values *l, struct str behind)
{
	char text[8192], hex[12];
	struct sbuf b = SBUF_FIXED(text);

	qsort(l->at, l->n, sizeof(l->at[0]), by_value);
	put_hex(&b, l);
	sbuf_add(&b, behind);
	if (!l->n)
		memcpy(hex, "000000000000", sizeof(hex));
	else if (!digest_hex(EVP_sha256(), sbuf_str(&b), hex, sizeof(hex)))
		return false;
	sbuf_add(out, str_n(hex, sizeof(hex)));
	return true;
}

bool tls_hello_ja4(const struct tls_hello *h, char out[TLS_JA4_LEN])
{
	char text[TLS_JA4_LEN + 8], algs[2048];
	struct sbuf b = SBUF_FIXED(text), sig = SBUF_FIXED(algs);
	struct values ciphers, exts, hashed = { .n = 0 }, l;

	values_pairs(&ciphers, h->ciphers);
	values_exts(&exts, h);
	for (unsigned i = 0; i < exts.n; i++)
		if (exts.at[i] != 0 && exts.at[i] != 16)
			hashed.at[hashed.n++] = exts.at[i];
	sbuf_printf(&b, "t%s%c%02u%02u", version_text(tls_hello_max_version(h)), h->sni.p ? 'd' : 'i', MIN(ciphers.n, 99u),
		    MIN(exts.n, 99u));
	put_alpn(&b, h);
	sbuf_addc(&b, '_');
	if (!put_hash(&b, &ciphers, STR_NULL))
		return false;
	sbuf_addc(&b, '_');
	values_pairs(&l, h->sigalgs);
	if (l.n) {
		sbuf_addc(&sig, '_');
		put_hex(&sig, &l);
	}
	if (!put_hash(&b, &hashed, sbuf_str(&sig)) || b.n != TLS_JA4_LEN)
		return false;
	memcpy(out, text, TLS_JA4_LEN);
	return true;
}

/* ---- of a handshake that we take part in -------------------------------------------------------------------------- */

static bool wanted;

void tls_fingerprints_wanted(void) { wanted = true; }

static struct str hello_part(SSL *ssl, unsigned type, unsigned length_bytes)
{
	const unsigned char *p;
	size_t n;

	if (!SSL_client_hello_get0_ext(ssl, type, &p, &n) || n < length_bytes)
		return STR_NULL;
	return str_n((const char *)p + length_bytes, n - length_bytes);
}

/* Types alone, each with an empty content: all that fingerprints look at. */
static struct str ext_types(SSL *ssl, char *buf, size_t cap)
{
	int *types;
	size_t n, k = 0;

	if (!SSL_client_hello_get1_extensions_present(ssl, &types, &n))
		return STR_NULL;
	for (size_t i = 0; i < n && k + 4 <= cap; i++) {
		buf[k++] = (char)(types[i] >> 8);
		buf[k++] = (char)types[i];
		buf[k++] = 0;
		buf[k++] = 0;
	}
	OPENSSL_free(types);
	return str_n(buf, k);
}

void tls_fingerprint_take(struct tls *t)
{
	SSL *ssl = t->ssl;
	const unsigned char *p;
	char exts[4 * LIST_MAX];
	struct tls_hello h = { .type = 1 };

	if (!wanted || t->prints || !(t->prints = malloc(TLS_JA3_LEN + TLS_JA4_LEN)))
		return;
	h.version = (uint16_t)SSL_client_hello_get0_legacy_version(ssl);
	h.ciphers.n = SSL_client_hello_get0_ciphers(ssl, &p);
	h.ciphers.p = (const char *)p;
	h.exts = ext_types(ssl, exts, sizeof(exts));
	h.sni = hello_part(ssl, TLSEXT_TYPE_server_name, 2);
	h.groups = hello_part(ssl, TLSEXT_TYPE_supported_groups, 2);
	h.formats = hello_part(ssl, TLSEXT_TYPE_ec_point_formats, 1);
	h.sigalgs = hello_part(ssl, TLSEXT_TYPE_signature_algorithms, 2);
	h.versions = hello_part(ssl, TLSEXT_TYPE_supported_versions, 1);
	h.alpn = hello_part(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, 2);
	if (tls_hello_ja3(&h, t->prints) && tls_hello_ja4(&h, t->prints + TLS_JA3_LEN))
		return;
	free(t->prints);
	t->prints = NULL;
}
