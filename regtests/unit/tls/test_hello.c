// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_test.h"
#include <sluice/tls/hello.h>

struct bytes { char at[40000]; size_t n; };

/* What OpenSSL's client sends first. */
static struct str client_hello(struct bytes *b, const char *sni, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *out = BIO_new(BIO_s_mem());

	SSL_set_connect_state(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	if (sni)
		SSL_set_tlsext_host_name(ssl, sni);
	if (alpn)
		SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	SSL_do_handshake(ssl);
	b->n = (size_t)BIO_read(out, b->at, sizeof(b->at));
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return str_n(b->at, b->n);
}

/* The same message in records of `size` bytes. */
static struct str recut(struct str in, size_t size, struct bytes *b)
{
	b->n = 0;
	for (size_t at = 5; at < in.n; at += size) {
		size_t k = MIN(size, in.n - at);
		memcpy(b->at + b->n, in.p, 3);
		b->at[b->n + 3] = (char)(k >> 8);
		b->at[b->n + 4] = (char)k;
		memcpy(b->at + b->n + 5, in.p + at, k);
		b->n += 5 + k;
	}
	return str_n(b->at, b->n);
}

static enum tls_hello_verdict parse(struct str in, struct tls_hello *h)
{
	static struct arena a;

	arena_free(&a);
	arena_init(&a, 0);
	return tls_hello_parse(in, &a, h);
}

TEST(name_protocols_and_versions_of_a_real_hello)
{
	struct bytes b;
	struct tls_hello h;
	struct str rest, name;

	assert_int_equal(parse(client_hello(&b, "www.example.org", "\x02h2\x08http/1.1"), &h), TLS_HELLO_OK);
	assert_int_equal(h.type, 1);
	assert_slice(h.sni, "www.example.org");
	assert_int_equal(h.version, 0x0303);
	assert_int_equal(tls_hello_max_version(&h), 0x0304);
	rest = h.alpn;
	assert_true(tls_hello_alpn(&rest, &name));
	assert_slice(name, "h2");
	assert_true(tls_hello_alpn(&rest, &name));
	assert_slice(name, "http/1.1");
	assert_false(tls_hello_alpn(&rest, &name));
	assert_non_null(h.groups.p);
	assert_int_equal(parse(client_hello(&b, NULL, NULL), &h), TLS_HELLO_OK);
	assert_null(h.sni.p);
	assert_null(h.alpn.p);
}

TEST(every_shorter_start_of_a_hello_asks_for_more_however_records_cut_it)
{
	static const size_t cuts[] = { 16384, 100, 3, 1 };
	struct bytes b, c;
	struct tls_hello h;
	struct str in = client_hello(&b, "a.org", NULL);

	for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
		struct str all = recut(in, cuts[k], &c);
		for (size_t n = 0; n < all.n; n++)
			assert_int_equal(parse(str_n(all.p, n), &h), TLS_HELLO_MORE);
		assert_int_equal(parse(all, &h), TLS_HELLO_OK);
		assert_slice(h.sni, "a.org");
	}
}

TEST(what_is_no_hello_is_told_at_its_first_wrong_byte)
{
	struct bytes b;
	struct tls_hello h;
	struct str in = client_hello(&b, "a.org", NULL);

	assert_int_equal(parse(STR("G"), &h), TLS_HELLO_BAD);
	assert_int_equal(parse(STR("\x16\x02"), &h), TLS_HELLO_BAD);
	b.at[5] = 11; /* another handshake message */
	assert_int_equal(parse(in, &h), TLS_HELLO_BAD);
	b.at[5] = 1;
	b.at[6] = 1; /* longer than any hello */
	assert_int_equal(parse(in, &h), TLS_HELLO_BAD);
}

TEST(lengths_that_do_not_fit_each_other_are_refused)
{
	struct bytes b;
	struct tls_hello h;
	struct str in = client_hello(&b, "a.org", NULL);
	size_t ciphers = 5 + 4 + 2 + 32 + 1 + 32;

	b.at[ciphers + 1]++;
	assert_int_equal(parse(in, &h), TLS_HELLO_BAD);
	b.at[ciphers + 1]--;
	assert_int_equal(parse(in, &h), TLS_HELLO_OK);
	b.at[8]--; /* the message ends inside its last extension */
	assert_int_equal(parse(in, &h), TLS_HELLO_BAD);
}

TEST(a_name_with_a_nul_or_with_bytes_behind_it_is_none)
{
	struct bytes b;
	struct tls_hello h;
	struct str in = client_hello(&b, "a.org", NULL);
	char *at = memmem(b.at, b.n, "a.org", 5);

	at[1] = '\0';
	assert_int_equal(parse(in, &h), TLS_HELLO_OK);
	assert_null(h.sni.p);
	at[1] = '.';
	at[-1] = 4;
	assert_int_equal(parse(in, &h), TLS_HELLO_OK);
	assert_null(h.sni.p);
}

static struct str pairs(char *buf, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf[2 * i] = (char)(v[i] >> 8);
		buf[2 * i + 1] = (char)v[i];
	}
	return str_n(buf, 2 * n);
}

static struct str exts(char *buf, const uint16_t *v, size_t n)
{
	memset(buf, 0, 4 * n);
	for (size_t i = 0; i < n; i++) {
		buf[4 * i] = (char)(v[i] >> 8);
		buf[4 * i + 1] = (char)v[i];
	}
	return str_n(buf, 4 * n);
}

TEST(ja3_of_its_authors_example)
{
	static const uint16_t c[] = { 47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4 }, e[] = { 0, 10, 11 },
			      g[] = { 23, 24, 25 };
	char cb[64], eb[64], gb[64], text[256], out[TLS_JA3_LEN];
	struct tls_hello h = { .type = 1, .version = 769, .ciphers = pairs(cb, c, ARRAY_LEN(c)),
		.exts = exts(eb, e, ARRAY_LEN(e)), .groups = pairs(gb, g, ARRAY_LEN(g)), .formats = str_n("\0", 1) };
	struct sbuf b = SBUF_FIXED(text);

	tls_hello_ja3_text(&h, &b);
	assert_slice(sbuf_str(&b), "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
	assert_true(tls_hello_ja3(&h, out));
	assert_slice(str_n(out, sizeof(out)), "ada70206e40642a3e4461f35503241d5");
}

TEST(ja4_of_its_authors_example_whatever_the_order_and_the_grease)
{
	static const uint16_t c[] = { 0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
				      0xc014, 0x009c, 0x009d, 0x002f, 0x0035 };
	static const uint16_t e[] = { 0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
				      0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015 };
	static const uint16_t s[] = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601 },
			      v[] = { 0x3a3a, 0x0304, 0x0303 };
	char cb[64], eb[128], sb[64], vb[16], out[TLS_JA4_LEN];
	struct tls_hello h = { .type = 1, .version = 0x0303, .ciphers = pairs(cb, c, ARRAY_LEN(c)),
		.exts = exts(eb, e, ARRAY_LEN(e)), .sigalgs = pairs(sb, s, ARRAY_LEN(s)), .versions = pairs(vb, v, 3),
		.sni = STR("x"), .alpn = STR("\x02h2\x08http/1.1") };

	assert_true(tls_hello_ja4(&h, out));
	assert_slice(str_n(out, sizeof(out)), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_protocols_and_versions_of_a_real_hello),
		cmocka_unit_test(every_shorter_start_of_a_hello_asks_for_more_however_records_cut_it),
		cmocka_unit_test(what_is_no_hello_is_told_at_its_first_wrong_byte),
		cmocka_unit_test(lengths_that_do_not_fit_each_other_are_refused),
		cmocka_unit_test(a_name_with_a_nul_or_with_bytes_behind_it_is_none),
		cmocka_unit_test(ja3_of_its_authors_example),
		cmocka_unit_test(ja4_of_its_authors_example_whatever_the_order_and_the_grease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
