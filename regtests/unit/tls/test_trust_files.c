// SPDX-License-Identifier: GPL-3.0-or-later
/* Files, directories and the system's CAs as one text. */
#include <sluice/base/buf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include "tls_test.h"

static char dir[64];

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_dir(void **st)
{
	(void)st;
	strcpy(dir, "/tmp/sluice-unit-cas.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **st)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd) | drop_all(st);
}

TEST(a_directory_is_the_text_of_its_files_by_name)
{
	struct sbuf b = { 0 };
	char path[128];

	put_file("b.crt", "two");
	put_file("a.pem", "one");
	put_file("readme.txt", "no");
	snprintf(path, sizeof(path), "%s/gone.pem", dir);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
	assert_true(tls_trust_text(dir, &b));
	assert_slice(sbuf_str(&b), "one\ntwo\n");
	b.n = 0;
	snprintf(path, sizeof(path), "%s/a.pem", dir);
	assert_true(tls_trust_text(path, &b));
	assert_slice(sbuf_str(&b), "one\n");
	sbuf_free(&b);
}

TEST(where_nothing_is_there_is_an_error)
{
	struct sbuf b = { 0 };

	assert_false(tls_trust_text(dir, &b));
	assert_int_equal(errno, ENOENT);
	b.n = 0;
	assert_false(tls_trust_text("/nowhere/at/all", &b));
	sbuf_free(&b);
}

TEST(any_of_its_files_changes_the_stamp)
{
	uint64_t first, second;

	put_file("a.pem", "one");
	first = tls_trust_stamp(dir);
	assert_int_equal(tls_trust_stamp(dir), first);
	put_file("a.pem", "other");
	second = tls_trust_stamp(dir);
	assert_true(second != first);
	put_file("b.pem", "more");
	assert_true(tls_trust_stamp(dir) != second);
}

TEST(the_system_s_are_one_entry_and_each_is_there_once)
{
	char pem[8192];
	struct tls_trust *t;
	struct tls_err e;

	make_pem("DNS:ca", false, 3, pem, sizeof(pem));
	put_file("a.pem", pem);
	put_file("all.crt", pem);
	setenv("SSL_CERT_DIR", dir, 1);
	setenv("SSL_CERT_FILE", "/nowhere/at/all", 1);
	t = tls_trust_load(TLS_CAS, "@system-ca", &e);
	unsetenv("SSL_CERT_DIR");
	unsetenv("SSL_CERT_FILE");
	assert_non_null(t);
	assert_int_equal(tls_trust_count(t), 1);
	assert_ptr_equal(tls_trust_find(TLS_CAS, "@system-ca"), t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_directory_is_the_text_of_its_files_by_name, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(where_nothing_is_there_is_an_error, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(any_of_its_files_changes_the_stamp, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(the_system_s_are_one_entry_and_each_is_there_once, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
