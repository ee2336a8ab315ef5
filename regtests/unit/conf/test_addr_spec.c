// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define BACKEND(line) "defaults\n" TIMES "backend b\n server s " line "\n"
#define FRONTEND(line) "defaults\n" TIMES "frontend f\n bind " line "\n"

static void expect_server(const char *addr, const char *text, uint32_t flags, int32_t off)
{
	struct compiled c;
	char conf[256], got[ADDR_TEXT_MAX];
	const struct rt *rt;

	snprintf(conf, sizeof(conf), BACKEND("%s"), addr);
	rt = compile_ok(&c, conf);
	got[addr_text(&rt->srv[0].addr, got)] = '\0';
	assert_string_equal(got, text);
	assert_int_equal(rt->srv[0].flags & (SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET | SRVF_UNRESOLVED), flags);
	assert_int_equal(rt->srv[0].port_offset, off);
	compiled_close(&c);
}

static void servers_take_numeric_addresses_with_and_without_a_port(void **st)
{
	(void)st;
	expect_server("1.2.3.4:80", "1.2.3.4:80", 0, 0);
	expect_server("1.2.3.4", "1.2.3.4:0", SRVF_PORT_FROM_CLIENT, 0);
	expect_server("1.2.3.4:", "1.2.3.4:0", SRVF_PORT_FROM_CLIENT, 0);
	expect_server("[2001:db8::1]:80", "[2001:db8::1]:80", 0, 0);
	expect_server("2001:db8::1:80", "[2001:db8::1]:80", 0, 0);
	expect_server("ipv6@[::1]:81", "[::1]:81", 0, 0);
	expect_server("stream+ipv4@1.2.3.4:5", "1.2.3.4:5", 0, 0);
	expect_server("*:80", "0.0.0.0:80", 0, 0);
}

static void servers_take_port_offsets(void **st)
{
	(void)st;
	expect_server("1.2.3.4:+1000", "1.2.3.4:0", SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET, 1000);
	expect_server("1.2.3.4:-10", "1.2.3.4:0", SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET, -10);
}

static void servers_take_unix_and_abstract_sockets(void **st)
{
	(void)st;
	expect_server("/run/x.sock", "unix:/run/x.sock", 0, 0);
	expect_server("unix@/run/x.sock", "unix:/run/x.sock", 0, 0);
	expect_server("abns@x", "abns@x", 0, 0);
}

static void localhost_resolves_without_a_name_service(void **st)
{
	(void)st;
	expect_server("localhost:80", "127.0.0.1:80", 0, 0);
}

static void a_name_that_does_not_resolve_starts_the_server_down(void **st)
{
	(void)st;
	expect_server("no.such.host:80", "0.0.0.0:80", SRVF_UNRESOLVED, 0);
	expect_warning(BACKEND("no.such.host:80"), "t.cfg:6:11: warning: cannot resolve");
}

static void expect_listeners(const char *bind, const char *want)
{
	struct compiled c;
	char conf[256], text[ADDR_TEXT_MAX];
	struct sbuf got = { 0 };
	const struct rt *rt;

	snprintf(conf, sizeof(conf), FRONTEND("%s"), bind);
	rt = compile_ok(&c, conf);
	for (uint32_t i = 0; i < rt->nlst; i++) {
		if (rt->lst[i].inherited_fd >= 0)
			sbuf_printf(&got, "fd@%d ", rt->lst[i].inherited_fd);
		else
			sbuf_printf(&got, "%.*s ", (int)addr_text(&rt->lst[i].addr, text), text);
	}
	assert_string_equal(sbuf_cstr(&got), want);
	sbuf_free(&got);
	compiled_close(&c);
}

static void binds_take_every_form_of_address(void **st)
{
	(void)st;
	expect_listeners(":80", "0.0.0.0:80 ");
	expect_listeners("*:80", "0.0.0.0:80 ");
	expect_listeners("ipv6@:80", "[::]:80 ");
	expect_listeners("[::]:443", "[::]:443 ");
	expect_listeners(":::80", "[::]:80 ");
	expect_listeners("127.0.0.1:80-82", "127.0.0.1:80 127.0.0.1:81 127.0.0.1:82 ");
	expect_listeners(":80,[::1]:81,/tmp/s", "0.0.0.0:80 [::1]:81 unix:/tmp/s ");
	expect_listeners("fd@5", "fd@5 ");
	expect_listeners("abns@name", "abns@name ");
	expect_listeners("tcp4@1.2.3.4:5", "1.2.3.4:5 ");
}

static void the_fault_in_an_address_is_pointed_at(void **st)
{
	(void)st;
	expect_error(FRONTEND("127.0.0.1"), "6:7", "no port to listen on");
	expect_error(FRONTEND("127.0.0.1:80,127.0.0.1:99999"), "6:30", "'99999' is not a port");
	expect_error(FRONTEND("127.0.0.1:9-8"), "6:17", "backwards");
	expect_error(FRONTEND("ipv4@[::1]:80"), "6:12", "not an IPv4 address");
	expect_error(FRONTEND("udp@:53"), "6:7", "datagram");
	expect_error(FRONTEND("no.such.host:80"), "6:7", "cannot resolve");
	expect_error(FRONTEND("quic4@:443"), "6:7", "not supported by sluice yet");
	expect_error(BACKEND("1.2.3.4:80-90"), "6:19", "range of ports");
	expect_error(BACKEND("a/b:80"), "6:11", "neither an address nor a host name");
}

static void a_unix_path_longer_than_the_kernel_takes_is_refused(void **st)
{
	char conf[400], path[200];

	(void)st;
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(conf, sizeof(conf), BACKEND("%s"), path);
	expect_error(conf, "6:11", "at most 107 bytes");
}

static void unix_bind_puts_its_prefix_before_paths(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "global\n unix-bind prefix /run/ mode 660\ndefaults\n" TIMES
					     "frontend f\n bind unix@x.sock\n");

	(void)st;
	assert_string_equal(rt->lst[0].addr.path, "/run/x.sock");
	assert_int_equal(rt->lst[0].opts->sock.unix_mode, 0660);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_take_numeric_addresses_with_and_without_a_port),
		cmocka_unit_test(servers_take_port_offsets),
		cmocka_unit_test(servers_take_unix_and_abstract_sockets),
		cmocka_unit_test(localhost_resolves_without_a_name_service),
		cmocka_unit_test(a_name_that_does_not_resolve_starts_the_server_down),
		cmocka_unit_test(binds_take_every_form_of_address),
		cmocka_unit_test(the_fault_in_an_address_is_pointed_at),
		cmocka_unit_test(a_unix_path_longer_than_the_kernel_takes_is_refused),
		cmocka_unit_test(unix_bind_puts_its_prefix_before_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
