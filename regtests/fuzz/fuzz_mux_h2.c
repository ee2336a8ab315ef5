// SPDX-License-Identifier: GPL-3.0-or-later
/* Frames against the HTTP/2 mux over a socket pair. The first byte chooses the side, the second drives the owners (how
 * much they consume, how they answer and end), the rest is written in pieces behind the handshake. Checked: flags that
 * contradict each other, exchanges beyond the limit, heads that HTTP/1 could not carry, memory that stays behind. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/mux/mux.h>

#define MANY 6
#define HDRS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct owner {
	struct endp ep;
	struct http_msg msg;
	struct hdr hdrs[HDRS];
	bool used, answered;
};

static struct {
	struct owner own[MANY];
	struct arena arena;
	struct mux *mux;
	uint32_t dice;
} o;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static unsigned roll(unsigned n)
{
	o.dice = o.dice * 1103515245u + 12345u;
	return (o.dice >> 16) % n;
}

static void on_wake(struct endp *ep) { (void)ep; }

static struct owner *fresh(void)
{
	for (int i = 0; i < MANY; i++) {
		struct owner *w = &o.own[i];

		if (w->used)
			continue;
		*w = (struct owner){ .used = true };
		w->ep.wake = on_wake;
		w->ep.owner = w;
		w->ep.msg = &w->msg;
		msg_init(&w->msg, w->hdrs, HDRS, &o.arena, true);
		return w;
	}
	return NULL;
}

static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

static void check_head(const struct owner *w)
{
	const struct http_msg *m = &w->msg;

	check(printable(m->target) && printable(m->method_s) && printable(m->authority));
	check(m->nhdr + m->ntrl <= HDRS);
	for (int i = 0; i < m->nhdr + m->ntrl; i++)
		check(printable(hdr_name(&m->hdr[i])) && printable(hdr_val(&m->hdr[i])) && m->hdr[i].nlen);
	if (w->ep.front)
		check(m->target.n && (m->target.p[0] == '/' || m->target.p[0] == '*' || m->method == HTTP_CONNECT));
}

static void send_some(struct owner *w)
{
	static struct hdr h[2] = { { .name = "Host", .nlen = 4, .val = "a", .vlen = 1, .id = HH_HOST } };
	struct http_msg m;
	struct buf b = { 0 };
	struct mux_tx tx = { .body = &b, .flags = roll(2) ? MS_EOM : 0 };

	check(buf_acquire(&b));
	b.tail = roll(b.cap);
	memset(b.mem, 'x', b.tail);
	if (!w->answered) {
		msg_init(&m, h, 2, NULL, !w->ep.front);
		tx.head = &m;
		if (w->ep.front) {
			msg_set_status(&m, roll(4) ? 200 : 103, STR_NULL);
			w->answered = m.status == 200;
		} else {
			m.nhdr = 1;
			msg_set_method(&m, roll(4) ? STR("GET") : roll(2) ? STR("HEAD") : STR("CONNECT"));
			msg_set_target(&m, m.method == HTTP_CONNECT ? STR("a:1") : STR("/"));
			w->answered = true;
		}
	}
	mux_h2.send(&w->ep, &tx);
	buf_release(&b);
}

static void pull(struct owner *w)
{
	mux_h2.recv(&w->ep);
	check(w->ep.rx.head <= w->ep.rx.tail && w->ep.rx.tail <= w->ep.rx.cap);
	buf_consume(&w->ep.rx, roll(3) ? buf_len(&w->ep.rx) : roll(buf_len(&w->ep.rx) + 1));
	if (w->ep.flags & EP_HEAD)
		check_head(w);
	if (w->ep.flags & EP_HEAD && !w->ep.front && w->msg.status < 200)
		w->ep.flags &= (uint16_t)~EP_HEAD;
	if (w->ep.flags & EP_HEAD || !w->ep.front)
		send_some(w);
	if (w->ep.flags & EP_EOM && roll(16) == 0)
		mux_h2.tunnel(&w->ep);
	if (w->ep.flags & EP_TUNNEL && roll(8) == 0)
		mux_h2.shutw(&w->ep);
	if (w->ep.flags & (EP_ERR | EP_EOF) || roll(12) == 0) {
		bool lives = mux_h2.close(&w->ep, (enum mux_close_how)roll(4));

		check(!w->ep.mux && !w->ep.rx.cap);
		w->used = false;
		if (!lives)
			o.mux = NULL;
	}
}

static struct endp *on_exchange(struct mux *m)
{
	struct owner *w = fresh();

	(void)m;
	check(w); /* the limit of the mux is that of ours */
	return &w->ep;
}

static void on_idle_dead(struct mux *m)
{
	(void)m;
	for (int i = 0; i < MANY; i++)
		check(!o.own[i].used);
	o.mux = NULL;
}

static const struct mux_cfg cfg = {
	.max_head = 1024, .max_hdr = HDRS, .h2_streams = MANY, .h2_window = 4096, .h2_table = 4096, .h2_frame = 16384,
	.on_exchange = on_exchange, .on_idle_dead = on_idle_dead,
};

static void setup(void)
{
	if (o.arena.chunk_size)
		return;
	buf_set_size(2048);
	loop_init(NULL, 64);
	arena_init(&o.arena, 0);
}

static void turn(void)
{
	loop_turn(0);
	if (o.mux && !o.mux->front && roll(2)) {
		struct owner *w = fresh();

		if (w)
			w->used = mux_h2.open(o.mux, &w->ep);
	}
	for (int i = 0; i < MANY && o.mux; i++)
		if (o.own[i].used)
			pull(&o.own[i]);
	if (o.mux && roll(64) == 0)
		mux_h2.drain(o.mux);
}

static uint32_t used(const char *pool)
{
	for (struct pool *p = pool_first(); p; p = pool_next(p))
		if (strcmp(p->name, pool) == 0)
			return p->used;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
	struct addr none = { 0 };
	int fd[2];

	if (size < 3 || size > 8000)
		return 0;
	setup();
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	struct conn *c = conn_new_front(fd[0], &none, &xprt_raw, NULL, NULL, NULL);
	bool front = data[0] & 1;

	o.mux = mux_h2.init(c, front, &cfg);
	o.dice = data[1];
	check(write(fd[1], front ? hello : hello + 24, front ? sizeof(hello) : sizeof(hello) - 24) > 0);
	for (size_t at = 2; at < size && o.mux; turn()) {
		char sink[65536];
		size_t piece = 1 + (roll(4) ? roll(3000) : roll(7));
		ssize_t w = write(fd[1], data + at, MIN(size - at, piece));

		at += w > 0 ? (size_t)w : 0;
		if (w < 0 || read(fd[1], sink, sizeof(sink)) == 0)
			break;
	}
	close(fd[1]);
	for (int i = 0; i < 3 && o.mux; i++)
		turn();
	if (o.mux)
		mux_h2.destroy(o.mux);
	o.mux = NULL;
	memset(o.own, 0, sizeof(o.own));
	for (int i = 0; i < 4; i++)
		loop_turn(0);
	check(!used("buffer") && !used("h2 stream") && !used("h2 header block") && !used("h2 output") && !used("mux_h2"));
	arena_reset(&o.arena);
	return 0;
}
