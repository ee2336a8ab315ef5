// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

static void the_first_cause_wins(void **state)
{
	struct stream s = { .term = { '-', '-', '-', '-' } };

	(void)state;
	term_set(&s, 'c', 'R');
	term_set(&s, 'S', 'D');
	assert_memory_equal(s.term, "cR--", 4);
}

static void the_phase_follows_the_step(void **state)
{
	static const struct { enum strm_step st; char phase; } rows[] = {
		{ ST_REQ_HEAD, 'R' }, { ST_BE_RULES, 'R' }, { ST_TARPIT, 'T' }, { ST_QUEUE, 'Q' }, { ST_CONNECT, 'C' },
		{ ST_TURNAROUND, 'C' }, { ST_RES_HEAD, 'H' }, { ST_FORWARD, 'D' }, { ST_TCP_FORWARD, 'D' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stream s = { .term = { '-', '-', '-', '-' }, .step = (uint8_t)rows[i].st };

		term_cause(&s, 'C');
		assert_int_equal(s.term[1], rows[i].phase);
	}
}

static void what_is_left_after_the_server_is_done_is_last_data(void **state)
{
	struct stream s = { .step = ST_FORWARD, .flags = SF_HTTP, .srv = { .flags = EP_EOM } };

	(void)state;
	assert_int_equal(term_phase(&s), 'L');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_cause_wins),
		cmocka_unit_test(the_phase_follows_the_step),
		cmocka_unit_test(what_is_left_after_the_server_is_done_is_last_data),
	};

	(void)fake_use(), (void)fake_world, (void)fake_world_end;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
