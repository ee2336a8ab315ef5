// SPDX-License-Identifier: GPL-3.0-or-later
/* Both ends of the transport in one process, over a socket pair and a real loop. */
#include "tls_pair.h"

TEST(bytes_pass_both_ways_and_a_close_is_an_end_of_file)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	char buf[64];

	connect_with(f, back(), "a");
	assert_true(cli.up && srv.up);
	assert_int_equal(say(cli.c, "ping", 4), 4);
	turns(3);
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), XPRT_AGAIN);
	assert_false(srv.c->io.ready & IO_RD);
	conn_shutw(cli.c);
	turns(3);
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), XPRT_EOF);
	assert_int_equal(say(srv.c, "late", 4), 4);
	turns(3);
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), 4);
	disconnect();
}

TEST(what_is_left_in_a_record_stays_readable_without_an_event)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	char buf[64];

	connect_with(f, back(), "a");
	say(cli.c, "0123456789", 10);
	turns(3);
	assert_int_equal(conn_recv(srv.c, buf, 4), 4);
	assert_true(srv.c->io.ready & IO_RD);
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), 6);
	disconnect();
}

TEST(a_full_socket_takes_part_and_the_rest_follows_by_itself_in_order)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	static unsigned char big[1 << 20], got[1 << 20];
	size_t sent = 0, have = 0;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (unsigned char)(i * 7 + i / 251);
	connect_with(f, back(), "a");
	for (unsigned i = 0; i < 5000 && have < sizeof(big); i++) {
		ssize_t r = sent < sizeof(big) ? say(srv.c, (char *)big + sent, sizeof(big) - sent) : 0;
		if (r > 0)
			sent += (size_t)r;
		if (sent < sizeof(big))
			assert_false(srv.c->io.ready & IO_WR); /* short means blocked: an event will come */
		while (have < sizeof(got) && cli.c->io.ready & IO_RD &&
		       (r = conn_recv(cli.c, got + have, sizeof(got) - have)) > 0)
			have += (size_t)r;
		loop_turn(1);
	}
	assert_int_equal(have, sizeof(big));
	assert_memory_equal(big, got, sizeof(big));
	disconnect();
}

TEST(a_connection_closed_with_bytes_to_send_stays_until_they_are_gone)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	static char big[1 << 20], got[1 << 20];
	ssize_t sent, r;
	size_t have = 0;

	connect_with(f, back(), "a");
	sent = say(srv.c, big, sizeof(big));
	assert_true(sent > 0 && sent < (ssize_t)sizeof(big));
	conn_close(srv.c);
	assert_int_equal(tls_lingering(), 1);
	for (unsigned i = 0; i < 500 && !(cli.c->flags & CONN_EOF); i++) {
		while (cli.c->io.ready & IO_RD && (r = conn_recv(cli.c, got, sizeof(got))) > 0)
			have += (size_t)r;
		loop_turn(1);
	}
	assert_int_equal(have, sent);
	assert_int_equal(tls_lingering(), 0);
	conn_abort(cli.c);
}

TEST(a_session_is_resumed_for_the_same_name_only)
{
	struct tls_front *f = front_of(&fo, "DNS:a,DNS:b");
	char buf[8];

	for (unsigned i = 0; i < 2; i++) {
		connect_with(f, back(), "a");
		assert_true(cli.up);
		assert_int_equal(resumed(cli.c), i);
		turns(3);
		assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), XPRT_AGAIN); /* takes the ticket */
		disconnect();
	}
	connect_with(f, back(), "b");
	assert_false(resumed(cli.c));
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(plain_bytes_in_place_of_a_handshake_fail_it)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	int sv[2];

	cli = srv = (struct end){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	wrap(sv[0], &srv, true, f);
	assert_int_equal(write(sv[1], "GET / HTTP/1.0\r\n\r\n", 18), 18);
	turns(3);
	assert_true(srv.dead);
	assert_int_equal(tls_result(srv.c)->failure, TLS_HANDSHAKE);
	assert_true(tls_result(srv.c)->ssl_err != 0);
	conn_abort(srv.c);
	close(sv[1]);
}

TEST(a_peer_that_leaves_before_its_hello_is_told_from_one_that_leaves_later)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	int sv[2];

	cli = srv = (struct end){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	wrap(sv[0], &srv, true, f);
	close(sv[1]);
	turns(3);
	assert_true(srv.dead);
	assert_int_equal(tls_result(srv.c)->failure, TLS_EMPTY);
	conn_abort(srv.c);
}

TEST(a_server_that_is_not_trusted_gets_no_byte)
{
	struct tls_front *f = front_of(&fo, "DNS:a");
	char path[64];
	struct tls_err e;

	make_file("DNS:other", false, 30, path);
	bo = (struct tls_opts){ .verify = TLS_VERIFY_REQUIRED, .ca_file = path };
	connect_with(f, tls_back_get(&bo, &e), "a");
	assert_true(cli.dead);
	assert_int_equal(tls_result(cli.c)->failure, TLS_HANDSHAKE);
	disconnect();
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_pass_both_ways_and_a_close_is_an_end_of_file, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(what_is_left_in_a_record_stays_readable_without_an_event, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(a_full_socket_takes_part_and_the_rest_follows_by_itself_in_order, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(a_connection_closed_with_bytes_to_send_stays_until_they_are_gone, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(a_session_is_resumed_for_the_same_name_only, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(plain_bytes_in_place_of_a_handshake_fail_it, pair_setup, drop_all),
		cmocka_unit_test_setup_teardown(a_peer_that_leaves_before_its_hello_is_told_from_one_that_leaves_later, pair_setup,
						drop_all),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_trusted_gets_no_byte, pair_setup, drop_all),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
