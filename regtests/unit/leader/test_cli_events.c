// SPDX-License-Identifier: GPL-3.0-or-later
/* What has happened to servers: found by the checker, ordered by operators. */
#include <sluice/ipc/event.h>
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend b\n server s1 192.0.2.1:80 check\n server s2 192.0.2.2:80\nbackend c\n server s1 192.0.2.3:80\n");
	clock_real = (struct timespec){ .tv_sec = 1700000000, .tv_nsec = 5000000 };
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

static void happens(uint32_t srv, enum srv_op from, enum srv_op to, enum check_status st, unsigned code, const char *info)
{
	struct seg_event e = { .srv = srv, .from = (uint8_t)from, .to = (uint8_t)to, .status = (uint8_t)st, .code = (uint16_t)code, .ms = 3,
			       .via = UINT32_MAX, .wall_ms = 1700000001000 };

	snprintf(e.info, sizeof(e.info), "%s", info);
	event_push(l.seg, &e);
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST(changes_stand_in_their_order_with_when_and_why)
{
	cmd("disable server b/s2");
	happens(0, SRV_UP, SRV_DOWN, CHK_L7STS, 503, "busy");
	cmd("set server b/s1 addr 198.51.100.1");
	SAYS("show events", "# time server change from reason\n"
			    "2023-11-14T22:13:20.005Z b/s2 maint - runtime socket\n"
			    "2023-11-14T22:13:21.000Z b/s1 DOWN UP Layer7 wrong status, code: 503, info: \"busy\", check duration: 3ms\n"
			    "2023-11-14T22:13:20.005Z b/s1 address - runtime socket\n");
}

TEST(who_was_it_is_told_apart)
{
	struct seg_event e = { .srv = 1, .from = SRV_UP, .to = SRV_DOWN, .via = 0 };

	event_push(l.seg, &e);
	e.via = UINT32_MAX, e.ordered = true;
	event_push(l.seg, &e);
	events_admin(1, DEED_MAINT, BY_DNS);
	events_admin(1, DEED_READY, BY_AGENT);
	HAS("show events", " b/s2 DOWN UP via b/s1\n");
	HAS("show events", " b/s2 DOWN UP runtime socket\n");
	HAS("show events", " b/s2 maint - resolution\n");
	HAS("show events", " b/s2 ready - agent\n");
}

TEST(the_history_of_a_server_is_its_last_twenty)
{
	for (unsigned i = 0; i < 25; i++)
		happens(0, SRV_UP, SRV_DOWN, CHK_L4CON, 0, i == 4 ? "fourth" : i == 5 ? "fifth" : "");
	happens(1, SRV_UP, SRV_DOWN, CHK_L4CON, 0, "other");
	assert_int_equal(lines(cmd("show health b/s1")), 1 + 20);
	HAS_NOT("show health b/s1", "fourth");
	HAS("show health b/s1", "fifth");
	HAS_NOT("show health b/s1", "other");
	assert_int_equal(lines(cmd("show health b")), 1 + 21);
	assert_int_equal(lines(cmd("show health")), 1 + 21);
	assert_int_equal(lines(cmd("show health c")), 1);
	SAYS("show health x", "Can't find backend.\n");
	SAYS("show health b/x", "No such server.\n");
}

TEST(of_all_the_last_1024_are_kept)
{
	for (unsigned i = 0; i < 1030; i++)
		events_admin(i < 6 ? 0 : 1, DEED_READY, BY_OPERATOR);
	assert_int_equal(lines(cmd("show events")), 1 + 1024);
	HAS_NOT("show events", " b/s1 ");
}

TEST(a_server_that_is_gone_takes_its_history_along)
{
	events_admin(0, DEED_MAINT, BY_OPERATOR);
	events_admin(1, DEED_MAINT, BY_OPERATOR);
	events_forget(0);
	assert_int_equal(lines(cmd("show events")), 2);
	assert_int_equal(lines(cmd("show health b/s1")), 1);
}

TEST(numbers_that_a_checker_gone_astray_writes_are_left_out)
{
	happens(l.rt->nsrv, SRV_UP, SRV_DOWN, CHK_L4CON, 0, "");
	happens(UINT32_MAX, SRV_UP, SRV_DOWN, CHK_L4CON, 0, "");
	assert_int_equal(lines(cmd("show events")), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(changes_stand_in_their_order_with_when_and_why),
		T(who_was_it_is_told_apart),
		T(the_history_of_a_server_is_its_last_twenty),
		T(of_all_the_last_1024_are_kept),
		T(a_server_that_is_gone_takes_its_history_along),
		T(numbers_that_a_checker_gone_astray_writes_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
