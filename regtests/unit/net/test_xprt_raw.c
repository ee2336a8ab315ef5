// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <sys/socket.h>
#include <sluice/net/conn.h>
#include "../unit.h"

static int sp[2];
static struct conn c;

static int open_pair(void **state UNUSED)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sp), 0);
	c = (struct conn){ .magic = CONN_MAGIC, .xprt = &xprt_raw, .io.fd = sp[0] };
	return 0;
}

static int close_pair(void **state UNUSED)
{
	close(sp[0]), close(sp[1]);
	return 0;
}

TEST(receiving_tells_bytes_nothing_yet_and_the_end_apart)
{
	char b[8];
	assert_int_equal(xprt_raw.recv(&c, b, sizeof b), XPRT_AGAIN);
	assert_int_equal(write(sp[1], "abc", 3), 3);
	assert_int_equal(xprt_raw.recv(&c, b, sizeof b), 3);
	shutdown(sp[1], SHUT_WR);
	assert_int_equal(xprt_raw.recv(&c, b, sizeof b), XPRT_EOF);
	assert_int_equal(c.err, 0);
}

TEST(sending_to_nobody_is_an_error_with_its_errno_and_no_signal)
{
	struct iovec v[2] = { { "a", 1 }, { "b", 1 } };
	shutdown(sp[1], SHUT_RD);
	assert_int_equal(xprt_raw.send(&c, v, 1, false), XPRT_ERR);
	assert_int_equal(c.err, EPIPE);
	assert_int_equal(xprt_raw.send(&c, v, 2, true), XPRT_ERR);
}

TEST(the_sending_direction_ends_while_the_other_stays_open)
{
	char b[8];
	xprt_raw.shutw(&c);
	assert_int_equal(read(sp[1], b, sizeof b), 0);
	assert_int_equal(write(sp[1], "late", 4), 4);
	assert_int_equal(xprt_raw.recv(&c, b, sizeof b), 4);
}

TEST(the_socket_itself_needs_no_handshake)
{
	assert_null(xprt_raw.handshake);
	assert_string_equal(xprt_raw.name, "raw");
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest t[] = {
		PAIR_TEST(receiving_tells_bytes_nothing_yet_and_the_end_apart),
		PAIR_TEST(sending_to_nobody_is_an_error_with_its_errno_and_no_signal),
		PAIR_TEST(the_sending_direction_ends_while_the_other_stays_open),
		PAIR_TEST(the_socket_itself_needs_no_handshake),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
