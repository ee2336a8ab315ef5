// SPDX-License-Identifier: GPL-3.0-or-later
/* The tcp mux: bytes as they are, half-closes, back-pressure. */
#include <sluice/base/pool.h>
#include "harness.h"

static struct side s;

static int front_up(void **state) { (void)state; side_open(&s, &mux_tcp, true); return 0; }
static int back_up(void **state) { (void)state; side_open(&s, &mux_tcp, false); return 0; }
static int narrow_up(void **state) { (void)state; side_open_buf(&s, &mux_tcp, true, 4096); return 0; }
static int down(void **state) { (void)state; side_end(&s); return 0; }

static bool say(const char *text)
{
	struct buf b;
	struct mux_tx tx = { .body = &b };

	body_of(&b, text);
	bool done = mux_tcp.send(&s.ep, &tx);
	buf_release(&b);
	return done;
}

static void a_client_exchange_begins_without_bytes(void **state)
{
	(void)state;
	assert_int_equal(s.begun, 1);
	assert_int_equal(s.wakes, 1);
	assert_int_equal(s.ep.flags, EP_TUNNEL | EP_CONNECTED);
	assert_true(say("220 hello\r\n"));
	assert_string_equal(peer_read(&s), "220 hello\r\n");
}

static void bytes_are_shown_as_they_come(void **state)
{
	(void)state;
	pull(&s);
	assert_true(s.ep.flags & EP_RX_WAIT);
	assert_int_equal(s.ep.rx.cap, 0);
	peer_write(&s, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(s.wakes, 1 + s.ep.front);
	pull(&s);
	assert_rx(&s, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(s.ep.bytes_in, 18);
}

static void half_closes_pass_in_both_directions(void **state)
{
	(void)state;
	peer_write(&s, "last");
	shutdown(s.peer, SHUT_WR);
	turns();
	pull(&s);
	pull(&s);
	assert_true(s.ep.flags & EP_EOF);
	assert_false(s.ep.flags & EP_ERR);
	assert_rx(&s, "last");
	assert_true(say("answer"));
	mux_tcp.shutw(&s.ep);
	assert_true(peer_closed(&s));
	assert_string_equal(got, "answer");
	assert_false(end(&s, MUX_KEEP));
}

static void a_slow_reader_blocks_and_wakes_the_sender(void **state)
{
	struct buf b = { 0 };
	struct mux_tx tx = { .body = &b };
	size_t sent = 0;
	bool blocked = false;

	(void)state;
	assert_true(buf_acquire(&b));
	while (sent < 300000) {
		unsigned before = s.wakes;
		b.head = 0;
		sent += b.tail = b.cap;
		while (!mux_tcp.send(&s.ep, &tx)) {
			assert_int_equal(s.ep.flags & (EP_TX_WAIT | EP_ERR), EP_TX_WAIT);
			blocked = true;
			peer_read(&s);
			assert_true(s.wakes > before);
		}
	}
	assert_true(blocked);
	assert_int_equal(s.ep.bytes_out, sent);
	buf_release(&b);
}

static void a_full_buffer_is_not_read_further(void **state)
{
	static char big[40000];

	(void)state;
	assert_int_equal(write(s.peer, big, sizeof(big)), sizeof(big));
	turns();
	pull(&s);
	assert_int_equal(buf_len(&s.ep.rx), buf_size());
	assert_false(s.ep.flags & EP_RX_WAIT);
	pull(&s);
	assert_int_equal(s.ep.bytes_in, buf_size());
	buf_consume(&s.ep.rx, 10000);
	pull(&s);
	assert_int_equal(s.ep.bytes_in, buf_size() + 10000);
}

static void a_reset_is_an_error(void **state)
{
	(void)state;
	pull(&s);
	sock_set_linger_reset(s.peer);
	close(s.peer);
	s.peer = -1;
	turns();
	pull(&s);
	assert_int_equal(s.ep.err, EE_RESET);
}

#define FRONT(f) cmocka_unit_test_setup_teardown(f, front_up, down)
#define NARROW(f) cmocka_unit_test_setup_teardown(f, narrow_up, down)
#define BACK(f) cmocka_unit_test_setup_teardown(f, back_up, down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		FRONT(a_client_exchange_begins_without_bytes),
		BACK(bytes_are_shown_as_they_come),
		FRONT(half_closes_pass_in_both_directions),
		NARROW(a_slow_reader_blocks_and_wakes_the_sender),
		FRONT(a_full_buffer_is_not_read_further),
		BACK(a_reset_is_an_error),
	};

	return cmocka_run_group_tests(tests, loop_up, loop_down);
}
