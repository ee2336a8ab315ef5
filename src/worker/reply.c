// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers made by the proxy itself: built-in error pages, errorfile and errorloc, deny and return. A reply is a common message in
 * s->res and a body in s->reply_body, so that every mux can send it. */
#include <sluice/base/num.h>
#include <sluice/log/logfmt.h>

#include "grpc.h"
#include "rules.h"
#include "stream.h"

void reply_open(struct stream *s, unsigned status)
{
	struct http_msg *m = &s->res;
	msg_init(m, m->hdr, m->max_hdr, s->arena, false);
	m->ver = 11;
	m->flags |= MSG_KEEPALIVE;
	msg_set_status(m, status, http_reason(status));
	s->flags |= SF_REPLY;
	s->reply_body = STR_NULL;
}

void reply_close(struct stream *s, struct str body)
{
	char num[20];
	struct http_msg *m = &s->res;
	bool bodyless = m->status < 200 || m->status == 204 || m->status == 304;

	s->reply_body = body;
	m->flags |= MSG_CLEN;
	m->body_len = body.n;
	if (!bodyless)
		headers_add(s, &s->res, STR("content-length"), strm_dup(s, str_n(num, num_fmt_u64(num, body.n))));
	if (bodyless || s->req.method == HTTP_HEAD) {
		m->flags |= MSG_NO_BODY;
		s->reply_body = STR_NULL;
	}
}

/* errorfile: the stored message is parsed so that it leaves through any mux. */
static bool reply_raw(struct stream *s, struct str raw)
{
	struct h1_head_opts o = { .head_request = s->req.method == HTTP_HEAD, .max_head = (uint32_t)raw.n };
	enum h1_error err = H1E_NONE;
	uint32_t scan = 0;

	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	if (h1_head_parse(&s->res, raw, &o, &scan, &err) != H1_OK)
		return false;
	s->flags |= SF_REPLY;
	struct str body = str_sub(raw, s->res.head_len, raw.n);
	msg_del(&s->res, STR("content-length"));
	msg_del(&s->res, STR("transfer-encoding"));
	s->res.flags &= ~(unsigned)(MSG_CHUNKED | MSG_CLOSE_DELIM | MSG_CLEN);
	reply_close(s, body);
	return true;
}

static void reply_location(struct stream *s, const struct rt_reply *r)
{
	reply_open(s, r->status);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache"));
	headers_add(s, &s->res, STR("location"), r->location);
	reply_close(s, STR_NULL);
}

static struct str reply_render(struct stream *s, const struct logfmt *f)
{
	struct str lit = logfmt_literal(f);
	if (lit.p)
		return lit;
	struct sbuf out = { 0 };
	strm_render(s, f, &out);
	struct str v = strm_dup(s, sbuf_str(&out));
	sbuf_free(&out);
	return v;
}

void reply_prepare(struct stream *s, const struct rt_reply *r, unsigned status)
{
	if (r->silent) {
		s->flags |= SF_REPLY | SF_REPLY_SILENT;
		return;
	}
	if (r->raw.n && reply_raw(s, r->raw))
		return;
	if (r->location.n) {
		reply_location(s, r);
		return;
	}
	/* Values are rendered before s->res is emptied: in a response rule they may speak of it. */
	struct str body = r->body_fmt ? reply_render(s, r->body_fmt) : r->body;
	struct str vals[16];
	unsigned n = MIN(r->nhdrs, (unsigned)ARRAY_LEN(vals));
	for (unsigned i = 0; i < n; i++)
		vals[i] = reply_render(s, r->hdrs[i].val);

	reply_open(s, status ? status : r->status);
	if (body.n && r->content_type.n)
		headers_add(s, &s->res, STR("content-type"), r->content_type);
	for (unsigned i = 0; i < n; i++)
		headers_add(s, &s->res, r->hdrs[i].name, vals[i]);
	reply_close(s, body);
}

static const struct rt_reply *reply_configured(const struct rt_proxy *px, int slot)
{
	return px && slot >= 0 ? px->errors[slot] : NULL;
}

/* The same wording for every status: the reason as a heading, one sentence, HTML. */
static void reply_builtin(struct stream *s, unsigned status)
{
	struct str text = error_text(status);
	char page[512];
	struct sbuf out = SBUF_FIXED(page);

	sbuf_printf(&out, "<html><body><h1>%u " STR_FMT "</h1>\n" STR_FMT "\n</body></html>\n", status,
		    STR_ARG(http_reason(status)), STR_ARG(text));
	reply_open(s, status);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache"));
	headers_add(s, &s->res, STR("content-type"), STR("text/html"));
	if (status == 401)
		headers_add(s, &s->res, STR("www-authenticate"), STR("Basic realm=\"sluice\""));
	else if (status == 407)
		headers_add(s, &s->res, STR("proxy-authenticate"), STR("Basic realm=\"sluice\""));
	reply_close(s, strm_dup(s, sbuf_str(&out)));
}

void reply_error(struct stream *s, unsigned status)
{
	if (UNLIKELY(s->grpc)) {
		grpc_reply(s, status);
		return;
	}
	int slot = error_slot(status);
	const struct rt_reply *r = reply_configured(s->be, slot);

	if (!r)
		r = reply_configured(s->fe, slot);
	if (r)
		reply_prepare(s, r, r->location.n ? 0 : status);
	else
		reply_builtin(s, status);
}
