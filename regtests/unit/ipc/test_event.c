// SPDX-License-Identifier: GPL-3.0-or-later
/* The ring of changes of state. */
#include "../unit.h"
#include <sluice/ipc/event.h>

static struct segment *seg;

static void push(uint32_t srv)
{
	struct seg_event e = { .srv = srv, .from = SRV_UP, .to = SRV_DOWN, .via = UINT32_MAX, .info = "why" };
	event_push(seg, &e);
}

TEST(events_are_read_in_order_by_their_number)
{
	struct seg_event e;

	seg = segment_create(1, 1, 1, 1, 0);
	assert_int_equal(event_read(seg, 0, &e), 0);
	push(7);
	push(8);
	assert_int_equal(event_count(seg), 2);
	assert_int_equal(event_read(seg, 1, &e), 1);
	assert_int_equal(e.srv, 8);
	assert_int_equal(e.to, SRV_DOWN);
	assert_string_equal(e.info, "why");
	assert_int_equal(event_read(seg, 2, &e), 0);
	segment_unmap(seg);
}

TEST(a_reader_that_was_lapped_is_told)
{
	struct seg_event e;

	seg = segment_create(1, 1, 1, 1, 0);
	for (uint32_t i = 0; i < SEG_EVENTS + 10; i++)
		push(i);
	assert_int_equal(event_read(seg, 5, &e), -1);
	assert_int_equal(event_read(seg, 10, &e), -1); /* the next one is being written there */
	assert_int_equal(event_read(seg, 11, &e), 1);
	assert_int_equal(e.srv, 11);
	segment_unmap(seg);
}

TEST(an_event_fills_a_cache_line) { assert_int_equal(sizeof(struct seg_event), 64); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read_in_order_by_their_number), cmocka_unit_test(a_reader_that_was_lapped_is_told),
		cmocka_unit_test(an_event_fills_a_cache_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
