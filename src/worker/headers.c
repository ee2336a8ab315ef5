// SPDX-License-Identifier: GPL-3.0-or-later
/* Headers that configuration adds or saves outside the rules: X-Forwarded-For, Forwarded, X-Original-To, the unique id, captures. */
#include <sluice/net/conn.h>

#include "persist.h"
#include "steps.h"

void headers_add(struct stream *s, struct http_msg *m, struct str name, struct str val)
{
	if (!msg_add(m, name, val))
		count_rewrite_failed(s);
}

void headers_set(struct stream *s, struct http_msg *m, struct str name, struct str val)
{
	if (!msg_set(m, name, val))
		count_rewrite_failed(s);
}

static void capture_one(struct stream *s, struct str *slot, const struct http_msg *m, const struct rt_capture *c)
{
	int last = -1;
	for (int i = msg_find(m, c->name, 0); i >= 0; i = msg_find(m, c->name, i + 1))
		last = i;
	if (last >= 0)
		*slot = strm_dup(s, str_sub(hdr_val(&m->hdr[last]), 0, c->len));
}

static struct str *capture_all(struct stream *s, const struct http_msg *m, const struct rt_capture *c, unsigned n)
{
	if (n == 0)
		return NULL;
	struct str *slots = arena_alloc(s->arena, n * sizeof *slots);
	for (unsigned i = 0; i < n; i++)
		if (c[i].name.n)
			capture_one(s, &slots[i], m, &c[i]);
	return slots;
}

void strm_capture(struct stream *s, bool response, int64_t slot, struct str v)
{
	const struct rt_capture *cap = response ? s->fe->res_cap : s->fe->req_cap;
	uint32_t n = response ? s->fe->nres_cap : s->fe->nreq_cap;
	struct str **slots = response ? &s->res_caps : &s->req_caps;

	if (slot < 0 || slot >= n)
		return;
	if (!*slots)
		*slots = arena_alloc(s->arena, n * sizeof **slots);
	(*slots)[slot] = strm_dup(s, str_sub(v, 0, cap[slot].len));
}

/* "name=value" of the captured cookie as logs print it, cut to the configured length. */
static struct str capture_cookie(struct stream *s, const struct http_msg *m, enum http_hdr_id id, const struct rt_capture *c)
{
	for (int i = msg_find_id(m, id, 0); i >= 0; i = msg_find_id(m, id, i + 1)) {
		struct str rest = hdr_val(&m->hdr[i]);
		struct cookie one;
		while (cookie_next(&rest, &one)) {
			if (str_starts(one.all, c->name))
				return strm_dup(s, str_sub(one.all, 0, c->len));
			if (id == HH_SET_COOKIE)
				break;
		}
	}
	return STR_NULL;
}

struct str strm_unique_id(struct stream *s)
{
	char text[1024];
	struct sbuf out = SBUF_FIXED(text);

	if (s->fe->unique_id_fmt && !s->unique_id.n) {
		strm_render(s, s->fe->unique_id_fmt, &out);
		s->unique_id = strm_dup(s, sbuf_str(&out));
	}
	return s->unique_id;
}

/* The target as the client wrote it: an absolute one has lost its authority in req.target. */
static struct str target_received(const struct http_msg *m)
{
	ptrdiff_t from = str_chr(m->start_raw, ' ');

	if (m->flags & MSG_ABS_FORM && m->ver == 20)
		return msg_absolute_url(m, m->arena);
	if (!(m->flags & MSG_ABS_FORM) || from < 0)
		return m->target;
	struct str rest = str_sub(m->start_raw, (size_t)from + 1, SIZE_MAX);
	ptrdiff_t to = str_chr(rest, ' ');

	return to < 0 ? m->target : str_sub(rest, 0, (size_t)to);
}

void headers_capture_request(struct stream *s)
{
	const struct rt_proxy *fe = s->fe;

	s->log_method = s->req.method_s;
	s->log_uri = target_received(&s->req);
	s->log_version = s->req.ver == 10 ? STR("HTTP/1.0") : s->req.ver == 20 ? STR("HTTP/2.0") : STR("HTTP/1.1");
	s->req_caps = capture_all(s, &s->req, fe->req_cap, fe->nreq_cap);
	(void)strm_unique_id(s);
	s->req_cookie = fe->cookie_cap.len ? capture_cookie(s, &s->req, HH_COOKIE, &fe->cookie_cap) : STR_NULL;
}

void headers_capture_response(struct stream *s)
{
	const struct rt_proxy *fe = s->fe;

	s->res_caps = capture_all(s, &s->res, fe->res_cap, fe->nres_cap);
	s->res_cookie = fe->cookie_cap.len ? capture_cookie(s, &s->res, HH_SET_COOKIE, &fe->cookie_cap) : STR_NULL;
}

static bool name_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = ascii_lower(name.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

bool headers_restrict(struct stream *s, const struct rt_proxy *px)
{
	for (int i = 0; i < s->req.nhdr; i++) {
		const struct hdr *h = &s->req.hdr[i];

		if (h->flags & HDR_DEL || h->id != HH_OTHER || name_plain(hdr_name(h)))
			continue;
		if (px->req_hdr_names == HDR_NAMES_REJECT)
			return false;
		msg_del_at(&s->req, i);
	}
	return true;
}

static bool in_nets(const struct addr *a, const struct addr_net *nets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_in_net(a, &nets[i]))
			return true;
	return false;
}

static struct str addr_dup(struct stream *s, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	return strm_dup(s, str_n(text, addr_ip_text(a, text)));
}

/* Appends a line: a list that the client sent is kept in front of ours. */
static void add_address(struct stream *s, const struct rt_xff *fe, const struct rt_xff *be, const struct addr *a)
{
	const struct rt_xff *x = be->on ? be : fe;

	if (!x->on || (a->family != AF_INET && a->family != AF_INET6))
		return;
	if (in_nets(a, fe->except, fe->on ? fe->nexcept : 0) || in_nets(a, be->except, be->on ? be->nexcept : 0))
		return;
	if (x->if_none && msg_find(&s->req, x->header, 0) >= 0)
		return;
	headers_add(s, &s->req, x->header, addr_dup(s, a));
}

/* RFC 7239 section 4: nodes in quotes when they hold a colon. */
static void forwarded_node(struct sbuf *out, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	size_t n = addr_ip_text(a, text);
	if (out->n)
		sbuf_addc(out, ';');
	if (a->family == AF_INET6)
		sbuf_printf(out, "%s=\"[%.*s]\"", key, (int)n, text);
	else
		sbuf_printf(out, "%s=%.*s", key, (int)n, text);
}

static void add_forwarded(struct stream *s, const struct rt_forwarded *f)
{
	char text[512];
	struct sbuf out = SBUF_FIXED(text);

	if (f->proto)
		sbuf_printf(&out, "proto=%s", s->sess->lst->opts->ssl ? "https" : "http");
	if (f->host && s->req.authority.n)
		sbuf_printf(&out, "%shost=\"" STR_FMT "\"", out.n ? ";" : "", STR_ARG(s->req.authority));
	if (f->by)
		forwarded_node(&out, "by", strm_smp_ctx(s)->dst);
	if (f->for_)
		forwarded_node(&out, "for", strm_smp_ctx(s)->src);
	if (out.cut)
		count_rewrite_failed(s);
	else
		headers_add(s, &s->req, STR("forwarded"), strm_dup(s, sbuf_str(&out)));
}

static void add_unique_id(struct stream *s)
{
	if (s->fe->unique_id_hdr.n && s->unique_id.n)
		headers_set(s, &s->req, s->fe->unique_id_hdr, s->unique_id);
}

void headers_request(struct stream *s)
{
	const struct rt_proxy *fe = s->fe, *be = s->be;
	struct smp_ctx *c = strm_smp_ctx(s);

	if (!(s->flags & SF_HTTP))
		return;
	/* The header array is what the first attempt left: nothing is added twice. */
	if (be->send_name_hdr.n && s->srv_idx != RT_NONE)
		headers_set(s, &s->req, be->send_name_hdr, wk.rt->srv[s->srv_idx].name);
	if (s->flags & SF_HDRS_DONE)
		return;
	s->flags |= SF_HDRS_DONE;
	if (c->src)
		add_address(s, &fe->forwardfor, &be->forwardfor, c->src);
	if ((fe->originalto.on || be->originalto.on) && c->dst)
		add_address(s, &fe->originalto, &be->originalto, c->dst);
	if ((fe->forwarded.on || be->forwarded.on) && c->src && c->dst)
		add_forwarded(s, be->forwarded.on ? &be->forwarded : &fe->forwarded);
	if (UNLIKELY(s->early))
		early_tell(s);
	add_unique_id(s);
}
