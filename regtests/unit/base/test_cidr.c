// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/radix.h>
#include <sluice/base/rand.h>
#include "../unit.h"

static struct arena arena;
static struct cidr_trie *trie;

static int open_trie(void **state UNUSED)
{
	arena_init(&arena, 0);
	trie = cidr_new(&arena);
	return 0;
}

static int close_trie(void **state UNUSED)
{
	arena_free(&arena);
	return 0;
}

static struct addr_net net(const char *text)
{
	struct addr_net n;
	assert_true(addr_parse_net(&n, str_c(text)));
	return n;
}

static void put(const char *text)
{
	struct addr_net n = net(text);
	*cidr_at(trie, &n.ip, n.len) = (void *)text;
}

static const char *longest(const char *ip)
{
	struct addr_net n = net(ip);
	const char *v = cidr_longest(trie, &n.ip);
	return v ? v : "none";
}

static bool visit(void *ctx, void *val)
{
	strcat(strcat(ctx, val), " ");
	return true;
}

TEST(the_longest_network_wins_and_host_bits_of_a_network_do_not_matter)
{
	put("10.0.0.0/8");
	put("10.1.2.3/16");
	put("10.1.2.3");
	assert_string_equal(longest("10.1.2.3"), "10.1.2.3");
	assert_string_equal(longest("10.1.2.4"), "10.1.2.3/16");
	assert_string_equal(longest("10.2.0.0"), "10.0.0.0/8");
	assert_string_equal(longest("11.0.0.0"), "none");
}

TEST(networks_of_length_zero_match_everything_of_their_family)
{
	put("0.0.0.0/0");
	assert_string_equal(longest("255.255.255.255"), "0.0.0.0/0");
	assert_string_equal(longest("2001:db8::1"), "none");
	put("::/0");
	assert_string_equal(longest("2001:db8::1"), "::/0");
	assert_string_equal(longest("1.2.3.4"), "0.0.0.0/0");
}

TEST(a_mapped_address_matches_ipv4_networks)
{
	put("192.168.0.0/16");
	assert_string_equal(longest("::ffff:192.168.3.4"), "192.168.0.0/16");
	assert_string_equal(longest("::192.168.3.4"), "none");
}

TEST(a_walk_visits_all_networks_around_an_address_shortest_first)
{
	char seen[128] = "";
	struct addr_net n = net("2001:db8:1:2::5");
	put("2001:db8:1:2::5/128");
	put("2001:db8:1::/48");
	put("2001:db8::/32");
	put("2001:db9::/32");
	cidr_walk(trie, &n.ip, visit, seen);
	assert_string_equal(seen, "2001:db8::/32 2001:db8:1::/48 2001:db8:1:2::5/128 ");
}

TEST(a_unix_address_is_in_no_network)
{
	put("0.0.0.0/0");
	assert_null(cidr_longest(trie, &(struct addr){ .family = AF_UNIX, .path = "/x" }));
}

TEST(it_agrees_with_a_linear_search_over_random_networks)
{
	static struct addr_net n[400];
	rand_seed_fixed(7);
	for (int i = 0; i < 400; i++) {
		n[i] = (struct addr_net){ { .family = AF_INET,
			.in4.s_addr = htonl(0x0a000000 | rand_below(1 << 12) << 4) }, (uint8_t)(8 + rand_below(25)) };
		*cidr_at(trie, &n[i].ip, n[i].len) = &n[i];
	}
	for (int i = 0; i < 3000; i++) {
		struct addr a = { .family = AF_INET, .in4.s_addr = htonl(0x0a000000 | rand_below(1 << 16)) };
		int best = -1;
		for (int k = 0; k < 400; k++)
			if (addr_in_net(&a, &n[k]) && n[k].len > best)
				best = n[k].len;
		const struct addr_net *got = cidr_longest(trie, &a);
		assert_int_equal(got ? got->len : -1, best);
	}
}

#define CIDR_TEST(f) cmocka_unit_test_setup_teardown(f, open_trie, close_trie)

int main(void)
{
	const struct CMUnitTest t[] = {
		CIDR_TEST(the_longest_network_wins_and_host_bits_of_a_network_do_not_matter),
		CIDR_TEST(networks_of_length_zero_match_everything_of_their_family),
		CIDR_TEST(a_mapped_address_matches_ipv4_networks),
		CIDR_TEST(a_walk_visits_all_networks_around_an_address_shortest_first),
		CIDR_TEST(a_unix_address_is_in_no_network),
		CIDR_TEST(it_agrees_with_a_linear_search_over_random_networks),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
