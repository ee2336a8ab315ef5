// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be said to the agent of a server, and that it needs one. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend b\n server s1 192.0.2.1:80 agent-check agent-port 9000\n server s2 192.0.2.2:80\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

TEST(its_word_is_overridden)
{
	SAYS("set server b/s1 agent down", "");
	assert_int_equal(l.seg->srv[0].order & 0xff, ORDER_AGENT_DOWN);
	SAYS("set server b/s1 agent up", "");
	assert_int_equal(l.seg->srv[0].order & 0xff, ORDER_AGENT_UP);
	SAYS("set server b/s1 agent maybe", "'set server <srv> agent' expects 'up' or 'down'.\n");
}

TEST(it_is_asked_elsewhere_and_told_something_else)
{
	struct srv_place p;

	SAYS("set server b/s1 agent-addr 192.0.2.77", "");
	SAYS("set server b/s1 agent-port 9001", "");
	p = cli_place(&l, 0);
	assert_int_equal(p.agent_addr.in4.s_addr, htonl(0xc000024d));
	assert_int_equal(p.agent_port, 9001);
	SAYS("set server b/s1 agent-addr 192.0.2.78 port 9002", "");
	SAYS("set server b/s1 agent-send hello\\ you", "");
	p = cli_place(&l, 0);
	assert_int_equal(p.agent_port, 9002);
	assert_slice(str_n(p.agent_send, p.send_len), "hello you");
	assert_int_equal(p.addr.port, 80); /* where the server is did not move */
}

TEST(what_makes_no_sense_changes_nothing)
{
	static const struct { const char *line, *says; } t[] = {
		{ "set server b/s1 agent-addr", "set server <b>/<s> agent-addr requires an address and optionally a port.\n" },
		{ "set server b/s1 agent-addr 192.0.2.1 port", "set server <b>/<s> agent-addr requires an address and optionally a port.\n" },
		{ "set server b/s1 agent-addr here", "invalid addr 'here'\n" },
		{ "set server b/s1 agent-addr 192.0.2.1 port x", "provided port is not an integer\n" },
		{ "set server b/s1 agent-addr 192.0.2.1 port 65536", "provided port is invalid\n" },
		{ "set server b/s1 agent-port", "set server <b>/<s> agent-port requires a port.\n" },
		{ "set server b/s1 agent-port 0", "provided port is invalid\n" },
		{ "set server b/s1 agent-send", "'set server <srv> agent-send' expects a text of at most 128 bytes.\n" },
	};
	char line[256] = "set server b/s1 agent-send ";

	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		SAYS(t[i].line, t[i].says);
	memset(line + strlen(line), 'x', PLACE_SEND_MAX + 1);
	SAYS(line, "'set server <srv> agent-send' expects a text of at most 128 bytes.\n");
	assert_int_equal(place_seq(l.seg, 0), 0);
	line[strlen(line) - 1] = '\0';
	SAYS(line, "");
	assert_int_equal(cli_place(&l, 0).send_len, PLACE_SEND_MAX);
}

TEST(without_an_agent_or_while_it_is_off_nothing_can_be_said)
{
	static const char *const lines[] = { "agent up", "agent-addr 192.0.2.1", "agent-port 1", "agent-send x" };
	char line[128];

	SAYS("disable agent b/s1", "");
	for (unsigned k = 1; k <= 2; k++)
		for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
			snprintf(line, sizeof(line), "set server b/s%u %s", k, lines[i]);
			SAYS(line, "agent checks are not enabled on this server.\n");
		}
	SAYS("enable agent b/s1", "");
	SAYS("set server b/s1 agent up", "");
	SAYS("enable agent b/s2", "Agent was not configured on this server, cannot enable.\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(its_word_is_overridden),
		T(it_is_asked_elsewhere_and_told_something_else),
		T(what_makes_no_sense_changes_nothing),
		T(without_an_agent_or_while_it_is_off_nothing_can_be_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
