// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections over real sockets, on both back-ends; a transport of the test's own stands in for TLS. */
#include <errno.h>
#include <stdio.h>
#include <sluice/net/conn.h>
#include <sluice/net/sock.h>
#include "../unit.h"

static const struct sock_connect_opts co = { .tos = -1, .mark = -1 };
static const struct sock_listen_opts lo = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };
static unsigned calls;
static int sp[2];
static struct conn *c;

static void told(struct conn *x UNUSED) { calls++; }
static const struct conn_owner_ops ops = { .io = told };
static const struct addr nobody = { .family = AF_UNIX };

static int open_loop(void **state)
{
	loop_init(*state, 64);
	calls = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sp), 0);
	c = conn_new_front(sp[0], &nobody, &xprt_raw, NULL, &ops, NULL);
	assert_non_null(c);
	loop_turn(0); /* epoll tells of the first writability, poll was not asked for it */
	calls = 0;
	return 0;
}

static int close_loop(void **state UNUSED)
{
	if (c)
		conn_close(c);
	if (sp[1] >= 0)
		close(sp[1]);
	loop_free();
	return 0;
}

static void turns_until_told(void)
{
	for (int i = 0; i < 100 && calls == 0; i++)
		loop_turn(100);
	assert_int_not_equal(calls, 0);
}

static void say(const char *text) { assert_int_equal(write(sp[1], text, strlen(text)), strlen(text)); }

static void hang_up(void)
{
	close(sp[1]);
	sp[1] = -1;
}

TEST(a_new_front_connection_is_established_and_may_write)
{
	assert_true(conn_established(c));
	assert_true(c->flags & CONN_FRONT);
	assert_true(c->io.ready & IO_WR);
	assert_true(conn_idle_ok(c));
}

TEST(a_short_read_says_that_the_socket_is_drained)
{
	char b[16];
	say("hello");
	loop_turn(0);
	assert_true(c->io.ready & IO_RD);
	assert_int_equal(conn_recv(c, b, sizeof b), 5);
	assert_false(c->io.ready & IO_RD);
}

TEST(a_full_read_leaves_the_connection_readable)
{
	char b[4];
	say("hello");
	loop_turn(0);
	assert_int_equal(conn_recv(c, b, 4), 4);
	assert_true(c->io.ready & IO_RD);
	assert_int_equal(conn_recv(c, b, 4), 1);
	assert_int_equal(conn_recv(c, b, 4), XPRT_AGAIN);
	assert_false(c->io.ready & IO_RD);
	assert_false(c->flags & (CONN_EOF | CONN_DEAD));
}

TEST(after_a_hang_up_a_short_read_is_not_the_end_of_reading)
{
	char b[16];
	say("bye");
	shutdown(sp[1], SHUT_WR);
	loop_turn(0);
	assert_true(c->io.ready & IO_HUP);
	assert_int_equal(conn_recv(c, b, sizeof b), 3);
	assert_true(c->io.ready & IO_RD);
	assert_int_equal(conn_recv(c, b, sizeof b), XPRT_EOF);
	assert_true(c->flags & CONN_EOF);
	assert_false(c->flags & CONN_DEAD);
}

TEST(data_that_arrives_after_a_short_read_is_told)
{
	char b[16];
	say("one");
	loop_turn(0);
	assert_int_equal(conn_recv(c, b, sizeof b), 3);
	calls = 0;
	say("two");
	loop_turn(0);
	assert_int_equal(calls, 1);
	assert_int_equal(conn_recv(c, b, sizeof b), 3);
}

TEST(a_short_write_says_that_the_socket_is_full)
{
	static char b[1 << 22];
	struct iovec v = { b, sizeof b };
	ssize_t r = conn_sendv(c, &v, 1, false);
	assert_in_range(r, 1, sizeof b - 1);
	assert_false(c->io.ready & IO_WR);
	assert_int_equal(conn_sendv(c, &v, 1, false), XPRT_AGAIN);
	calls = 0;
	while (read(sp[1], b, sizeof b) > 0)
		;
	loop_turn(0);
	assert_int_equal(calls, 1);
	assert_true(c->io.ready & IO_WR);
}

TEST(several_pieces_are_written_in_one_call_in_order)
{
	char b[16];
	struct iovec v[] = { { "ab", 2 }, { NULL, 0 }, { "cd", 2 } };
	assert_int_equal(conn_sendv(c, v, 3, true), 4);
	assert_true(c->io.ready & IO_WR);
	assert_int_equal(read(sp[1], b, sizeof b), 4);
	assert_memory_equal(b, "abcd", 4);
}

TEST(writing_to_a_peer_that_is_gone_kills_the_connection_without_a_signal)
{
	struct iovec v = { "x", 1 };
	hang_up();
	assert_int_equal(conn_sendv(c, &v, 1, false), XPRT_ERR);
	assert_int_equal(c->err, EPIPE);
	assert_true(c->flags & CONN_DEAD);
	assert_false(conn_established(c));
	assert_false(conn_idle_ok(c));
}

TEST(ending_our_direction_is_done_once_and_seen_by_the_peer)
{
	char b;
	conn_shutw(c);
	conn_shutw(c);
	assert_true(c->flags & CONN_SHUTW);
	assert_int_equal(read(sp[1], &b, 1), 0);
	assert_false(conn_idle_ok(c));
}

TEST(an_idle_connection_with_unexpected_bytes_or_an_end_is_not_reusable)
{
	assert_true(conn_idle_ok(c));
	say("x");
	loop_turn(0);
	assert_false(conn_idle_ok(c));
	io_wait(&c->io, IO_RD);
	assert_true(conn_idle_ok(c));
	shutdown(sp[1], SHUT_WR);
	loop_turn(0);
	assert_false(conn_idle_ok(c));
}

/* ---- establishment over TCP and unix sockets; c is the back side ---- */

static int lfd;
static struct addr at;

static void listen_on(const char *text)
{
	assert_true(addr_parse_ip(&at, str_c(text)));
	lfd = sock_listen(&at, &lo);
	assert_true(lfd >= 0 && sock_local(lfd, &at));
}

static void connect_with(const struct xprt_ops *x)
{
	conn_close(c);
	c = conn_new_back(&at, &co, x, NULL, &ops, NULL);
	assert_non_null(c);
}

TEST(a_tcp_connection_tells_its_owner_when_it_is_established)
{
	listen_on("127.0.0.1");
	connect_with(&xprt_raw);
	assert_true(c->flags & CONN_CONNECTING);
	turns_until_told();
	assert_true(conn_established(c));
	assert_true(c->io.ready & IO_WR);
	assert_true(conn_local(c)->port != 0);
	assert_ptr_equal(conn_local(c), &c->src);
	assert_true(addr_eq(&c->dst, &at, true));
	close(lfd);
}

TEST(a_unix_connection_tells_its_owner_too)
{
	char name[64];
	snprintf(name, sizeof name, "@sluice-conn-%d", (int)getpid());
	at = (struct addr){ .family = AF_UNIX, .path = name };
	lfd = sock_listen(&at, &lo);
	assert_true(lfd >= 0);
	connect_with(&xprt_raw);
	turns_until_told();
	assert_true(conn_established(c));
	assert_true(c->io.ready & IO_WR);
	close(lfd);
}

TEST(a_refused_connection_is_dead_with_its_errno)
{
	listen_on("127.0.0.1");
	close(lfd);
	connect_with(&xprt_raw);
	turns_until_told();
	assert_true(c->flags & CONN_DEAD);
	assert_int_equal(c->err, ECONNREFUSED);
	assert_int_equal(calls, 1);
	loop_turn(0);
	loop_turn(0);
	assert_int_equal(calls, 1); /* an error is told once, also where the loop polls */
}

TEST(a_reset_connection_is_dead_when_it_is_read)
{
	struct addr peer;
	char b[8];
	listen_on("127.0.0.1");
	connect_with(&xprt_raw);
	turns_until_told();
	int s = sock_accept(lfd, &peer);
	assert_true(s >= 0);
	struct conn *front = conn_new_front(s, &peer, &xprt_raw, NULL, &ops, NULL);
	assert_non_null(front);
	assert_true(addr_eq(conn_local(front), &at, true));
	assert_true(addr_eq(&front->src, conn_local(c), true));
	conn_reset(front);
	calls = 0;
	turns_until_told();
	assert_int_equal(conn_recv(c, b, sizeof b), XPRT_ERR);
	assert_int_equal(c->err, ECONNRESET);
	assert_true(c->flags & CONN_DEAD);
	close(lfd);
}

/* What a client gets of an answer behind which the connection ends at once, with something of its own still unread. */
static void last_answer(bool reset)
{
	struct addr peer;
	char b[16];

	listen_on("127.0.0.1");
	connect_with(&xprt_raw);
	turns_until_told();
	int s = sock_accept(lfd, &peer);

	if (reset)
		sock_set_linger_reset(s);
	struct conn *front = conn_new_front(s, &peer, &xprt_raw, NULL, &ops, NULL);

	assert_non_null(front);
	assert_int_equal(conn_sendv(c, &(struct iovec){ "unread", 6 }, 1, false), 6);
	assert_int_equal(conn_sendv(front, &(struct iovec){ "answer", 6 }, 1, true), 6);
	conn_close(front);
	calls = 0;
	turns_until_told();
	assert_int_equal(conn_recv(c, b, sizeof b), 6);
	assert_memory_equal(b, "answer", 6);
	close(lfd);
}

TEST(what_is_held_back_leaves_before_a_close_although_the_peer_has_sent_more) { last_answer(false); }
TEST(what_is_held_back_leaves_before_a_close_that_resets) { last_answer(true); }

TEST(a_connection_that_cannot_start_leaves_an_errno)
{
	at = (struct addr){ .family = AF_UNIX, .path = "/nonexistent/socket" };
	assert_null(conn_new_back(&at, &co, &xprt_raw, NULL, &ops, NULL));
	assert_int_equal(errno, ENOENT);
}

/* ---- a transport with a handshake ---- */

static int steps, step_result, opened, closed_n;
static bool fake_open(struct conn *x UNUSED, bool front UNUSED, const void *cfg UNUSED) { return ++opened, true; }
static bool fake_refuse(struct conn *x UNUSED, bool front UNUSED, const void *cfg UNUSED) { return false; }
static void fake_close(struct conn *x UNUSED) { closed_n++; }
static int fake_step(struct conn *x)
{
	if (steps-- > 0) {
		io_wait(&x->io, IO_WR | IO_RD);
		return XPRT_AGAIN;
	}
	if (step_result < 0)
		x->err = EPROTO;
	return step_result;
}

static const struct xprt_ops fake = { .name = "fake", .open = fake_open, .handshake = fake_step, .close = fake_close };
static const struct xprt_ops refusing = { .name = "refusing", .open = fake_refuse, .close = fake_close };

static void front_with_handshake(int nsteps, int result)
{
	conn_close(c);
	close(sp[1]);
	opened = closed_n = 0;
	steps = nsteps;
	step_result = result;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sp), 0);
	c = conn_new_front(sp[0], &nobody, &fake, NULL, &ops, NULL);
	assert_non_null(c);
	assert_false(conn_established(c));
}

TEST(the_owner_hears_nothing_before_the_handshake_is_done)
{
	front_with_handshake(100, 0);
	loop_turn(0);
	say("x");
	loop_turn(0);
	assert_int_equal(calls, 0);
	assert_true(c->flags & CONN_HANDSHAKE);
	steps = 0;
	say("y");
	loop_turn(0);
	assert_int_equal(calls, 1);
	assert_true(conn_established(c));
	conn_close(c);
	c = NULL;
	assert_int_equal(closed_n, 1);
}

TEST(a_failed_handshake_is_told_as_a_dead_connection)
{
	front_with_handshake(0, XPRT_ERR);
	say("x");
	loop_turn(0);
	assert_int_equal(calls, 1);
	assert_true(c->flags & CONN_DEAD);
	assert_false(c->flags & CONN_HANDSHAKE);
	assert_int_equal(c->err, EPROTO);
}

TEST(a_handshake_of_ours_starts_without_a_word_of_the_peer)
{
	char name[64];
	snprintf(name, sizeof name, "@sluice-hs-%d", (int)getpid());
	at = (struct addr){ .family = AF_UNIX, .path = name };
	lfd = sock_listen(&at, &lo);
	assert_true(lfd >= 0);
	steps = 0, step_result = 0;
	connect_with(&fake);
	turns_until_told();
	assert_true(conn_established(c));
	close(lfd);
}

TEST(a_transport_without_memory_costs_the_connection_only)
{
	int p[2];
	char b;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p), 0);
	closed_n = 0;
	assert_null(conn_new_front(p[0], &nobody, &refusing, NULL, &ops, NULL));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(closed_n, 0);
	assert_int_equal(read(p[1], &b, 1), 0); /* p[0] was closed */
	close(p[1]);
}

TEST(a_transport_is_closed_when_its_descriptor_cannot_be_watched)
{
	if (strcmp(loop_backend(), "epoll") != 0)
		skip();
	char path[] = "/tmp/sluice-conn.XXXXXX";
	int fd = mkstemp(path); /* regular files are nothing for epoll */
	unlink(path);
	opened = closed_n = 0;
	assert_null(conn_new_front(fd, &nobody, &fake, NULL, &ops, NULL));
	assert_int_equal(opened, 1);
	assert_int_equal(closed_n, 1);
}

#define BOTH(f) \
	{ #f " (epoll)", f, open_loop, close_loop, "epoll" }, { #f " (poll)", f, open_loop, close_loop, "poll" }

int main(void)
{
	const struct CMUnitTest t[] = {
		BOTH(a_new_front_connection_is_established_and_may_write),
		BOTH(a_short_read_says_that_the_socket_is_drained),
		BOTH(a_full_read_leaves_the_connection_readable),
		BOTH(after_a_hang_up_a_short_read_is_not_the_end_of_reading),
		BOTH(data_that_arrives_after_a_short_read_is_told),
		BOTH(a_short_write_says_that_the_socket_is_full),
		BOTH(several_pieces_are_written_in_one_call_in_order),
		BOTH(writing_to_a_peer_that_is_gone_kills_the_connection_without_a_signal),
		BOTH(ending_our_direction_is_done_once_and_seen_by_the_peer),
		BOTH(an_idle_connection_with_unexpected_bytes_or_an_end_is_not_reusable),
		BOTH(a_tcp_connection_tells_its_owner_when_it_is_established),
		BOTH(a_unix_connection_tells_its_owner_too),
		BOTH(a_refused_connection_is_dead_with_its_errno),
		BOTH(a_reset_connection_is_dead_when_it_is_read),
		BOTH(what_is_held_back_leaves_before_a_close_although_the_peer_has_sent_more),
		BOTH(what_is_held_back_leaves_before_a_close_that_resets),
		BOTH(a_connection_that_cannot_start_leaves_an_errno),
		BOTH(the_owner_hears_nothing_before_the_handshake_is_done),
		BOTH(a_failed_handshake_is_told_as_a_dead_connection),
		BOTH(a_handshake_of_ours_starts_without_a_word_of_the_peer),
		BOTH(a_transport_without_memory_costs_the_connection_only),
		BOTH(a_transport_is_closed_when_its_descriptor_cannot_be_watched),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
