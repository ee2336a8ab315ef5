// SPDX-License-Identifier: GPL-3.0-or-later
/* `set server` and its older spellings: what they do to the words of a server, and what they say to words that they do not know. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend b\n server s1 192.0.2.1:80 check weight 10 maxconn 5\n server s2 192.0.2.2 weight 10\n"
			  " server s3 192.0.2.3:80 track s1\nbackend fixed\n balance static-rr\n server s 192.0.2.4:80 weight 10\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

TEST(states_replace_each_other)
{
	uint32_t s1 = srv_of("b", "s1");

	SAYS("set server b/s1 state maint", "");
	assert_int_equal(bits_of(s1), ADM_FORCED_MAINT);
	SAYS("set server b/s1 state drain", "");
	assert_int_equal(bits_of(s1), ADM_FORCED_DRAIN);
	SAYS("set server b/s1 state ready", "");
	assert_int_equal(bits_of(s1), 0);
	SAYS("disable server b/s1", "");
	assert_int_equal(bits_of(s1), ADM_FORCED_MAINT);
	SAYS("enable server b/s1", "");
	assert_int_equal(bits_of(s1), 0);
	SAYS("set server b/s1 state up", "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
}

TEST(a_server_that_nobody_checks_is_up_when_it_comes_back)
{
	uint32_t s1 = srv_of("b", "s1"), s2 = srv_of("b", "s2");

	cmd("disable server b/s1");
	cmd("enable server b/s1");
	assert_int_equal(l.seg->srv[s1].order, 0); /* its checks will find out */
	cmd("enable server b/s2");
	assert_int_equal(l.seg->srv[s2].order, 0); /* it was never away */
	cmd("disable server b/s2");
	cmd("enable server b/s2");
	assert_int_equal(l.seg->srv[s2].order & 0xff, ORDER_UP);
}

TEST(those_that_track_a_server_follow_it)
{
	uint32_t s3 = srv_of("b", "s3");

	cmd("set server b/s1 state maint");
	assert_int_equal(bits_of(s3), ADM_INHERITED_MAINT);
	cmd("set server b/s1 state drain");
	assert_int_equal(bits_of(s3), ADM_INHERITED_DRAIN);
	cmd("set server b/s1 state ready");
	assert_int_equal(bits_of(s3), 0);
	SAYS("set server b/s3 health down", "cannot change health on a tracking server.\n");
}

TEST(weights_are_absolute_or_a_share_of_the_configured_one)
{
	static const struct { const char *line; unsigned weight; } good[] = {
		{ "set server b/s1 weight 0", 0 }, { "set server b/s1 weight 256", 256 }, { "set server b/s1 weight 50%", 5 },
		{ "set weight b/s1 200%", 20 }, { "set weight b/s1 9223372036854775807%", 256 }, { "set server b/s1 weight 100%", 10 },
	};
	static const struct { const char *line, *says; } bad[] = {
		{ "set server b/s1 weight", "Require <weight> or <weight%>.\n" },
		{ "set server b/s1 weight 257", "Absolute weight can only be between 0 and 256 inclusive.\n" },
		{ "set server b/s1 weight -1", "Absolute weight can only be between 0 and 256 inclusive.\n" },
		{ "set server b/s1 weight -1%", "Relative weight must be positive.\n" },
		{ "set server b/s1 weight 5x", "Empty weight string empty or preceded by garbage\n" },
		{ "set server b/s1 weight %", "Empty weight string empty or preceded by garbage\n" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		SAYS(good[i].line, "");
		assert_int_equal(weight_of(srv_of("b", "s1")), good[i].weight);
	}
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		SAYS(bad[i].line, bad[i].says);
	assert_int_equal(weight_of(srv_of("b", "s1")), 10);
	cmd("set weight b/s1 3");
	SAYS("get weight b/s1", "3 (initial 10)\n");
}

TEST(where_tables_are_built_once_a_weight_goes_off_and_on)
{
	uint32_t s = srv_of("fixed", "s");

	SAYS("set weight fixed/s 5", "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n");
	SAYS("set weight fixed/s 0", "");
	assert_int_equal(weight_of(s), 0);
	SAYS("set weight fixed/s 100%", "");
	assert_int_equal(weight_of(s), 10);
}

TEST(an_address_moves_with_or_without_its_port)
{
	uint32_t s1 = srv_of("b", "s1"), s2 = srv_of("b", "s2");

	SAYS("set server b/s1 addr 198.51.100.7", "IP changed from '192.0.2.1' to '198.51.100.7' by 'stats socket command'\n");
	assert_int_equal(cli_place(&l, s1).addr.port, 80);
	assert_false(cli_place(&l, s1).fixed_port);
	SAYS("set server b/s1 addr 198.51.100.7 port 8080",
	     "no need to change the addr, port changed from '80' to '8080' by 'stats socket command'\n");
	assert_int_equal(cli_place(&l, s1).addr.port, 8080);
	uint32_t seq = place_seq(l.seg, s1);
	SAYS("set server b/s1 addr 198.51.100.7 port 8080", "no need to change the addr by 'stats socket command'\n");
	assert_int_equal(place_seq(l.seg, s1), seq);
	/* ports that follow the client's can be fixed and let go */
	cmd("set server b/s2 addr 192.0.2.2 port 81");
	assert_true(cli_place(&l, s2).fixed_port);
	cmd("set server b/s2 addr 192.0.2.2 port +0");
	assert_false(cli_place(&l, s2).fixed_port);
}

TEST(addresses_that_cannot_be_change_nothing)
{
	static const struct { const char *line, *says; } bad[] = {
		{ "set server b/s1 addr", "set server <b>/<s> addr requires an address and optionally a port.\n" },
		{ "set server b/s1 addr 192.0.2.9 port", "set server <b>/<s> addr requires an address and optionally a port.\n" },
		{ "set server b/s1 addr 192.0.2.9 80 80", "set server <b>/<s> addr requires an address and optionally a port.\n" },
		{ "set server b/s1 addr name.test", "Invalid addr 'name.test' by 'stats socket command'\n" },
		{ "set server b/s1 addr 192.0.2.9 port 65536", "provided port is not an integer or not in the range 1 to 65535\n" },
		{ "set server b/s1 addr 192.0.2.9 port +1", "provided port is not an integer or not in the range 1 to 65535\n" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		SAYS(bad[i].line, bad[i].says);
	assert_int_equal(place_seq(l.seg, srv_of("b", "s1")), 0);
}

TEST(health_is_ordered_and_checks_are_moved_where_there_are_checks)
{
	uint32_t s1 = srv_of("b", "s1");

	SAYS("set server b/s1 health stopping", "");
	assert_int_equal(l.seg->srv[s1].order & 0xff, ORDER_STOPPING);
	SAYS("set server b/s1 health dead", "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
	SAYS("set server b/s1 check-addr 192.0.2.50 port 99", "");
	assert_int_equal(cli_place(&l, s1).check_port, 99);
	SAYS("set server b/s1 check-port 100", "");
	assert_int_equal(cli_place(&l, s1).check_port, 100);
	SAYS("set server b/s1 check-port 0", "provided port is invalid\n");
	SAYS("set server b/s1 check-addr x", "Invalid addr 'x' by 'stats socket command'\n");
	SAYS("set server b/s1 check-addr 192.0.2.50 port", "set server <b>/<s> check-addr requires an address and optionally 'port <port>'\n");
	SAYS("set server b/s2 check-port 100", "health checks are not enabled on this server\n");
	SAYS("set server b/s2 check-addr 192.0.2.1", "health checks are not enabled on this server.\n");
	SAYS("disable health b/s1", "");
	assert_true(srv_admin_flags(srv_admin_now(&l, s1)) & ADMF_NOCHECK);
	SAYS("enable health b/s1", "");
	assert_false(srv_admin_flags(srv_admin_now(&l, s1)) & ADMF_NOCHECK);
	SAYS("enable health b/s2", "Health check was not configured on this server, cannot enable.\n");
}

TEST(limits_and_what_else_there_is)
{
	uint32_t s1 = srv_of("b", "s1");

	SAYS("set maxconn server b/s1 7", "");
	assert_int_equal(srv_admin_maxconn(srv_admin_now(&l, s1)), 7);
	SAYS("set maxconn server b/s1", "Require <maxconn>.\n");
	SAYS("set maxconn server b/s1 -1", "maxconn string empty or preceded by garbage\n");
	SAYS("set server b/s1 ssl off", "'set server <srv> ssl' cannot be set.  default-server should define ssl settings\n");
	HAS("set server b/s1 colour red", "usage: set server <backend>/<server> addr | agent |");
	SAYS("set server b/s9 weight 1", "No such server.\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(states_replace_each_other), T(a_server_that_nobody_checks_is_up_when_it_comes_back), T(those_that_track_a_server_follow_it),
		T(weights_are_absolute_or_a_share_of_the_configured_one), T(where_tables_are_built_once_a_weight_goes_off_and_on),
		T(an_address_moves_with_or_without_its_port), T(addresses_that_cannot_be_change_nothing),
		T(health_is_ordered_and_checks_are_moved_where_there_are_checks), T(limits_and_what_else_there_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
