// SPDX-License-Identifier: GPL-3.0-or-later
/* `wait`, as far as it needs no waiting. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend b\n server s1 192.0.2.1:80\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

TEST(a_time_of_nothing_is_over_at_once)
{
	SAYS("wait 0s", "Done.\n");
}

TEST(a_server_can_be_taken_away_when_nothing_leads_to_it)
{
	SAYS("wait 0s srv-removable b/s1", "Wait delay expired.\n");
	cmd("disable server b/s1");
	SAYS("wait 60s srv-removable b/s1", "Done.\n");
	static const enum live_kind kinds[] = { LIVE_SRV, LIVE_SRV_QUEUE, LIVE_SRV_CONN };
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		live_add(l.seg, kinds[i], 0, 1, 1);
		SAYS("wait 0s srv-removable b/s1", "Wait delay expired.\n");
		live_add(l.seg, kinds[i], 0, 1, -1);
	}
	SAYS("wait 60s srv-removable b/s1", "Done.\n");
}

TEST(what_is_waited_for_must_make_sense)
{
	HAS("wait", "Invalid wait delay.");
	HAS("wait soon", "Invalid wait delay.");
	HAS("wait 1000d", "Invalid wait delay.");
	SAYS("wait 1s tea b/s1", "Unknown condition 'tea'; only 'srv-removable' is known.\n");
	SAYS("wait 1s srv-removable b/s2", "No such server.\n");
	SAYS("wait 1s srv-removable", "Require 'backend/server'.\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_time_of_nothing_is_over_at_once),
		T(a_server_can_be_taken_away_when_nothing_leads_to_it),
		T(what_is_waited_for_must_make_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
