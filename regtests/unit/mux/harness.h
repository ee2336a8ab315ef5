// SPDX-License-Identifier: GPL-3.0-or-later
/* A mux on one end of a socket pair, a scripted peer on the other, and an owner that only counts its calls. Everything
 * is local, so a few turns of the loop without waiting bring all bytes across. */
#ifndef MUX_HARNESS_H
#define MUX_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/mux/mux.h>
#include <sluice/net/sock.h>
#include "../loopback.h"

#define HDRS 32

struct side {
	struct endp ep;
	struct http_msg msg;
	struct hdr hdrs[HDRS];
	struct arena arena;
	struct mux *mux;
	int peer;              /* the scripted end */
	unsigned wakes, dead, begun;
	bool refuse;
};

static struct side *front_side; /* whom on_exchange finds */
static struct side *dead_side;  /* whom on_idle_dead finds */
static char got[1 << 20];

static void side_wake(struct endp *ep) { ((struct side *)ep->owner)->wakes++; }

static void side_ready(struct side *s)
{
	memset(&s->ep, 0, sizeof(s->ep));
	s->ep.wake = side_wake;
	s->ep.owner = s;
	s->ep.msg = &s->msg;
	msg_init(&s->msg, s->hdrs, HDRS, &s->arena, true);
}

static struct endp *side_exchange(struct mux *m)
{
	(void)m;
	front_side->begun++;
	if (front_side->refuse)
		return NULL;
	side_ready(front_side);
	return &front_side->ep;
}

static void side_dead(struct mux *m)
{
	(void)m;
	dead_side->dead++;
	dead_side->mux = NULL;
}

static const struct mux_cfg test_cfg = {
	.max_head = 15360, .max_hdr = HDRS, .h2_streams = 100, .h2_window = 65536, .h2_table = 4096, .h2_frame = 16384,
	.on_exchange = side_exchange, .on_idle_dead = side_dead,
};

static inline void turns(void)
{
	for (int i = 0; i < 6; i++) {
		loopback_settle();
		loop_turn(0);
	}
}

/* TCP over loopback, so that half-closes and resets are the real ones; small buffers when asked. */
static inline void tcp_pair(int fd[2], int bufsize)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	int l = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (bufsize)
		setsockopt(l, SOL_SOCKET, SO_RCVBUF, &bufsize, sizeof(bufsize));
	assert_int_equal(bind(l, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&sa, &n), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bufsize)
		setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &bufsize, sizeof(bufsize));
	assert_int_equal(connect(fd[0], (struct sockaddr *)&sa, sizeof(sa)), 0);
	fd[1] = accept(l, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(l);
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
}

static inline void side_open_buf(struct side *s, const struct mux_ops *ops, bool front, int bufsize)
{
	struct addr a = { 0 };
	struct conn *c;
	int fd[2];

	memset(s, 0, sizeof(*s));
	arena_init(&s->arena, 0);
	tcp_pair(fd, bufsize);
	s->peer = fd[1];
	c = conn_new_front(fd[0], &a, &xprt_raw, NULL, NULL, NULL);
	assert_non_null(c);
	s->mux = ops->init(c, front, &test_cfg);
	assert_non_null(s->mux);
	if (front) {
		front_side = s;
	} else {
		side_ready(s);
		assert_true(ops->open(s->mux, &s->ep));
	}
	dead_side = s;
	turns();
}

static inline void side_open(struct side *s, const struct mux_ops *ops, bool front) { side_open_buf(s, ops, front, 0); }

static inline void side_end(struct side *s)
{
	if (s->mux)
		s->mux->ops->destroy(s->mux);
	if (s->peer >= 0)
		close(s->peer);
	arena_free(&s->arena);
}

static inline void peer_write(struct side *s, const char *bytes)
{
	assert_int_equal(write(s->peer, bytes, strlen(bytes)), strlen(bytes));
	turns();
}

/* All that has reached the peer, as a string; *eof when the stream has ended. */
static inline const char *peer_read_eof(struct side *s, bool *eof)
{
	size_t n = 0;
	ssize_t r;

	turns();
	while ((r = read(s->peer, got + n, sizeof(got) - 1 - n)) > 0) {
		n += (size_t)r;
		turns();
	}
	*eof = r == 0;
	got[n] = 0;
	return got;
}

static inline const char *peer_read(struct side *s)
{
	bool eof;
	return peer_read_eof(s, &eof);
}

static inline bool peer_closed(struct side *s)
{
	bool eof;
	peer_read_eof(s, &eof);
	return eof;
}

static inline void pull(struct side *s) { s->ep.mux->ops->recv(&s->ep); }

static inline void assert_rx(struct side *s, const char *want)
{
	assert_int_equal(buf_len(&s->ep.rx), strlen(want));
	assert_memory_equal(buf_at(&s->ep.rx), want, strlen(want));
	buf_consume(&s->ep.rx, buf_len(&s->ep.rx));
}

static inline void out_msg(struct http_msg *m, struct hdr *hdrs, unsigned status, uint32_t flags, uint64_t body_len)
{
	msg_init(m, hdrs, 4, NULL, false);
	m->flags |= flags;
	m->body_len = body_len;
	msg_set_status(m, status, STR_NULL);
}

static inline void body_of(struct buf *b, const char *text)
{
	*b = (struct buf){ 0 };
	assert_true(buf_acquire(b));
	buf_append(b, str_c(text));
}

/* Sends a whole response with a body of that text. */
static inline bool respond(struct side *s, unsigned status, const char *text, unsigned ms)
{
	struct http_msg m;
	struct hdr hdrs[4];
	struct buf b;
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM | ms };

	body_of(&b, text);
	out_msg(&m, hdrs, status, MSG_CLEN, strlen(text));
	bool done = s->ep.mux->ops->send(&s->ep, &tx);
	buf_release(&b);
	return done;
}

/* Sends a request given as text; its body, if any, is not sent. */
static inline bool ask(struct side *s, const char *text, unsigned ms)
{
	struct h1_head_opts o = { .request = true, .max_head = 4096 };
	struct hdr hdrs[HDRS];
	struct http_msg m;
	enum h1_error e;
	uint32_t scan = 0;

	msg_init(&m, hdrs, HDRS, &s->arena, true);
	assert_int_equal(h1_head_parse(&m, str_c(text), &o, &scan, &e), H1_OK);
	struct mux_tx tx = { .head = &m, .flags = MS_EOM | ms };
	return s->ep.mux->ops->send(&s->ep, &tx);
}

static inline bool end(struct side *s, enum mux_close_how how)
{
	bool kept = s->ep.mux->ops->close(&s->ep, how);

	assert_null(s->ep.mux);
	assert_int_equal(s->ep.rx.cap, 0);
	if (!kept)
		s->mux = NULL;
	return kept;
}

static inline int loop_up(void **state)
{
	(void)state;
	loop_init(NULL, 1024);
	clock_update();
	return 0;
}

static inline int loop_down(void **state)
{
	(void)state;
	loop_free();
	return 0;
}

#endif
