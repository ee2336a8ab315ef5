// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/hash.h>
#include "lb_fixture.h"

static void keys_hash_with_the_chosen_function_and_avalanche(void **s)
{
	(void)s;
	struct str k = STR("example");

	assert_int_equal(lb_key_hash(&(struct rt_backend){ .hash_fn = HASH_SDBM }, k), hash_sdbm(k));
	assert_int_equal(lb_key_hash(&(struct rt_backend){ .hash_fn = HASH_DJB2 }, k), hash_djb2(k));
	assert_int_equal(lb_key_hash(&(struct rt_backend){ .hash_fn = HASH_WT6 }, k), hash_wt6(k));
	assert_int_equal(lb_key_hash(&(struct rt_backend){ .hash_fn = HASH_CRC32 }, k), hash_crc32(k));
	assert_int_equal(lb_key_hash(&(struct rt_backend){ .hash_fn = HASH_SDBM, .hash_avalanche = true }, k), hash_avalanche(hash_sdbm(k)));
}

static void source_addresses_fold_to_words(void **s)
{
	(void)s;
	struct rt_backend be = { 0 };
	struct addr a;

	assert_true(addr_parse_ip(&a, STR("10.1.2.3")));
	assert_int_equal(lb_key_source(&be, &a), 0x0a010203);
	assert_true(addr_parse_ip(&a, STR("2001:db8::1")));
	assert_int_equal(lb_key_source(&be, &a), 0x20010db8 ^ 1);
}

static void uri(const struct rt_backend *be, const char *in, const char *want)
{
	struct str got = lb_key_uri(be, str_c(in));

	assert_true(str_eq(got, str_c(want)));
}

static void uri_keys_end_where_the_options_say(void **s)
{
	(void)s;
	struct rt_backend plain = { 0 }, whole = { .uri_whole = true }, len = { .uri_len = 5 }, depth = { .uri_depth = 2 };
	struct rt_backend path = { .uri_path_only = true };

	uri(&plain, "/a/b?x=1", "/a/b");
	uri(&whole, "/a/b?x=1", "/a/b?x=1");
	uri(&len, "/abcdefg", "/abcd");
	uri(&len, "/a", "/a");
	uri(&depth, "/a/b/c/d", "/a/b");
	uri(&depth, "/a", "/a");
	uri(&path, "http://h/p?q", "/p");
	uri(&path, "http://h", "/");
	uri(&plain, "http://h/p?q", "http://h/p");
	uri(&path, "/r?u=http://x/", "/r");
	uri(&plain, "", "");
}

static void domain_only_takes_the_label_before_the_last(void **s)
{
	(void)s;
	static const char *const t[][2] = {
		{ "www.example.com", "example" }, { "example.com", "example" }, { "localhost", "localhost" }, { "", "" }, { ".com", "" },
		{ "a.b.c.example.org", "example" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		assert_true(str_eq(lb_key_domain(str_c(t[i][0])), str_c(t[i][1])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_hash_with_the_chosen_function_and_avalanche),
		cmocka_unit_test(source_addresses_fold_to_words),
		cmocka_unit_test(uri_keys_end_where_the_options_say),
		cmocka_unit_test(domain_only_takes_the_label_before_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
