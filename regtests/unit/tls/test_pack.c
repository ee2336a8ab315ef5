// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include "../../../src/tls/pack.h"

TEST(options_arrive_as_they_were_sent_and_a_text_that_was_not_there_is_not_there)
{
	struct tls_opts o = { .ciphers = "A:B", .ca_file = "", .alpn = STR("\x02h2"), .verify = TLS_VERIFY_REQUIRED, .lifetime = 7 }, got;
	struct sbuf b = { 0 };
	struct unpack u;
	struct arena a;

	arena_init(&a, 0);
	pack_u32(&b, 42);
	pack_opts(&b, &o);
	pack_str(&b, STR("end"));
	u = (struct unpack){ .rest = sbuf_str(&b) };
	assert_int_equal(unpack_u32(&u), 42);
	unpack_opts(&u, &a, &got);
	assert_true(tls_opts_eq(&o, &got));
	assert_true(got.ciphers != o.ciphers);
	assert_string_equal(got.ca_file, "");
	assert_null(got.curves);
	assert_true(str_eq(unpack_str(&u), STR("end")));
	assert_false(u.bad);
	sbuf_free(&b);
	arena_free(&a);
}

TEST(what_is_cut_short_anywhere_is_bad_and_never_read_beyond)
{
	struct tls_opts o = { .ciphers = "A:B", .alpn = STR("\x02h2") }, got;
	struct sbuf b = { 0 };
	struct arena a;

	arena_init(&a, 0);
	pack_opts(&b, &o);
	for (size_t n = 0; n < b.n; n++) {
		struct unpack u = { .rest = str_sub(sbuf_str(&b), 0, n) };
		unpack_opts(&u, &a, &got);
		assert_true(u.bad);
		assert_int_equal(unpack_u32(&u), 0);
		assert_int_equal(unpack_str(&u).n, 0);
	}
	sbuf_free(&b);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_arrive_as_they_were_sent_and_a_text_that_was_not_there_is_not_there),
		cmocka_unit_test(what_is_cut_short_anywhere_is_bad_and_never_read_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
