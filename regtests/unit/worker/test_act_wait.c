// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that hold a list: until when, and what ends it. */
#include "ruled.h"

static void go_on(struct stream *s)
{
	while (s->step < ST_PICK && strm_step(s) == STEP_NEXT)
		;
}

TEST(a_pause_holds_the_list_for_its_time_and_no_longer)
{
	struct ruled r;

	ruled_open(&r, " http-request pause 10s if { path /p }\n http-request pause req.hdr_val(ms) if { path /e }\n http-request set-header X on\n", NULL);
	struct stream *s = ASK(&r, "http://h/p");

	assert_int_equal(s->step, ST_REQ_RULES);
	assert_in_range(s->hold_until, clock_ms() + 9000, clock_ms() + 10000);
	go_on(s); /* woken too early */
	assert_int_equal(s->step, ST_REQ_RULES);
	s->hold_until = clock_ms();
	go_on(s);
	assert_int_equal(s->hold_until, 0);
	assert_string_equal(ruled_hdr(&s->req, "x"), "on");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/e")), "on");          /* no number is no pause */
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/e", "--header", "Ms: 0")), "on");
	s = ASK(&r, "http://h/e", "--header", "Ms: 5000");
	assert_in_range(s->hold_until, clock_ms() + 4000, clock_ms() + 5000);
	ruled_close(&r);
}

TEST(a_body_that_is_complete_is_not_waited_for)
{
	struct ruled r;

	ruled_open(&r, " http-request wait-for-body time 10s\n http-request set-header X on\n", NULL);
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/")), "on");
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_holds_the_list_for_its_time_and_no_longer),
		cmocka_unit_test(a_body_that_is_complete_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
