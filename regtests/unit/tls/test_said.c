// SPDX-License-Identifier: GPL-3.0-or-later
/* A described client answers like one that has shaken hands, as far as it was described. */
#include "tls_test.h"

#include <sluice/tls/said.h>
#include "../../../src/tls/tls_priv.h"

static struct arena tmp;
static struct conn conn;

static struct str ask(struct tls_said *t, unsigned what, const char *attr)
{
	struct tls_dn d = { .attr = str_c(attr) };
	struct tls_answer a = { .num = -1 };

	conn = (struct conn){ .xprt = &xprt_said, .xprt_ctx = t };
	return tls_ask(&conn, what, &d, &tmp, &a) ? a.text.n ? a.text : arena_printf(&tmp, "%lld", (long long)a.num) : STR("-");
}

#define IS(want, ...) assert_true(str_eq(ask(__VA_ARGS__, ""), STR(want)))

static void what_was_said_is_answered_and_the_rest_is_as_without_it(void **s)
{
	struct tls_said t = { .sni = STR("h.test"), .alpn = STR("h2") };

	(void)s;
	IS("1", &t, TLS_ASK_TLS);
	IS("h.test", &t, TLS_ASK_SNI);
	IS("h2", &t, TLS_ASK_ALPN);
	IS("TLSv1.3", &t, TLS_ASK_PROTOCOL);
	IS("-", &t, TLS_ASK_CIPHER);
	IS("0", &t, TLS_ASK_CRT_USED);
	IS("0", &t, TLS_ASK_VERIFY);
	IS("-", &t, TLS_ASK_SUBJECT);
	IS("-", &t, TLS_ASK_OWN | TLS_ASK_SUBJECT);
	IS("-", &t, TLS_ASK_SESSION_ID);
	t.version = STR("TLSv1.2");
	IS("TLSv1.2", &t, TLS_ASK_PROTOCOL);
}

static void names_of_a_client_certificate_are_asked_for_by_part_and_whole(void **s)
{
	struct tls_said t = { .sni = STR("h") };

	(void)s;
	assert_true(tls_said_client(&t, STR("/C=DE/O=Example/CN=joe"), STR("/CN=ca")));
	IS("1", &t, TLS_ASK_CRT_USED);
	IS("/C=DE/O=Example/CN=joe", &t, TLS_ASK_SUBJECT);
	assert_true(str_eq(ask(&t, TLS_ASK_SUBJECT, "CN"), STR("joe")));
	assert_true(str_eq(ask(&t, TLS_ASK_ISSUER, "CN"), STR("ca")));
	IS("-", &t, TLS_ASK_SHA1);
	IS("-", &t, TLS_ASK_NOT_AFTER);
	tls_said_free(&t);
}

static void what_is_no_name_is_refused(void **s)
{
	static const char *const bad[] = { "", "CN=x", "/CN", "/=x", "/CN=", "/nonsense=x", "/CN=x/" };
	struct tls_said t = { .sni = STR("h") };

	(void)s;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(tls_said_client(&t, str_c(bad[i]), STR("")));
	assert_false(tls_said_client(&t, STR("/CN=x"), STR("y")));
	assert_null(t.client);
}

static void the_certificate_of_the_name_and_the_protocol_are_shown(void **s)
{
	struct tls_opts o = { .alpn = STR("\2h2\10http/1.1") };
	struct tls_err e;
	char a[64], b[64];
	struct tls_front *f = tls_front_new(&o, STR("f"), &e);
	struct tls_said t = { .sni = STR("b.test") };

	(void)s;
	assert_non_null(f);
	make_file("DNS:a.test", false, 30, a);
	make_file("DNS:b.test", false, 30, b);
	assert_true(tls_front_add(f, load(a), NULL, 0, NULL, NULL, &e) && tls_front_add(f, load(b), NULL, 0, NULL, NULL, &e) && tls_front_finish(f, &e));
	assert_true(str_eq(tls_said_own(&t, f, STR("spdy/3, http/1.1")), str_c(b)));
	assert_true(str_eq(t.alpn, STR("http/1.1")));
	assert_true(str_eq(tls_said_own(&t, f, STR("http/1.1,h2")), str_c(b)));
	assert_true(str_eq(t.alpn, STR("h2"))); /* ours decides */
	assert_true(str_eq(ask(&t, TLS_ASK_OWN | TLS_ASK_SUBJECT, "CN"), STR("test")));
	t.sni = STR("c.test");
	assert_true(str_eq(tls_said_own(&t, f, STR_NULL), str_c(a)));
	assert_int_equal(t.alpn.n, 0);
	assert_false(tls_said_refused(&t, f));
	f->policies->o.verify = TLS_VERIFY_REQUIRED;
	assert_true(tls_said_refused(&t, f));
	assert_true(tls_said_client(&t, STR("/CN=joe"), STR("")));
	assert_false(tls_said_refused(&t, f));
	tls_said_free(&t);
	unlink(a), unlink(b);
	tls_fronts_drop();
	tls_certs_drop();
}

static int open_arena(void **s)
{
	(void)s;
	arena_init(&tmp, 0);
	return 0;
}

static int close_arena(void **s)
{
	(void)s;
	arena_free(&tmp);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_is_answered_and_the_rest_is_as_without_it),
		cmocka_unit_test(names_of_a_client_certificate_are_asked_for_by_part_and_whole),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(the_certificate_of_the_name_and_the_protocol_are_shown),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
