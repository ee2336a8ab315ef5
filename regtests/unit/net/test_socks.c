// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../../../src/net/socks.h"

static struct conn open_conn(int *proxy)
{
	struct conn c = { .socks = SOCKS_ASK };
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv), 0);
	c.io.fd = sv[0];
	c.io.ready = IO_RD | IO_WR;
	*proxy = sv[1];
	assert_true(addr_parse_ip(&c.dst, STR("192.0.2.7")));
	c.dst.port = 0x1f90;
	return c;
}

static void says(int proxy, const char *bytes, size_t n)
{
	assert_int_equal(write(proxy, bytes, n), n);
}

static void the_request_names_the_server_and_the_answer_may_come_in_pieces(void **st)
{
	static const char want[] = "\4\1\x1f\x90\xc0\0\2\7";
	char got[16];
	int proxy;
	struct conn c = open_conn(&proxy);

	(void)st;
	assert_int_equal(socks4_step(&c), XPRT_AGAIN);
	assert_int_equal(read(proxy, got, sizeof(got)), sizeof(want));
	assert_memory_equal(got, want, sizeof(want));
	assert_false(c.io.ready & IO_RD);
	says(proxy, "\0", 1);
	assert_int_equal(socks4_step(&c), XPRT_AGAIN);
	says(proxy, "\x5a\1\2\3\4\5\6hello", 12);
	assert_int_equal(socks4_step(&c), 0);
	assert_int_equal(c.socks, SOCKS_NONE);
	assert_int_equal(read(c.io.fd, got, sizeof(got)), 5); /* the server's, untouched */
	close(c.io.fd);
	close(proxy);
}

static void a_refusal_and_an_end_are_errors(void **st)
{
	int proxy;
	struct conn c = open_conn(&proxy);

	(void)st;
	says(proxy, "\0\x5b\0\0\0\0\0\0", 8);
	assert_int_equal(socks4_step(&c), XPRT_ERR);
	assert_int_equal(c.err, ECONNREFUSED);
	close(c.io.fd);
	close(proxy);
	c = open_conn(&proxy);
	says(proxy, "\0\x5a", 2);
	assert_int_equal(shutdown(proxy, SHUT_WR), 0);
	assert_int_equal(socks4_step(&c), XPRT_ERR);
	assert_int_equal(c.err, ECONNRESET);
	close(c.io.fd);
	close(proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_names_the_server_and_the_answer_may_come_in_pieces),
		cmocka_unit_test(a_refusal_and_an_end_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
