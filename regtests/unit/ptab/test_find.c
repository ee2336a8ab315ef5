// SPDX-License-Identifier: GPL-3.0-or-later
/* Lookups: which entry wins for each kind; and against a walk over all entries, with random keys that share much. */
#include "ptab_test.h"

/* A table of these keys and values, and what is found for texts; "-" is nothing. */
struct pair { const char *text, *val; };
static void found(enum ptab_how how, bool icase, const struct pair *entry, const struct pair *want)
{
	struct ptab *t = table_for(how, icase);

	for (; entry->text; entry++)
		put(t, 0, entry->text, entry->val);
	for (; want->text; want++)
		if (strcmp(look(t, want->text), want->val))
			fail_msg("'%s' finds %s, not %s", want->text, look(t, want->text), want->val);
	ptab_unmap(t);
}
#define PAIRS(...) (const struct pair[]){ __VA_ARGS__, { 0 } }

static void of_equal_keys_the_first_counts(void **s UNUSED)
{
	found(PTAB_EXACT, false, PAIRS({ "a", "1" }, { "a", "2" }, { "", "empty" }), PAIRS({ "a", "1" }, { "", "empty" }, { "A", "-" }));
	found(PTAB_EXACT, true, PAIRS({ "AbC", "1" }, { "abc", "2" }), PAIRS({ "aBc", "1" }));
}

static void the_longest_prefix_wins(void **s UNUSED)
{
	found(PTAB_PREFIX, false, PAIRS({ "/a", "1" }, { "/a/b/", "3" }, { "/a/b", "2" }, { "/", "0" }),
	      PAIRS({ "/a/b/c", "3" }, { "/a/bc", "2" }, { "/x", "0" }, { "x", "-" }));
	found(PTAB_PREFIX, false, PAIRS({ "/", "0" }, { "", "any" }), PAIRS({ "/x", "0" }, { "x", "any" }, { "", "any" }));
}

static void keys_longer_than_the_lengths_that_are_told_apart_are_found(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_PREFIX, false);
	char a[2001], b[2001];

	memset(a, 'x', 2000);
	memset(b, 'x', 2000);
	a[1500] = b[1600] = b[2000] = a[2000] = '\0';
	put(t, 0, a, "short");
	put(t, 0, b, "long");
	assert_string_equal(look(t, b), "long");
	assert_string_equal(look(t, a), "short");
	a[1400] = '\0';
	assert_string_equal(look(t, a), "-");
	ptab_unmap(t);
}

static void of_suffixes_parts_and_words_the_first_listed_wins(void **s UNUSED)
{
	found(PTAB_SUFFIX, false, PAIRS({ ".png", "1" }, { ".a.png", "2" }), PAIRS({ "x.a.png", "1" }, { "png", "-" }));
	found(PTAB_SUB, true, PAIRS({ "B", "1" }, { "ab", "2" }), PAIRS({ "xABy", "1" }, { "xay", "-" }));
	found(PTAB_DIR, false, PAIRS({ "b", "1" }, { "/ab/", "2" }, { "c/d", "3" }, { "//", "none" }),
	      PAIRS({ "x/ab/y", "2" }, { "x.b/ab?q", "2" }, { "/c/d", "3" }, { "/cc/d", "-" }, { "//", "-" }));
	found(PTAB_DOM, false, PAIRS({ "b", "1" }, { "example.org", "2" }),
	      PAIRS({ "x.b.ab", "1" }, { "www.example.org:80", "2" }, { "example.orgs", "-" }));
}

static void the_longest_network_wins(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_NET, false);

	put_net(t, "10.0.0.0/8", "a");
	put_net(t, "10.1.2.0/24", "c");
	put_net(t, "10.1.0.0/16", "b");
	put_net(t, "2001:db8::/32", "six");
	put_net(t, "10.1.2.3", "d");
	put_net(t, "10.1.2.3/32", "later");
	assert_string_equal(look_ip(t, "10.1.2.9"), "c");
	assert_string_equal(look_ip(t, "10.1.2.3"), "d");
	assert_string_equal(look_ip(t, "::ffff:10.1.2.3"), "d");
	assert_string_equal(look_ip(t, "10.9.9.9"), "a");
	assert_string_equal(look_ip(t, "2001:db8::9"), "six");
	assert_string_equal(look_ip(t, "11.0.0.1"), "-");
	put_net(t, "0.0.0.0/0", "four");
	put_net(t, "::/0", "all");
	assert_string_equal(look_ip(t, "11.0.0.1"), "four");
	assert_string_equal(look_ip(t, "::1"), "all");
	ptab_unmap(t);
}

static void of_ranges_the_first_that_holds_the_number_wins(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_RANGE, false);

	put_range(t, 1, 10, "wide");
	put_range(t, 5, 5, "point");
	put_range(t, INT64_MIN, -7, "below");
	put_range(t, 11, INT64_MAX, "above");
	assert_string_equal(look_num(t, 5), "wide");
	assert_string_equal(look_num(t, 10), "wide");
	assert_string_equal(look_num(t, 11), "above");
	assert_string_equal(look_num(t, INT64_MAX), "above");
	assert_string_equal(look_num(t, INT64_MIN), "below");
	assert_string_equal(look_num(t, -7), "below");
	assert_string_equal(look_num(t, -6), "-");
	ptab_unmap(t);
	t = table_for(PTAB_RANGE, false);
	put_range(t, INT64_MIN, INT64_MAX, "any");
	assert_string_equal(look_num(t, 0), "any");
	assert_string_equal(look_num(t, INT64_MAX), "any");
	ptab_unmap(t);
}

/* ---- against a walk ------------------------------------------------------------------------------------------------ */

static void random_text(char *to, unsigned most, bool delims)
{
	static const char plain[] = "abAB", with[] = "ab/.?A";
	unsigned n = rand_below(most + 1);

	for (unsigned i = 0; i < n; i++)
		to[i] = delims ? with[rand_below(6)] : plain[rand_below(4)];
	to[n] = '\0';
}

static bool naive_word(enum ptab_how how, struct str v, struct str key, bool icase)
{
	key = ptab_strip(how, key);
	for (size_t i = 0; key.n && i + key.n <= v.n; i++) {
		struct str here = str_sub(v, i, key.n);

		if ((i == 0 || ptab_is_delim(how, v.p[i - 1])) && (i + key.n == v.n || ptab_is_delim(how, v.p[i + key.n])) &&
		    (icase ? str_ieq(here, key) : str_eq(here, key)))
			return true;
	}
	return false;
}

static bool naive(struct ptab_use u, struct str v, struct str key)
{
	switch ((enum ptab_how)u.how) {
	case PTAB_PREFIX: return u.icase ? str_istarts(v, key) : str_starts(v, key);
	case PTAB_SUFFIX: return u.icase ? str_iends(v, key) : str_ends(v, key);
	case PTAB_SUB: return str_find(v, key, u.icase) >= 0;
	case PTAB_DIR:
	case PTAB_DOM: return naive_word((enum ptab_how)u.how, v, key, u.icase);
	default: return u.icase ? str_ieq(v, key) : str_eq(v, key);
	}
}

static uint64_t walk_ord(struct ptab *t, struct ptab_use u, struct str v)
{
	struct ptab_entry e, best = { 0 };

	for (uint32_t at = ptab_first(t); at && ptab_entry(t, at, &e); at = ptab_next(t, at))
		if (naive(u, v, e.key) && (!best.ord || (u.how == PTAB_PREFIX && e.key.n > best.key.n)))
			best = e;
	return best.ord;
}

static void churn(struct ptab *t, bool delims)
{
	char key[16];

	random_text(key, 7, delims);
	if (rand_below(3))
		put(t, ptab_current(t), key, "v");
	else if (rand_below(2))
		(void)ptab_del(t, ptab_current(t), str_c(key));
	else if (ptab_first(t))
		ptab_del_ref(t, ptab_current(t), ptab_first(t));
}

static void lookups_of_text_equal_a_walk_over_all_entries(void **s UNUSED)
{
	for (unsigned n = 0; n < 2 * (PTAB_DOM + 1); n++) {
		struct ptab_use u = { (uint8_t)(n / 2), n % 2 };
		struct ptab *t = table_for((enum ptab_how)u.how, u.icase);
		bool delims = u.how >= PTAB_SUB;

		for (unsigned i = 0; i < 1500; i++) {
			char probe[24];
			struct ptab_entry e = { 0 };
			struct ptab_probe p = { .text = { probe, 0 } };

			churn(t, delims);
			random_text(probe, delims ? 14 : 8, delims);
			p.text.n = strlen(probe);
			(void)ptab_find(t, 0, &p, &e);
			assert_int_equal(e.ord, walk_ord(t, u, p.text));
			if (i % 200 == 0)
				ptab_reclaim(t, UINT64_MAX);
		}
		ptab_unmap(t);
	}
}

static void lookups_of_networks_equal_a_walk(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_NET, false);
	struct addr_net net[300];

	for (unsigned i = 0; i < 300; i++) {
		struct ptab_key k = { .text = STR("net"), .net = { .ip = { .family = AF_INET } } };

		k.net.ip.in4.s_addr = htonl(0x0a000000 | rand_below(1 << 12));
		k.net.len = (uint8_t)(18 + rand_below(15));
		net[i] = k.net;
		assert_true(ptab_add(t, 0, &k, STR("v")));
	}
	for (unsigned i = 0; i < 3000; i++) {
		struct addr a = { .family = AF_INET, .in4.s_addr = htonl(0x0a000000 | rand_below(1 << 12)) };
		struct ptab_entry e = { 0 };
		unsigned best = 0;

		for (unsigned j = 300; j--;)
			if (addr_in_net(&a, &net[j]) && (!best || net[j].len >= net[best - 1].len))
				best = j + 1;
		(void)ptab_find(t, 0, &(struct ptab_probe){ .ip = &a }, &e);
		assert_int_equal(e.ord, best);
	}
	ptab_unmap(t);
}

static void lookups_of_ranges_equal_a_walk(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_RANGE, false);
	int64_t lo[200], hi[200];

	for (unsigned i = 0; i < 200; i++) {
		lo[i] = (int64_t)rand_below(2000) - 1000;
		hi[i] = lo[i] + (int64_t)rand_below(rand_below(8) ? 5 : 400);
		put_range(t, lo[i], hi[i], "v");
	}
	for (int64_t v = -1100; v < 1500; v++) {
		struct ptab_entry e = { 0 };
		unsigned best = 0;

		for (unsigned j = 200; j--;)
			if (lo[j] <= v && v <= hi[j])
				best = j + 1;
		(void)ptab_find(t, 0, &(struct ptab_probe){ .i = v }, &e);
		assert_int_equal(e.ord, best);
	}
	ptab_unmap(t);
}

static void a_table_full_of_garbage_is_read_without_harm(void **s UNUSED)
{
	for (unsigned round = 0; round < 200; round++) {
		enum ptab_how how = (enum ptab_how)(round % (PTAB_RANGE + 1));
		struct ptab *t = table_for(how, false);
		struct addr ip = { .family = AF_INET };
		struct ptab_entry e;
		uint64_t records;

		for (unsigned i = 0; i < 40; i++) {
			struct ptab_key k = { .text = str_sub(STR("abababababababababab"), 0, i % 9), .hi = i };

			k.net.ip.family = AF_INET;
			assert_true(ptab_add(t, 0, &k, STR("v")));
		}
		records = (uint64_t)(t->h->ver[0].first & ~(UNIT_WORDS - 1)) * 8;
		for (unsigned i = 0; i < 60; i++)
			((uint32_t *)t->base)[rand_below(65536)] = (uint32_t)rand_u64() >> rand_below(32);
		for (uint32_t *w = (uint32_t *)(t->base + records), n = 0; n < 2000; n++)
			if (!rand_below(20))
				w[n] = (uint32_t)rand_u64() >> rand_below(32);
		for (unsigned i = 0; i < 50; i++) {
			struct ptab_probe p = { .text = str_sub(STR("abababababababababab"), 0, i % 20), .ip = &ip, .i = (int64_t)i };

			(void)ptab_find(t, 0, &p, &e);
			(void)ptab_is_ref(t, 0, (uint32_t)rand_u64() >> rand_below(32));
		}
		ptab_unmap(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(of_equal_keys_the_first_counts),
		T(the_longest_prefix_wins),
		T(keys_longer_than_the_lengths_that_are_told_apart_are_found),
		T(of_suffixes_parts_and_words_the_first_listed_wins),
		T(the_longest_network_wins),
		T(of_ranges_the_first_that_holds_the_number_wins),
		T(lookups_of_text_equal_a_walk_over_all_entries),
		T(lookups_of_networks_equal_a_walk),
		T(lookups_of_ranges_equal_a_walk),
		T(a_table_full_of_garbage_is_read_without_harm),
	};

	rand_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
