// SPDX-License-Identifier: GPL-3.0-or-later
/* Early data from our client side to our server side: taken, thrown away and sent again, or of no use. */
#include "tls_pair.h"
#include <sluice/net/loop.h>
#include <sluice/tls/replay.h>

static unsigned woken;

static void on_task(struct task *t UNUSED) { woken++; }

static struct tls_front *early_front(const char *alpn, bool takes)
{
	fo = (struct tls_opts){ .early_data = takes, .alpn = str_c(alpn) };
	bo.early_data = true;
	return front_of(&fo, "DNS:a");
}

/* A connection that leaves a ticket behind. */
static void warm(struct tls_front *f)
{
	char buf[8];

	connect_with(f, back(), "a");
	assert_true(cli.up && srv.up);
	turns(3);
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), XPRT_AGAIN);
	disconnect();
}

static void connect_early(struct tls_front *f)
{
	connect_as(f, &(struct tls_connect){ .back = back(), .sessions = &sessions, .sni = STR("a"), .early = true });
	assert_true(cli.up);
}

/* What the server reads until it has n bytes, while the client listens. */
static void hears(struct str want)
{
	static char got[40000];
	char none[8];
	size_t have = 0;
	ssize_t r;

	for (unsigned i = 0; i < 100 && have < want.n; i++) {
		loop_turn(2);
		if (conn_established(srv.c) && srv.c->io.ready & IO_RD)
			while ((r = conn_recv(srv.c, got + have, sizeof(got) - have)) > 0)
				have += (size_t)r;
		if (cli.c->io.ready & IO_RD)
			assert_int_equal(conn_recv(cli.c, none, sizeof(none)), XPRT_AGAIN);
	}
	turns(3);
	assert_int_equal(conn_recv(srv.c, got + have, sizeof(got) - have), XPRT_AGAIN); /* nothing twice */
	assert_int_equal(have, want.n);
	assert_memory_equal(got, want.p, want.n);
}

TEST(the_first_bytes_arrive_before_the_handshake_is_over)
{
	struct tls_front *f = early_front("", true);
	char buf[8];

	warm(f);
	connect_early(f);
	assert_true(tls_sends_early(cli.c));
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), XPRT_AGAIN); /* nothing has been sent: nothing happens */
	assert_int_equal(say(cli.c, "ping", 4), 4);
	turns(3);
	assert_true(srv.up && tls_is_early(srv.c));
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(say(srv.c, "pong", 4), 4);
	turns(3);
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), 4);
	assert_false(tls_sends_early(cli.c));
	assert_true(resumed(cli.c));
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(a_ticket_is_used_for_early_data_once)
{
	struct tls_front *f = early_front("", true);

	warm(f);
	connect_early(f);
	assert_true(tls_sends_early(cli.c));
	disconnect();
	connect_early(f);
	assert_false(tls_sends_early(cli.c));
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(more_than_the_ticket_allows_follows_behind_the_handshake_in_order)
{
	struct tls_front *f = early_front("", true);
	static char big[20000];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
	warm(f);
	connect_early(f);
	assert_true(tls_sends_early(cli.c));
	for (size_t at = 0; at < sizeof(big); at += 5000)
		assert_int_equal(say(cli.c, big + at, 5000), 5000);
	hears(str_n(big, sizeof(big)));
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(what_was_thrown_away_is_sent_again_once)
{
	struct tls_front *f = early_front("", true), *deaf = early_front("", false);

	warm(f);
	connect_early(deaf);
	assert_true(tls_sends_early(cli.c));
	say(cli.c, "one ", 4);
	say(cli.c, "two", 3);
	hears(STR("one two"));
	assert_false(tls_sends_early(cli.c));
	assert_int_equal(say(cli.c, "three", 5), 5);
	hears(STR("three"));
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(bytes_for_another_protocol_are_not_sent_again)
{
	struct tls_front *f = early_front("\1x", true), *other = early_front("\1y", false);
	char buf[8];

	bo.alpn = STR("\1x\1y");
	warm(f);
	connect_early(other);
	assert_slice(conn_alpn(cli.c), "x");
	say(cli.c, "for x", 5);
	turns(5);
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), XPRT_ERR);
	assert_int_equal(tls_result(cli.c)->failure, TLS_EARLY_REFUSED);
	turns(3);
	assert_true(conn_recv(srv.c, buf, sizeof(buf)) < 0);
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(a_session_of_a_protocol_that_is_not_offered_any_more_is_no_reason_to_be_early)
{
	struct tls_front *f = early_front("\1x", true);

	bo.alpn = STR("\1x");
	warm(f);
	connect_as(f, &(struct tls_connect){ .back = back(), .sessions = &sessions, .sni = STR("a"), .early = true, .alpn = STR("\1y") });
	assert_false(tls_sends_early(cli.c));
	disconnect();
	tls_sessions_free(&sessions);
}

/* A server that is held up below early data: the client keeps silent. */
static void hold(struct tls_front *f)
{
	warm(f);
	connect_early(f);
	say(cli.c, "ping", 4);
	turns(3);
	assert_true(srv.up && tls_is_early(srv.c) && !tls_early_over(srv.c));
}

TEST(who_waits_for_the_end_of_the_handshake_is_woken_by_it)
{
	struct tls_front *f = early_front("", true);
	struct task task;
	struct tls_waiter w = { .task = &task };
	char buf[8];

	woken = 0;
	task_init(&task, on_task);
	list_init(&w.link);
	hold(f);
	tls_early_wait(srv.c, &w);
	tls_early_wait(srv.c, &w);
	turns(3);
	assert_int_equal(woken, 0);
	assert_int_equal(conn_recv(cli.c, buf, sizeof(buf)), XPRT_AGAIN); /* sends the end of it */
	turns(3);
	assert_int_equal(woken, 1);
	assert_false(tls_is_early(srv.c));
	assert_int_equal(conn_recv(srv.c, buf, sizeof(buf)), 4);
	disconnect();
	tls_sessions_free(&sessions);
}

TEST(a_client_that_leaves_instead_is_no_proven_one)
{
	struct tls_front *f = early_front("", true);
	struct task task;
	struct tls_waiter w = { .task = &task };

	woken = 0;
	task_init(&task, on_task);
	list_init(&w.link);
	hold(f);
	tls_early_wait(srv.c, &w);
	conn_abort(cli.c);
	turns(3);
	assert_int_equal(woken, 1);
	assert_true(tls_early_over(srv.c) && tls_is_early(srv.c));
	conn_abort(srv.c);
	tls_sessions_free(&sessions);
}

static int early_setup(void **st)
{
	int fd = tls_replay_create();

	assert_true(fd >= 0 && tls_replay_use(fd));
	return group_setup(st);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, pair_setup, drop_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_bytes_arrive_before_the_handshake_is_over),
		CASE(a_ticket_is_used_for_early_data_once),
		CASE(more_than_the_ticket_allows_follows_behind_the_handshake_in_order),
		CASE(what_was_thrown_away_is_sent_again_once),
		CASE(bytes_for_another_protocol_are_not_sent_again),
		CASE(a_session_of_a_protocol_that_is_not_offered_any_more_is_no_reason_to_be_early),
		CASE(who_waits_for_the_end_of_the_handshake_is_woken_by_it),
		CASE(a_client_that_leaves_instead_is_no_proven_one),
	};

	return cmocka_run_group_tests(tests, early_setup, group_teardown);
}
