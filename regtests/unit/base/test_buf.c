// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/buf.h>
#include "../unit.h"

TEST(storage_comes_with_the_first_need_and_goes_with_release)
{
	struct buf b = { 0 };
	buf_set_size(1000);
	assert_int_equal(buf_size(), 1008);
	assert_int_equal(buf_append(&b, STR("lost")), 0);
	assert_true(buf_acquire(&b));
	assert_int_equal(b.cap, buf_size());
	char *mem = b.mem;
	assert_int_equal(buf_append(&b, STR("abc")), 3);
	assert_true(buf_acquire(&b)); /* has storage already: keeps it */
	assert_ptr_equal(b.mem, mem);
	assert_slice(buf_str(&b), "abc");
	buf_release(&b);
	assert_int_equal(b.cap, 0);
	buf_release(&b);
	buf_set_size(1000); /* empties the pool */
}

TEST(appending_takes_what_fits)
{
	struct buf b = { 0 };
	char big[64];
	memset(big, 'x', sizeof big);
	buf_set_size(32);
	assert_true(buf_acquire(&b));
	assert_int_equal(buf_append(&b, str_n(big, 20)), 20);
	assert_int_equal(buf_append(&b, str_n(big, 64)), 12);
	assert_int_equal(buf_room(&b), 0);
	buf_release(&b);
	buf_set_size(32);
}

TEST(consuming_all_makes_the_whole_room_free_again)
{
	struct buf b = { 0 };
	buf_set_size(32);
	assert_true(buf_acquire(&b));
	buf_append(&b, STR("hello"));
	buf_consume(&b, 2);
	assert_slice(buf_str(&b), "llo");
	assert_int_equal(buf_room(&b), 27);
	buf_consume(&b, 3);
	assert_int_equal(buf_room(&b), 32);
	buf_release(&b);
	buf_set_size(32);
}

TEST(compacting_moves_overlapping_bytes_to_the_front)
{
	struct buf b = { 0 };
	buf_set_size(16);
	assert_true(buf_acquire(&b));
	buf_append(&b, STR("0123456789abcdef"));
	buf_consume(&b, 2);
	buf_compact(&b);
	assert_slice(buf_str(&b), "23456789abcdef");
	assert_int_equal(b.head, 0);
	assert_int_equal(buf_room(&b), 2);
	buf_compact(&b);
	assert_int_equal(buf_len(&b), 14);
	buf_release(&b);
	buf_set_size(16);
}

TEST(text_grows_without_end)
{
	struct sbuf b = { 0 };
	for (int i = 0; i < 10000; i++)
		sbuf_printf(&b, "%d,", i % 10);
	sbuf_addc(&b, '!');
	assert_int_equal(b.n, 20001);
	assert_int_equal(strlen(sbuf_cstr(&b)), 20001);
	assert_false(b.cut);
	sbuf_free(&b);
	assert_null(b.p);
}

TEST(formatted_text_longer_than_the_scratch_is_kept_whole)
{
	struct sbuf b = { 0 };
	sbuf_printf(&b, "%01000d", 7);
	assert_int_equal(b.n, 1000);
	assert_int_equal(b.p[999], '7');
	sbuf_free(&b);
}

TEST(fixed_text_is_cut_and_says_so)
{
	char mem[8];
	struct sbuf b = SBUF_FIXED(mem);
	sbuf_add(&b, STR("12345678"));
	assert_false(b.cut);
	sbuf_addc(&b, '9');
	assert_true(b.cut);
	assert_slice(sbuf_str(&b), "12345678");
	sbuf_free(&b);
	struct sbuf c = SBUF_FIXED(mem);
	sbuf_add(&c, STR("abcdefgh"));
	assert_string_equal(sbuf_cstr(&c), "abcdefg"); /* the NUL needs a byte */
	assert_true(c.cut);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(storage_comes_with_the_first_need_and_goes_with_release),
		cmocka_unit_test(appending_takes_what_fits),
		cmocka_unit_test(consuming_all_makes_the_whole_room_free_again),
		cmocka_unit_test(compacting_moves_overlapping_bytes_to_the_front),
		cmocka_unit_test(text_grows_without_end),
		cmocka_unit_test(formatted_text_longer_than_the_scratch_is_kept_whole),
		cmocka_unit_test(fixed_text_is_cut_and_says_so),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
