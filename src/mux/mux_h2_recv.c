// SPDX-License-Identifier: GPL-3.0-or-later
/* The receiving half of the HTTP/2 mux. Callbacks of nghttp2 leave header blocks and body segments with the stream;
 * recv() hands them over in order. The window of a body opens as its bytes are handed over, so that a slow reader holds
 * one buffer and one window and the peer has to wait. */
#include <openssl/evp.h>
#include <sluice/base/pool.h>
#include <sluice/base/rand.h>
#include "mux_h2_priv.h"

static struct pool block_pool = { .name = "h2 header block" };
static struct pool seg_pool = POOL("h2 body segment", struct h2_seg);

/* ---- header blocks ---- */

struct h2_block *h2_block_new(const struct mux_h2 *h)
{
	const struct mux_cfg *c = h->m.cfg;
	size_t fields = c->max_hdr * sizeof(struct h2_field);
	struct h2_block *b;

	if (!block_pool.size)
		block_pool.size = sizeof(*b) + fields + c->max_head;
	ASSERT(sizeof(*b) + fields + c->max_head <= block_pool.size);
	b = pool_get(&block_pool);
	if (!b)
		return NULL;
	*b = (struct h2_block){ .f = (struct h2_field *)(b + 1) };
	b->bytes = (char *)(b->f + c->max_hdr);
	return b;
}

void h2_block_free(struct h2_block *b) { pool_put(&block_pool, b); }

static const char *block_copy(struct h2_block *b, struct str s)
{
	char *d = b->bytes + b->used;

	memcpy(d, s.p, s.n);
	b->used += (uint32_t)s.n;
	return d;
}

void h2_block_add(struct mux_h2 *h, struct h2_block *b, struct str name, struct str val, bool name_static)
{
	const struct mux_cfg *c = h->m.cfg;

	b->seen++;
	b->total += (uint32_t)(name.n + val.n + 32);
	if (b->n >= c->max_hdr || b->used + name.n + val.n > c->max_head ||
	    b->total > c->max_head + 32u * c->max_hdr)
		b->over = true;
	if (b->over) {
		if (b->seen > 4u * c->max_hdr || b->total > 8u * c->max_head)
			h2_kill(h, NGHTTP2_ENHANCE_YOUR_CALM);
		return;
	}
	b->f[b->n++] = (struct h2_field){
		.name = name_static ? name.p : block_copy(b, name),
		.val = block_copy(b, val),
		.nlen = (uint32_t)name.n,
		.vlen = (uint32_t)val.n,
	};
}

static void block_pop(struct h2_strm *st)
{
	struct h2_block *b = st->blocks;

	st->blocks = b->next;
	if (!st->blocks)
		st->blocks_end = &st->blocks;
	st->nblocks--;
	h2_block_free(b);
}

/* ---- segments ---- */

bool h2_data_add(struct h2_strm *st, struct str data)
{
	st->held += (uint32_t)data.n;
	while (data.n) {
		struct h2_seg *g = st->segs ? st->segs_last : NULL;

		if (!g || !buf_room(&g->b)) {
			g = pool_zget(&seg_pool);
			if (!g)
				return false;
			if (!buf_acquire(&g->b)) {
				pool_put(&seg_pool, g);
				return false;
			}
			if (st->segs)
				st->segs_last->next = g;
			else
				st->segs = g;
			st->segs_last = g;
		}
		data = str_sub(data, buf_append(&g->b, data), SIZE_MAX);
	}
	return true;
}

static void seg_pop(struct h2_strm *st)
{
	struct h2_seg *g = st->segs;

	st->segs = g->next;
	buf_release(&g->b);
	pool_put(&seg_pool, g);
}

static void window_return(struct h2_strm *st, uint32_t n)
{
	struct mux_h2 *h = st->h;

	if (n == 0 || h->flags & (H2F_OVER | H2F_GONE))
		return;
	st->held -= n;
	nghttp2_session_consume(h->ng, st->id, n);
	if (!(h->flags & H2F_BUSY))
		task_wake(&h->task);
}

void h2_rx_drop(struct h2_strm *st)
{
	while (st->blocks)
		block_pop(st);
	while (st->segs)
		seg_pop(st);
	window_return(st, st->held);
}

static void show_data(struct h2_strm *st)
{
	struct buf *rx = &st->ep->rx;
	uint32_t moved = 0, n;

	while (st->segs) {
		struct buf *b = &st->segs->b;

		if (buf_len(rx) == 0) {
			n = buf_len(b);
			buf_release(rx);
			*rx = *b;
			*b = (struct buf){ 0 };
		} else {
			n = buf_append(rx, buf_str(b));
			buf_consume(b, n);
		}
		moved += n;
		if (buf_len(b))
			break;
		seg_pop(st);
	}
	st->ep->bytes_in += moved;
	window_return(st, moved);
}

/* ---- handing over ---- */

static void rx_fail(struct endp *ep, enum endp_err err, enum h1_error why)
{
	ep->flags |= EP_ERR;
	ep->err = (uint8_t)err;
	ep->h1_err = (uint8_t)why;
}

/* An HTTP/1 server wants a key, which the client of an extended CONNECT has not. */
static enum h1_error upgrade_key(struct h2_strm *st, struct http_msg *m)
{
	unsigned char nonce[16];
	char *text = arena_bytes(m->arena, 25);

	st->flags |= H2S_UPGRADE;
	rand_secret(nonce, sizeof(nonce));
	EVP_EncodeBlock((unsigned char *)text, nonce, sizeof(nonce));
	return msg_add(m, STR("sec-websocket-key"), str_n(text, 24)) ? H1E_NONE : H1E_TOO_MANY_HDRS;
}

/* The server's consent to an extended CONNECT, as an HTTP/1 server would say it. */
static enum h1_error upgrade_accepted(struct h2_strm *st, struct http_msg *m)
{
	msg_set_status(m, 101, http_reason(101));
	m->flags |= MSG_UPGRADE;
	return msg_add(m, STR("upgrade"), STR("websocket")) &&
			       (!st->accept[0] || msg_add(m, STR("sec-websocket-accept"), str_n(st->accept, 28))) ?
		       H1E_NONE :
		       H1E_TOO_MANY_HDRS;
}

static enum h1_error request_head(struct h2_strm *st, const struct h2_block *b, struct http_msg *m)
{
	struct h2_head_opts o = { .end_stream = b->end_stream };
	enum h1_error e = h2_request_build(m, b->f, b->n, &o);

	if (e)
		return e;
	if (m->method == HTTP_HEAD)
		st->flags |= H2S_HEAD_REQ;
	if (m->method == HTTP_CONNECT || m->flags & MSG_UPGRADE)
		st->flags |= H2S_CONNECT;
	return m->flags & MSG_UPGRADE ? upgrade_key(st, m) : H1E_NONE;
}

static enum h1_error response_head(struct h2_strm *st, const struct h2_block *b, struct http_msg *m)
{
	struct h2_head_opts o = {
		.end_stream = b->end_stream,
		.head_request = (st->flags & H2S_HEAD_REQ) != 0,
		.connect_request = (st->flags & H2S_CONNECT) != 0,
	};
	enum h1_error e = h2_response_build(m, b->f, b->n, &o);

	if (!e && m->status >= 200 && m->status / 100 != 2)
		st->flags &= ~(uint32_t)H2S_CONNECT; /* refused: an ordinary response */
	if (!e && m->status / 100 == 2 && st->flags & H2S_UPGRADE)
		return upgrade_accepted(st, m);
	return e;
}

static void show_head(struct h2_strm *st)
{
	struct endp *ep = st->ep;
	struct h2_block *b = st->blocks;
	struct http_msg *m = ep->msg;
	enum h1_error e;

	msg_init(m, m->hdr, m->max_hdr, m->arena, ep->front);
	if (b->over)
		e = b->n >= st->h->m.cfg->max_hdr ? H1E_TOO_MANY_HDRS : H1E_HEAD_TOO_BIG;
	else
		e = ep->front ? request_head(st, b, m) : response_head(st, b, m);
	ep->bytes_in += b->used;
	block_pop(st);
	if (e) {
		st->flags |= H2S_HEAD_SHOWN;
		rx_fail(ep, EE_BAD_HEAD, e);
		return;
	}
	ep->flags = (uint16_t)((ep->flags & ~EP_NEW) | EP_HEAD);
	if (ep->front || m->status >= 200 || m->status == 101)
		st->flags |= H2S_HEAD_SHOWN;
}

static void show_end(struct h2_strm *st)
{
	struct endp *ep = st->ep;
	enum h1_error e = H1E_NONE;

	if (st->flags & H2S_TUNNEL) {
		ep->flags |= EP_EOF;
		return;
	}
	while (st->blocks && !e) {
		struct h2_block *b = st->blocks;

		e = b->over ? H1E_TRAILER_BIG : h2_trailers_build(ep->msg, b->f, b->n);
		ep->bytes_in += b->used;
		block_pop(st);
	}
	if (e)
		rx_fail(ep, EE_BAD_BODY, e);
	else
		ep->flags |= EP_EOM;
}

/* There is nothing now; will there ever be? */
static void show_lack(struct h2_strm *st)
{
	struct endp *ep = st->ep;

	if (!(st->flags & H2S_CLOSED) && !(st->h->flags & (H2F_OVER | H2F_EOF | H2F_GONE)))
		ep->flags |= EP_RX_WAIT;
	else if (!(ep->flags & EP_ERR))
		rx_fail(ep, st->flags & H2S_REFUSED ? EE_REFUSED : EE_RESET, H1E_NONE);
}

void h2_recv(struct endp *ep)
{
	struct h2_strm *st = ep->strm;

	ep->flags &= (uint16_t)~EP_RX_WAIT;
	if (!(st->flags & H2S_HEAD_SHOWN)) {
		if (ep->flags & EP_HEAD)
			return; /* an interim head is still with the owner */
		if (!st->blocks) {
			show_lack(st);
			return;
		}
		show_head(st);
		if (!(st->flags & H2S_HEAD_SHOWN) || ep->flags & EP_ERR)
			return;
	}
	if (st->flags & H2S_CONNECT && !(st->flags & H2S_TUNNEL)) {
		ep->flags |= EP_EOM;
		return;
	}
	if (ep->flags & EP_EOM)
		return;
	show_data(st);
	if (st->segs)
		return;
	if (st->flags & H2S_RX_END)
		show_end(st);
	else
		show_lack(st);
}
