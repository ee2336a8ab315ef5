// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_test.h"

static struct tls_front *front(bool strict)
{
	static struct tls_opts o;
	struct tls_err e;
	struct tls_front *f;

	o = (struct tls_opts){ .strict_sni = strict };
	f = tls_front_new(&o, STR("fe/:443"), &e);
	assert_non_null(f);
	return f;
}

static void add(struct tls_front *f, struct tls_cert *c, const char *filters)
{
	struct str names[8], rest = str_c(filters);
	struct tls_err e;
	unsigned n = 0;

	while (filters && rest.p)
		names[n++] = str_split(&rest, ' ');
	assert_true(tls_front_add(f, c, names, n, NULL, NULL, &e));
}

static void finish(struct tls_front *f)
{
	struct tls_err e;

	if (!tls_front_finish(f, &e))
		fail_msg("%s", e.text);
}

static const struct tls_cert *found(struct tls_front *f, const char *name, enum tls_key_kind k)
{
	const struct tls_match *m = tls_front_match(f, str_c(name));

	return m && m->at[k] ? m->at[k]->cert : NULL;
}

TEST(a_name_finds_the_exact_certificate_before_the_wildcard)
{
	struct tls_front *f = front(false);
	struct tls_cert *wild = make_cert("DNS:*.a.org,DNS:a.org", false), *exact = make_cert("DNS:x.a.org", false);

	add(f, wild, NULL);
	add(f, exact, NULL);
	finish(f);
	assert_ptr_equal(found(f, "x.a.org", TLS_KEY_EC), exact);
	assert_ptr_equal(found(f, "X.A.ORG", TLS_KEY_EC), exact);
	assert_ptr_equal(found(f, "x.a.org.", TLS_KEY_EC), exact);
	assert_ptr_equal(found(f, "y.a.org", TLS_KEY_EC), wild);
	assert_ptr_equal(found(f, "a.org", TLS_KEY_EC), wild);
	assert_null(found(f, "z.y.a.org", TLS_KEY_EC));
	assert_null(found(f, ".a.org", TLS_KEY_EC));
	assert_null(found(f, "", TLS_KEY_EC));
	assert_null(found(f, "b.org", TLS_KEY_EC));
}

TEST(one_name_may_have_a_certificate_for_each_kind_of_key_and_the_first_of_a_kind_counts)
{
	struct tls_front *f = front(false);
	struct tls_cert *ec = make_cert("DNS:a", false), *rsa = make_cert("DNS:a", true), *late = make_cert("DNS:a", false);

	add(f, ec, NULL);
	add(f, rsa, NULL);
	add(f, late, NULL);
	finish(f);
	assert_ptr_equal(found(f, "a", TLS_KEY_EC), ec);
	assert_ptr_equal(found(f, "a", TLS_KEY_RSA), rsa);
	assert_ptr_equal(tls_front_default(f)->at[TLS_KEY_EC]->cert, ec);
	assert_ptr_equal(tls_front_default(f)->at[TLS_KEY_RSA]->cert, rsa);
}

TEST(filters_replace_the_names_of_the_certificate_and_a_negative_one_leaves_a_hole)
{
	struct tls_front *f = front(false);
	struct tls_cert *c = make_cert("DNS:a", false), *d = make_cert("DNS:b", false);

	add(f, c, "*.w !no.w !*.deep.w other");
	add(f, d, NULL);
	finish(f);
	assert_null(found(f, "a", TLS_KEY_EC));
	assert_ptr_equal(found(f, "x.w", TLS_KEY_EC), c);
	assert_ptr_equal(found(f, "other", TLS_KEY_EC), c);
	assert_null(found(f, "no.w", TLS_KEY_EC));
	assert_ptr_equal(found(f, "b", TLS_KEY_EC), d);
}

TEST(a_star_alone_is_every_name)
{
	struct tls_front *f = front(true);
	struct tls_cert *c = make_cert("DNS:a", false), *d = make_cert("DNS:b", false);

	add(f, c, NULL);
	add(f, d, "*");
	finish(f);
	assert_ptr_equal(found(f, "a", TLS_KEY_EC), c);
	assert_ptr_equal(found(f, "whatever.org", TLS_KEY_EC), d);
}

TEST(a_replaced_certificate_is_found_under_its_new_names)
{
	struct tls_front *f = front(false);
	struct tls_cert *c = make_cert("DNS:old", false);
	char pem[8192];
	struct tls_err e;
	bool renamed;

	add(f, c, NULL);
	finish(f);
	make_pem("DNS:new", false, 5, pem, sizeof(pem));
	assert_non_null(tls_cert_put(c->path, str_c(pem), &renamed, &e));
	assert_true(tls_fronts_refresh(&e));
	assert_null(found(f, "old", TLS_KEY_EC));
	assert_ptr_equal(found(f, "new", TLS_KEY_EC), c);
	assert_int_equal(tls_cert_days_left(c), 5);
}

TEST(ten_thousand_names_are_no_more_work_than_one)
{
	struct tls_front *f = front(false);
	struct tls_cert *c = make_cert("DNS:a", false);
	char name[32];
	struct str s = { name, 0 };
	struct tls_err e;

	for (unsigned i = 0; i < 10000; i++) {
		s.n = (size_t)snprintf(name, sizeof(name), "n%u.example.org", i);
		assert_true(tls_front_add(f, c, &s, 1, NULL, NULL, &e));
	}
	finish(f);
	assert_ptr_equal(found(f, "n9999.example.org", TLS_KEY_EC), c);
	assert_null(found(f, "n10000.example.org", TLS_KEY_EC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_name_finds_the_exact_certificate_before_the_wildcard, drop_all),
		cmocka_unit_test_teardown(one_name_may_have_a_certificate_for_each_kind_of_key_and_the_first_of_a_kind_counts,
					  drop_all),
		cmocka_unit_test_teardown(filters_replace_the_names_of_the_certificate_and_a_negative_one_leaves_a_hole, drop_all),
		cmocka_unit_test_teardown(a_star_alone_is_every_name, drop_all),
		cmocka_unit_test_teardown(a_replaced_certificate_is_found_under_its_new_names, drop_all),
		cmocka_unit_test_teardown(ten_thousand_names_are_no_more_work_than_one, drop_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
