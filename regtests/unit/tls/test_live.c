// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/tls/live.h>
#include <sluice/tls/tickets.h>
#include "tls_test.h"

static struct tls_front *front(struct tls_cert *c)
{
	static struct tls_opts o;
	struct tls_err e;
	struct tls_front *f = tls_front_new(&o, STR("fe/:443"), &e);

	assert_non_null(f);
	assert_true(tls_front_add(f, c, NULL, 0, NULL, NULL, &e));
	tls_list_open(f, "/list");
	assert_true(tls_front_finish(f, &e));
	return f;
}

/* As a worker gets it. */
static bool change(enum tls_change k, const char *name, struct str text, struct tls_err *e)
{
	size_t n;
	int fd = tls_live_pack(k, str_c(name), text, &n);
	bool ok;

	assert_true(fd >= 0);
	assert_true(write(fd, "x", 1) < 0); /* sealed */
	ok = tls_live_apply(fd, n, e);
	close(fd);
	return ok;
}

static bool add_line(const struct tls_line_add *a, struct tls_err *e)
{
	struct sbuf b = { 0 };
	bool ok;

	tls_line_pack(a, &b);
	ok = change(TLS_CHANGE_LIST_ADD, "/list", sbuf_str(&b), e);
	sbuf_free(&b);
	return ok;
}

static const struct tls_cert *found(struct tls_front *f, const char *name)
{
	const struct tls_match *m = tls_front_match(f, str_c(name));

	return m ? m->at[TLS_KEY_EC]->cert : NULL;
}

TEST(a_certificate_is_made_added_to_a_list_taken_out_and_deleted)
{
	struct tls_front *f = front(make_cert("DNS:a", false));
	struct str names[] = { STR("x.org"), STR("!y.x.org") };
	struct tls_line_add a = { .cert = STR("/n.pem"), .text = STR("x.org !y.x.org"), .filters = names, .nfilters = 2, .no = 7 };
	struct sbuf b = { 0 };
	char pem[8192];
	struct tls_err e;

	make_pem("DNS:n", false, 9, pem, sizeof(pem));
	assert_false(add_line(&a, &e));
	assert_non_null(strstr(e.text, "'/n.pem' does not exist"));
	assert_int_equal(tls_list_find("/list")->lines.n, 0);
	assert_true(change(TLS_CHANGE_CERT, "/n.pem", str_c(pem), &e));
	assert_null(found(f, "x.org"));
	assert_true(add_line(&a, &e));
	assert_string_equal(found(f, "x.org")->path, "/n.pem");
	assert_int_equal(tls_list_next_no(tls_list_find("/list")), 8);
	tls_line_pack_del(7, &b);
	assert_true(change(TLS_CHANGE_LIST_DEL, "/list", sbuf_str(&b), &e));
	assert_false(change(TLS_CHANGE_LIST_DEL, "/list", sbuf_str(&b), &e));
	assert_null(found(f, "x.org"));
	assert_true(change(TLS_CHANGE_CERT_DEL, "/n.pem", STR(""), &e));
	assert_false(change(TLS_CHANGE_CERT_DEL, "/n.pem", STR(""), &e));
	sbuf_free(&b);
}

TEST(options_of_a_line_travel_with_it_and_bad_ones_change_nothing)
{
	struct tls_front *f = front(make_cert("DNS:a", false));
	struct tls_opts o = { .alpn = STR("\x02h2"), .ciphersuites = "TLS_AES_128_GCM_SHA256" };
	struct tls_line_add a = { .cert = str_c(tls_cert_first()->path), .no = 1, .own = true, .opts = &o };
	struct str star = STR("*");
	struct tls_err e;

	a.filters = &star;
	a.nfilters = 1;
	o.ciphersuites = "NONSENSE";
	assert_false(add_line(&a, &e));
	assert_non_null(strstr(e.text, "ciphersuites 'NONSENSE'"));
	assert_int_equal(tls_front_entries(f), 1);
	o.ciphersuites = "TLS_AES_128_GCM_SHA256";
	assert_true(add_line(&a, &e));
	assert_int_equal(tls_front_entries(f), 2);
	assert_ptr_not_equal(tls_front_entry(f, 0)->policy, tls_front_entry(f, 1)->policy);
}

TEST(a_change_that_is_cut_short_or_unknown_is_refused)
{
	struct tls_err e;
	size_t n;
	int fd = tls_live_pack(TLS_CHANGE_CERT, STR("/x"), STR("text"), &n);

	assert_false(tls_live_apply(fd, n - 1, &e));
	assert_false(tls_live_apply(fd, n + 1, &e));
	assert_false(tls_live_apply(fd, 1u << 30, &e));
	assert_false(tls_live_apply(-1, 10, &e));
	close(fd);
	assert_false(change(TLS_CHANGES, "/x", STR(""), &e));
	assert_false(change(TLS_CHANGE_LIST_ADD, "/list", STR("\1\0\0\0\377\377\377\377"), &e));
}

TEST(a_ticket_key_moves_the_others_up)
{
	char path[] = "/tmp/sluice-unit-keys.XXXXXX", raw[TLS_TICKET_KEY_BYTES], key[48];
	struct tls_ticket_file *f;
	struct tls_err e;
	int fd = mkstemp(path);

	for (char c = 'A'; c < 'D'; c++)
		for (int i = 0; i < 65; i++)
			assert_int_equal(write(fd, i < 64 ? &c : "\n", 1), 1);
	close(fd);
	f = tls_ticket_file_load(path, &e);
	unlink(path);
	assert_non_null(f);
	assert_ptr_equal(tls_ticket_file_load(path, &e), f);
	memset(key, 'k', sizeof(key));
	assert_false(change(TLS_CHANGE_TICKET, path, str_n(key, 47), &e));
	assert_false(change(TLS_CHANGE_TICKET, "/other", str_n(key, 48), &e));
	assert_true(change(TLS_CHANGE_TICKET, path, str_n(key, 48), &e));
	assert_int_equal(tls_ticket_file_keys(f), 3);
	assert_int_equal(tls_ticket_file_key(f, 2, raw), 48);
	assert_memory_equal(raw, key, 48);
	tls_ticket_file_key(f, 0, raw);
	assert_int_equal((unsigned char)raw[0], 0x04); /* BBBB */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_certificate_is_made_added_to_a_list_taken_out_and_deleted, drop_all),
		cmocka_unit_test_teardown(options_of_a_line_travel_with_it_and_bad_ones_change_nothing, drop_all),
		cmocka_unit_test_teardown(a_change_that_is_cut_short_or_unknown_is_refused, drop_all),
		cmocka_unit_test_teardown(a_ticket_key_moves_the_others_up, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
