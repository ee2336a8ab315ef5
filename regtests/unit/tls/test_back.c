// SPDX-License-Identifier: GPL-3.0-or-later
/* What is remembered of servers: contexts by options, sessions by options, trust and name. */
#include "tls_test.h"
#include "../../../src/tls/tls_priv.h"

static struct tls_sessions table;

static const struct tls_back *back(const struct tls_opts *o)
{
	struct tls_err e;
	const struct tls_back *b = tls_back_get(o, &e);

	assert_non_null(b);
	return b;
}

/* A session that can be resumed, as far as OpenSSL looks. */
static SSL_SESSION *session(void)
{
	SSL_SESSION *s = SSL_SESSION_new();
	static unsigned char id[32] = { 1 };

	assert_true(SSL_SESSION_set1_id(s, id, sizeof(id)));
	id[0]++;
	return s;
}

static SSL_SESSION *keep(const struct tls_back *b, const char *sni)
{
	SSL_SESSION *s = session();
	struct tls t = { .ssl = SSL_new(b->ctx), .back = b, .sessions = &table };

	if (sni)
		assert_true(SSL_set_tlsext_host_name(t.ssl, sni));
	tls_session_keep(&t, s);
	SSL_free(t.ssl);
	return s;
}

static SSL_SESSION *found(const struct tls_back *b, const char *sni)
{
	struct tls_session *e = tls_session_find(&table, b, sni);

	return e ? e->s : NULL;
}

TEST(equal_options_are_one_context_others_another)
{
	struct tls_opts a = { .alpn = STR("\2h2") }, same = { .alpn = STR("\2h2") }, other = { .alpn = STR("\2h2"), .early_data = true };

	assert_null(tls_back_find(&a));
	assert_ptr_equal(back(&a), back(&same));
	assert_ptr_equal(tls_back_find(&same), back(&a));
	assert_ptr_not_equal(back(&a), back(&other));
}

TEST(a_session_is_for_its_options_and_its_name)
{
	struct tls_opts o = { 0 }, v = { .alpn = STR("\2h2") };
	SSL_SESSION *a = keep(back(&o), "a"), *none = keep(back(&o), NULL);

	assert_ptr_equal(found(back(&o), "a"), a);
	assert_ptr_equal(found(back(&o), NULL), none);
	assert_null(found(back(&o), "b"));
	assert_null(found(back(&v), "a"));
	tls_sessions_free(&table);
	assert_null(found(back(&o), "a"));
}

TEST(a_new_one_takes_the_place_of_the_old_one_of_its_name)
{
	struct tls_opts o = { 0 };

	keep(back(&o), "a");
	tls_session_find(&table, back(&o), "a")->spent = true;
	SSL_SESSION *s = keep(back(&o), "a");
	assert_ptr_equal(found(back(&o), "a"), s);
	assert_false(tls_session_find(&table, back(&o), "a")->spent);
	tls_sessions_free(&table);
}

TEST(the_one_that_was_not_used_for_longest_makes_room)
{
	struct tls_opts o = { 0 };
	char name[] = "a";

	for (; name[0] < 'a' + TLS_SESSIONS; name[0]++)
		keep(back(&o), name);
	assert_non_null(found(back(&o), "a"));
	keep(back(&o), "z");
	assert_non_null(found(back(&o), "a"));
	assert_non_null(found(back(&o), "z"));
	assert_null(found(back(&o), "b"));
	tls_sessions_free(&table);
}

TEST(sessions_of_before_a_change_of_trust_are_not_found)
{
	char path[64], pem[8192];
	struct tls_opts o = { .verify = TLS_VERIFY_REQUIRED, .ca_file = path };
	struct tls_err e;

	make_file("DNS:ca", false, 3, path);
	keep(back(&o), "a");
	assert_non_null(found(back(&o), "a"));
	make_pem("DNS:other", false, 3, pem, sizeof(pem));
	assert_true(tls_trust_put(TLS_CAS, path, str_c(pem), &e));
	assert_null(found(back(&o), "a"));
	unlink(path);
	tls_sessions_free(&table);
}

#define CASE(name) cmocka_unit_test_teardown(name, drop_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(equal_options_are_one_context_others_another),
		CASE(a_session_is_for_its_options_and_its_name),
		CASE(a_new_one_takes_the_place_of_the_old_one_of_its_name),
		CASE(the_one_that_was_not_used_for_longest_makes_room),
		CASE(sessions_of_before_a_change_of_trust_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
