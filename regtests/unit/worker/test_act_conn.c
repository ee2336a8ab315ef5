// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions on addresses, timeouts, retries and places in queues. */
#include "ruled.h"

TEST(addresses_are_other_ones_for_what_follows_and_the_connection_keeps_its_own)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-src req.hdr_ip(f)\n http-request set-header X %[src],%[fc_src]\n", { "http://h/", "--src", "192.0.2.1", "--header", "F: 10.0.0.9" },
		  "10.0.0.9,192.0.2.1" },
		{ " http-request set-src req.hdr_ip(f)\n http-request set-header X %[src]\n", { "http://h/", "--src", "192.0.2.1", "--header", "F: none" }, "192.0.2.1" },
		{ " http-request set-src-port int(99)\n http-request set-header X %[src]:%[src_port]\n", { "http://h/", "--src", "192.0.2.1" }, "192.0.2.1:99" },
		{ " http-request set-dst ip(192.0.2.80)\n http-request set-header X %[dst]:%[dst_port]\n", { "http://h/" }, "192.0.2.80:80" },
		{ " http-request set-dst-port int(8080)\n http-request set-header X %[dst]:%[dst_port]\n", { "http://h/" }, "127.0.0.1:8080" },
	};

	RULED_ROWS(rows);
}

TEST(a_test_of_the_address_sees_the_one_that_was_set)
{
	static const struct ruled_row rows[] = {
		{ " http-request deny if { src,ipmask(24) 10.0.0.0 }\n http-request set-src ip(10.0.0.7)\n http-request deny status 418 if { src,ipmask(24) 10.0.0.0 }\n",
		  { "http://h/", "--src", "192.0.2.1" }, "418 PR" },
	};

	RULED_ROWS(rows);
}

TEST(timeouts_retries_and_priorities_are_kept_within_their_ends)
{
	struct ruled r;

	ruled_open(&r, " http-request set-timeout server 5s\n http-request set-timeout tunnel int(7)\n http-request set-timeout client int(-1)\n"
		       " http-request set-retries 3\n http-request set-priority-class int(-99999)\n http-request set-priority-offset req.hdr_val(o)\n", NULL);
	struct stream *s = ASK(&r, "http://h/", "--header", "O: 9999999");

	assert_int_equal(s->to_set[0], 0);
	assert_int_equal(s->to_set[1], 5000);
	assert_int_equal(s->to_set[2], 7);
	assert_int_equal(s->retries_set, 3);
	assert_int_equal(s->prio_class, -2047);
	assert_int_equal(s->prio_offset, 524287);
	s = ASK(&r, "http://h/");
	assert_int_equal(s->prio_offset, 0);
	ruled_close(&r);
}

TEST(marks_of_connections_to_servers_wait_for_them)
{
	struct ruled r;

	ruled_open(&r, " http-request set-bc-mark 0x10\n http-request set-bc-tos 0x1c\n", NULL);
	struct stream *s = ASK(&r, "http://h/");

	assert_true(s->bc_marked);
	assert_int_equal(s->bc_mark, 16);
	assert_int_equal(s->bc_tos, 0x1c);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_other_ones_for_what_follows_and_the_connection_keeps_its_own),
		cmocka_unit_test(a_test_of_the_address_sees_the_one_that_was_set),
		cmocka_unit_test(timeouts_retries_and_priorities_are_kept_within_their_ends),
		cmocka_unit_test(marks_of_connections_to_servers_wait_for_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
