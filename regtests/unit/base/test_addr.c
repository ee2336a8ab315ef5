// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/un.h>
#include <sluice/base/addr.h>
#include "../unit.h"

static struct addr ip(const char *text)
{
	struct addr a;
	assert_true(addr_parse_ip(&a, str_c(text)));
	return a;
}

static bool in(const char *addr, const char *net)
{
	struct addr a = ip(addr);
	struct addr_net n;
	assert_true(addr_parse_net(&n, str_c(net)));
	return addr_in_net(&a, &n);
}

static struct str text(const struct addr *a, bool port)
{
	static char out[ADDR_TEXT_MAX];
	return str_n(out, port ? addr_text(a, out) : addr_ip_text(a, out));
}

TEST(numeric_addresses_are_read_and_written_alike)
{
	static const char *const same[] = { "1.2.3.4", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::5",
		"::ffff:1.2.3.4" };
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct addr a = ip(same[i]);
		assert_slice(text(&a, false), same[i]);
	}
	struct addr a = ip("[2001:DB8::5]");
	assert_slice(text(&a, false), "2001:db8::5");
}

TEST(what_is_no_address_is_refused)
{
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "[1.2.3.4]", "[::1",
		"::1]", ":::", "localhost",
		"1.2.3.4:80", "01.2.3.4x", "[]", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb" };
	struct addr a;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (addr_parse_ip(&a, str_c(bad[i])))
			fail_msg("%s was taken for an address", bad[i]);
	assert_false(addr_parse_ip(&a, STR("1.2.3.4\0evil")));
	assert_false(addr_parse_ip(&a, STR_NULL));
}

TEST(networks_take_lengths_masks_and_the_short_form)
{
	struct addr_net n;
	assert_true(addr_parse_net(&n, STR("10.12/8")));
	assert_slice(text(&n.ip, false), "10.0.0.12");
	assert_int_equal(n.len, 8);
	assert_true(addr_parse_net(&n, STR("1.256/8"))); /* the last part fills the rest */
	assert_slice(text(&n.ip, false), "1.0.1.0");
	assert_true(addr_parse_net(&n, STR("1.2.3.4/255.240.0.0")));
	assert_int_equal(n.len, 12);
	assert_true(addr_parse_net(&n, STR("0.0.0.0/0.0.0.0")));
	assert_int_equal(n.len, 0);
	assert_true(addr_parse_net(&n, STR("1.2.3.4")));
	assert_int_equal(n.len, 32);
	assert_true(addr_parse_net(&n, STR("2001:db8::/32")));
	assert_int_equal(n.len, 32);
	assert_true(addr_parse_net(&n, STR("::1")));
	assert_int_equal(n.len, 128);
}

TEST(impossible_networks_are_refused)
{
	static const char *const bad[] = { "", "/8", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/256", "1.2.3.4/255.0.255.0",
		"::/129", "::/ffff::",
		"1.256.1/8", "1.2.3.256/8", "1.2.3.4.5/8", "1.16777216/8", "1..2/8", "a/8", "1.2.3.4/-1",
			"1.2.3.4/8/8" };
	struct addr_net n;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (addr_parse_net(&n, str_c(bad[i])))
			fail_msg("%s was taken for a network", bad[i]);
}

TEST(membership_looks_at_the_prefix_only)
{
	assert_true(in("10.255.0.1", "10.0.0.0/8"));
	assert_false(in("11.0.0.1", "10.0.0.0/8"));
	assert_true(in("10.0.0.129", "10.0.0.128/25"));
	assert_false(in("10.0.0.127", "10.0.0.128/25"));
	assert_true(in("9.9.9.9", "0.0.0.0/0"));
	assert_true(in("1.2.3.4", "1.2.3.4"));
	assert_true(in("2001:db8:8000::1", "2001:db8:8000::/33"));
	assert_false(in("2001:db8::1", "2001:db8:8000::/33"));
}

TEST(a_mapped_address_is_in_the_ipv4_network_and_the_reverse)
{
	assert_true(in("::ffff:10.1.1.1", "10.0.0.0/8"));
	assert_false(in("::10.1.1.1", "10.0.0.0/8"));
	assert_true(in("10.1.1.1", "::ffff:10.0.0.0/104"));
	assert_false(in("10.1.1.1", "::/0"));
	assert_false(in("2001:db8::1", "0.0.0.0/0"));
}

TEST(equality_minds_the_port_only_when_asked)
{
	struct addr a = ip("1.2.3.4"), b = a, u = { .family = AF_UNIX, .path = "/x" };
	char path[] = "/x";
	struct addr v = { .family = AF_UNIX, .path = path };
	b.port = 80;
	assert_true(addr_eq(&a, &b, false));
	assert_false(addr_eq(&a, &b, true));
	assert_true(addr_eq(&u, &v, true));
	path[1] = 'y';
	assert_false(addr_eq(&u, &v, true));
	assert_false(addr_eq(&u, &a, false));
	struct addr m = ip("::ffff:1.2.3.4");
	assert_false(addr_eq(&a, &m, false));
	struct addr l1 = ip("fe80::1"), l2 = l1;
	l2.scope = 2;
	assert_false(addr_eq(&l1, &l2, false));
}

TEST(any_and_loopback_are_known_in_both_families)
{
	struct addr a;
	assert_true((a = ip("0.0.0.0"), addr_is_any(&a)));
	assert_true((a = ip("::"), addr_is_any(&a)));
	assert_false((a = ip("0.0.0.1"), addr_is_any(&a)));
	assert_true((a = ip("127.9.9.9"), addr_is_loopback(&a)));
	assert_true((a = ip("::1"), addr_is_loopback(&a)));
	assert_true((a = ip("::ffff:127.0.0.1"), addr_is_loopback(&a)));
	assert_false((a = ip("128.0.0.1"), addr_is_loopback(&a)));
	assert_false(addr_is_any(&(struct addr){ .family = AF_UNIX }));
}

TEST(kernel_form_and_back_keeps_family_port_and_zone)
{
	struct sockaddr_storage ss;
	struct addr b, a = ip("fe80::1");
	a.port = 65535;
	a.scope = 3;
	assert_int_equal(addr_to_sockaddr(&a, &ss), sizeof(struct sockaddr_in6));
	addr_from_sockaddr(&b, &ss);
	assert_true(addr_eq(&a, &b, true));
	a = ip("1.2.3.4");
	a.port = 80;
	assert_int_equal(addr_to_sockaddr(&a, &ss), sizeof(struct sockaddr_in));
	addr_from_sockaddr(&b, &ss);
	assert_true(addr_eq(&a, &b, true));
	assert_int_equal(addr_to_sockaddr(&(struct addr){ 0 }, &ss), 0);
}

TEST(unix_paths_are_terminated_abstract_names_are_counted_long_ones_refused)
{
	struct sockaddr_storage ss;
	struct sockaddr_un *u = (struct sockaddr_un *)&ss;
	char path[200];
	memset(path, 'x', sizeof path);
	assert_int_equal(addr_to_sockaddr(&(struct addr){ .family = AF_UNIX, .path = "/a" }, &ss),
		offsetof(struct sockaddr_un, sun_path) + 3);
	assert_string_equal(u->sun_path, "/a");
	assert_int_equal(addr_to_sockaddr(&(struct addr){ .family = AF_UNIX, .path = "@ab" }, &ss),
		offsetof(struct sockaddr_un, sun_path) + 3);
	assert_memory_equal(u->sun_path, "\0ab", 3);
	path[107] = 0;
	assert_int_equal(addr_to_sockaddr(&(struct addr){ .family = AF_UNIX, .path = path }, &ss), sizeof *u);
	path[107] = 'x', path[108] = 0;
	assert_int_equal(addr_to_sockaddr(&(struct addr){ .family = AF_UNIX, .path = path }, &ss), 0);
}

TEST(text_with_port_brackets_ipv6_and_names_unix_sockets)
{
	struct addr a = ip("1.2.3.4"), b = ip("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
		u = { .family = AF_UNIX, .path = "/run/x" };
	a.port = 8080;
	b.port = 65535;
	assert_slice(text(&a, true), "1.2.3.4:8080");
	assert_slice(text(&b, true), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	assert_slice(text(&u, true), "unix:/run/x");
	u.path = "@name";
	assert_slice(text(&u, true), "abns@name");
	u.path = NULL;
	assert_slice(text(&u, false), "unix");
	assert_slice(text(&(struct addr){ 0 }, true), "-");
}

TEST(the_hash_minds_the_address_but_not_the_port)
{
	struct addr a = ip("1.2.3.4"), b = a, c = ip("1.2.3.5");
	b.port = 99;
	assert_true(addr_hash(&a) == addr_hash(&b));
	assert_true(addr_hash(&a) != addr_hash(&c));
	assert_true(addr_hash(&a) != addr_hash(&(struct addr){ .family = AF_UNIX, .path = "/x" }));
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(numeric_addresses_are_read_and_written_alike),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(networks_take_lengths_masks_and_the_short_form),
		cmocka_unit_test(impossible_networks_are_refused),
		cmocka_unit_test(membership_looks_at_the_prefix_only),
		cmocka_unit_test(a_mapped_address_is_in_the_ipv4_network_and_the_reverse),
		cmocka_unit_test(equality_minds_the_port_only_when_asked),
		cmocka_unit_test(any_and_loopback_are_known_in_both_families),
		cmocka_unit_test(kernel_form_and_back_keeps_family_port_and_zone),
		cmocka_unit_test(unix_paths_are_terminated_abstract_names_are_counted_long_ones_refused),
		cmocka_unit_test(text_with_port_brackets_ipv6_and_names_unix_sockets),
		cmocka_unit_test(the_hash_minds_the_address_but_not_the_port),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
