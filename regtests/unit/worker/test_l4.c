// SPDX-License-Identifier: GPL-3.0-or-later
/* mode tcp through one worker: bytes both ways, half-close, timeouts, failures. */
#include "rig.h"

static void origin_echo(int c, int nth, void *arg)
{
	char in[16384];
	ssize_t n;

	(void)nth, (void)arg;
	while ((n = recv(c, in, sizeof(in), 0)) > 0)
		if (send(c, in, (size_t)n, MSG_NOSIGNAL) != n)
			return;
}

/* Speaks first, then answers only after the client has ended its side. */
static void origin_after_eof(int c, int nth, void *arg)
{
	char in[4096], out[64];
	size_t n;

	(void)nth, (void)arg;
	put(c, "hello\n");
	n = get_all(c, in, sizeof(in));
	snprintf(out, sizeof(out), "got %zu\n", n);
	put(c, out);
}

static void bytes_pass_both_ways(void **state)
{
	struct rig r;
	char in[64];
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 1);
	rig_origin(&r, 0, origin_echo, NULL);
	rig_start(&r);
	c = rig_client(&r);
	for (int i = 0; i < 3; i++) {
		put(c, "ping");
		assert_int_equal(recv(c, in, 4, MSG_WAITALL), 4);
		assert_memory_equal(in, "ping", 4);
	}
	close(c);
	rig_stop(&r);
}

static void a_server_may_speak_first_and_a_half_close_is_passed_on(void **state)
{
	struct rig r;
	char in[64];
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 1);
	rig_origin(&r, 0, origin_after_eof, NULL);
	rig_start(&r);
	c = rig_client(&r);
	assert_int_equal(recv(c, in, 6, MSG_WAITALL), 6);
	put(c, "12345");
	shutdown(c, SHUT_WR);
	get_all(c, in, sizeof(in));
	assert_string_equal(in, "got 5\n");
	close(c);
	rig_stop(&r);
}

static void a_silent_connection_ends_at_timeout_client(void **state)
{
	struct rig r;
	char in[64];
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 1);
	r.px[0].to[TO_CLIENT] = 100;
	rig_origin(&r, 0, origin_echo, NULL);
	rig_start(&r);
	c = rig_client(&r);
	assert_true(recv(c, in, sizeof(in), 0) <= 0);
	close(c);
	rig_stop(&r);
}

static void a_refused_connection_moves_on_and_then_the_client_is_closed(void **state)
{
	struct rig r;
	char in[64];
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 2);
	rig_refuse(&r, 0);
	rig_origin(&r, 1, origin_echo, NULL);
	rig_start(&r);
	for (int i = 0; i < 4; i++) {
		c = rig_client(&r);
		put(c, "ping");
		assert_int_equal(recv(c, in, 4, MSG_WAITALL), 4);
		close(c);
	}
	rig_stop(&r);
}

#define BULK (4u << 20)

static void a_slow_reader_gets_every_byte(void **state)
{
	static char block[65536];
	struct rig r;
	size_t out = 0, back = 0;
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 1);
	rig_origin(&r, 0, origin_echo, NULL);
	rig_start(&r);
	c = rig_client(&r);
	while (back < BULK) {
		struct pollfd p = { .fd = c, .events = (short)(POLLIN | (out < BULK ? POLLOUT : 0)) };

		assert_int_equal(poll(&p, 1, 40000), 1);
		if (p.revents & POLLOUT) {
			ssize_t n = send(c, block, MIN(sizeof(block), BULK - out), MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n > 0)
				out += (size_t)n;
		}
		if (p.revents & POLLIN) {
			ssize_t n = recv(c, block, 4096, MSG_DONTWAIT);

			assert_true(n > 0);
			back += (size_t)n;
		}
	}
	close(c);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_both_ways),
		cmocka_unit_test(a_server_may_speak_first_and_a_half_close_is_passed_on),
		cmocka_unit_test(a_silent_connection_ends_at_timeout_client),
		cmocka_unit_test(a_refused_connection_moves_on_and_then_the_client_is_closed),
		cmocka_unit_test(a_slow_reader_gets_every_byte),
	};

	rig_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
