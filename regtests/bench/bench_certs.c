// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates by the thousand.   usage: bench_certs make DIR N rsa|ec    bench_certs lookup N
 * make: N self-signed certificates with keys as files, named n<i>.example.org (RSA ones share a few keys: making them is
 * not what is measured). lookup: the price of finding one of N names, exact and by wildcard, as a handshake does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/tls/front.h>

static void die(const char *why)
{
	fprintf(stderr, "bench_certs: %s\n", why);
	exit(2);
}

static void write_one(EVP_PKEY *key, unsigned i, FILE *out)
{
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	char san[80];
	X509_EXTENSION *e;

	snprintf(san, sizeof(san), "DNS:n%u.example.org,DNS:*.n%u.example.org", i, i);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), i + 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400L * 90);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1, -1, 0);
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, key);
	if (!e || !X509_add_ext(x, e, -1) || !X509_sign(x, key, EVP_sha256()) || !PEM_write_X509(out, x) ||
	    !PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL))
		die("cannot make a certificate");
	X509_EXTENSION_free(e);
	X509_free(x);
}

static void make(const char *dir, unsigned n, bool rsa)
{
	EVP_PKEY *keys[4] = { 0 };
	char path[512];

	for (unsigned i = 0; i < n; i++) {
		EVP_PKEY **k = &keys[i % 4];
		FILE *out;
		if (!*k || !rsa) {
			EVP_PKEY_free(*k);
			*k = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
		}
		snprintf(path, sizeof(path), "%s/n%05u.pem", dir, i);
		out = fopen(path, "w");
		if (!out || !*k)
			die(path);
		write_one(*k, i, out);
		fclose(out);
	}
}

static double ns_each(const struct tls_front *f, const char *prefix, unsigned n)
{
	enum { ROUNDS = 1000000 };
	static char names[4096][48];
	uint64_t from;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		snprintf(names[i], sizeof(names[i]), "%sn%u.example.org", prefix, (unsigned)(rand_u64() % n));
	from = clock_read_ns();
	for (unsigned i = 0; i < ROUNDS; i++)
		if (!tls_front_match(f, str_c(names[i % ARRAY_LEN(names)])))
			die("a name was not found");
	return (double)(clock_read_ns() - from) / ROUNDS;
}

static int lookup(unsigned n)
{
	static struct tls_opts o;
	char dir[] = "/tmp/sluice-bench.XXXXXX", path[64];
	struct tls_err e;
	struct tls_front *f = tls_front_new(&o, STR("f/:443"), &e);
	struct tls_cert *c;
	double exact, wild;

	if (!mkdtemp(dir) || !f)
		die(e.text);
	make(dir, 1, false);
	snprintf(path, sizeof(path), "%s/n00000.pem", dir);
	c = tls_cert_load(&(struct tls_cert_files){ .crt = path }, &e);
	for (unsigned i = 0; c && i < n; i++) {
		char a[48], b[48];
		struct str names[2] = { { a, (size_t)snprintf(a, sizeof(a), "n%u.example.org", i) },
					{ b, (size_t)snprintf(b, sizeof(b), "*.n%u.example.org", i) } };
		if (!tls_front_add(f, c, names, 2, NULL, NULL, &e))
			die(e.text);
	}
	unlink(path);
	rmdir(dir);
	if (!c || !tls_front_finish(f, &e))
		die(e.text);
	exact = ns_each(f, "", n);
	wild = ns_each(f, "www.", n);
	printf("%.0f %.0f\n", exact, wild);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0) {
		make(argv[2], (unsigned)atoi(argv[3]), strcmp(argv[4], "rsa") == 0);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "lookup") == 0)
		return lookup((unsigned)atoi(argv[2]));
	die("usage: make DIR N rsa|ec, or lookup N");
}
