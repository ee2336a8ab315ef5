// SPDX-License-Identifier: GPL-3.0-or-later
/* Both ends of the transport in one process, over a socket pair and a real loop. */
#include "tls_test.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sluice/base/clock.h>
#include <sluice/tls/info.h>
#include <sluice/tls/tickets.h>

struct end { struct conn *c; bool up, dead; };

static struct end cli, srv;
static struct tls_sessions sessions;
static struct tls_opts fo, bo;

static void on_io(struct conn *c)
{
	struct end *e = c->owner;

	e->dead |= (c->flags & CONN_DEAD) != 0;
	e->up |= conn_established(c);
}

static const struct conn_owner_ops ops = { .io = on_io };

static struct conn *wrap(int fd, struct end *e, bool front, const void *cfg)
{
	struct addr a = { .family = AF_UNSPEC };
	struct conn *c = conn_new_front(fd, &a, &xprt_raw, NULL, &ops, e);

	assert_non_null(c);
	if (!front)
		c->flags &= ~(uint32_t)CONN_FRONT;
	assert_true(conn_upgrade(c, &xprt_tls, cfg));
	conn_handshake(c);
	*e = (struct end){ .c = c, .up = e->up, .dead = e->dead };
	return c;
}

static struct tls_front *front_of(const struct tls_opts *o, const char *san)
{
	struct tls_err e;
	struct tls_front *f = tls_front_new(o, STR("f/:1"), &e);

	assert_non_null(f);
	assert_true(tls_front_add(f, make_cert(san, false), NULL, 0, NULL, NULL, &e));
	assert_true(tls_front_finish(f, &e));
	return f;
}

static void turns(unsigned n)
{
	while (n--)
		loop_turn(2);
}

static void connect_with(struct tls_front *f, const struct tls_back *b, const char *sni)
{
	struct tls_connect k = { .back = b, .sessions = &sessions, .sni = str_c(sni) };
	int sv[2];

	cli = srv = (struct end){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	wrap(sv[0], &srv, true, f);
	wrap(sv[1], &cli, false, &k);
	for (unsigned i = 0; i < 50 && !(cli.up && srv.up) && !cli.dead && !srv.dead; i++)
		loop_turn(2);
}

static void disconnect(void)
{
	conn_abort(cli.c);
	conn_abort(srv.c);
}

static const struct tls_back *back(void)
{
	struct tls_err e;
	const struct tls_back *b = tls_back_get(&bo, &e);

	assert_non_null(b);
	return b;
}

static ssize_t say(struct conn *c, const char *p, size_t n)
{
	struct iovec v = { .iov_base = (char *)(uintptr_t)p, .iov_len = n };

	return conn_sendv(c, &v, 1, false);
}

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

static bool resumed(struct conn *c)
{
	struct tls_answer a;

	assert_true(tls_ask(c, TLS_ASK_RESUMED, NULL, NULL, &a));
	return a.num;
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

static int setup(void **st)
{
	(void)st;
	fo = bo = (struct tls_opts){ 0 };
	return 0;
}

static int group_setup(void **st)
{
	(void)st;
	clock_update();
	loop_init(NULL, 64);
	tls_tickets_init(3600);
	return 0;
}

static int group_teardown(void **st)
{
	(void)st;
	loop_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_pass_both_ways_and_a_close_is_an_end_of_file, setup, drop_all),
		cmocka_unit_test_setup_teardown(what_is_left_in_a_record_stays_readable_without_an_event, setup, drop_all),
		cmocka_unit_test_setup_teardown(a_full_socket_takes_part_and_the_rest_follows_by_itself_in_order, setup, drop_all),
		cmocka_unit_test_setup_teardown(a_connection_closed_with_bytes_to_send_stays_until_they_are_gone, setup, drop_all),
		cmocka_unit_test_setup_teardown(a_session_is_resumed_for_the_same_name_only, setup, drop_all),
		cmocka_unit_test_setup_teardown(plain_bytes_in_place_of_a_handshake_fail_it, setup, drop_all),
		cmocka_unit_test_setup_teardown(a_peer_that_leaves_before_its_hello_is_told_from_one_that_leaves_later, setup,
						drop_all),
		cmocka_unit_test_setup_teardown(a_server_that_is_not_trusted_gets_no_byte, setup, drop_all),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
