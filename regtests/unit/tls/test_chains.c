// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates that are completed: by the chains of a directory, and without a root that stands alone. */
#include <sys/stat.h>
#include "tls_test.h"
#include "../../../src/tls/tls_priv.h"

struct party { EVP_PKEY *key; X509 *x; };

static struct party root, mid;
static char dir[64];

static struct party make_party(const char *cn, const struct party *by)
{
	struct party p = { EVP_EC_gen("P-256"), X509_new() };
	X509_NAME *n = X509_get_subject_name(p.x);

	X509_set_version(p.x, 2);
	X509_gmtime_adj(X509_getm_notBefore(p.x), -60);
	X509_gmtime_adj(X509_getm_notAfter(p.x), 86400);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(p.x, by ? X509_get_subject_name(by->x) : n);
	X509_set_pubkey(p.x, p.key);
	assert_true(X509_sign(p.x, by ? by->key : p.key, EVP_sha256()) > 0);
	return p;
}

static void party_free(struct party *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->x);
}

/* A leaf that `by` has signed, with the certificates behind it that are given. */
static struct tls_cert *leaf(const struct party *by, const struct party *behind)
{
	struct party p = make_party("leaf", by);
	BIO *b = BIO_new(BIO_s_mem());
	struct tls_err e;
	struct tls_cert *c;
	char *text;

	PEM_write_bio_X509(b, p.x);
	if (behind)
		PEM_write_bio_X509(b, behind->x);
	PEM_write_bio_PrivateKey(b, p.key, NULL, NULL, 0, NULL, NULL);
	long n = BIO_get_mem_data(b, &text);
	c = tls_cert_parse("/leaf.pem", str_n(text, (size_t)n), &e);
	assert_non_null(c);
	BIO_free(b);
	party_free(&p);
	return c;
}

static void write_chain(const char *name, const struct party *a, const struct party *b)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	if (a)
		PEM_write_X509(f, a->x);
	if (b)
		PEM_write_X509(f, b->x);
	fclose(f);
}

static int setup(void **st)
{
	(void)st;
	strcpy(dir, "/tmp/sluice-unit-chains.XXXXXX");
	root = make_party("root", NULL);
	mid = make_party("mid", &root);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **st)
{
	char cmd[128];

	party_free(&root);
	party_free(&mid);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd) | drop_all(st);
}

TEST(a_certificate_alone_gets_the_chain_that_begins_with_its_issuer)
{
	struct tls_err e;
	struct tls_cert *c;

	write_chain("a", &root, NULL);
	write_chain("b", &mid, &root);
	assert_true(tls_chains_load(dir, &e));
	c = leaf(&mid, NULL);
	assert_int_equal(sk_X509_num(c->chain), 2);
	assert_int_equal(X509_cmp(sk_X509_value(c->chain, 0), mid.x), 0);
	tls_cert_free(c);
	c = leaf(&root, NULL);
	assert_int_equal(sk_X509_num(c->chain), 1);
	tls_cert_free(c);
	c = leaf(NULL, NULL); /* signed by itself */
	assert_int_equal(sk_X509_num(c->chain), 0);
	tls_cert_free(c);
}

TEST(one_that_has_a_chain_keeps_it)
{
	struct tls_err e;
	struct tls_cert *c;

	write_chain("b", &mid, &root);
	assert_true(tls_chains_load(dir, &e));
	c = leaf(&mid, &mid);
	assert_int_equal(sk_X509_num(c->chain), 1);
	tls_cert_free(c);
}

TEST(a_root_that_stands_alone_is_put_aside_when_asked)
{
	struct tls_cert *c = leaf(&root, &root);

	assert_int_equal(sk_X509_num(c->chain), 1);
	tls_cert_free(c);
	tls_completion()->skip_self_issued = true;
	c = leaf(&root, &root);
	assert_int_equal(sk_X509_num(c->chain), 0);
	assert_int_equal(X509_cmp(tls_cert_issuer(c), root.x), 0);
	tls_cert_free(c);
	c = leaf(&mid, &mid);
	assert_int_equal(sk_X509_num(c->chain), 1);
	tls_cert_free(c);
}

TEST(what_is_no_chain_is_said)
{
	struct tls_err e;
	char want[128];

	assert_false(tls_chains_load("/nowhere/at/all", &e));
	assert_string_equal(e.text, "cannot read the directory '/nowhere/at/all': No such file or directory");
	write_chain("empty", NULL, NULL);
	assert_false(tls_chains_load(dir, &e));
	snprintf(want, sizeof(want), "no certificate in '%s/empty'", dir);
	assert_string_equal(e.text, want);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_certificate_alone_gets_the_chain_that_begins_with_its_issuer),
		CASE(one_that_has_a_chain_keeps_it),
		CASE(a_root_that_stands_alone_is_put_aside_when_asked),
		CASE(what_is_no_chain_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
