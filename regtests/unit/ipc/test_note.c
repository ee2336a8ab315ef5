// SPDX-License-Identifier: GPL-3.0-or-later
/* Words about the last check and the last answer of the agent. */
#include "../unit.h"
#include <sluice/ipc/note.h>

static struct segment *two_servers(void)
{
	struct segment *s = segment_create(1, 1, 1, 2, 0);

	assert_non_null(s);
	return s;
}

TEST(each_kind_of_note_of_each_server_is_its_own)
{
	struct segment *s = two_servers(), *o = segment_map(s->fd);
	char text[NOTE_TEXT];

	assert_true(note_write(s, 0, NOTE_CHECK, STR("refused")));
	assert_true(note_write(s, 1, NOTE_AGENT, STR("via agent : down")));
	assert_int_equal(note_read(o, 0, NOTE_CHECK, text), 7);
	assert_memory_equal(text, "refused", 7);
	assert_int_equal(note_read(o, 0, NOTE_AGENT, text), 0);
	assert_int_equal(note_read(o, 1, NOTE_AGENT, text), 16);
	assert_true(note_write(s, 0, NOTE_CHECK, STR("no")));
	assert_int_equal(note_read(o, 0, NOTE_CHECK, text), 2);
	segment_unmap(o);
	segment_unmap(s);
}

TEST(what_is_too_long_is_cut_and_what_cannot_be_printed_is_replaced)
{
	struct segment *s = two_servers();
	char text[NOTE_TEXT], lots[300];

	memset(lots, 'x', sizeof(lots));
	assert_true(note_write(s, 0, NOTE_CHECK, str_n(lots, sizeof(lots))));
	assert_int_equal(note_read(s, 0, NOTE_CHECK, text), NOTE_TEXT);
	assert_true(note_write(s, 0, NOTE_CHECK, str_n("a\n\0\x80z", 5)));
	assert_int_equal(note_read(s, 0, NOTE_CHECK, text), 5);
	assert_memory_equal(text, "a???z", 5);
	segment_unmap(s);
}

TEST(a_note_that_its_writer_died_in_is_not_shown_and_can_be_written_again)
{
	struct segment *s = two_servers();
	char text[NOTE_TEXT];

	assert_true(note_write(s, 0, NOTE_CHECK, STR("whole")));
	atomic_fetch_or(&s->note[NOTE_CHECK].seq, 1);
	assert_int_equal(note_read(s, 0, NOTE_CHECK, text), 0);
	assert_true(note_write(s, 0, NOTE_CHECK, STR("again")));
	assert_int_equal(note_read(s, 0, NOTE_CHECK, text), 5);
	segment_unmap(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_note_of_each_server_is_its_own),
		cmocka_unit_test(what_is_too_long_is_cut_and_what_cannot_be_printed_is_replaced),
		cmocka_unit_test(a_note_that_its_writer_died_in_is_not_shown_and_can_be_written_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
