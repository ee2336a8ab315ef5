// SPDX-License-Identifier: GPL-3.0-or-later
/* What nghttp2 calls while it reads and writes frames. Nothing here calls an owner: events are left with the stream and
 * noted as news. nghttp2 has checked the frames and the form of the fields; what it does not bound (decoded fields,
 * compressed bytes, resets) is bounded here, before anything is stored. */
#include <stdlib.h>
#include "mux_h2_priv.h"

#define BLOCK_BYTES_MAX 32768u

static struct h2_strm *strm_of(nghttp2_session *ng, int32_t id)
{
	return id > 0 ? nghttp2_session_get_stream_user_data(ng, id) : NULL;
}

/* ---- heads ---- */

/* nghttp2 overlooks a head on a stream that is over or was left out. The one innocent case are trailers that crossed a
 * reset of ours. */
static void check_id(struct mux_h2 *h, nghttp2_session *ng, int32_t id)
{
	if (id > nghttp2_session_get_last_proc_stream_id(ng) || nghttp2_session_get_stream_remote_close(ng, id) >= 0)
		return;
	if (h->left_open)
		h2_glitch(h, 1);
	else
		h2_kill(h, NGHTTP2_PROTOCOL_ERROR);
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user)
{
	struct mux_h2 *h = user;

	if (hd->type == NGHTTP2_PRIORITY && hd->stream_id == 0)
		h2_kill(h, NGHTTP2_PROTOCOL_ERROR);
	if (hd->type != NGHTTP2_HEADERS && hd->type != NGHTTP2_CONTINUATION)
		return 0;
	if (h->m.front && hd->type == NGHTTP2_HEADERS)
		check_id(h, ng, hd->stream_id);
	h->block_bytes = (uint32_t)hd->length + (hd->type == NGHTTP2_HEADERS ? 0 : h->block_bytes);
	if (hd->type == NGHTTP2_CONTINUATION && hd->length == 0)
		h2_glitch(h, 1);
	if (h->block_bytes > MAX(BLOCK_BYTES_MAX, 2 * h->m.cfg->max_head))
		h2_kill(h, NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static int stream_begins(struct mux_h2 *h, int32_t id)
{
	struct h2_strm *st = h->nstreams < h->m.cfg->h2_streams ? h2_strm_new(h, id) : NULL;

	if (!st) {
		nghttp2_submit_rst_stream(h->ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	nghttp2_session_set_stream_user_data(h->ng, id, st);
	return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *f, void *user)
{
	struct mux_h2 *h = user;

	(void)ng;
	h2_block_free(h->block); /* one that was given up half-way */
	h->block = NULL;
	if (h->flags & H2F_OVER)
		return 0;
	h->block = h2_block_new(h);
	if (!h->block)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return h->m.front && f->headers.cat == NGHTTP2_HCAT_REQUEST ? stream_begins(h, f->hd.stream_id) : 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *f, nghttp2_rcbuf *name, nghttp2_rcbuf *val, uint8_t flags,
		     void *user)
{
	struct mux_h2 *h = user;
	nghttp2_vec n = nghttp2_rcbuf_get_buf(name), v = nghttp2_rcbuf_get_buf(val);

	(void)ng, (void)f, (void)flags;
	if (h->block && !(h->flags & H2F_OVER))
		h2_block_add(h, h->block, str_n((char *)n.base, n.len), str_n((char *)v.base, v.len),
			     nghttp2_rcbuf_is_static(name));
	return 0;
}

static int on_invalid_header(nghttp2_session *ng, const nghttp2_frame *f, nghttp2_rcbuf *name, nghttp2_rcbuf *val,
			     uint8_t flags, void *user)
{
	(void)ng, (void)f, (void)name, (void)val, (void)flags, (void)user;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static bool block_is_final(const struct h2_strm *st, const struct h2_block *b)
{
	return st->h->m.front || b->n == 0 || b->f[0].vlen == 0 || b->f[0].val[0] != '1';
}

static void block_received(struct mux_h2 *h, struct h2_strm *st, bool end)
{
	struct h2_block *b = h->block;

	h->block = NULL;
	if (!b || !st || st->nblocks >= H2_BLOCKS_MAX) {
		h2_block_free(b);
		if (st)
			nghttp2_submit_rst_stream(h->ng, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_ENHANCE_YOUR_CALM);
		return;
	}
	b->end_stream = end;
	*st->blocks_end = b;
	st->blocks_end = &b->next;
	st->nblocks++;
	h->payload += b->used;
	if (block_is_final(st, b))
		st->flags |= H2S_HEAD_IN;
	h2_news(st);
}

/* ---- frames received ---- */

static void end_received(struct h2_strm *st)
{
	if (!st)
		return;
	st->flags |= H2S_RX_END;
	h2_news(st);
}

static int on_frame_recv(nghttp2_session *ng, const nghttp2_frame *f, void *user)
{
	struct mux_h2 *h = user;
	struct h2_strm *st = strm_of(ng, f->hd.stream_id);
	bool end = (f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	switch (f->hd.type) {
	case NGHTTP2_HEADERS:
		block_received(h, st, end);
		if (end)
			end_received(st);
		break;
	case NGHTTP2_DATA:
		if (end)
			end_received(st);
		else if (f->hd.length == 0)
			h2_glitch(h, 1);
		break;
	case NGHTTP2_RST_STREAM:
		h2_count_reset(h);
		break;
	case NGHTTP2_PING:
		if (f->hd.flags & NGHTTP2_FLAG_ACK && h->flags & H2F_DRAIN)
			h2_drain_last(h);
		break;
	case NGHTTP2_SETTINGS:
		if (!(h->flags & H2F_SETTINGS)) {
			h->flags |= H2F_SETTINGS;
			h2_wake_full(h);
		}
		break;
	case NGHTTP2_GOAWAY:
		h->flags |= H2F_GOAWAY;
		break;
	default:
		break;
	}
	return 0;
}

static int on_invalid_frame(nghttp2_session *ng, const nghttp2_frame *f, int err, void *user)
{
	(void)ng, (void)f, (void)err;
	h2_glitch(user, 1);
	return 0;
}

static int on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *p, size_t len, void *user)
{
	struct mux_h2 *h = user;
	struct h2_strm *st = strm_of(ng, id);

	(void)flags;
	h->payload += len;
	if (!st || h->flags & H2F_OVER) {
		nghttp2_session_consume(ng, id, len); /* nobody reads it; the others want the connection's window */
		return 0;
	}
	if (!h2_data_add(st, str_n((const char *)p, len)))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	h2_news(st);
	return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
	struct h2_strm *st = strm_of(ng, id);

	(void)user;
	if (!st)
		return 0;
	st->flags |= H2S_CLOSED;
	if (!st->ep) {
		h2_strm_free(st);
		return 0;
	}
	if (st->flags & H2S_RX_END && st->flags & H2S_TX_END)
		return 0;
	if (code == NGHTTP2_REFUSED_STREAM)
		st->flags |= H2S_REFUSED;
	if (st->h->m.front && !(st->ep->flags & EP_ERR)) {
		st->ep->flags |= EP_ERR;
		st->ep->err = EE_RESET;
	}
	h2_news(st);
	return 0;
}

/* ---- frames sent ---- */

/* A reset that a peer's fault made us send counts as the peer's. */
static bool provoked(uint32_t code)
{
	return code != NGHTTP2_NO_ERROR && code != NGHTTP2_CANCEL && code != NGHTTP2_INTERNAL_ERROR &&
	       code != NGHTTP2_REFUSED_STREAM;
}

static int on_frame_send(nghttp2_session *ng, const nghttp2_frame *f, void *user)
{
	struct mux_h2 *h = user;
	struct h2_strm *st;

	if (f->hd.type == NGHTTP2_RST_STREAM) {
		h->left_open |= nghttp2_session_get_stream_remote_close(ng, f->hd.stream_id) != 1;
		if (provoked(f->rst_stream.error_code))
			h2_count_reset(h);
	}
	if (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA)
		return 0;
	st = strm_of(ng, f->hd.stream_id);
	if (!st)
		return 0;
	if (f->hd.type == NGHTTP2_HEADERS) {
		st->flags &= ~(uint32_t)(H2S_HEAD_WAIT | H2S_UNSENT);
		if (st->ep)
			st->ep->bytes_out += f->hd.length;
		h->payload += f->hd.length;
	}
	if (f->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		st->flags |= H2S_TX_END;
		if (st->ep && st->ep->flags & EP_TX_WAIT)
			h2_news(st);
	}
	return 0;
}

static int on_frame_not_send(nghttp2_session *ng, const nghttp2_frame *f, int err, void *user)
{
	struct h2_strm *st = f->hd.type == NGHTTP2_HEADERS ? strm_of(ng, f->hd.stream_id) : NULL;

	(void)user;
	if (!st)
		return 0;
	st->flags &= ~(uint32_t)H2S_HEAD_WAIT;
	if (st->flags & H2S_UNSENT && err == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED)
		st->flags |= H2S_CLOSED | H2S_REFUSED;
	if (st->ep)
		h2_news(st);
	return 0;
}

/* ---- session ---- */

static nghttp2_session_callbacks *callbacks(void)
{
	static nghttp2_session_callbacks *cb;

	if (cb || nghttp2_session_callbacks_new(&cb))
		return cb;
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(cb, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback2(cb, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_not_send);
	nghttp2_session_callbacks_set_send_data_callback(cb, h2_data_send);
	return cb;
}

static nghttp2_option *options(void)
{
	static nghttp2_option *o;

	if (o || nghttp2_option_new(&o))
		return o;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_max_outbound_ack(o, 256);
	nghttp2_option_set_max_continuations(o, 8);
	nghttp2_option_set_stream_reset_rate_limit(o, UINT32_MAX, UINT32_MAX); /* the budget is ours */
	return o;
}

/* The connection's window is one for all bodies: what streams hold unread comes out of it. */
static bool settings_submit(struct mux_h2 *h, nghttp2_session *ng)
{
	const struct mux_cfg *c = h->m.cfg;
	nghttp2_settings_entry iv[8];
	size_t n = 0;

	iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, c->h2_window };
	iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, c->max_head + 32u * c->max_hdr };
	if (c->h2_table != 4096)
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, c->h2_table };
	if (c->h2_frame != 16384)
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_FRAME_SIZE, c->h2_frame };
	if (h->m.front) {
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, c->h2_streams };
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 };
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 };
	} else {
		iv[n++] = (nghttp2_settings_entry){ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	}
	return !nghttp2_submit_settings(ng, NGHTTP2_FLAG_NONE, iv, n) &&
	       !nghttp2_session_set_local_window_size(ng, NGHTTP2_FLAG_NONE, 0,
						      (int32_t)MAX(8 * c->h2_window, 65535u));
}

nghttp2_session *h2_session_new(struct mux_h2 *h)
{
	nghttp2_mem mem = h2_mem_begin(h);
	nghttp2_session_callbacks *cb = callbacks();
	nghttp2_option *o = options();
	nghttp2_session *ng;
	int r;

	if (!cb || !o)
		return NULL;
	r = h->m.front ? nghttp2_session_server_new3(&ng, cb, h, o, &mem) : nghttp2_session_client_new3(&ng, cb, h, o, &mem);
	h2_mem_begun();
	if (r)
		return NULL;
	if (settings_submit(h, ng))
		return ng;
	nghttp2_session_del(ng);
	return NULL;
}
