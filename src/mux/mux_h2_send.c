// SPDX-License-Identifier: GPL-3.0-or-later
/* The sending half of the HTTP/2 mux. A head becomes a list of fields that point into the message; nghttp2 compresses
 * it while the caller waits, so nothing is copied for a response. Body bytes are asked for by nghttp2 in the middle of
 * send(), when the owner's buffer is at hand, and never at any other time: a stream that is asked outside answers
 * "later" and wakes its owner. Frames gather in chunks; a long body does not, it leaves at once with what waits before
 * it. */
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sluice/base/num.h>
#include <sluice/base/pool.h>
#include "mux_h2_priv.h"

#define DIRECT_MIN 8192u

static struct pool chunk_pool = POOL("h2 output", struct h2_chunk);

/* ---- output ---- */

static bool out_put(struct mux_h2 *h, const void *p, size_t n)
{
	const char *s = p;

	h->out_bytes += (uint32_t)n;
	while (n) {
		struct h2_chunk *c = h->out ? h->out_last : NULL;

		if (!c || c->tail == H2_CHUNK) {
			c = pool_get(&chunk_pool);
			if (!c)
				return false;
			c->next = NULL;
			c->head = c->tail = 0;
			if (h->out)
				h->out_last->next = c;
			else
				h->out = c;
			h->out_last = c;
		}
		uint32_t k = (uint32_t)MIN(n, (size_t)(H2_CHUNK - c->tail));

		memcpy(c->mem + c->tail, s, k);
		c->tail += k;
		s += k;
		n -= k;
	}
	return true;
}

static void out_pop(struct mux_h2 *h)
{
	struct h2_chunk *c = h->out;

	h->out = c->next;
	pool_put(&chunk_pool, c);
}

void h2_out_drop(struct mux_h2 *h)
{
	while (h->out)
		out_pop(h);
	h->out_bytes = 0;
}

static void out_consume(struct mux_h2 *h, size_t n)
{
	h->out_bytes -= (uint32_t)n;
	while (n) {
		struct h2_chunk *c = h->out;
		uint32_t k = (uint32_t)MIN(n, (size_t)(c->tail - c->head));

		c->head += k;
		n -= k;
		if (c->head == c->tail)
			out_pop(h);
	}
}

static int out_iov(const struct mux_h2 *h, struct iovec *iov, int max)
{
	int n = 0;

	for (struct h2_chunk *c = h->out; c && n < max; c = c->next)
		iov[n++] = (struct iovec){ c->mem + c->head, c->tail - c->head };
	return n;
}

void h2_wake_full(struct mux_h2 *h)
{
	if (!h->nfull || h->out_bytes > H2_OUT_SOFT / 2)
		return;
	LIST_EACH(p, &h->streams) {
		struct h2_strm *st = LIST_ENTRY(p, struct h2_strm, link);

		if (st->flags & H2S_FULL) {
			st->flags &= ~(uint32_t)H2S_FULL;
			h2_news(st);
		}
	}
	h->nfull = 0;
}

/* One system call; false when nothing more can be sent now. *sent: what the kernel took of all the bytes. */
static bool out_send(struct mux_h2 *h, struct iovec *iov, int n, size_t *sent)
{
	ssize_t r;

	*sent = 0;
	if (h->flags & H2F_GONE || !(h->m.conn->io.ready & IO_WR))
		return false;
	r = conn_sendv(h->m.conn, iov, n, false);
	if (r >= 0) {
		*sent = (size_t)r;
		return r > 0;
	}
	if (r != XPRT_AGAIN) {
		h->flags |= H2F_GONE;
		h2_fail(h);
	}
	return false;
}

bool h2_flush(struct mux_h2 *h)
{
	struct iovec iov[8];
	size_t sent;

	while (h->out) {
		int n = out_iov(h, iov, ARRAY_LEN(iov));

		if (!out_send(h, iov, n, &sent))
			return false;
		out_consume(h, sent);
	}
	h2_wake_full(h);
	return true;
}

/* What waits, a frame header and its payload, without copying the payload. */
static bool out_direct(struct mux_h2 *h, const uint8_t *framehd, const char *data, size_t len)
{
	struct iovec iov[10];
	int n = out_iov(h, iov, 8);
	size_t before = h->out_bytes, sent, hd;

	iov[n++] = (struct iovec){ (void *)(uintptr_t)framehd, 9 };
	iov[n++] = (struct iovec){ (void *)(uintptr_t)data, len };
	out_send(h, iov, n, &sent);
	out_consume(h, MIN(sent, before));
	sent -= MIN(sent, before);
	hd = MIN(sent, 9u);
	sent -= hd;
	return out_put(h, framehd + hd, 9 - hd) && out_put(h, data + sent, len - sent);
}

bool h2_pump(struct mux_h2 *h)
{
	const uint8_t *p;
	ssize_t n;

	if (h->flags & H2F_GONE)
		return false;
	while (h->out_bytes < H2_OUT_SOFT && (n = nghttp2_session_mem_send(h->ng, &p)) != 0) {
		if (n < 0 || !out_put(h, p, (size_t)n)) {
			h->flags |= H2F_GONE;
			h2_fail(h);
			return false;
		}
	}
	return true;
}

/* ---- heads ---- */

struct fields {
	nghttp2_nv *nv;
	size_t n, max;
	char low[4096];         /* names in lower case, numbers */
	size_t used;
	bool keep;              /* the frame may have to wait: nghttp2 copies values */
};

static bool fields_begin(struct fields *fs, size_t n, bool keep)
{
	static nghttp2_nv *nv;
	static size_t max;

	if (n > max) {
		nghttp2_nv *more = realloc(nv, n * sizeof(*nv));

		if (!more)
			return false;
		nv = more;
		max = n;
	}
	fs->nv = nv;
	fs->n = fs->used = 0;
	fs->max = max;
	fs->keep = keep;
	return true;
}

static void field(struct fields *fs, struct str name, struct str val, uint8_t flags)
{
	if (fs->n == fs->max)
		return;
	fs->nv[fs->n++] = (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name.p,
		.value = (uint8_t *)(uintptr_t)(val.p ? val.p : ""),
		.namelen = name.n,
		.valuelen = val.n,
		.flags = flags | (fs->keep ? 0 : NGHTTP2_NV_FLAG_NO_COPY_VALUE),
	};
}

/* nghttp2 lowers the names that it copies; the short ones are lowered here without its malloc. */
static void field_hdr(struct fields *fs, const struct hdr *h)
{
	if (h->id != HH_OTHER) {
		field(fs, http_hdr_name(h->id), hdr_val(h), NGHTTP2_NV_FLAG_NO_COPY_NAME);
		return;
	}
	if (fs->keep || fs->used + h->nlen > sizeof(fs->low) - 64) {
		field(fs, hdr_name(h), hdr_val(h), 0);
		return;
	}
	char *d = fs->low + fs->used;

	for (unsigned i = 0; i < h->nlen; i++)
		d[i] = (char)(h->name[i] >= 'A' && h->name[i] <= 'Z' ? h->name[i] | 0x20 : h->name[i]);
	fs->used += h->nlen;
	field(fs, str_n(d, h->nlen), hdr_val(h), NGHTTP2_NV_FLAG_NO_COPY_NAME);
}

static struct str field_number(struct fields *fs, uint64_t v)
{
	char *d = fs->low + fs->used;
	size_t n = num_fmt_u64(d, v);

	fs->used += n;
	return str_n(d, n);
}

/* Proofs of an HTTP/1 handshake that the tunnel of a stream does without. */
static bool is_proof(const struct hdr *h)
{
	return h->id == HH_OTHER && (str_ieq(hdr_name(h), STR("sec-websocket-key")) ||
				     str_ieq(hdr_name(h), STR("sec-websocket-accept")));
}

static void fields_of(struct fields *fs, const struct http_msg *m, bool upgrade)
{
	bool clen = false, framed = (m->flags & (MSG_CLEN | MSG_NO_BODY)) != 0;

	for (unsigned i = 0; i < m->nhdr; i++) {
		const struct hdr *h = &m->hdr[i];

		if (!h2_field_allowed(h) || (h->id == HH_CONTENT_LENGTH && !framed) ||
		    (h->id == HH_HOST && m->flags & MSG_REQ) || (upgrade && is_proof(h)))
			continue;
		clen |= h->id == HH_CONTENT_LENGTH;
		field_hdr(fs, h);
	}
	if (m->flags & MSG_CLEN && !(m->flags & MSG_NO_BODY) && !clen)
		field(fs, STR("content-length"), field_number(fs, m->body_len), NGHTTP2_NV_FLAG_NO_COPY_NAME);
}

static void fields_response(struct fields *fs, const struct http_msg *m, const struct h2_strm *st)
{
	unsigned status = m->status == 101 ? 200 : m->status;

	field(fs, STR(":status"), field_number(fs, status), NGHTTP2_NV_FLAG_NO_COPY_NAME);
	fields_of(fs, m, (st->flags & H2S_UPGRADE) != 0);
}

static void fields_request(struct fields *fs, const struct http_msg *m, const struct h2_strm *st)
{
	int host = msg_find_id(m, HH_HOST, 0);
	struct str authority = m->method == HTTP_CONNECT ? m->target : host >= 0 ? hdr_val(&m->hdr[host]) : m->authority;
	bool tls = st->h->m.conn->xprt != &xprt_raw, upgrade = (m->flags & MSG_UPGRADE) != 0;
	int proto = upgrade ? msg_find_id(m, HH_UPGRADE, 0) : -1;

	field(fs, STR(":method"), upgrade ? STR("CONNECT") : m->method_s, NGHTTP2_NV_FLAG_NO_COPY_NAME);
	if (proto >= 0)
		field(fs, STR(":protocol"), hdr_val(&m->hdr[proto]), NGHTTP2_NV_FLAG_NO_COPY_NAME);
	if (m->method != HTTP_CONNECT) {
		field(fs, STR(":scheme"), m->scheme.n ? m->scheme : tls ? STR("https") : STR("http"),
		      NGHTTP2_NV_FLAG_NO_COPY_NAME);
		field(fs, STR(":path"), m->target, NGHTTP2_NV_FLAG_NO_COPY_NAME);
	}
	if (authority.n)
		field(fs, STR(":authority"), authority, NGHTTP2_NV_FLAG_NO_COPY_NAME);
	fields_of(fs, m, upgrade);
}

static bool is_interim(const struct h2_strm *st, const struct http_msg *m)
{
	return st->h->m.front && m->status < 200 && m->status != 101;
}

/* Does our direction end with the head? */
static bool ends_at_head(const struct h2_strm *st, const struct mux_tx *tx)
{
	const struct http_msg *m = tx->head;

	if (st->flags & H2S_CONNECT)
		return false;
	if (st->h->m.front && (m->flags & MSG_NO_BODY || st->flags & H2S_HEAD_REQ))
		return true;
	return tx->flags & MS_EOM && !(tx->body && buf_len(tx->body)) && !(tx->trailers_of && tx->trailers_of->ntrl);
}

static bool submit(struct h2_strm *st, struct fields *fs, bool interim, bool end)
{
	nghttp2_data_provider src = { .read_callback = h2_data_read };
	nghttp2_session *ng = st->h->ng;
	int r;

	if (interim)
		r = nghttp2_submit_headers(ng, NGHTTP2_FLAG_NONE, st->id, NULL, fs->nv, fs->n, NULL);
	else if (st->h->m.front)
		r = nghttp2_submit_response(ng, st->id, fs->nv, fs->n, end ? NULL : &src);
	else
		r = st->id = nghttp2_submit_request(ng, NULL, fs->nv, fs->n, end ? NULL : &src, st);
	return r >= 0;
}

static bool opens_tunnel(const struct h2_strm *st, const struct http_msg *m)
{
	return st->flags & H2S_UPGRADE ? m->status == 101 : m->status / 100 == 2;
}

/* RFC 6455 section 4.2.2: what proves to an HTTP/1 client that its key was read. */
static void accept_make(struct h2_strm *st, const struct http_msg *m)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	int i = msg_find(m, STR("sec-websocket-key"), 0);
	unsigned char text[128], digest[SHA_DIGEST_LENGTH];
	size_t n = i < 0 ? 0 : m->hdr[i].vlen;

	if (!n || n > sizeof(text) - sizeof(guid))
		return;
	memcpy(text, m->hdr[i].val, n);
	memcpy(text + n, guid, sizeof(guid) - 1);
	SHA1(text, n + sizeof(guid) - 1, digest);
	EVP_EncodeBlock((unsigned char *)st->accept, digest, sizeof(digest));
}

static void request_kind(struct h2_strm *st, const struct http_msg *m)
{
	st->flags |= m->method == HTTP_HEAD ? H2S_HEAD_REQ : 0;
	st->flags |= m->method == HTTP_CONNECT ? H2S_CONNECT : 0;
	if (m->flags & MSG_UPGRADE) {
		st->flags |= H2S_CONNECT | H2S_UPGRADE;
		accept_make(st, m);
	}
}

static bool head_submit(struct h2_strm *st, struct mux_tx *tx)
{
	const struct http_msg *m = tx->head;
	bool interim = is_interim(st, m), end;
	struct fields fs;

	if (!st->h->m.front)
		request_kind(st, m);
	else if (!interim && st->flags & H2S_CONNECT && !opens_tunnel(st, m))
		st->flags &= ~(uint32_t)H2S_CONNECT;
	if (st->h->m.front && st->flags & H2S_UPGRADE && m->status / 100 == 2)
		return false; /* over HTTP/2 it would mean consent */
	end = !interim && ends_at_head(st, tx);
	if (!fields_begin(&fs, m->nhdr + 8u, !st->h->m.front))
		return false;
	if (st->h->m.front)
		fields_response(&fs, m, st);
	else
		fields_request(&fs, m, st);
	if (!submit(st, &fs, interim, end))
		return false;
	tx->head = NULL;
	st->flags |= H2S_HEAD_WAIT | (interim ? 0 : H2S_HEAD_OUT) | (interim || end ? 0 : H2S_DATA);
	/* The fields point into the message: nothing else may come between. */
	while (st->flags & H2S_HEAD_WAIT && st->h->m.front && !(st->h->flags & H2F_GONE)) {
		uint32_t before = st->h->out_bytes;

		h2_pump(st->h);
		if (st->flags & H2S_HEAD_WAIT && st->h->out_bytes == before) {
			st->h->flags |= H2F_GONE;
			h2_fail(st->h);
		}
	}
	return true;
}

/* ---- bodies ---- */

static void trailers_submit(struct h2_strm *st, const struct http_msg *m)
{
	struct fields fs;

	if (!fields_begin(&fs, m->ntrl, true))
		return;
	for (unsigned i = 0; i < m->ntrl; i++)
		if (h2_field_allowed(&m->hdr[m->nhdr + i]))
			field_hdr(&fs, &m->hdr[m->nhdr + i]);
	st->flags |= H2S_TRAILERS;
	nghttp2_submit_trailer(st->h->ng, st->id, fs.nv, fs.n);
}

static ssize_t not_now(struct h2_strm *st)
{
	struct mux_h2 *h = st->h;

	if (h->out_bytes >= H2_OUT_SOFT) {
		if (!(st->flags & H2S_FULL))
			h->nfull++;
		st->flags |= H2S_FULL;
	} else if (!st->tx && st->ep && st->ep->flags & EP_TX_WAIT) {
		h2_news(st); /* the window has opened */
	}
	return NGHTTP2_ERR_DEFERRED;
}

ssize_t h2_data_read(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
		     nghttp2_data_source *src, void *user)
{
	struct h2_strm *st = nghttp2_session_get_stream_user_data(ng, id);
	struct mux_h2 *h = user;
	size_t have, n;
	bool end;

	(void)buf, (void)src;
	if (!st)
		return NGHTTP2_ERR_DEFERRED;
	if (!st->tx || h->out_bytes >= H2_OUT_SOFT)
		return not_now(st);
	have = st->tx->body ? buf_len(st->tx->body) : 0;
	n = MIN(have, len);
	end = n == have && (st->flags & H2S_TUNNEL || st->flags & H2S_CONNECT ? (st->flags & H2S_SHUTW) != 0 :
										   (st->tx->flags & MS_EOM) != 0);
	if (!n && !end)
		return NGHTTP2_ERR_DEFERRED;
	*flags = NGHTTP2_DATA_FLAG_NO_COPY;
	if (end) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (st->tx->trailers_of && st->tx->trailers_of->ntrl) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			trailers_submit(st, st->tx->trailers_of);
		}
	}
	return (ssize_t)n;
}

int h2_data_send(nghttp2_session *ng, nghttp2_frame *f, const uint8_t *framehd, size_t len, nghttp2_data_source *src,
		 void *user)
{
	struct h2_strm *st = nghttp2_session_get_stream_user_data(ng, f->hd.stream_id);
	struct mux_h2 *h = user;
	bool ok;

	(void)src;
	ASSERT(st && st->tx);
	if (len >= DIRECT_MIN)
		ok = out_direct(h, framehd, buf_at(st->tx->body), len);
	else
		ok = out_put(h, framehd, 9) && (!len || out_put(h, buf_at(st->tx->body), len));
	if (!ok)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (len)
		buf_consume(st->tx->body, (uint32_t)len);
	st->ep->bytes_out += len;
	h->payload += len;
	return 0;
}

/* ---- send ---- */

/* Nothing more can leave for this stream. A server's response may still come, so a request is swallowed; a client is
 * told. */
static bool tx_dead(struct endp *ep, struct mux_tx *tx)
{
	struct h2_strm *st = ep->strm;

	if (ep->front || tx->head) {
		ep->flags |= EP_ERR;
		ep->err = st->flags & H2S_REFUSED ? EE_REFUSED : EE_RESET;
		return false;
	}
	if (tx->body && buf_len(tx->body))
		buf_consume(tx->body, buf_len(tx->body));
	return true;
}

static bool tx_blocked(struct h2_strm *st)
{
	if (!(st->flags & H2S_FULL))
		st->h->nfull++;
	st->flags |= H2S_FULL;
	st->ep->flags |= EP_TX_WAIT;
	return false;
}

static bool is_dead(const struct h2_strm *st)
{
	return st->h->flags & (H2F_OVER | H2F_GONE) || (st->flags & H2S_CLOSED && !(st->flags & H2S_TX_END));
}

static void tx_body(struct h2_strm *st, struct mux_tx *tx)
{
	st->tx = tx;
	if (st->flags & H2S_DATA && !(st->flags & (H2S_TX_END | H2S_TRAILERS)))
		nghttp2_session_resume_data(st->h->ng, st->id);
	h2_pump(st->h);
	st->tx = NULL;
}

static bool tx_done(struct endp *ep, struct mux_tx *tx)
{
	struct h2_strm *st = ep->strm;
	uint32_t left = tx->body ? buf_len(tx->body) : 0;

	if (st->flags & H2S_TX_END && !(st->flags & H2S_TUNNEL)) {
		if (left)
			buf_consume(tx->body, left); /* more than was announced, or where nothing may be */
		ep->flags |= EP_TX_EOM;
		return true;
	}
	if (!left && (!(tx->flags & MS_EOM) || st->flags & (H2S_CONNECT | H2S_TUNNEL)))
		return true;
	ep->flags |= EP_TX_WAIT;
	return false;
}

static bool may_upgrade(const struct mux_h2 *h, const struct http_msg *m)
{
	return h->m.front || !(m->flags & MSG_UPGRADE) ||
	       nghttp2_session_get_remote_settings(h->ng, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

bool h2_send(struct endp *ep, struct mux_tx *tx)
{
	struct h2_strm *st = ep->strm;
	struct mux_h2 *h = st->h;
	bool interim = tx->head && is_interim(st, tx->head);

	ep->flags &= (uint16_t)~EP_TX_WAIT;
	if (is_dead(st))
		return tx_dead(ep, tx);
	if (!(h->flags & H2F_UP) || (h->out_bytes >= H2_OUT_SOFT && !h2_flush(h)))
		return is_dead(st) ? tx_dead(ep, tx) : tx_blocked(st);
	if (tx->head && !h->m.front && tx->head->flags & MSG_UPGRADE && !(h->flags & H2F_SETTINGS))
		return tx_blocked(st); /* will the server take an extended CONNECT? */
	st->tx = tx;
	if (tx->head && (!may_upgrade(h, tx->head) || !head_submit(st, tx))) {
		st->tx = NULL;
		ep->flags |= EP_ERR;
		ep->err = EE_RESET;
		return false;
	}
	tx_body(st, tx);
	if (!(h->flags & H2F_BUSY)) {
		if (h->out_bytes >= H2_OUT_SOFT / 2)
			h2_flush(h);
		if (h->out)
			task_wake(&h->task);
	}
	if (is_dead(st))
		return tx_dead(ep, tx);
	return interim || tx_done(ep, tx);
}
