// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"

TEST(comparison_ignores_case_of_ascii_letters_only)
{
	assert_true(str_ieq(STR("Content-Length"), STR("cONTENT-lENGTH")));
	assert_false(str_ieq(STR("["), STR("{"))); /* 0x20 apart, no letters */
	assert_false(str_ieq(STR("\xc4"), STR("\xe4")));
	assert_false(str_ieq(STR("ab"), STR("abc")));
	assert_true(str_ieq(STR_NULL, STR("")));
}

TEST(prefix_and_suffix_may_be_empty_or_the_whole)
{
	assert_true(str_starts(STR("/api/v1"), STR("/api")));
	assert_true(str_starts(STR("/api"), STR("/api")));
	assert_true(str_starts(STR_NULL, STR_NULL));
	assert_false(str_starts(STR("/ap"), STR("/api")));
	assert_false(str_starts(STR("/API"), STR("/api")));
	assert_true(str_istarts(STR("/API/"), STR("/api")));
	assert_true(str_ends(STR("a.png"), STR(".png")));
	assert_false(str_ends(STR("png"), STR(".png")));
	assert_false(str_ends(STR("a.PNG"), STR(".png")));
	assert_true(str_iends(STR("a.PNG"), STR(".png")));
}

TEST(order_is_by_unsigned_bytes_then_shorter_first)
{
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
	assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
}

TEST(search_gives_the_first_index_or_minus_one)
{
	assert_int_equal(str_chr(STR("a=b=c"), '='), 1);
	assert_int_equal(str_chr(STR("abc"), '='), -1);
	assert_int_equal(str_chr(STR_NULL, 'x'), -1);
	assert_int_equal(str_find(STR("one two two"), STR("two"), false), 4);
	assert_int_equal(str_find(STR("one TWO"), STR("two"), false), -1);
	assert_int_equal(str_find(STR("one TWO"), STR("two"), true), 4);
	assert_int_equal(str_find(STR("tw"), STR("two"), true), -1);
	assert_int_equal(str_find(STR("x"), STR(""), true), 0);
	assert_int_equal(str_find(STR_NULL, STR("x"), false), -1);
}

TEST(a_part_is_clipped_to_the_slice)
{
	assert_slice(str_sub(STR("hello"), 1, 3), "ell");
	assert_slice(str_sub(STR("hello"), 3, 100), "lo");
	assert_int_equal(str_sub(STR("hello"), 9, 1).n, 0);
	assert_slice(str_sub(STR("hello"), 1, SIZE_MAX), "ello");
}

TEST(trimming_takes_spaces_and_tabs_but_no_line_ends)
{
	assert_slice(str_trim(STR(" \t a b\t ")), "a b");
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
	assert_slice(str_trim(STR("\ra\n")), "\ra\n");
}

TEST(splitting_yields_empty_parts_and_says_when_nothing_is_left)
{
	struct str rest = STR("a,,b,");
	assert_slice(str_split(&rest, ','), "a");
	assert_slice(str_split(&rest, ','), "");
	assert_slice(str_split(&rest, ','), "b");
	assert_non_null(rest.p); /* an empty part follows the last comma */
	assert_slice(str_split(&rest, ','), "");
	assert_null(rest.p);
}

TEST(distance_counts_a_swap_of_neighbours_once)
{
	assert_int_equal(str_distance(STR("leastconn"), STR("leastconn")), 0);
	assert_int_equal(str_distance(STR("leastcon"), STR("leastconn")), 1);
	assert_int_equal(str_distance(STR("blaance"), STR("balance")), 1);
	assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
}

TEST(distance_of_words_too_long_to_be_typing_errors_is_255)
{
	char text[100];
	memset(text, 'x', sizeof text);
	assert_int_equal(str_distance(str_n(text, sizeof text), STR("x")), 255);
	assert_int_equal(str_distance(str_n(text, 62), str_n(text, 61)), 1);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(comparison_ignores_case_of_ascii_letters_only),
		cmocka_unit_test(prefix_and_suffix_may_be_empty_or_the_whole),
		cmocka_unit_test(order_is_by_unsigned_bytes_then_shorter_first),
		cmocka_unit_test(search_gives_the_first_index_or_minus_one),
		cmocka_unit_test(a_part_is_clipped_to_the_slice),
		cmocka_unit_test(trimming_takes_spaces_and_tabs_but_no_line_ends),
		cmocka_unit_test(splitting_yields_empty_parts_and_says_when_nothing_is_left),
		cmocka_unit_test(distance_counts_a_swap_of_neighbours_once),
		cmocka_unit_test(distance_of_words_too_long_to_be_typing_errors_is_255),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
