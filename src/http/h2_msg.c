// SPDX-License-Identifier: GPL-3.0-or-later
/* Decoded header blocks of HTTP/2 become common messages. The bytes of a head are copied once, into one piece of the
 * message's arena: a block may be larger than any buffer, and its home is needed for the next one. */
#include <sluice/base/num.h>
#include <sluice/http/h2.h>
#include "http_priv.h"

struct build {
	struct http_msg *m;
	char *at;               /* where the next copied bytes go */
	struct str authority, protocol;
	int host, cookie;       /* their places in m->hdr, -1 = none yet */
	unsigned ncookies;
	bool clen;
};

static struct str copy(struct build *b, const char *p, size_t n)
{
	char *d = b->at;

	memcpy(d, p, n);
	b->at += n;
	return str_n(d, n);
}

static void build_begin(struct build *b, struct http_msg *m, const struct h2_field *f, unsigned n)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += f[i].nlen + f[i].vlen;
	*b = (struct build){ .m = m, .host = -1, .cookie = -1 };
	b->at = arena_bytes(m->arena, bytes + 1);
}

static enum h1_error add(struct build *b, struct str name, struct str val, enum http_hdr_id id)
{
	struct http_msg *m = b->m;

	if (m->nhdr >= m->max_hdr)
		return H1E_TOO_MANY_HDRS;
	m->hdr[m->nhdr++] = (struct hdr){ .name = name.p, .nlen = (uint16_t)name.n, .val = val.p,
					  .vlen = (uint32_t)val.n, .id = (uint8_t)id };
	return H1E_NONE;
}

static enum h1_error add_clen(struct build *b, struct str v)
{
	if (b->clen)
		return H1E_CLEN_TWICE;
	b->clen = true;
	return num_u64(v, &b->m->body_len) ? H1E_NONE : H1E_CLEN_BAD;
}

static enum h1_error on_field(struct build *b, enum http_hdr_id id, struct str v)
{
	switch (id) {
	case HH_HOST:
		if (b->host >= 0)
			return H1E_HOST_TWICE;
		b->host = b->m->nhdr;
		return uri_authority_ok(v, false) ? H1E_NONE : H1E_HOST_BAD;
	case HH_CONTENT_LENGTH:
		return add_clen(b, v);
	case HH_EXPECT:
		if (str_ieq(v, STR("100-continue")))
			b->m->flags |= MSG_EXPECT_100;
		return H1E_NONE;
	case HH_COOKIE:
		b->ncookies++;
		if (b->cookie < 0)
			b->cookie = b->m->nhdr;
		return H1E_NONE;
	case HH_CONNECTION:
	case HH_KEEP_ALIVE:
	case HH_PROXY_CONNECTION:
	case HH_TRANSFER_ENCODING:
	case HH_UPGRADE:
		return H1E_NAME_BAD;
	default:
		return H1E_NONE;
	}
}

static enum h1_error add_field(struct build *b, const struct h2_field *f)
{
	enum http_hdr_id id = http_hdr_id(str_n(f->name, f->nlen));
	enum h1_error e;

	if (UNLIKELY(f->nlen > 255))
		return H1E_NAME_LONG;
	e = on_field(b, id, str_n(f->val, f->vlen));
	if (e || (id == HH_COOKIE && b->ncookies > 1 && b->m->flags & MSG_REQ))
		return e; /* a further crumb: joined at the end */
	return add(b, copy(b, f->name, f->nlen), copy(b, f->val, f->vlen), id);
}

/* All crumbs as one value, in place of the first. */
static void join_cookies(struct build *b, const struct h2_field *f, unsigned n)
{
	size_t len = 0;
	char *d;

	if (b->ncookies < 2)
		return;
	for (unsigned i = 0; i < n; i++)
		len += f[i].vlen + 2u;
	d = arena_bytes(b->m->arena, len);
	len = 0;
	for (unsigned i = 0; i < n; i++) {
		if (http_hdr_id(str_n(f[i].name, f[i].nlen)) != HH_COOKIE || !f[i].vlen)
			continue;
		if (len) {
			memcpy(d + len, "; ", 2);
			len += 2;
		}
		memcpy(d + len, f[i].val, f[i].vlen);
		len += f[i].vlen;
	}
	msg_set_val(b->m, b->cookie, str_n(d, len));
}

/* ---- request ---- */

static void request_pseudo(struct build *b, const struct h2_field *f)
{
	struct http_msg *m = b->m;
	struct str name = str_n(f->name, f->nlen), v = copy(b, f->val, f->vlen);

	if (str_eq(name, STR(":method")))
		m->method_s = v;
	else if (str_eq(name, STR(":scheme")))
		m->scheme = v;
	else if (str_eq(name, STR(":path")))
		m->target = v;
	else if (str_eq(name, STR(":authority")))
		b->authority = v;
	else if (str_eq(name, STR(":protocol")))
		b->protocol = v;
}

static bool scheme_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool alpha = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!alpha && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			return false;
	}
	return s.n > 0;
}

static bool target_ok(struct str t)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] <= ' ' || t.p[i] == 0x7f || t.p[i] == '#')
			return false;
	return t.n && t.p[0] == '/';
}

/* :protocol turns CONNECT into what an HTTP/1 client would have said (RFC 8441 section 5). */
static enum h1_error request_upgrade(struct build *b)
{
	struct http_msg *m = b->m;

	if (m->method != HTTP_CONNECT || !http_token(b->protocol))
		return H1E_TARGET_FORM;
	msg_set_method(m, STR("GET"));
	m->flags |= MSG_UPGRADE;
	return H1E_NONE;
}

static enum h1_error request_line(struct build *b)
{
	struct http_msg *m = b->m;
	enum h1_error e;

	if (!http_token(m->method_s))
		return H1E_BAD_METHOD;
	m->method = (uint8_t)http_method_id(m->method_s);
	if (b->protocol.p && (e = request_upgrade(b)))
		return e;
	if (m->method == HTTP_CONNECT) {
		m->target = b->authority;
		return uri_authority_ok(b->authority, true) ? H1E_NONE : H1E_TARGET_FORM;
	}
	if (!scheme_ok(m->scheme))
		return H1E_BAD_TARGET;
	if (b->authority.n && !uri_authority_ok(b->authority, false))
		return H1E_HOST_BAD;
	if (m->method == HTTP_OPTIONS && str_eq(m->target, STR("*")))
		return H1E_NONE;
	if (b->authority.n)
		m->flags |= MSG_ABS_FORM;
	return target_ok(m->target) ? H1E_NONE : H1E_BAD_TARGET;
}

/* Host becomes what :authority says; two that differ are two requests in one. */
static enum h1_error request_host(struct build *b)
{
	struct http_msg *m = b->m;

	m->authority = b->authority;
	if (b->host < 0) {
		if (!b->authority.n)
			return H1E_HOST_MISSING;
		if (m->nhdr >= m->max_hdr)
			return H1E_TOO_MANY_HDRS;
		memmove(m->hdr + 1, m->hdr, m->nhdr * sizeof(m->hdr[0]));
		m->hdr[0] = (struct hdr){ .name = "host", .nlen = 4, .val = b->authority.p,
					  .vlen = (uint32_t)b->authority.n, .id = HH_HOST };
		m->nhdr++;
		return H1E_NONE;
	}
	struct str host = hdr_val(&m->hdr[b->host]);
	if (!b->authority.n) {
		m->authority = host;
		return H1E_NONE;
	}
	struct str port = str_eq(m->scheme, STR("https")) ? STR("443") : STR("80");
	return uri_authority_same(m->authority, host, port) ? H1E_NONE : H1E_HOST_DIFFERS;
}

static enum h1_error request_framing(struct build *b, const struct h2_head_opts *o)
{
	struct http_msg *m = b->m;

	if (m->method == HTTP_CONNECT || m->flags & MSG_UPGRADE)
		return b->clen ? H1E_BODY_CONNECT : H1E_NONE;
	if (o->end_stream && b->clen && m->body_len)
		return H1E_CLEN_BAD;
	m->flags |= b->clen ? MSG_CLEN : o->end_stream ? 0 : MSG_CHUNKED;
	return H1E_NONE;
}

enum h1_error h2_request_build(struct http_msg *m, const struct h2_field *f, unsigned n, const struct h2_head_opts *o)
{
	struct build b;
	enum h1_error e;
	unsigned i = 0;

	build_begin(&b, m, f, n);
	m->ver = 20;
	m->flags |= MSG_KEEPALIVE;
	for (; i < n && f[i].nlen && f[i].name[0] == ':'; i++)
		request_pseudo(&b, &f[i]);
	if ((e = request_line(&b)))
		return e;
	for (; i < n; i++)
		if ((e = add_field(&b, &f[i])))
			return e;
	join_cookies(&b, f, n);
	if ((e = request_framing(&b, o)) || (e = request_host(&b)))
		return e;
	return b.protocol.p ? add(&b, STR("upgrade"), b.protocol, HH_UPGRADE) : H1E_NONE;
}

/* ---- response ---- */

static enum h1_error status_line(struct http_msg *m, const struct h2_field *f, unsigned n)
{
	uint64_t v;

	if (n == 0 || !str_eq(str_n(f->name, f->nlen), STR(":status")) || f->vlen != 3)
		return H1E_BAD_START;
	if (!num_u64(str_n(f->val, 3), &v) || v < 100 || v == 101)
		return H1E_BAD_START;
	m->status = (uint16_t)v;
	return H1E_NONE;
}

enum h1_error h2_response_build(struct http_msg *m, const struct h2_field *f, unsigned n, const struct h2_head_opts *o)
{
	struct build b;
	enum h1_error e = status_line(m, f, n);
	bool bodyless;

	if (e)
		return e;
	build_begin(&b, m, f, n);
	m->ver = 20;
	m->flags |= MSG_KEEPALIVE;
	for (unsigned i = 1; i < n; i++)
		if ((e = add_field(&b, &f[i])))
			return e;
	bodyless = m->status < 200 || m->status == 204 || m->status == 304 || o->head_request ||
		   (o->connect_request && m->status / 100 == 2);
	if (bodyless)
		m->flags |= MSG_NO_BODY;
	else if (o->end_stream && b.clen && m->body_len)
		return H1E_CLEN_BAD;
	else
		m->flags |= b.clen || o->end_stream ? MSG_CLEN : MSG_CHUNKED;
	return H1E_NONE;
}

/* ---- the rest ---- */

enum h1_error h2_trailers_build(struct http_msg *m, const struct h2_field *f, unsigned n)
{
	enum h1_error e = H1E_NONE;

	for (unsigned i = 0; i < n && !e; i++)
		e = f[i].nlen > 255 ? H1E_NAME_LONG :
				      http_keep_trailer(m, str_n(f[i].name, f[i].nlen), str_n(f[i].val, f[i].vlen));
	return e;
}

bool h2_field_allowed(const struct hdr *h)
{
	if (h->flags & HDR_DEL)
		return false;
	switch (h->id) {
	case HH_CONNECTION:
	case HH_KEEP_ALIVE:
	case HH_PROXY_CONNECTION:
	case HH_TRANSFER_ENCODING:
	case HH_UPGRADE:
		return false;
	case HH_TE:
		return str_ieq(hdr_val(h), STR("trailers"));
	default:
		return true;
	}
}
