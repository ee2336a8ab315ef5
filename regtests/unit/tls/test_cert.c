// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_test.h"

static void write_file(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static struct tls_cert *try_load(const char *path, struct tls_err *e)
{
	return tls_cert_load(&(struct tls_cert_files){ .crt = path }, e);
}

TEST(a_file_is_loaded_once_and_found_under_its_path)
{
	char path[64];
	struct tls_cert *c;

	make_file("DNS:A.Example,DNS:*.b", true, 10, path);
	c = load(path);
	assert_ptr_equal(load(path), c);
	assert_ptr_equal(tls_cert_find(path), c);
	assert_ptr_equal(tls_cert_first(), c);
	assert_null(c->next);
	assert_int_equal(c->kind, TLS_KEY_RSA);
	assert_int_equal(c->nnames, 2);
	assert_string_equal(c->names[0], "a.example");
	assert_string_equal(c->names[1], "*.b");
	assert_int_equal(tls_cert_days_left(c), 10);
	unlink(path);
}

TEST(the_key_may_stand_beside_the_certificate)
{
	char path[64], side[80], pem[8192], *key;
	struct tls_cert *c;

	make_file("DNS:a", false, 10, path);
	make_pem("DNS:a", false, 10, pem, sizeof(pem));
	key = strstr(pem, "-----BEGIN PRIVATE KEY");
	assert_non_null(key);
	snprintf(side, sizeof(side), "%s.key", path);
	write_file(path, pem, (size_t)(key - pem));
	write_file(side, key, strlen(key));
	c = load(path);
	assert_non_null(c->key);
	unlink(path);
	unlink(side);
}

TEST(what_cannot_be_used_is_said)
{
	char path[64], pem[8192], other[8192], mixed[16384], *key;
	struct tls_err e;

	assert_null(try_load("/nowhere/x.pem", &e));
	assert_string_equal(e.text, "cannot read '/nowhere/x.pem': No such file or directory");
	make_file("DNS:a", false, 10, path);
	write_file(path, "nothing", 7);
	assert_null(try_load(path, &e));
	assert_non_null(strstr(e.text, "no certificate in"));
	make_pem("DNS:a", false, 10, pem, sizeof(pem));
	make_pem("DNS:a", false, 10, other, sizeof(other));
	key = strstr(pem, "-----BEGIN PRIVATE KEY");
	snprintf(mixed, sizeof(mixed), "%.*s%s", (int)(key - pem), pem, strstr(other, "-----BEGIN PRIVATE KEY"));
	write_file(path, mixed, strlen(mixed));
	assert_null(try_load(path, &e));
	assert_non_null(strstr(e.text, "does not belong to the certificate"));
	write_file(path, pem, (size_t)(key - pem));
	assert_null(try_load(path, &e));
	assert_non_null(strstr(e.text, "no usable private key"));
	assert_null(tls_cert_first());
	unlink(path);
}

TEST(a_replacement_may_have_another_kind_of_key_and_what_it_replaces_stays_when_it_fails)
{
	struct tls_cert *c = make_cert("DNS:b", false);
	char pem[8192], text[4096];
	struct sbuf b = SBUF_FIXED(text);
	const X509 *before = c->leaf;
	struct tls_err e;
	bool renamed;

	assert_null(tls_cert_put(c->path, STR("junk"), &renamed, &e));
	assert_ptr_equal(c->leaf, before);
	make_pem("DNS:b", false, 10, pem, sizeof(pem));
	assert_ptr_equal(tls_cert_put(c->path, str_c(pem), &renamed, &e), c);
	assert_false(renamed);
	make_pem("DNS:b", true, 10, pem, sizeof(pem));
	assert_ptr_equal(tls_cert_put(c->path, str_c(pem), &renamed, &e), c);
	assert_true(renamed);
	tls_cert_describe(c, &b);
	assert_non_null(strstr(sbuf_cstr(&b), "Subject Alternative Name: DNS:b\nAlgorithm: RSA2048\n"));
	assert_non_null(strstr(sbuf_cstr(&b), "Serial: 07\n"));
}

TEST(a_new_path_makes_a_certificate_and_a_deleted_one_lives_as_long_as_somebody_holds_it)
{
	struct tls_cert *a = make_cert("DNS:a", false), *n;
	char pem[8192];
	struct tls_err e;
	bool renamed;

	make_pem("DNS:n", false, 10, pem, sizeof(pem));
	n = tls_cert_put("/run/n.pem", str_c(pem), &renamed, &e);
	assert_ptr_equal(a->next, n);
	assert_ptr_equal(tls_cert_find("/run/n.pem"), n);
	tls_cert_hold(n);
	assert_true(tls_cert_delete("/run/n.pem"));
	assert_false(tls_cert_delete("/run/n.pem"));
	assert_null(tls_cert_find("/run/n.pem"));
	assert_ptr_equal(tls_cert_find(a->path), a);
	assert_string_equal(n->names[0], "n");
	tls_cert_free(n);
}

/* The key of c in another clothing. */
static bool takes(const struct tls_cert *c, bool (*put)(BIO *b, EVP_PKEY *key))
{
	BIO *b = BIO_new(BIO_s_mem());
	struct tls_cert *n;
	struct tls_err e;
	char *p;
	long len;
	bool same;

	assert_true(put(b, c->key));
	PEM_write_bio_X509(b, c->leaf);
	len = BIO_get_mem_data(b, &p);
	n = tls_cert_parse("x", str_n(p, (size_t)len), &e);
	same = n && EVP_PKEY_eq(n->key, c->key) == 1;
	tls_cert_free(n);
	BIO_free(b);
	return same;
}

static bool put_traditional(BIO *b, EVP_PKEY *k)
{
	return PEM_write_bio_PrivateKey_traditional(b, k, NULL, NULL, 0, NULL, NULL);
}

static bool put_with_parameters(BIO *b, EVP_PKEY *k) { return PEM_write_bio_Parameters(b, k) && put_traditional(b, k); }

static bool put_encrypted(BIO *b, EVP_PKEY *k)
{
	return PEM_write_bio_PrivateKey(b, k, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL, NULL);
}

TEST(keys_are_taken_in_every_form_but_encrypted_ones)
{
	struct tls_cert *ec = make_cert("DNS:a", false), *rsa = make_cert("DNS:a", true);

	assert_true(takes(ec, put_traditional));
	assert_true(takes(ec, put_with_parameters));
	assert_true(takes(rsa, put_traditional));
	assert_false(takes(rsa, put_encrypted));
	assert_true(takes(rsa, put_traditional));
}

TEST(a_certificate_knows_that_its_files_have_changed)
{
	struct tls_cert *c;
	char path[64];
	struct sbuf pem = { 0 };
	struct tls_err e;
	FILE *f;

	make_file("DNS:a", false, 30, path);
	c = load(path);
	assert_true(c->stamp == tls_cert_stamp(c));
	assert_true(tls_cert_read_text(c, &pem, &e));
	f = fopen(path, "a");
	fputc('\n', f);
	fclose(f);
	assert_false(c->stamp == tls_cert_stamp(c));
	unlink(path);
	assert_false(tls_cert_read_text(c, &pem, &e));
	sbuf_free(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_file_is_loaded_once_and_found_under_its_path, drop_all),
		cmocka_unit_test_teardown(the_key_may_stand_beside_the_certificate, drop_all),
		cmocka_unit_test_teardown(what_cannot_be_used_is_said, drop_all),
		cmocka_unit_test_teardown(a_replacement_may_have_another_kind_of_key_and_what_it_replaces_stays_when_it_fails, drop_all),
		cmocka_unit_test_teardown(a_new_path_makes_a_certificate_and_a_deleted_one_lives_as_long_as_somebody_holds_it, drop_all),
		cmocka_unit_test_teardown(keys_are_taken_in_every_form_but_encrypted_ones, drop_all),
		cmocka_unit_test_teardown(a_certificate_knows_that_its_files_have_changed, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
