// SPDX-License-Identifier: GPL-3.0-or-later
/* The receiving half of the HTTP/1 mux: fills ep->rx from the connection and decodes what is there, state by state,
 * until the message ends, the buffer is full or the connection has nothing more. Bytes behind the end of a message are
 * never shown to the owner. */
#include "mux_priv.h"

/* Outcome of working on the bytes at hand. */
enum step {
	STEP_AGAIN,  /* the state has changed: go on with what is there */
	STEP_READ,   /* more bytes are needed */
	STEP_STOP,   /* nothing to do before the owner acts */
};

void h1_rx_fail(struct mux_h1 *h, enum endp_err err, enum h1_error why)
{
	struct endp *ep = h->ep;

	h->rxs = RX_DEAD;
	h->flags |= H1F_NOKEEP;
	ep->flags |= EP_ERR;
	ep->err = (uint8_t)err;
	ep->h1_err = (uint8_t)why;
	if ((err == EE_BAD_HEAD || err == EE_BAD_BODY) && ep->rx.mem)
		ep->bad = str_n(ep->rx.mem + h->raw_off, h->raw_len);
}

static void rx_done(struct mux_h1 *h)
{
	h->rxs = RX_DONE;
	h->ep->flags |= EP_EOM;
}

/* Shows the owner the n bytes of data that `used` raw bytes were decoded to, in place at raw_off. */
static void rx_show(struct mux_h1 *h, uint32_t n, uint32_t used)
{
	struct buf *rx = &h->ep->rx;

	if (buf_len(rx) == 0)
		rx->head = rx->tail = h->raw_off;
	else if (n && rx->tail != h->raw_off)
		memmove(rx->mem + rx->tail, rx->mem + h->raw_off, n);
	rx->tail += n;
	h->raw_off += used;
	h->raw_len -= used;
	if (h->raw_len == 0)
		h->raw_off = rx->tail;
}

/* ---- head ---- */

static void request_begins(struct mux_h1 *h, const struct http_msg *m)
{
	if (m->flags & MSG_KEEPALIVE)
		h->flags |= H1F_KEEP;
	if (m->method == HTTP_HEAD)
		h->flags |= H1F_HEAD;
	if (m->method == HTTP_CONNECT)
		h->flags |= H1F_CONNECT;
	if (m->ver < 11)
		h->flags |= H1F_PEER10;
	if (m->flags & MSG_EXPECT_100)
		h->flags |= H1F_EXPECT;
}

static void body_begins(struct mux_h1 *h, const struct http_msg *m)
{
	h->rx_left = m->flags & MSG_CLEN ? m->body_len : 0;
	if ((m->flags & MSG_NO_BODY) || !(m->flags & (MSG_CLEN | MSG_CHUNKED | MSG_CLOSE_DELIM))) {
		rx_done(h);
	} else if (m->flags & MSG_CHUNKED) {
		h1_chunk_init(&h->chunk);
		h->rxs = RX_CHUNKED;
	} else if (m->flags & MSG_CLEN) {
		h->rxs = RX_CLEN;
	} else {
		h->rxs = RX_CLOSE;
	}
}

static void response_begins(struct mux_h1 *h, const struct http_msg *m)
{
	bool tunnel = m->status == 101 || ((h->flags & H1F_CONNECT) && m->status / 100 == 2);

	if (m->status < 200 && m->status != 101) {
		h->rxs = RX_INTERIM;
		if (++h->interim > H1_INTERIM_MAX)
			h1_rx_fail(h, EE_BAD_HEAD, H1E_INTERIM_MANY);
		return;
	}
	if ((m->flags & MSG_KEEPALIVE) && !tunnel)
		h->flags |= H1F_KEEP;
	body_begins(h, m);
}

static enum step rx_head(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	struct http_msg *m = ep->msg;
	struct h1_head_opts o = {
		.request = ep->front,
		.head_request = (h->flags & H1F_HEAD) != 0,
		.connect_request = (h->flags & H1F_CONNECT) != 0,
		.max_head = h->m.cfg->max_head,
	};
	enum h1_error why;

	if (h->raw_len == 0)
		return STEP_READ;
	msg_init(m, m->hdr, m->max_hdr, m->arena, ep->front);
	enum h1_verdict v = h1_head_parse(m, str_n(ep->rx.mem + h->raw_off, h->raw_len), &o, &h->scan, &why);
	if (v == H1_MORE)
		return STEP_READ;
	if (v == H1_BAD) {
		h1_rx_fail(h, EE_BAD_HEAD, why);
		return STEP_STOP;
	}
	h->raw_off += m->head_len;
	h->raw_len -= m->head_len;
	h->base = ep->rx.head = ep->rx.tail = h->raw_off;
	ep->hold_head = true;
	ep->flags = (uint16_t)((ep->flags & ~EP_NEW) | EP_HEAD);
	if (ep->front) {
		request_begins(h, m);
		body_begins(h, m);
	} else {
		response_begins(h, m);
	}
	return STEP_AGAIN;
}

/* The owner clears EP_HEAD when it is done with an interim head; its slices die here. */
static enum step rx_interim(struct mux_h1 *h)
{
	if (h->ep->flags & EP_HEAD)
		return STEP_STOP;
	h->ep->hold_head = false;
	h->rxs = RX_HEAD;
	return STEP_AGAIN;
}

/* ---- body ---- */

static enum step rx_clen(struct mux_h1 *h)
{
	uint32_t n = (uint32_t)MIN((uint64_t)h->raw_len, h->rx_left);

	if (n)
		rx_show(h, n, n);
	h->rx_left -= n;
	if (h->rx_left)
		return STEP_READ;
	rx_done(h);
	return STEP_STOP;
}

static enum step rx_chunked(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	uint32_t used, data;
	enum h1_error why;

	if (h->raw_len == 0)
		return STEP_READ;
	enum h1_verdict v =
		h1_chunk_decode(&h->chunk, ep->rx.mem + h->raw_off, h->raw_len, &used, &data, ep->msg, &why);
	rx_show(h, data, used);
	if (v == H1_MORE)
		return STEP_READ;
	if (v == H1_OK)
		rx_done(h);
	else
		h1_rx_fail(h, EE_BAD_BODY, why);
	return STEP_STOP;
}

static enum step rx_raw(struct mux_h1 *h)
{
	if (h->raw_len)
		rx_show(h, h->raw_len, h->raw_len);
	return STEP_READ;
}

static enum step rx_stop(struct mux_h1 *h)
{
	if (h->rxs == RX_DONE)
		h1_rx_gone(h);
	return STEP_STOP;
}

typedef enum step rx_step_fn(struct mux_h1 *h);
static rx_step_fn *const rx_steps[] = {
	[RX_HEAD] = rx_head, [RX_INTERIM] = rx_interim, [RX_CLEN] = rx_clen,   [RX_CHUNKED] = rx_chunked,
	[RX_CLOSE] = rx_raw, [RX_DONE] = rx_stop,	[RX_TUNNEL] = rx_raw, [RX_DEAD] = rx_stop,
};

enum h1_verdict h1_rx_discard(struct mux_h1 *h, struct buf *b)
{
	uint32_t used = (uint32_t)MIN((uint64_t)buf_len(b), h->rx_left), data;
	enum h1_verdict v;
	enum h1_error why;

	if (h->rxs == RX_CHUNKED) {
		v = h1_chunk_decode(&h->chunk, buf_at(b), buf_len(b), &used, &data, NULL, &why);
	} else {
		h->rx_left -= used;
		v = h->rx_left ? H1_MORE : H1_OK;
	}
	buf_consume(b, used);
	return v;
}

/* ---- reading ---- */

bool h1_rx_gone(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	uint8_t ready = h->m.conn->io.ready;

	if (!ep->front || (ep->flags & (EP_EOF | EP_ERR)))
		return false;
	if (ready & IO_ERR) {
		h1_rx_fail(h, EE_RESET, H1E_NONE);
		return true;
	}
	if (!(ready & IO_HUP) || h->raw_len)
		return false;
	ep->flags |= EP_EOF;
	return true;
}

/* Room behind the raw bytes. Bytes are moved to the front only when there is little of it; while the owner has bytes to
 * consume and moving would not help much, the buffer counts as full, so that a slow peer does not make for tiny
 * reads. */
static uint32_t rx_room(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	struct buf *rx = &ep->rx;
	uint32_t floor = ep->hold_head ? h->base : 0, enough = rx->cap / 4, len = buf_len(rx);

	if (len == 0 && h->raw_len == 0) {
		rx->head = rx->tail = h->raw_off = floor;
		return rx->cap - floor;
	}
	uint32_t first = len ? rx->head : h->raw_off;
	uint32_t end = h->raw_off + h->raw_len, room = rx->cap - end, shift = first - floor;
	if (room >= enough)
		return room;
	if (len && room + shift < enough)
		return 0;
	if (shift) {
		memmove(rx->mem + floor, rx->mem + first, end - first);
		rx->head = len ? rx->head - shift : floor;
		rx->tail = len ? rx->tail - shift : floor;
		h->raw_off -= shift;
	}
	return room + shift;
}

static void rx_eof(struct mux_h1 *h)
{
	struct endp *ep = h->ep;

	ep->flags |= EP_EOF;
	h->flags |= H1F_NOKEEP;
	if (h->rxs == RX_CLOSE)
		rx_done(h);
	else if (h->rxs != RX_TUNNEL)
		h1_rx_fail(h, EE_TRUNCATED, H1E_NONE);
}

static void rx_wait(struct mux_h1 *h)
{
	struct endp *ep = h->ep;

	ep->flags |= EP_RX_WAIT;
	if (ep->rx.cap && buf_len(&ep->rx) == 0 && h->raw_len == 0 && !ep->hold_head) {
		buf_release(&ep->rx);
		h->raw_off = 0;
	}
}

/* A head or a line of framing that fills the whole buffer can never be completed. */
static void rx_full(struct mux_h1 *h)
{
	if (buf_len(&h->ep->rx) || h->ep->hold_head)
		return;
	if (h->rxs == RX_HEAD)
		h1_rx_fail(h, EE_BAD_HEAD, H1E_HEAD_TOO_BIG);
	else
		h1_rx_fail(h, EE_BAD_BODY, H1E_TRAILER_BIG);
}

/* true: bytes have arrived. */
static bool rx_read(struct mux_h1 *h)
{
	struct endp *ep = h->ep;
	struct conn *c = h->m.conn;

	/* Not conn_established(): after a failed send the answer may still be there to be read. */
	if (!(c->io.ready & IO_RD) || !(h->flags & H1F_UP)) {
		if ((c->flags & CONN_DEAD) && (h->flags & H1F_UP))
			h1_rx_fail(h, EE_RESET, H1E_NONE);
		else
			rx_wait(h);
		return false;
	}
	if (!buf_acquire(&ep->rx)) {
		h1_rx_fail(h, EE_RESET, H1E_NONE);
		return false;
	}
	uint32_t room = rx_room(h);
	if (room == 0) {
		rx_full(h);
		return false;
	}
	ssize_t r = conn_recv(c, ep->rx.mem + h->raw_off + h->raw_len, room);
	if (r > 0) {
		h->raw_len += (uint32_t)r;
		ep->bytes_in += (uint64_t)r;
		return true;
	}
	if (r == XPRT_AGAIN)
		rx_wait(h);
	else if (r == XPRT_EOF)
		rx_eof(h);
	else
		h1_rx_fail(h, EE_RESET, H1E_NONE);
	return false;
}

void h1_recv(struct endp *ep)
{
	struct mux_h1 *h = h1_of(ep->mux);
	enum step s;

	ep->flags &= (uint16_t)~EP_RX_WAIT;
	do {
		do
			s = rx_steps[h->rxs](h);
		while (s == STEP_AGAIN);
	} while (s == STEP_READ && !(ep->flags & EP_EOF) && rx_read(h));
}
