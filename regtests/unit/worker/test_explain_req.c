// SPDX-License-Identifier: GPL-3.0-or-later
/* How the request of `explain` is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/rt/rt.h>
#include <sluice/worker/explain.h>

static struct explain_request q;
static char err[200];

static bool parsed(const char *const *words, unsigned n)
{
	struct str w[16] = { 0 };

	for (unsigned i = 0; i < n; i++)
		w[i] = str_c(words[i]);
	return explain_parse(&q, w, n, err, sizeof(err));
}
#define PARSED(...) parsed((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void method_and_url_may_be_one_word_or_two_or_the_url_alone(void **s)
{
	(void)s;
	assert_true(PARSED("POST http://h/x?y=1"));
	assert_true(str_eq(q.method, STR("POST")) && str_eq(q.host, STR("h")) && str_eq(q.target, STR("/x?y=1")));
	assert_true(PARSED("DELETE", "http://h:8080/x"));
	assert_true(str_eq(q.method, STR("DELETE")) && str_eq(q.host, STR("h:8080")) && q.port == 8080);
	assert_true(PARSED("http://h"));
	assert_true(str_eq(q.method, STR("GET")) && str_eq(q.target, STR("/")) && q.port == 80 && !q.tls);
}

static void the_scheme_gives_the_port_and_an_address_may_stand_in_brackets(void **s)
{
	(void)s;
	assert_true(PARSED("https://h/"));
	assert_true(q.tls && q.port == 443);
	assert_true(PARSED("https://[2001:db8::1]/"));
	assert_int_equal(q.port, 443);
	assert_true(PARSED("https://[2001:db8::1]:8443/"));
	assert_int_equal(q.port, 8443);
}

static void switches_set_source_headers_and_frontend(void **s)
{
	struct addr want;

	(void)s;
	assert_true(addr_parse_ip(&want, STR("2001:db8::7")));
	assert_true(PARSED("http://h/", "--src", "2001:db8::7", "--header", "A: 1", "--header", "B: 2", "--frontend", "web"));
	assert_true(addr_eq(&q.src, &want, false));
	assert_int_equal(q.nhdr, 2);
	assert_true(str_eq(q.hdr[1], STR("B: 2")) && str_eq(q.frontend, STR("web")));
}

static void protocol_upgrade_and_seed_are_said_by_switches(void **s)
{
	(void)s;
	assert_true(PARSED("http://h/", "--proto", "h2", "--upgrade", "websocket", "--seed", "18446744073709551615"));
	assert_true(q.proto == PROTO_H2 && str_eq(q.upgrade, STR("websocket")) && q.seed == UINT64_MAX);
	assert_true(PARSED("http://h/", "--proto", "h1"));
	assert_true(q.proto == PROTO_H1 && !q.upgrade.n && !q.seed);
	assert_false(PARSED("http://h/", "--proto", "h3"));
	assert_string_equal(err, "a protocol is h1 or h2, not 'h3'");
	assert_false(PARSED("http://h/", "--seed", "0"));
	assert_string_equal(err, "not a number above 0: '0'");
}

static void a_request_for_https_says_what_its_handshake_came_to(void **s)
{
	(void)s;
	assert_true(PARSED("https://h.test:8443/", "--alpn", "h2", "--tls", "TLSv1.2", "--cipher", "X", "--client-dn", "/CN=joe", "--issuer-dn", "/CN=ca"));
	assert_true(str_eq(q.sni, STR("h.test")) && str_eq(q.alpn, STR("h2")) && str_eq(q.version, STR("TLSv1.2")) && str_eq(q.cipher, STR("X")));
	assert_true(str_eq(q.client_dn, STR("/CN=joe")) && str_eq(q.issuer_dn, STR("/CN=ca")));
	assert_true(PARSED("https://h/", "--sni", "other"));
	assert_true(str_eq(q.sni, STR("other")));
	assert_true(PARSED("https://192.0.2.1/") && !q.sni.n);
	assert_true(PARSED("https://[2001:db8::1]/") && !q.sni.n);
	assert_true(PARSED("http://h/") && !q.sni.n);
	assert_false(PARSED("http://h/", "--sni", "x"));
	assert_string_equal(err, "only a request for https:// has '--sni'");
}

static void what_cannot_be_a_request_is_refused_with_the_word_that_is_wrong(void **s)
{
	(void)s;
	assert_false(parsed(NULL, 0));
	assert_false(PARSED("GET", "/only/a/path"));
	assert_non_null(strstr(err, "/only/a/path"));
	assert_false(PARSED("G{T http://h/"));
	assert_false(PARSED("http://h:99999/"));
	assert_non_null(strstr(err, "99999"));
	assert_false(PARSED("http:///x"));
	assert_false(PARSED("http://h/", "--header", "A: 1\r\nB: 2"));
	assert_false(PARSED("http://h/", "--src", "here"));
	assert_false(PARSED("http://h/", "--src"));
	assert_false(PARSED("http://h/", "--what", "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(method_and_url_may_be_one_word_or_two_or_the_url_alone),
		cmocka_unit_test(the_scheme_gives_the_port_and_an_address_may_stand_in_brackets),
		cmocka_unit_test(switches_set_source_headers_and_frontend),
		cmocka_unit_test(protocol_upgrade_and_seed_are_said_by_switches),
		cmocka_unit_test(a_request_for_https_says_what_its_handshake_came_to),
		cmocka_unit_test(what_cannot_be_a_request_is_refused_with_the_word_that_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
