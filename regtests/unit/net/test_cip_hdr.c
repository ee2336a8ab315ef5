// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include <sluice/net/cip_hdr.h>

#define MAGIC 0x4e530001u
#define M "\x4e\x53\x00\x01"
#define IP4 "\x45\0\0\x28\0\0\0\0\x40\x06\0\0\xc0\0\2\7\x0a\0\0\1"                    /* 192.0.2.7 to 10.0.0.1 */
#define IP4_OPTS "\x46\0\0\x2c\0\0\0\0\x40\x06\0\0\xc0\0\2\7\x0a\0\0\1\1\1\1\1"
#define IP4_UDP "\x45\0\0\x28\0\0\0\0\x40\x11\0\0\xc0\0\2\7\x0a\0\0\1"
#define A6(last) "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
#define IP6 "\x60\0\0\0\0\x14\x06\x40" A6("\5") A6("\6")
#define TCP "\x10\x92\0\x50\0\0\0\0\0\0\0\0\x50\x10\0\0\0\0\0\0"                       /* 4242 to 80 */

static enum proxy_parse parse(const char *p, size_t n, struct proxy_hdr *h)
{
	return cip_hdr_parse(MAGIC, (const uint8_t *)p, n, h);
}

static void is(const struct addr *a, const char *want)
{
	char text[ADDR_TEXT_MAX];

	text[addr_text(a, text)] = 0;
	assert_string_equal(text, want);
}

static void both_versions_tell_the_clients_addresses(void **st)
{
	static const struct { const char *p; size_t n; uint32_t len; const char *src, *dst; } cases[] = {
#define CASE(text, len, src, dst) { text, sizeof(text) - 1, len, src, dst }
		CASE(M "\0\0\0\x28" IP4 TCP "GET", 48, "192.0.2.7:4242", "10.0.0.1:80"),
		CASE(M "\0\0\0\x34\0\1\0\x28" IP4 TCP, 52, "192.0.2.7:4242", "10.0.0.1:80"),
		CASE(M "\0\0\0\x2c" IP4_OPTS TCP, 52, "192.0.2.7:4242", "10.0.0.1:80"),
		CASE(M "\0\0\0\x3c" IP6 TCP, 68, "[2001:db8::5]:4242", "[2001:db8::6]:80"),
		CASE(M "\0\0\0\x48\0\1\0\x3c" IP6 TCP, 72, "[2001:db8::5]:4242", "[2001:db8::6]:80"),
		CASE(M "\0\0\0\x2c" IP4 TCP "opts", 52, "192.0.2.7:4242", "10.0.0.1:80"), /* of TCP: they are not looked at */
	};
	struct proxy_hdr h;

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i].p, cases[i].n, &h), PROXY_OK);
		assert_int_equal(h.len, cases[i].len);
		is(&h.src, cases[i].src);
		is(&h.dst, cases[i].dst);
	}
}

static void every_beginning_of_one_waits_for_more_and_asks_for_no_byte_behind_it(void **st)
{
	static const char whole[] = M "\0\0\0\x34\0\1\0\x28" IP4 TCP;
	struct proxy_hdr h;

	(void)st;
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		assert_int_equal(parse(whole, n, &h), PROXY_MORE);
		assert_in_range(cip_hdr_want((const uint8_t *)whole, n), 1, sizeof(whole) - 1 - n);
	}
}

static void what_is_none_is_refused_as_soon_as_that_shows(void **st)
{
	static const struct { const char *p; size_t n; } cases[] = {
#define BAD(text) { text, sizeof(text) - 1 }
		BAD("\x4e\x54"), BAD("GET / HTTP/1.1\r\n"), BAD(M "\0\0\0\x28" IP4_UDP), BAD(M "\0\0\0\x27" IP4 TCP), BAD(M "\x7f\0\0\x28" IP4 TCP),
		BAD(M "\0\0\0\x34\0\2\0\x28" IP4 TCP), BAD(M "\0\0\0\x34\x10\1\0\x28" IP4 TCP), BAD(M "\0\0\0\x28" IP6 TCP),
		BAD(M "\0\0\0\x34\0\1\0\x28" "\x44" IP4 TCP), BAD(M "\0\0\0\x34\0\1\0\x28" "\x54" IP4 TCP),
	};
	struct proxy_hdr h;

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse(cases[i].p, cases[i].n, &h), PROXY_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions_tell_the_clients_addresses),
		cmocka_unit_test(every_beginning_of_one_waits_for_more_and_asks_for_no_byte_behind_it),
		cmocka_unit_test(what_is_none_is_refused_as_soon_as_that_shows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
