// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/rand.h>
#include <sluice/base/radix.h>
#include "../unit.h"

static struct arena arena;

static int open_arena(void **state UNUSED)
{
	arena_init(&arena, 0);
	return 0;
}

static int close_arena(void **state UNUSED)
{
	arena_free(&arena);
	return 0;
}

struct seen { char text[64]; int stop_after; };

static bool visit(void *ctx, void *val)
{
	struct seen *s = ctx;
	strcat(strcat(s->text, val), " ");
	return --s->stop_after != 0;
}

static struct radix *trie(enum radix_dir dir, bool icase, const char *const *keys)
{
	struct radix *r = radix_new(&arena, dir, icase);
	for (; *keys; keys++)
		*radix_at(r, str_c(*keys)) = (void *)*keys;
	return r;
}

static const char *walk(const struct radix *r, const char *probe, int stop_after)
{
	static struct seen s;
	s = (struct seen){ .stop_after = stop_after };
	radix_walk(r, str_c(probe), visit, &s);
	return s.text;
}

TEST(every_stored_prefix_is_visited_shortest_first)
{
	struct radix *r = trie(RADIX_FORWARD, false, (const char *[]){ "/api/v1", "/", "/api", "/apple", "/api/v2",
		NULL });
	assert_string_equal(walk(r, "/api/v1/users", 0), "/ /api /api/v1 ");
	assert_string_equal(walk(r, "/api", 0), "/ /api ");
	assert_string_equal(walk(r, "/ap", 0), "/ ");
	assert_string_equal(walk(r, "api", 0), "");
	assert_string_equal(walk(r, "", 0), "");
	assert_string_equal(walk(r, "/API", 0), "/ ");
}

TEST(the_visitor_may_stop_the_walk)
{
	struct radix *r = trie(RADIX_FORWARD, false, (const char *[]){ "a", "ab", "abc", NULL });
	assert_string_equal(walk(r, "abc", 2), "a ab ");
}

TEST(backwards_it_finds_suffixes)
{
	struct radix *r = trie(RADIX_BACKWARD, true, (const char *[]){ ".example.com", ".com", ".b.example.com",
		NULL });
	assert_string_equal(walk(r, "a.B.EXAMPLE.com", 0), ".com .example.com .b.example.com ");
	assert_string_equal(radix_longest(r, STR("x.example.com")), ".example.com");
	assert_null(radix_longest(r, STR("example.org")));
}

TEST(the_empty_key_is_a_prefix_of_everything)
{
	struct radix *r = radix_new(&arena, RADIX_FORWARD, false);
	*radix_at(r, STR_NULL) = "any";
	assert_string_equal(radix_longest(r, STR("x")), "any");
	assert_string_equal(radix_longest(r, STR_NULL), "any");
}

TEST(the_slot_of_a_key_stays_the_same_while_others_split_its_path)
{
	struct radix *r = radix_new(&arena, RADIX_FORWARD, true);
	*radix_at(r, STR("Romane")) = "1";
	*radix_at(r, STR("romanus")) = "2";
	*radix_at(r, STR("rom")) = "3";
	assert_string_equal(*radix_at(r, STR("ROMANE")), "1");
	assert_string_equal(*radix_at(r, STR("romanus")), "2");
	assert_null(*radix_at(r, STR("roman")));
}

TEST(it_agrees_with_a_linear_search_over_random_keys)
{
	char key[300][6];
	size_t len[300];
	struct radix *r = radix_new(&arena, RADIX_FORWARD, false);
	rand_seed_fixed(1);
	for (int i = 0; i < 300; i++) {
		len[i] = 1 + rand_below(6);
		for (size_t k = 0; k < len[i]; k++)
			/* many children at the root, deep below */
			key[i][k] = (char)(i < 40 ? rand_below(256) : 'a' + rand_below(3));
		void **v = radix_at(r, str_n(key[i], len[i]));
		if (!*v)
			*v = key[i];
	}
	for (int i = 0; i < 2000; i++) {
		char probe[8];
		size_t best = 0;
		for (size_t k = 0; k < 8; k++)
			probe[k] = (char)('a' + rand_below(3));
		for (int k = 0; k < 300; k++)
			if (len[k] > best && str_starts(str_n(probe, 8), str_n(key[k], len[k])))
				best = len[k];
		const char *got = radix_longest(r, str_n(probe, 8));
		if (best == 0)
			assert_null(got);
		else
			assert_memory_equal(got, probe, best);
	}
}

#define RADIX_TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest t[] = {
		RADIX_TEST(every_stored_prefix_is_visited_shortest_first),
		RADIX_TEST(the_visitor_may_stop_the_walk),
		RADIX_TEST(backwards_it_finds_suffixes),
		RADIX_TEST(the_empty_key_is_a_prefix_of_everything),
		RADIX_TEST(the_slot_of_a_key_stays_the_same_while_others_split_its_path),
		RADIX_TEST(it_agrees_with_a_linear_search_over_random_keys),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
