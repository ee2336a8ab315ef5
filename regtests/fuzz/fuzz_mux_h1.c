// SPDX-License-Identifier: GPL-3.0-or-later
/* A scripted peer against the HTTP/1 mux over a socket pair. The first byte chooses the side, the second drives the
 * owner (how much it consumes, how it ends exchanges), the rest is written in pieces. Checked: flags that contradict
 * each other, more data than was received, buffers left with an idle connection, a head whose slices do not lie in the
 * receive buffer. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/mux/mux.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct endp ep;
	struct http_msg msg;
	struct hdr hdrs[24];
	struct arena arena;
	struct mux *mux;
	bool answered;
	uint64_t shown;  /* body bytes consumed */
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

static void fresh(void)
{
	o.ep = (struct endp){ .wake = o.ep.wake, .msg = &o.msg };
	o.answered = false;
	o.shown = 0;
	msg_init(&o.msg, o.hdrs, 24, &o.arena, true);
}

static void check_head(void)
{
	if (!o.ep.hold_head)
		return;
	const char *lo = o.ep.rx.mem, *hi = lo + o.ep.rx.cap;
	for (unsigned i = 0; i < o.msg.nhdr; i++)
		if (o.hdrs[i].flags & HDR_RAW)
			check(o.hdrs[i].name >= lo && o.hdrs[i].name + o.hdrs[i].raw_len <= hi);
}

static void ask(void)
{
	static struct hdr h[1] = { { .name = "Host", .nlen = 4, .val = "a", .vlen = 1, .id = HH_HOST } };
	struct http_msg m;
	struct mux_tx tx = { .head = &m, .flags = MS_EOM };

	msg_init(&m, h, 1, NULL, true);
	m.nhdr = 1;
	msg_set_method(&m, roll(4) ? STR("GET") : roll(2) ? STR("HEAD") : STR("CONNECT"));
	msg_set_target(&m, STR("/"));
	o.answered = mux_h1.send(&o.ep, &tx);
}

static void answer(void)
{
	struct hdr h[1];
	struct http_msg m;
	struct buf b = { 0 };
	struct mux_tx tx = { .head = &m, .body = &b, .flags = MS_EOM };

	check(buf_acquire(&b));
	buf_append(&b, STR("hello"));
	msg_init(&m, h, 1, NULL, false);
	m.flags |= roll(2) ? MSG_CHUNKED : MSG_CLEN;
	m.body_len = 5;
	msg_set_status(&m, 200, STR_NULL);
	mux_h1.send(&o.ep, &tx);
	buf_release(&b);
	o.answered = true;
}

static void finish(void)
{
	if (!mux_h1.close(&o.ep, roll(8) ? MUX_KEEP : (enum mux_close_how)roll(4)))
		o.mux = NULL;
}

static void pull(void)
{
	for (int i = 0; i < 4 && o.ep.mux; i++) {
		mux_h1.recv(&o.ep);
		check_head();
		check(o.ep.rx.head <= o.ep.rx.tail && o.ep.rx.tail <= o.ep.rx.cap);
		uint32_t n = roll(3) ? buf_len(&o.ep.rx) : roll(buf_len(&o.ep.rx) + 1);
		buf_consume(&o.ep.rx, n);
		o.shown += n;
		check(o.shown + (o.ep.flags & EP_HEAD && o.ep.hold_head ? o.msg.head_len : 0) <= o.ep.bytes_in);
		if ((o.ep.flags & EP_HEAD) && !o.ep.front && o.msg.status < 200 && o.msg.status != 101) {
			o.ep.flags &= (uint16_t)~EP_HEAD;
			o.shown = 0;
			continue;
		}
		if ((o.ep.flags & EP_HEAD) && roll(4) == 0)
			o.ep.hold_head = false;
		if ((o.ep.flags & EP_HEAD) && o.ep.front && !o.answered && roll(3) == 0)
			answer();
		if ((o.ep.flags & EP_EOM) && roll(16) == 0) {
			o.shown = 0;
			mux_h1.tunnel(&o.ep);
		}
		if (o.ep.flags & (EP_ERR | EP_EOF) || ((o.ep.flags & EP_EOM) && buf_len(&o.ep.rx) == 0)) {
			if (o.ep.front && !o.answered)
				answer();
			finish();
		}
	}
}

static void on_wake(struct endp *ep) { (void)ep; }

static struct endp *on_exchange(struct mux *m)
{
	(void)m;
	fresh();
	return &o.ep;
}

static void on_idle_dead(struct mux *m)
{
	(void)m;
	o.mux = NULL;
}

static const struct mux_cfg cfg = {
	.max_head = 1024, .max_hdr = 24, .on_exchange = on_exchange, .on_idle_dead = on_idle_dead
};

static void setup(void)
{
	if (o.arena.chunk_size)
		return;
	buf_set_size(2048);
	loop_init(NULL, 64);
	arena_init(&o.arena, 0);
	o.ep.wake = on_wake;
}

static void turn(void)
{
	loop_turn(0);
	if (o.mux && !o.ep.mux && !o.mux->front) {
		fresh();
		if (mux_h1.open(o.mux, &o.ep))
			ask();
	}
	pull();
}

static uint32_t buffers_used(void)
{
	for (struct pool *p = pool_first(); p; p = pool_next(p))
		if (strcmp(p->name, "buffer") == 0)
			return p->used;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr none = { 0 };
	int fd[2];

	if (size < 3 || size > 8000)
		return 0;
	setup();
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
	struct conn *c = conn_new_front(fd[0], &none, &xprt_raw, NULL, NULL, NULL);
	o.mux = mux_h1.init(c, data[0] & 1, &cfg);
	o.dice = data[1];
	o.ep.mux = NULL;
	for (size_t at = 2; at < size && o.mux; turn()) {
		char sink[4096];
		size_t piece = 1 + (roll(2) ? roll(7) : roll(3000));
		ssize_t w = write(fd[1], data + at, MIN(size - at, piece));
		at += w > 0 ? (size_t)w : 0;
		if (w < 0 || read(fd[1], sink, sizeof(sink)) == 0)
			break;
	}
	close(fd[1]);
	for (int i = 0; i < 3 && o.mux; i++)
		turn();
	if (o.mux)
		mux_h1.destroy(o.mux);
	o.mux = NULL;
	loop_turn(0);
	check(buffers_used() == 0);
	arena_reset(&o.arena);
	return 0;
}
