// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages become HTTP/1.1 bytes as a list of slices: untouched lines go out as they lie in the receive buffer,
 * neighbours in one slice; short rewritten lines are gathered in the scratch space, so that a typical head is a handful
 * of slices. The framing headers always agree with the flags of the message: a Transfer-Encoding or Content-Length that
 * the flags do not ask for is left out. */
#include <sluice/base/num.h>
#include <sluice/http/h1.h>

#define GATHER_MAX 512u /* longer values are sent from where they are */

void h1_write_bytes(struct h1_out *o, struct str s)
{
	if (s.n == 0)
		return;
	o->bytes += s.n;
	if (o->n > 0) {
		struct iovec *last = &o->iov[o->n - 1];
		if ((const char *)last->iov_base + last->iov_len == s.p) {
			last->iov_len += s.n;
			return;
		}
	}
	if (o->n >= o->max) {
		o->full = true;
		return;
	}
	o->iov[o->n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)s.p, .iov_len = s.n };
}

/* Copies short text into the scratch space; what does not fit goes as a slice of its own. */
static void put(struct h1_out *o, struct str s)
{
	if (s.n && s.n <= GATHER_MAX && o->scratch_cap - o->scratch_len >= s.n) {
		char *d = o->scratch + o->scratch_len;
		memcpy(d, s.p, s.n);
		o->scratch_len += (uint32_t)s.n;
		s.p = d;
	}
	h1_write_bytes(o, s);
}

/* Generated text has no other home than the scratch space. */
static void put_number(struct h1_out *o, const char *digits, size_t n)
{
	if (o->scratch_cap - o->scratch_len < n)
		o->full = true;
	else
		put(o, str_n(digits, n));
}

static void put_line(struct h1_out *o, struct str name, struct str val)
{
	put(o, name);
	put(o, STR(": "));
	put(o, val);
	put(o, STR("\r\n"));
}

static void write_start(struct h1_out *o, const struct http_msg *m)
{
	char num[20];

	if (m->flags & MSG_START_RAW) {
		h1_write_bytes(o, m->start_raw);
	} else if (m->flags & MSG_REQ) {
		put(o, m->method_s);
		put(o, STR(" "));
		put(o, m->target);
		put(o, STR(" HTTP/1.1\r\n"));
	} else {
		put(o, STR("HTTP/1.1 "));
		put_number(o, num, num_fmt_u64(num, m->status));
		put(o, STR(" "));
		put(o, m->reason.p ? m->reason : http_reason(m->status));
		put(o, STR("\r\n"));
	}
}

/* Connection is always written anew. The framing headers stay only where they tell the truth. */
static bool stays(const struct http_msg *m, const struct hdr *h)
{
	if (h->flags & HDR_DEL)
		return false;
	if (h->id == HH_CONTENT_LENGTH)
		return (m->flags & (MSG_CLEN | MSG_NO_BODY)) != 0;
	if (h->id == HH_TRANSFER_ENCODING)
		return (m->flags & MSG_CHUNKED) != 0 && !(m->flags & MSG_NO_BODY);
	return h->id != HH_CONNECTION;
}

static void write_framing(struct h1_out *o, const struct http_msg *m, bool has_clen, bool has_te)
{
	char num[20];

	if (m->flags & MSG_NO_BODY)
		return;
	if ((m->flags & MSG_CHUNKED) && !has_te) {
		put(o, STR("Transfer-Encoding: chunked\r\n"));
	} else if ((m->flags & MSG_CLEN) && !has_clen) {
		put(o, STR("Content-Length: "));
		put_number(o, num, num_fmt_u64(num, m->body_len));
		put(o, STR("\r\n"));
	}
}

static struct str connection_line(enum h1_conn_hdr conn)
{
	switch (conn) {
	case H1_CONN_CLOSE:
		return STR("Connection: close\r\n");
	case H1_CONN_KEEPALIVE:
		return STR("Connection: keep-alive\r\n");
	case H1_CONN_UPGRADE:
		return STR("Connection: upgrade\r\n");
	default:
		return STR_NULL;
	}
}

/* The empty line. Behind a line that leaves as received stands the next one of a complete head: when that is the empty line itself, the
 * whole rest, body included, stays one slice. */
static void write_end(struct h1_out *o, const char *raw_end)
{
	if (raw_end && raw_end[0] == '\r' && raw_end[1] == '\n')
		h1_write_bytes(o, str_n(raw_end, 2));
	else
		put(o, STR("\r\n"));
}

void h1_write_head(struct h1_out *o, const struct http_msg *m, enum h1_conn_hdr conn)
{
	bool has_clen = false, has_te = false;
	const char *raw_end = m->flags & MSG_START_RAW ? m->start_raw.p + m->start_raw.n : NULL;
	size_t bytes;

	write_start(o, m);
	for (unsigned i = 0; i < m->nhdr; i++) {
		const struct hdr *h = &m->hdr[i];
		if (!stays(m, h))
			continue;
		has_clen |= h->id == HH_CONTENT_LENGTH;
		has_te |= h->id == HH_TRANSFER_ENCODING;
		raw_end = h->flags & HDR_RAW ? h->name + h->raw_len : NULL;
		if (raw_end)
			h1_write_bytes(o, str_n(h->name, h->raw_len));
		else
			put_line(o, hdr_name(h), hdr_val(h));
	}
	bytes = o->bytes;
	write_framing(o, m, has_clen, has_te);
	put(o, connection_line(conn));
	write_end(o, o->bytes == bytes ? raw_end : NULL);
}

void h1_write_chunk_size(struct h1_out *o, uint64_t n)
{
	char hex[18], *p = hex + sizeof(hex);

	*--p = '\n';
	*--p = '\r';
	do {
		*--p = "0123456789abcdef"[n & 15];
		n >>= 4;
	} while (n);
	put_number(o, p, (size_t)(hex + sizeof(hex) - p));
}

void h1_write_last_chunk(struct h1_out *o, const struct http_msg *m)
{
	put(o, STR("0\r\n"));
	for (unsigned i = 0; m && i < m->ntrl; i++) {
		const struct hdr *h = &m->hdr[m->nhdr + i];
		if (!(h->flags & HDR_DEL))
			put_line(o, hdr_name(h), hdr_val(h));
	}
	put(o, STR("\r\n"));
}
