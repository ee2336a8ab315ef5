// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include <sluice/net/proxy_hdr.h>

static struct addr ip(const char *text, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(&a, str_c(text)));
	a.port = port;
	return a;
}

static enum proxy_parse parse(const char *text, struct proxy_hdr *h)
{
	return proxy_hdr_parse((const uint8_t *)text, strlen(text), h);
}

static void what_is_written_is_read_back(void **st)
{
	static const char *const pairs[][2] = { { "1.2.3.4", "255.255.255.255" }, { "::1", "2001:db8::2" } };
	char out[PROXY_V1_MAX];

	(void)st;
	for (int i = 0; i < 4; i++) {
		struct addr src = ip(pairs[i / 2][0], 65535), dst = ip(pairs[i / 2][1], 1);
		size_t n = i % 2 ? proxy_hdr_write_v2(out, &src, &dst) : proxy_hdr_write_v1(out, &src, &dst);
		struct proxy_hdr h;

		assert_int_equal(proxy_hdr_parse((uint8_t *)out, n, &h), PROXY_OK);
		assert_int_equal(h.len, n);
		assert_false(h.local);
		assert_true(addr_eq(&h.src, &src, true));
		assert_true(addr_eq(&h.dst, &dst, true));
		for (size_t k = 0; k < n; k++)
			assert_int_equal(proxy_hdr_parse((uint8_t *)out, k, &h), PROXY_MORE);
	}
}

static void the_line_is_what_the_specification_shows(void **st)
{
	struct addr src = ip("192.168.0.1", 56324), dst = ip("192.168.0.11", 443);
	char out[PROXY_V1_MAX];
	size_t n = proxy_hdr_write_v1(out, &src, &dst);

	(void)st;
	assert_int_equal(n, strlen("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"));
	assert_memory_equal(out, "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", n);
}

static void without_addresses_the_connection_counts_as_local(void **st)
{
	char out[PROXY_V1_MAX];
	struct proxy_hdr h;

	(void)st;
	assert_int_equal(proxy_hdr_write_v1(out, NULL, NULL), 15);
	assert_int_equal(proxy_hdr_parse((uint8_t *)out, 15, &h), PROXY_OK);
	assert_true(h.local);
	assert_int_equal(proxy_hdr_write_v2(out, NULL, NULL), 16);
	assert_int_equal(proxy_hdr_parse((uint8_t *)out, 16, &h), PROXY_OK);
	assert_true(h.local);
	assert_int_equal(parse("PROXY UNKNOWN ffff::1 1 2 x\r\n", &h), PROXY_OK);
	assert_true(h.local);
}

static void mixed_families_are_written_as_ipv6(void **st)
{
	struct addr src = ip("1.2.3.4", 1), dst = ip("::1", 2);
	char out[PROXY_V1_MAX];
	struct proxy_hdr h;

	(void)st;
	assert_int_equal(proxy_hdr_parse((uint8_t *)out, proxy_hdr_write_v2(out, &src, &dst), &h), PROXY_OK);
	assert_int_equal(h.src.family, AF_INET6);
	assert_int_equal(h.src.in6.s6_addr[15], 4);
}

static void tlvs_belong_to_the_header_and_are_not_needed(void **st)
{
	struct addr src = ip("1.2.3.4", 1), dst = ip("1.2.3.5", 2);
	char out[PROXY_V1_MAX];
	size_t n = proxy_hdr_write_v2(out, &src, &dst);
	struct proxy_hdr h;

	(void)st;
	out[14] = (char)0xff, out[15] = (char)0xff;
	assert_int_equal(proxy_hdr_parse((uint8_t *)out, n, &h), PROXY_OK);
	assert_int_equal(h.len, 16 + 65535);
}

static void tlvs_are_put_behind_and_found_again(void **st)
{
	struct addr src = ip("1.2.3.4", 1), dst = ip("1.2.3.5", 2);
	char out[PROXY_OUT_MAX], text[64];
	struct sbuf t = SBUF_FIXED(text);
	size_t n = proxy_hdr_write_v2(out, &src, &dst), all;
	struct proxy_hdr h;
	struct str v;

	(void)st;
	proxy_tlv_put(&t, PP_AUTHORITY, STR("a.test"));
	proxy_tlv_put(&t, PP_UNIQUE_ID, STR(""));
	proxy_tlv_put(&t, PP_ALPN, STR("this one is longer than the rest of what there is room for here"));
	proxy_tlv_put(&t, 0xe0, STR("own"));
	assert_int_equal(t.n, 9 + 3 + 6);
	all = proxy_hdr_add_tlvs(out, n, sbuf_str(&t));
	assert_int_equal(all, n + t.n);
	assert_int_equal(proxy_hdr_parse((uint8_t *)out, all, &h), PROXY_OK);
	assert_int_equal(h.len, all);
	assert_true(proxy_tlv_find(str_n(out + n, all - n), 0xe0, &v));
	assert_true(str_eq(v, STR("own")));
	assert_true(proxy_tlv_find(str_n(out + n, all - n), PP_UNIQUE_ID, &v) && !v.n);
	assert_false(proxy_tlv_find(str_n(out + n, all - n), PP_ALPN, &v));
	assert_false(proxy_tlv_find(str_n(out + n, all - n - 1), 0xe0, &v));
	assert_false(proxy_tlv_find(STR(""), 0, &v));
}

/* As HAProxy writes it for this client, server and id. */
static void the_checksum_is_over_the_whole_header(void **st)
{
	static const unsigned char want[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x22\x7f\0\0\1\x7f\0\0\1\xad\xcc\x27\1\3\0\4\xe7\xc8\x41\x75\5\0\4id-0\x20\0\5\0\0\0\0\0";
	struct addr src = ip("127.0.0.1", 0xadcc), dst = ip("127.0.0.1", 0x2701);
	char out[PROXY_OUT_MAX], text[64];
	struct sbuf t = SBUF_FIXED(text);

	(void)st;
	proxy_tlv_put(&t, PP_CRC32C, STR("\0\0\0\0"));
	proxy_tlv_put(&t, PP_UNIQUE_ID, STR("id-0"));
	proxy_tlv_put(&t, PP_SSL, STR("\0\0\0\0\0"));
	assert_int_equal(proxy_hdr_add_tlvs(out, proxy_hdr_write_v2(out, &src, &dst), sbuf_str(&t)), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
	assert_true(proxy_hdr_sum_good(want, 28, str_n((const char *)want + 28, sizeof(want) - 29)));
	assert_true(proxy_hdr_sum_good(want, 28, str_n((const char *)want + 35, sizeof(want) - 36))); /* has none */
	out[20]++;
	assert_false(proxy_hdr_sum_good((uint8_t *)out, 28, str_n(out + 28, sizeof(want) - 29)));
	out[20]--;
	out[45]++;
	assert_false(proxy_hdr_sum_good((uint8_t *)out, 28, str_n(out + 28, sizeof(want) - 29)));
	assert_false(proxy_hdr_sum_good((uint8_t *)out, 28, STR("\3\0\2ab")));
}

static void a_bad_header_is_refused(void **st)
{
	static const char *const bad[] = {
		"GET / HTTP/1.1\r\n\r\n", "PROXY\r\n", "PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n", "PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.5 1 65536\r\n", "PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n",
		"PROXY TCP4 1.2.3.4  1.2.3.5 1 2\r\n", "PROXY TCP4 ::1 ::2 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n",
		"PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.5 -1 2\r\n", "PROXY TCP5 1.2.3.4 1.2.3.5 1 2\r\n",
		"PROXY TCP6 [::1] ::2 1 2\r\n", "proxy TCP4 1.2.3.4 1.2.3.5 1 2\r\n", "PROXY UNKNOWNS\r\n",
		"PROXY TCP4 1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
	};
	struct proxy_hdr h;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &h), PROXY_BAD);
	assert_int_equal(proxy_hdr_parse((const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c", 16, &h), PROXY_BAD);
	assert_int_equal(proxy_hdr_parse((const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b", 16, &h), PROXY_BAD);
	assert_int_equal(proxy_hdr_parse((const uint8_t *)"\r\n\r\n\0\r\nQUIT\n\x21\x41\0\x0c", 16, &h), PROXY_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_line_is_what_the_specification_shows),
		cmocka_unit_test(without_addresses_the_connection_counts_as_local),
		cmocka_unit_test(mixed_families_are_written_as_ipv6),
		cmocka_unit_test(tlvs_belong_to_the_header_and_are_not_needed),
		cmocka_unit_test(tlvs_are_put_behind_and_found_again),
		cmocka_unit_test(the_checksum_is_over_the_whole_header),
		cmocka_unit_test(a_bad_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
