// SPDX-License-Identifier: GPL-3.0-or-later
/* bind lines: which listeners they make, what their parameters set, which ones are refused. */
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n" /* the next line is 7 */

static const struct rt_listener *lst(const struct rt *rt, uint32_t i)
{
	assert_true(i < rt->nlst);
	return &rt->lst[i];
}

static void expect_addr(const struct rt_listener *l, const char *want)
{
	char text[ADDR_TEXT_MAX];

	text[addr_text(&l->addr, text)] = '\0';
	assert_string_equal(text, want);
}

static void each_address_and_each_port_of_a_range_is_a_listener(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " bind 127.0.0.1:8000-8002,[::1]:9000,/run/s.sock,abns@x\n");
	static const char *const want[] = { "127.0.0.1:8000", "127.0.0.1:8001", "127.0.0.1:8002", "[::1]:9000",
					    "unix:/run/s.sock", "abns@x" };

	(void)st;
	assert_int_equal(rt->nlst, ARRAY_LEN(want));
	for (uint32_t i = 0; i < ARRAY_LEN(want); i++) {
		expect_addr(lst(rt, i), want[i]);
		assert_int_equal(lst(rt, i)->inherited_fd, -1);
		assert_ptr_equal(lst(rt, i)->opts, lst(rt, 0)->opts);
	}
	compiled_close(&c);
}

static void an_inherited_descriptor_is_a_listener_without_an_address(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " bind fd@7 name inherited\n");

	(void)st;
	assert_int_equal(lst(rt, 0)->inherited_fd, 7);
	STR_IS(lst(rt, 0)->opts->name, "inherited");
	compiled_close(&c);
}

static void parameters_set_what_they_name(void **st)
{
	struct compiled c;
	const struct rt_bind_opts *o = lst(compile_ok(&c, FE
		" bind :80 name pub maxconn 500 backlog 64 defer-accept transparent tfo mss 1400 tcp-ut 5s interface lo\n"
		" bind unix@/run/a mode 640 uid 3 gid 4\n bind :::81 v6only\n bind :::82 v4v6\n"), 0)->opts;

	(void)st;
	STR_IS(o->name, "pub");
	assert_int_equal(o->maxconn, 500);
	assert_int_equal(o->sock.backlog, 64);
	assert_true(o->sock.defer_accept && o->sock.transparent && o->sock.tfo > 0);
	assert_int_equal(o->sock.mss, 1400);
	assert_int_equal(o->sock.tcp_ut_ms, 5000);
	assert_string_equal(o->sock.interface, "lo");
	assert_false(o->sock.v4v6 || o->sock.v6only);
	o = c.rt->lst[1].opts;
	assert_int_equal(o->sock.unix_mode, 0640);
	assert_int_equal(o->sock.unix_uid, 3);
	assert_int_equal(o->sock.unix_gid, 4);
	assert_true(c.rt->lst[2].opts->sock.v6only);
	assert_true(c.rt->lst[3].opts->sock.v4v6);
	compiled_close(&c);
}

static void the_backlog_of_the_section_holds_where_the_line_gives_none(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " backlog 99\n bind :80\n bind :81 backlog 7\n");

	(void)st;
	assert_int_equal(lst(rt, 0)->opts->sock.backlog, 99);
	assert_int_equal(lst(rt, 1)->opts->sock.backlog, 7);
	compiled_close(&c);
}

static void an_address_is_bound_once_unless_the_device_differs(void **st)
{
	struct compiled c;

	(void)st;
	expect_error(FE " bind :80\n bind :443,:80\n", "8:7", "is already bound at t.cfg:7");
	expect_error(FE " bind :80-90\nfrontend g\n bind :85\n", "9:7", "is already bound at t.cfg:7");
	expect_error(FE " bind fd@5\n bind fd@5\n", "8:7", "address fd@5 is already bound");
	assert_int_equal(compile_ok(&c, FE " bind :80 interface lo\n bind :80 interface eth0\n")->nlst, 2);
	compiled_close(&c);
}

static void wrong_parameters_are_told_at_their_word(void **st)
{
	(void)st;
	expect_error(FE " bind :80 maxcon 5\n", "7:11", "did you mean 'maxconn'?");
	expect_error(FE " bind :80 maxconn\n", "7:11", "'maxconn' expects an argument");
	expect_error(FE " bind :80 maxconn many\n", "7:19", "is not a number");
	expect_error(FE " bind /s mode 648\n", "7:15", "is not an octal file mode");
	expect_error(FE " bind /s mode 10000\n", "7:15", "is not an octal file mode");
	expect_error(FE " bind :80 mss 65536\n", "7:15", "out of range, expected 0 to 65535");
	expect_error(FE " bind :80 name a/b\n", "7:17", "character '/' is not allowed");
	expect_error(FE " bind :80 v4v6 v6only\n", "7:2", "exclude each other");
}

static void addresses_that_cannot_be_listened_on_are_refused(void **st)
{
	(void)st;
	expect_error(FE " bind :80,\n", "7:7", "an address is missing beside the comma");
	expect_error(FE " bind ,:80\n", "7:7", "an address is missing beside the comma");
	expect_error(FE " bind udp@:53\n", "7:7", "datagram listeners are not supported");
	expect_error(FE " bind 127.0.0.1\n", "7:7", "port");
	expect_error(FE " bind :90-80\n", "7:8", "the range of ports runs backwards");
	expect_error(FE " bind :80,:70000\n", "7:12", "port");
}

static void parameters_of_haproxy_without_a_meaning_here_pass(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, FE " bind :80 process 1-2 thread all shards by-thread nice 5 name last\n");
	STR_IS(c.rt->lst[0].opts->name, "last");
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_and_each_port_of_a_range_is_a_listener),
		cmocka_unit_test(an_inherited_descriptor_is_a_listener_without_an_address),
		cmocka_unit_test(parameters_set_what_they_name),
		cmocka_unit_test(the_backlog_of_the_section_holds_where_the_line_gives_none),
		cmocka_unit_test(an_address_is_bound_once_unless_the_device_differs),
		cmocka_unit_test(wrong_parameters_are_told_at_their_word),
		cmocka_unit_test(addresses_that_cannot_be_listened_on_are_refused),
		cmocka_unit_test(parameters_of_haproxy_without_a_meaning_here_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
