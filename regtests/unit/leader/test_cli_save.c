// SPDX-License-Identifier: GPL-3.0-or-later
/* `save config`: lines of servers with what was changed at run time, and everything else as it was. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open("resolvers dns\n nameserver a 127.0.0.1:53\n" PLAIN
		    "frontend f\n bind 127.0.0.1:1 # in front\n maxconn 20\n\n default_backend b\nbackend b\n"
		    "\tserver   s1  192.0.2.1:80 check weight 10 # the first\n server s2 192.0.2.2:81 disabled\n server-template t 1-3 192.0.2.3:82 maxconn 4\n"
		    "backend n\n server name a.test:80 resolvers dns init-addr none\n server-template r 2 _x._tcp.test resolvers dns\n"
		    " server-template i 2 _x._tcp.test resolvers dns resolve-opts ignore-weight\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

TEST(without_changes_it_is_the_text_but_for_empty_lines)
{
	HAS("save config", "\n bind 127.0.0.1:1 # in front\n maxconn 20\n \n default_backend b\n");
	HAS("save config", "\n\tserver   s1  192.0.2.1:80 check weight 10 # the first\n server s2 192.0.2.2:81 disabled\n"
			   " server-template t 1-3 192.0.2.3:82 maxconn 4\n");
}

TEST(words_are_added_at_the_end_of_a_line_in_front_of_its_comment)
{
	cmd("set weight b/s1 3");
	cmd("set maxconn server b/s1 9");
	cmd("disable server b/s1");
	cmd("set server b/s1 check-addr 198.51.100.1 port 8");
	HAS("save config", "\n\tserver   s1  192.0.2.1:80 check weight 10 weight 3 maxconn 9 addr 198.51.100.1 port 8 disabled # the first\n");
	cmd("enable server b/s2");
	HAS("save config", "\n server s2 192.0.2.2:81 disabled enabled\n");
	cmd("set server b/s2 state drain");
	HAS("save config", "\n server s2 192.0.2.2:81 disabled enabled # drained at run time\n");
}

TEST(an_address_is_replaced)
{
	cmd("set server b/s1 addr 2001:db8::1 port 8080");
	HAS("save config", "\n\tserver   s1  [2001:db8::1]:8080 check weight 10 # the first\n");
	cmd("set server n/name fqdn b.test");
	HAS("save config", "\n server name b.test:80 resolvers dns init-addr none\n");
}

TEST(a_template_falls_apart_when_its_servers_differ)
{
	cmd("set weight b/t2 7");
	const char *text = cmd("save config");
	assert_non_null(strstr(text, "\n server t1 192.0.2.3:82 maxconn 4\n server t2 192.0.2.3:82 maxconn 4 weight 7\n server t3 192.0.2.3:82 maxconn 4\n"));
	assert_null(strstr(text, "server-template t"));
}

TEST(what_records_have_said_is_no_change_unless_weights_are_left_alone)
{
	struct srv_place p = { .fqdn = "w.test", .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000209), .port = 8080 } };

	assert_true(place_write(l.seg, srv_of("n", "r1"), &p));
	cmd("set weight n/r1 77");
	assert_true(place_write(l.seg, srv_of("n", "i1"), &p));
	HAS("save config", "\n server-template r 2 _x._tcp.test resolvers dns\n server-template i 2 _x._tcp.test resolvers dns resolve-opts ignore-weight\n");
	cmd("set weight n/i1 77");
	HAS("save config", "\n server i1 _x._tcp.test resolvers dns resolve-opts ignore-weight weight 77\n server i2 _x._tcp.test resolvers dns resolve-opts ignore-weight\n");
}

TEST(what_no_line_can_say_stands_in_front)
{
	cmd("disable frontend f");
	cmd("set maxconn frontend f 3");
	const char *text = cmd("save config");
	static const char head[] = "# frontend f is closed at run time\n# frontend f has maxconn 3 at run time\n";

	assert_int_equal(strncmp(text, head, sizeof(head) - 1), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_changes_it_is_the_text_but_for_empty_lines),
		T(words_are_added_at_the_end_of_a_line_in_front_of_its_comment),
		T(an_address_is_replaced),
		T(a_template_falls_apart_when_its_servers_differ),
		T(what_records_have_said_is_no_change_unless_weights_are_left_alone),
		T(what_no_line_can_say_stands_in_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
