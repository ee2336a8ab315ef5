// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP/2 mux: life of the connection and of the streams on it, and the events of the loop. What nghttp2 calls is in
 * mux_h2_cb.c, receiving in mux_h2_recv.c, sending in mux_h2_send.c, budgets in mux_h2_guard.c.
 *
 * All work on a connection is one function, h2_turn(): read, tell the owners, write. It runs on events and as a task;
 * calls of owners in between only note what is due. So nothing is freed under anybody's feet, and the answers of a turn
 * leave together. */
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/net/sock.h>
#include "linger_priv.h"
#include "mux_h2_priv.h"

#define READ_ROUNDS 4
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static struct pool h2_pool = POOL("mux_h2", struct mux_h2);
static struct pool strm_pool = POOL("h2 stream", struct h2_strm);

/* ---- streams ---- */

struct h2_strm *h2_strm_new(struct mux_h2 *h, int32_t id)
{
	struct h2_strm *st = pool_zget(&strm_pool);

	if (!st)
		return NULL;
	st->h = h;
	st->id = id;
	st->blocks_end = &st->blocks;
	list_init(&st->news);
	list_push(&h->streams, &st->link);
	h->nstreams++;
	h->used = true;
	return st;
}

void h2_strm_free(struct h2_strm *st)
{
	struct mux_h2 *h = st->h;

	if (st->id > 0 && !(st->flags & H2S_CLOSED))
		nghttp2_session_set_stream_user_data(h->ng, st->id, NULL);
	h2_rx_drop(st);
	if (st->flags & H2S_FULL)
		h->nfull--;
	list_del(&st->news);
	list_del(&st->link);
	h->nstreams--;
	pool_put(&strm_pool, st);
}

void h2_news(struct h2_strm *st)
{
	if (list_empty(&st->news))
		list_push(&st->h->news, &st->news);
	if (!(st->h->flags & H2F_BUSY))
		task_wake(&st->h->task);
}

static void endp_bind(struct h2_strm *st, struct endp *ep, uint16_t flags)
{
	st->ep = ep;
	ep->mux = &st->h->m;
	ep->strm = st;
	ep->front = st->h->m.front;
	ep->flags = flags;
	ep->err = ep->h1_err = 0;
	ep->bytes_in = ep->bytes_out = 0;
	ep->hold_head = false;
	ep->rx = (struct buf){ 0 };
	st->h->m.exchanges++;
}

static void endp_unbind(struct endp *ep)
{
	struct h2_strm *st = ep->strm;

	buf_release(&ep->rx);
	ep->hold_head = false;
	ep->mux = NULL;
	ep->strm = NULL;
	st->ep = NULL;
}

static void strm_reset(struct h2_strm *st, uint32_t code)
{
	if (st->id > 0 && !(st->flags & H2S_CLOSED))
		nghttp2_submit_rst_stream(st->h->ng, NGHTTP2_FLAG_NONE, st->id, code);
}

static void h2_drain(struct mux *m);

/* A request that is complete enough to be looked at: only now does it cost a stream of the owner. */
static void strm_begin(struct h2_strm *st)
{
	struct mux_h2 *h = st->h;
	struct endp *ep = h->flags & H2F_OVER ? NULL : h->m.cfg->on_exchange(&h->m);

	if (!ep) {
		strm_reset(st, NGHTTP2_REFUSED_STREAM);
		h2_strm_free(st);
		return;
	}
	endp_bind(st, ep, EP_NEW | EP_CONNECTED);
	if (h->m.cfg->h2_total && h->m.exchanges >= h->m.cfg->h2_total)
		h2_drain(&h->m);
	ep->wake(ep);
}

void h2_fail(struct mux_h2 *h)
{
	if (h->flags & H2F_OVER)
		return;
	h->flags |= H2F_OVER;
	LIST_EACH_SAFE(p, n, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (!st->ep) {
			h2_strm_free(st);
			continue;
		}
		if ((h->m.front || !(h->flags & H2F_UP)) && !(st->ep->flags & EP_ERR)) {
			st->ep->flags |= EP_ERR;
			st->ep->err = h->flags & H2F_UP ? EE_RESET : EE_CONNECT;
		}
		h2_news(st);
	}
	task_wake(&h->task);
}

/* ---- calls of the owner ---- */

static bool usable(const struct mux_h2 *h)
{
	return !(h->flags & (H2F_GONE | H2F_OVER | H2F_EOF | H2F_GOAWAY | H2F_DRAIN)) && !(h->m.conn->flags & CONN_DEAD);
}

static unsigned h2_room(struct mux *m)
{
	struct mux_h2 *h = h2_of(m);
	uint32_t max = nghttp2_session_get_remote_settings(h->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);

	max = MIN(max, m->cfg->h2_streams);
	if (!usable(h) || h->nstreams >= max || nghttp2_session_get_next_stream_id(h->ng) > INT32_MAX - 2u * max)
		return 0;
	return max - h->nstreams;
}

static bool h2_open(struct mux *m, struct endp *ep)
{
	struct mux_h2 *h = h2_of(m);
	struct h2_strm *st = h2_room(m) ? h2_strm_new(h, -1) : NULL;

	if (!st)
		return false;
	st->flags = H2S_UNSENT;
	endp_bind(st, ep, (m->exchanges ? EP_REUSED : 0) | (h->flags & H2F_UP ? EP_CONNECTED : 0));
	return true;
}

static bool ended(const struct h2_strm *st) { return st->flags & H2S_RX_END && st->flags & H2S_TX_END; }

/* Why a stream is reset that its owner leaves before its time. RFC 9113 section 8.1: an answer may end the exchange
 * before the request does. */
static uint32_t leave_code(const struct h2_strm *st)
{
	if (!st->h->m.front)
		return NGHTTP2_CANCEL;
	if (st->flags & H2S_TX_END)
		return NGHTTP2_NO_ERROR;
	return st->flags & H2S_HEAD_OUT ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL;
}

static bool h2_close(struct endp *ep, enum mux_close_how how)
{
	struct h2_strm *st = ep->strm;
	struct mux_h2 *h = st->h;

	endp_unbind(ep);
	if (ended(st))
		h->done++;
	else
		strm_reset(st, leave_code(st));
	h2_strm_free(st);
	if (how == MUX_RESET && h->m.front) {
		sock_set_linger_reset(h->m.conn->io.fd);
		h->flags |= H2F_GONE;
		h2_fail(h);
	}
	task_wake(&h->task);
	if (h->nstreams || !(h->flags & (H2F_GONE | H2F_OVER | H2F_EOF)))
		return true;
	h->flags |= H2F_ORPHAN;
	return false;
}

static void h2_tunnel(struct endp *ep)
{
	struct h2_strm *st = ep->strm;

	st->flags |= H2S_TUNNEL;
	ep->flags = (uint16_t)((ep->flags & ~(EP_EOM | EP_TX_EOM | EP_EOF)) | EP_TUNNEL);
}

static void h2_shutw(struct endp *ep)
{
	struct h2_strm *st = ep->strm;
	struct mux_tx none = { 0 };

	st->flags |= H2S_SHUTW;
	if (!h2_send(ep, &none) && !(ep->flags & EP_ERR))
		h2_news(st);
}

/* ---- the end ---- */

static void h2_free(struct mux_h2 *h)
{
	if (h->flags & H2F_LINGER)
		mux_linger_end();
	LIST_EACH_SAFE(p, n, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (st->ep)
			endp_unbind(st->ep);
		h2_strm_free(st);
	}
	timer_stop(&h->timer);
	task_cancel(&h->task);
	h2_block_free(h->block);
	h2_out_drop(h);
	buf_release(&h->in);
	nghttp2_session_del(h->ng);
	if (h->m.conn)
		conn_close(h->m.conn);
	h->m.magic = 0;
	pool_put(&h2_pool, h);
}

/* The last words, if the kernel takes them. */
static void say_goodbye(struct mux_h2 *h)
{
	if (h->flags & (H2F_GONE | H2F_OVER) || !(h->flags & H2F_UP))
		return;
	nghttp2_session_terminate_session(h->ng, NGHTTP2_NO_ERROR);
	if (h2_pump(h))
		h2_flush(h);
}

static void h2_destroy(struct mux *m)
{
	struct mux_h2 *h = h2_of(m);

	say_goodbye(h);
	h->flags |= H2F_ORPHAN | H2F_GONE | H2F_OVER;
	LIST_EACH(p, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (st->ep)
			endp_unbind(st->ep);
	}
	if (h->flags & H2F_BUSY)
		h->flags |= H2F_FREE;
	else
		h2_free(h);
}

/* Input is read and thrown away until the peer has seen our end: unread bytes would turn the close into a reset. */
static void h2_linger(struct mux_h2 *h)
{
	static char sink[16384];
	struct conn *c = h->m.conn;

	if (!(h->flags & H2F_GONE) && h2_flush(h))
		conn_shutw(c);
	while (!(c->flags & (CONN_EOF | CONN_DEAD)) && h->linger_left && c->io.ready & IO_RD) {
		ssize_t r = conn_recv(c, sink, MIN(sizeof(sink), (size_t)h->linger_left));

		if (r > 0)
			h->linger_left -= (uint32_t)r;
	}
	if (h->flags & H2F_GONE || c->flags & (CONN_EOF | CONN_DEAD) || !h->linger_left)
		h2_free(h);
}

/* Nothing is open and nothing may be opened. */
static void h2_end(struct mux_h2 *h)
{
	if (!(h->flags & H2F_ORPHAN) && h->m.cfg->on_idle_dead)
		h->m.cfg->on_idle_dead(&h->m);
	h->flags |= H2F_ORPHAN | H2F_LINGER;
	mux_linger_begin();
	h->m.owner = NULL;
	h->linger_left = H2_LINGER_BYTES;
	timer_set(&h->timer, clock_ms() + H2_LINGER_MS);
	h2_linger(h);
}

static bool has_ended(const struct mux_h2 *h)
{
	return h->nstreams == 0 && (h->flags & (H2F_GONE | H2F_OVER | H2F_EOF | H2F_DRAINED | H2F_ORPHAN));
}

/* ---- a turn ---- */

static void h2_up(struct mux_h2 *h)
{
	struct conn *c = h->m.conn;

	if (h->flags & H2F_UP || !conn_established(c))
		return;
	h->flags |= H2F_UP | H2F_FLUSH;
	LIST_EACH(p, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (st->ep) {
			st->ep->flags |= EP_CONNECTED;
			h2_news(st);
		}
	}
}

/* What arrived goes to nghttp2 at once and whole. */
static void h2_feed(struct mux_h2 *h, const char *p, size_t n)
{
	ssize_t used = nghttp2_session_mem_recv(h->ng, (const uint8_t *)p, n);

	h->wire += n;
	h2_check_flood(h);
	if (used < 0 && !(h->flags & H2F_OVER))
		h2_kill(h, used == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
}

/* The peer's direction has ended. Requests that are complete may still be answered. */
static void h2_eof(struct mux_h2 *h)
{
	h->flags |= H2F_EOF;
	LIST_EACH_SAFE(p, n, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (!st->ep && !(st->flags & H2S_HEAD_IN)) {
			h2_strm_free(st);
			continue;
		}
		if (st->ep && h->m.front && st->flags & H2S_RX_END) {
			st->ep->flags |= EP_EOF;
		} else if (st->ep && h->m.front) {
			st->ep->flags |= EP_ERR | EP_EOF;
			st->ep->err = EE_TRUNCATED;
		}
		h2_news(st);
	}
}

static void h2_read(struct mux_h2 *h)
{
	static char scratch[32768];
	struct conn *c = h->m.conn;

	if (buf_len(&h->in)) {
		h2_feed(h, buf_at(&h->in), buf_len(&h->in));
		buf_release(&h->in);
	}
	for (int i = 0; i < READ_ROUNDS && c->io.ready & IO_RD && !(h->flags & (H2F_OVER | H2F_EOF | H2F_GONE)); i++) {
		ssize_t r = conn_recv(c, scratch, sizeof(scratch));

		if (r > 0)
			h2_feed(h, scratch, (size_t)r);
		else if (r == XPRT_EOF)
			h2_eof(h);
		else
			return;
	}
}

static void h2_tell(struct mux_h2 *h)
{
	struct list due;

	list_init(&due);
	while (!list_empty(&h->news)) {
		struct list *p = h->news.next;

		list_del(p);
		list_push(&due, p);
	}
	while (!list_empty(&due) && !(h->flags & H2F_FREE)) {
		struct h2_strm *st = LIST_ENTRY(due.next, struct h2_strm, news);

		list_del(&st->news);
		if (st->ep)
			st->ep->wake(st->ep);
		else
			strm_begin(st);
	}
	while (!list_empty(&due)) /* destroyed by an owner: nobody is left to tell */
		list_del(due.next);
}

/* nghttp2 has said its last word, or the connection died. */
static void h2_judge(struct mux_h2 *h)
{
	if (h->m.conn->flags & CONN_DEAD)
		h->flags |= H2F_GONE;
	if (h->flags & H2F_GONE || (!nghttp2_session_want_read(h->ng) && !nghttp2_session_want_write(h->ng)))
		h2_fail(h);
}

static void h2_settle(struct mux_h2 *h)
{
	struct conn *c = h->m.conn;

	if (h->flags & H2F_FREE)
		h2_free(h);
	else if (has_ended(h))
		h2_end(h);
	else if (!list_empty(&h->news) || (c->io.ready & IO_RD && !(h->flags & (H2F_OVER | H2F_EOF | H2F_GONE))))
		task_wake(&h->task);
	else if (h->used && !h->nstreams && !timer_on(&h->timer))
		timer_set(&h->timer, clock_ms() + H2_IDLE_MS);
}

static void h2_turn(struct mux_h2 *h)
{
	OBJ_CHECK(&h->m, MUX_MAGIC);
	if (h->flags & H2F_LINGER) {
		h2_linger(h);
		return;
	}
	h->flags |= H2F_BUSY;
	h2_up(h);
	if (h->flags & H2F_UP && !(h->flags & H2F_GONE)) {
		if (h->out)
			h2_flush(h);
		h2_read(h);
		if (h2_pump(h) && h->out_bytes >= H2_OUT_SOFT)
			h2_flush(h);
	}
	h2_judge(h);
	h2_tell(h);
	if (h->flags & H2F_UP && !(h->flags & (H2F_GONE | H2F_FREE)) && h2_pump(h))
		h2_flush(h);
	h2_judge(h);
	h->flags &= ~(uint32_t)(H2F_BUSY | H2F_FLUSH);
	h2_settle(h);
}

static void h2_io(struct conn *c) { h2_turn(c->owner); }

static void h2_task(struct task *t) { h2_turn(CONTAINER_OF(t, struct mux_h2, task)); }

static const struct conn_owner_ops h2_conn_ops = { .io = h2_io };

/* ---- drain (RFC 9113 section 6.8) ---- */

void h2_drain_last(struct mux_h2 *h)
{
	if (h->flags & H2F_DRAINED)
		return;
	h->flags |= H2F_DRAINED;
	nghttp2_submit_goaway(h->ng, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->ng), NGHTTP2_NO_ERROR,
			      NULL, 0);
	task_wake(&h->task);
}

static void h2_drain(struct mux *m)
{
	struct mux_h2 *h = h2_of(m);

	if (h->flags & (H2F_DRAIN | H2F_OVER | H2F_GONE))
		return;
	h->flags |= H2F_DRAIN;
	nghttp2_submit_shutdown_notice(h->ng);
	nghttp2_submit_ping(h->ng, NGHTTP2_FLAG_NONE, NULL);
	timer_set(&h->timer, clock_ms() + H2_DRAIN_MS);
	task_wake(&h->task);
}

static void h2_timer(struct timer *t)
{
	struct mux_h2 *h = CONTAINER_OF(t, struct mux_h2, timer);

	if (h->flags & H2F_LINGER) {
		h2_free(h);
	} else if (h->flags & H2F_DRAIN) {
		h2_drain_last(h);
	} else if (!h->nstreams) {
		h->used = false;
		h2_mem_trim(h);
	}
}

/* ---- the mux ---- */

static struct mux *h2_init(struct conn *c, bool front, const struct mux_cfg *cfg)
{
	struct mux_h2 *h = pool_zget(&h2_pool);

	if (!h)
		return NULL;
	h->m = (struct mux){ .magic = MUX_MAGIC, .ops = &mux_h2, .cfg = cfg, .conn = c, .front = front };
	list_init(&h->streams);
	list_init(&h->news);
	timer_init(&h->timer, h2_timer);
	task_init(&h->task, h2_task);
	h->flags = conn_established(c) ? H2F_UP : 0;
	h->ng = h2_session_new(h);
	if (!h->ng) {
		pool_put(&h2_pool, h);
		return NULL;
	}
	c->ops = &h2_conn_ops;
	c->owner = h;
	task_wake(&h->task);
	return &h->m;
}

int mux_h2_preface(struct str in)
{
	size_t n = MIN(in.n, sizeof(PREFACE) - 1);

	if (n && memcmp(in.p, PREFACE, n))
		return 0;
	return n == sizeof(PREFACE) - 1 ? 1 : -1;
}

struct mux *mux_h2_take(struct conn *c, const struct mux_cfg *cfg, struct buf *in)
{
	struct mux *m = h2_init(c, true, cfg);

	if (m) {
		h2_of(m)->in = *in;
		*in = (struct buf){ 0 };
	}
	return m;
}

const struct mux_ops mux_h2 = {
	.name = "h2",
	.http_major = 2,
	.max_streams = UINT32_MAX,
	.init = h2_init,
	.room = h2_room,
	.open = h2_open,
	.recv = h2_recv,
	.send = h2_send,
	.shutw = h2_shutw,
	.tunnel = h2_tunnel,
	.close = h2_close,
	.destroy = h2_destroy,
	.drain = h2_drain,
};
