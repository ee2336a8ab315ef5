// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_test.h"

static struct tls_opts opts;

static struct tls_front *front(const char *ca)
{
	struct tls_err e;
	struct tls_front *f;

	opts = (struct tls_opts){ .ca_file = ca, .verify = TLS_VERIFY_REQUIRED };
	f = tls_front_new(&opts, STR("fe/:443"), &e);
	if (!f)
		fail_msg("%s", e.text);
	return f;
}

TEST(a_file_of_cas_is_read_once_and_is_used_as_long_as_somebody_names_it)
{
	char path[64];
	struct tls_trust *t;

	make_file("DNS:ca", false, 30, path);
	front(path);
	t = tls_trust_find(TLS_CAS, path);
	assert_non_null(t);
	assert_int_equal(tls_trust_count(t), 1);
	assert_true(tls_trust_used(TLS_CAS, path));
	assert_false(tls_trust_used(TLS_CRLS, path));
	assert_null(tls_trust_find(TLS_CRLS, path));
	unlink(path);
	front(path); /* from memory */
	tls_fronts_drop();
	assert_false(tls_trust_used(TLS_CAS, path));
	assert_true(tls_trust_delete(TLS_CAS, path));
	assert_false(tls_trust_delete(TLS_CAS, path));
}

TEST(new_content_replaces_the_old_for_everybody_who_names_it)
{
	char path[64], pem[16384];
	struct tls_trust *t;
	const char *name;
	unsigned char before[32];
	struct tls_err e;

	make_file("DNS:ca", false, 30, path);
	front(path);
	t = tls_trust_find(TLS_CAS, path);
	memcpy(before, t->digest, sizeof(before));
	name = t->path;
	make_pem("DNS:one", false, 30, pem, sizeof(pem) / 2);
	make_pem("DNS:two", false, 30, pem + strlen(pem), sizeof(pem) / 2);
	assert_true(tls_trust_put(TLS_CAS, path, str_c(pem), &e));
	assert_ptr_equal(tls_trust_find(TLS_CAS, path), t);
	assert_ptr_equal(t->path, name);
	assert_int_equal(tls_trust_count(t), 2);
	assert_memory_not_equal(t->digest, before, sizeof(before));
	assert_false(tls_trust_put(TLS_CAS, path, STR("junk"), &e));
	assert_false(tls_trust_put(TLS_CRLS, "/crl", str_c(pem), &e));
	assert_non_null(strstr(e.text, "no revocation list"));
	assert_int_equal(tls_trust_count(t), 2);
	unlink(path);
}

TEST(what_cannot_be_read_is_said)
{
	struct tls_err e;

	assert_null(tls_trust_load(TLS_CAS, "/nowhere/ca.pem", &e));
	assert_string_equal(e.text, "cannot read CA certificates from '/nowhere/ca.pem': No such file or directory");
	assert_null(tls_trust_load(TLS_CRLS, "/nowhere/crl.pem", &e));
	assert_string_equal(e.text, "cannot read revocations from '/nowhere/crl.pem': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_file_of_cas_is_read_once_and_is_used_as_long_as_somebody_names_it, drop_all),
		cmocka_unit_test_teardown(new_content_replaces_the_old_for_everybody_who_names_it, drop_all),
		cmocka_unit_test_teardown(what_cannot_be_read_is_said, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
