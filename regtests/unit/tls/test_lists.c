// SPDX-License-Identifier: GPL-3.0-or-later
/* A list that is replaced as a whole: order, options, what stays when it fails. */
#include <sluice/base/buf.h>
#include <sluice/tls/live.h>
#include "tls_test.h"

static struct tls_opts opts;
static struct tls_cert *certs[4];

/* A `crt`, the list with two lines, and another `crt` behind it. */
static struct tls_front *front(void)
{
	struct tls_err e;
	struct tls_front *f = tls_front_new(&opts, STR("fe/:443"), &e);
	struct tls_list *l;

	for (unsigned i = 0; i < 4; i++)
		certs[i] = make_cert((const char *[]){ "DNS:a", "DNS:b", "DNS:c", "DNS:d" }[i], false);
	assert_non_null(f);
	assert_true(tls_front_add(f, certs[0], NULL, 0, NULL, NULL, &e));
	l = tls_list_open(f, "/list");
	for (unsigned i = 1; i < 3; i++)
		assert_true(tls_front_add(f, certs[i], NULL, 0, NULL, tls_list_line(l, i, str_c(certs[i]->path), STR("")), &e));
	assert_true(tls_front_add(f, certs[0], (struct str[]){ STR("last") }, 1, NULL, NULL, &e));
	assert_true(tls_front_finish(f, &e));
	return f;
}

static struct tls_line_add line(unsigned cert, unsigned no)
{
	return (struct tls_line_add){ .cert = str_c(certs[cert]->path), .text = STR(""), .no = no };
}

static bool put(const struct tls_line_add *a, unsigned n, struct tls_err *e)
{
	struct sbuf b = { 0 };
	bool ok;

	tls_list_pack(a, n, &b);
	ok = tls_live_do(TLS_CHANGE_LIST, STR("/list"), sbuf_str(&b), e);
	sbuf_free(&b);
	return ok;
}

/* Which certificates the entries are of, in their order. */
static void assert_entries(const struct tls_front *f, const char *want)
{
	assert_int_equal(tls_front_entries(f), strlen(want));
	for (unsigned i = 0; want[i]; i++)
		assert_ptr_equal(tls_front_entry(f, i)->cert, certs[want[i] - 'a']);
}

TEST(new_lines_stand_where_the_old_ones_did)
{
	struct tls_front *f = front();
	struct tls_err e;

	assert_entries(f, "abca");
	assert_true(put((struct tls_line_add[]){ line(3, 1), line(2, 2), line(1, 9) }, 3, &e));
	assert_entries(f, "adcba");
	assert_int_equal(tls_list_next_no(tls_list_find("/list")), 10);
	assert_non_null(tls_front_match(f, STR("d")));
	assert_true(put(NULL, 0, &e));
	assert_entries(f, "aa");
	assert_null(tls_front_match(f, STR("d")));
	assert_int_equal(tls_list_next_no(tls_list_find("/list")), 1);
	assert_true(put((struct tls_line_add[]){ line(1, 1) }, 1, &e));
	assert_entries(f, "aab"); /* nothing is left to say where */
}

TEST(a_list_with_one_bad_line_changes_nothing)
{
	struct tls_front *f = front();
	struct tls_opts bad = { .ciphers = "NONSENSE" };
	struct tls_line_add a[] = { line(3, 1), line(2, 2) };
	struct tls_err e;

	a[1].own = true;
	a[1].opts = &bad;
	assert_false(put(a, 2, &e));
	assert_non_null(strstr(e.text, "ciphers 'NONSENSE'"));
	assert_entries(f, "abca");
	assert_int_equal(tls_list_next_no(tls_list_find("/list")), 3);
	assert_null(tls_front_match(f, STR("d")));
	a[1] = line(2, 2);
	a[1].cert = STR("/nowhere");
	assert_false(put(a, 2, &e));
	assert_entries(f, "abca");
	assert_false(tls_live_do(TLS_CHANGE_LIST, STR("/list"), STR("\2\0\0\0\1\0\0\0"), &e));
	assert_false(tls_live_do(TLS_CHANGE_LIST, STR("/other"), STR("\0\0\0\0"), &e));
	assert_entries(f, "abca");
}

TEST(a_listener_keeps_a_certificate)
{
	struct tls_err e;
	struct tls_front *f = tls_front_new(&opts, STR("fe/:1"), &e);

	certs[0] = make_cert("DNS:a", false);
	assert_true(tls_front_add(f, certs[0], NULL, 0, NULL, tls_list_line(tls_list_open(f, "/list"), 1, str_c(certs[0]->path), STR("")), &e));
	assert_true(tls_front_finish(f, &e));
	assert_false(put(NULL, 0, &e));
	assert_string_equal(e.text, "no certificate would be left for 'fe/:1'");
	assert_entries(f, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(new_lines_stand_where_the_old_ones_did, drop_all),
		cmocka_unit_test_teardown(a_list_with_one_bad_line_changes_nothing, drop_all),
		cmocka_unit_test_teardown(a_listener_keeps_a_certificate, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
