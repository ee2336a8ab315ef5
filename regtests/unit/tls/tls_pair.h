// SPDX-License-Identifier: GPL-3.0-or-later
/* Both ends of the transport in one process: a client and a server over a socket pair and a real loop. */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

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

static inline struct conn *wrap(int fd, struct end *e, bool front, const void *cfg)
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

static inline struct tls_front *front_of(const struct tls_opts *o, const char *san)
{
	struct tls_err e;
	struct tls_front *f = tls_front_new(o, STR("f/:1"), &e);

	assert_non_null(f);
	assert_true(tls_front_add(f, make_cert(san, false), NULL, 0, NULL, NULL, &e));
	assert_true(tls_front_finish(f, &e));
	return f;
}

static inline void turns(unsigned n)
{
	while (n--)
		loop_turn(2);
}

static inline void connect_as(struct tls_front *f, const struct tls_connect *k)
{
	int sv[2];

	cli = srv = (struct end){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	wrap(sv[0], &srv, true, f);
	wrap(sv[1], &cli, false, k);
	for (unsigned i = 0; i < 50 && !(cli.up && (srv.up || k->early)) && !cli.dead && !srv.dead; i++)
		loop_turn(2);
}

static inline void connect_with(struct tls_front *f, const struct tls_back *b, const char *sni)
{
	connect_as(f, &(struct tls_connect){ .back = b, .sessions = &sessions, .sni = str_c(sni) });
}

static inline void disconnect(void)
{
	conn_abort(cli.c);
	conn_abort(srv.c);
}

static inline const struct tls_back *back(void)
{
	struct tls_err e;
	const struct tls_back *b = tls_back_get(&bo, &e);

	assert_non_null(b);
	return b;
}

static inline ssize_t say(struct conn *c, const char *p, size_t n)
{
	struct iovec v = { .iov_base = (char *)(uintptr_t)p, .iov_len = n };

	return conn_sendv(c, &v, 1, false);
}

static inline bool resumed(struct conn *c)
{
	struct tls_answer a;

	assert_true(tls_ask(c, TLS_ASK_RESUMED, NULL, NULL, &a));
	return a.num;
}

static inline int pair_setup(void **st)
{
	(void)st;
	fo = bo = (struct tls_opts){ 0 };
	return 0;
}

static inline int group_setup(void **st)
{
	(void)st;
	clock_update();
	loop_init(NULL, 64);
	tls_tickets_init(3600);
	return 0;
}

static inline int group_teardown(void **st)
{
	(void)st;
	loop_free();
	return 0;
}

#endif
