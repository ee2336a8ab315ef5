// SPDX-License-Identifier: GPL-3.0-or-later
/* A complete HTTP/1 head becomes a message: the scanner (grammar/http1.re) cuts lines, here their meaning is judged.
 * First the end of the head is looked for by its line feeds (nothing is parsed twice when bytes trickle in), then one
 * pass over the lines calls a handler for each header that frames, routes or ends something. Any doubt about framing
 * refuses the message. */
#include <sluice/base/num.h>
#include <sluice/http/h1_lex.h>
#include "http_priv.h"

struct head {
	struct http_msg *m;
	const struct h1_head_opts *o;
	int host;            /* index of Host, -1 = none */
	unsigned nconn;      /* Connection headers seen */
	bool clen, te;       /* Content-Length, Transfer-Encoding seen */
	bool keep;           /* "keep-alive" was named */
	bool named_upgrade;  /* "upgrade" was named */
	bool has_upgrade;    /* an Upgrade header is there */
	bool h2c;            /* ... that asks for HTTP/2 */
};

static const struct {
	unsigned status;
	const char *text;
} errors[] = {
	[H1E_NONE] = { 200, "no error" },
#define H1E(id, st, txt) [H1E_##id] = { (st), (txt) },
#include <sluice/tbl/h1_errors.def>
#undef H1E
};

unsigned h1_error_status(enum h1_error e) { return (size_t)e < ARRAY_LEN(errors) ? errors[e].status : 400; }
const char *h1_error_text(enum h1_error e) { return (size_t)e < ARRAY_LEN(errors) ? errors[e].text : "unknown error"; }

/* ---- one header ---- */

static enum h1_error on_content_length(struct head *hd, struct hdr *h)
{
	if (hd->clen)
		return H1E_CLEN_TWICE;
	hd->clen = true;
	if (!num_u64(hdr_val(h), &hd->m->body_len) || hd->m->body_len > INT64_MAX)
		return H1E_CLEN_BAD;
	return H1E_NONE;
}

/* Only "chunked" alone is spoken. A list of registered codings that ends in chunked is framed well but not
 * implemented. */
static enum h1_error on_transfer_encoding(struct head *hd, struct hdr *h)
{
	static const struct str codings[] = { STR("gzip"), STR("x-gzip"), STR("deflate"), STR("compress"),
					      STR("x-compress") };
	struct str rest = hdr_val(h), e;
	unsigned known = 0, elems = 0;
	bool chunked = false;

	if (hd->te)
		return H1E_TE_TWICE;
	hd->te = true;
	if (str_ieq(rest, STR("chunked")))
		return H1E_NONE;
	for (; hdr_next_elem(&rest, &e); elems++) {
		if (chunked)
			return H1E_TE_BAD;
		chunked = str_ieq(e, STR("chunked"));
		for (size_t i = 0; i < ARRAY_LEN(codings); i++)
			known += str_ieq(e, codings[i]);
	}
	return chunked && known > 0 && known + 1 == elems ? H1E_TE_CODING : H1E_TE_BAD;
}

static enum h1_error on_host(struct head *hd, struct hdr *h)
{
	if (!hd->o->request)
		return H1E_NONE;
	if (hd->host >= 0)
		return H1E_HOST_TWICE;
	hd->host = (int)(h - hd->m->hdr);
	return uri_authority_ok(hdr_val(h), false) ? H1E_NONE : H1E_HOST_BAD;
}

/* Stays in sight of rules, which ask it about upgrades; writers make their own. */
static enum h1_error on_connection(struct head *hd, struct hdr *h UNUSED)
{
	hd->nconn++;
	return H1E_NONE;
}

static enum h1_error on_hop(struct head *hd, struct hdr *h)
{
	(void)hd;
	h->flags |= HDR_DEL;
	return H1E_NONE;
}

static enum h1_error on_te(struct head *hd, struct hdr *h)
{
	(void)hd;
	if (!str_ieq(hdr_val(h), STR("trailers")))
		h->flags |= HDR_DEL;
	return H1E_NONE;
}

/* A client that has HTTP/2 beyond us would pass by every rule: no upgrade to that is passed on (RFC 9113 has dropped it as well). */
static enum h1_error on_upgrade(struct head *hd, struct hdr *h)
{
	struct str rest = hdr_val(h), e;

	if (h->vlen)
		hd->has_upgrade = true;
	while (hd->o->request && hdr_next_elem(&rest, &e))
		hd->h2c |= str_ieq(e, STR("h2c")) || str_ieq(e, STR("h2"));
	return H1E_NONE;
}

static enum h1_error on_expect(struct head *hd, struct hdr *h)
{
	if (hd->o->request && hd->m->ver >= 11 && str_ieq(hdr_val(h), STR("100-continue")))
		hd->m->flags |= MSG_EXPECT_100;
	return H1E_NONE;
}

typedef enum h1_error on_hdr_fn(struct head *hd, struct hdr *h);

static on_hdr_fn *const on_hdr[HH_COUNT] = {
	[HH_CONTENT_LENGTH] = on_content_length,
	[HH_TRANSFER_ENCODING] = on_transfer_encoding,
	[HH_HOST] = on_host,
	[HH_CONNECTION] = on_connection,
	[HH_KEEP_ALIVE] = on_hop,
	[HH_PROXY_CONNECTION] = on_hop,
	[HH_TE] = on_te,
	[HH_UPGRADE] = on_upgrade,
	[HH_EXPECT] = on_expect,
};

static enum h1_error parse_fields(struct head *hd, const char *p)
{
	struct http_msg *m = hd->m;

	for (;;) {
		const char *line = p;
		struct h1_field f;
		enum h1_error e = h1_lex_field(&p, &f);
		if (UNLIKELY(e))
			return e;
		if (f.name.n == 0)
			return H1E_NONE;
		if (UNLIKELY(f.name.n > 255))
			return H1E_NAME_LONG;
		if (UNLIKELY(m->nhdr >= m->max_hdr))
			return H1E_TOO_MANY_HDRS;

		struct hdr *h = &m->hdr[m->nhdr++];
		*h = (struct hdr){
			.name = f.name.p,
			.val = f.val.p,
			.vlen = (uint32_t)f.val.n,
			.nlen = (uint16_t)f.name.n,
			.id = (uint8_t)http_hdr_id(f.name),
			.flags = HDR_RAW,
			.raw_len = (uint32_t)(f.end - line),
		};
		if (on_hdr[h->id] && (e = on_hdr[h->id](hd, h)))
			return e;
	}
}

/* ---- Connection ---- */

/* Headers that a peer must not be able to strip by naming them in Connection. */
static bool hop_protected(const struct hdr *h)
{
	switch (h->id) {
	case HH_HOST:
	case HH_AUTHORIZATION:
	case HH_COOKIE:
	case HH_CONTENT_LENGTH:
	case HH_TRANSFER_ENCODING:
	case HH_CONTENT_TYPE:
	case HH_UPGRADE:
	case HH_TE:
	case HH_FORWARDED:
		return true;
	default:
		return str_istarts(hdr_name(h), STR("x-forwarded-"));
	}
}

static void drop_named(struct http_msg *m, struct str name)
{
	for (int i = msg_find(m, name, 0); i >= 0; i = msg_find(m, name, i + 1))
		if (!hop_protected(&m->hdr[i])) {
			m->hdr[i].flags |= HDR_DEL;
			m->flags |= MSG_CONN_NAMED;
		}
}

static void connection_option(struct head *hd, struct str e)
{
	if (str_ieq(e, STR("keep-alive")))
		hd->keep = true;
	else if (str_ieq(e, STR("close")))
		hd->m->flags |= MSG_CONN_CLOSE;
	else if (str_ieq(e, STR("upgrade")))
		hd->named_upgrade = true;
	else
		drop_named(hd->m, e);
}

static void drop_id(struct http_msg *m, enum http_hdr_id id)
{
	for (int i = msg_find_id(m, id, 0); i >= 0; i = msg_find_id(m, id, i + 1))
		msg_del_at(m, i);
}

static void connection_judge(struct head *hd)
{
	struct http_msg *m = hd->m;
	struct str rest, e;

	for (int i = 0; hd->nconn && i < m->nhdr; i++) {
		if (m->hdr[i].id != HH_CONNECTION)
			continue;
		hd->nconn--;
		for (rest = hdr_val(&m->hdr[i]); hdr_next_elem(&rest, &e);)
			connection_option(hd, e);
	}
	if (!(m->flags & MSG_CONN_CLOSE) && (m->ver >= 11 || hd->keep))
		m->flags |= MSG_KEEPALIVE;
	if (hd->has_upgrade && hd->named_upgrade && !hd->h2c && m->ver >= 11)
		m->flags |= MSG_UPGRADE;
	else if (hd->has_upgrade)
		drop_id(m, HH_UPGRADE);
}

/* ---- request ---- */

static enum h1_error version_judge(struct http_msg *m, const struct h1_start *s)
{
	if (s->major != 1 || s->minor > 1)
		return H1E_VERSION;
	m->ver = (uint8_t)(10 + s->minor);
	return H1E_NONE;
}

/* "http://a" has an empty path, "http://a?q" one that must be made "/?q". */
static bool absolute_path(struct http_msg *m, struct str path)
{
	if (path.n == 0) {
		m->target = m->method == HTTP_OPTIONS ? STR("*") : STR("/");
	} else if (path.p[0] == '/') {
		m->target = path;
	} else if (m->arena) {
		char *p = arena_bytes(m->arena, path.n + 1);
		p[0] = '/';
		memcpy(p + 1, path.p, path.n);
		m->target = str_n(p, path.n + 1);
	} else {
		return false;
	}
	return true;
}

/* Which of the four forms of RFC 9112 section 3.2, and does it fit the method? */
static enum h1_error target_judge(struct http_msg *m, struct str t)
{
	struct str path;

	m->target = t;
	if (m->method == HTTP_CONNECT) {
		m->authority = t;
		return uri_authority_ok(t, true) ? H1E_NONE : H1E_TARGET_FORM;
	}
	if (t.p[0] == '/')
		return H1E_NONE;
	if (t.n == 1 && t.p[0] == '*')
		return m->method == HTTP_OPTIONS ? H1E_NONE : H1E_TARGET_FORM;
	if (!uri_split_absolute(t, &m->scheme, &m->authority, &path))
		return H1E_TARGET_FORM;
	if (!uri_authority_ok(m->authority, false))
		return H1E_HOST_BAD;
	m->flags |= MSG_ABS_FORM;
	return absolute_path(m, path) ? H1E_NONE : H1E_BAD_TARGET;
}

static enum h1_error host_judge(struct head *hd)
{
	struct http_msg *m = hd->m;

	if (hd->host < 0 && m->ver >= 11)
		return H1E_HOST_MISSING;
	if (hd->host < 0) /* the target loses its authority on the way, so a server must find it here */
		return m->authority.n == 0 || msg_add(m, STR("Host"), m->authority) ? H1E_NONE : H1E_TOO_MANY_HDRS;
	struct str host = hdr_val(&m->hdr[hd->host]);
	if (m->authority.n == 0) {
		m->authority = host;
		return H1E_NONE;
	}
	struct str port = str_ieq(m->scheme, STR("https")) ? STR("443") : STR("80");
	if (m->method == HTTP_CONNECT) { /* Host may leave out the port that the target must name */
		ptrdiff_t colon = (ptrdiff_t)m->authority.n - 1;
		while (m->authority.p[colon] != ':')
			colon--;
		port = str_n(m->authority.p + colon + 1, m->authority.n - (size_t)colon - 1);
	}
	return uri_authority_same(m->authority, host, port) ? H1E_NONE : H1E_HOST_DIFFERS;
}

static enum h1_error framing_request(struct head *hd)
{
	struct http_msg *m = hd->m;
	bool body = hd->te || (hd->clen && m->body_len > 0);

	if (hd->te && hd->clen)
		return H1E_CLEN_AND_TE;
	if (hd->te && m->ver < 11)
		return H1E_TE_HTTP10;
	if (body && m->method == HTTP_CONNECT)
		return H1E_BODY_CONNECT;
	if (body && m->ver < 11 && (m->method == HTTP_GET || m->method == HTTP_HEAD || m->method == HTTP_DELETE))
		return H1E_BODY_HTTP10;
	m->flags |= hd->te ? MSG_CHUNKED : hd->clen ? MSG_CLEN : 0;
	return H1E_NONE;
}

static enum h1_error parse_request(struct head *hd, const char *p)
{
	struct http_msg *m = hd->m;
	const char *line = p;
	struct h1_start s;
	enum h1_error e;

	if ((e = h1_lex_request(&p, &s)) || (e = version_judge(m, &s)))
		return e;
	m->start_raw = str_n(line, (size_t)(p - line));
	m->method_s = s.method;
	m->method = (uint8_t)http_method_id(s.method);
	if ((e = target_judge(m, s.target)) || (e = parse_fields(hd, p)) || (e = host_judge(hd)) ||
	    (e = framing_request(hd)))
		return e;
	connection_judge(hd);
	if (m->ver == 11 && !(m->flags & MSG_ABS_FORM))
		m->flags |= MSG_START_RAW;
	return H1E_NONE;
}

/* ---- response ---- */

static enum h1_error framing_response(struct head *hd)
{
	struct http_msg *m = hd->m;
	bool tunnel = m->status == 101 || (hd->o->connect_request && m->status / 100 == 2);

	if (hd->te && hd->clen)
		return H1E_CLEN_AND_TE;
	if (hd->te && m->ver < 11)
		return H1E_TE_HTTP10;
	if (tunnel || m->status < 200 || m->status == 204 || m->status == 304 || hd->o->head_request) {
		m->flags |= MSG_NO_BODY;
		drop_id(m, HH_TRANSFER_ENCODING);
		if (tunnel || m->status < 200 || m->status == 204)
			drop_id(m, HH_CONTENT_LENGTH);
	} else {
		m->flags |= hd->te ? MSG_CHUNKED : hd->clen ? MSG_CLEN : MSG_CLOSE_DELIM;
	}
	return H1E_NONE;
}

static enum h1_error parse_response(struct head *hd, const char *p)
{
	struct http_msg *m = hd->m;
	const char *line = p;
	struct h1_start s;
	enum h1_error e;

	if ((e = h1_lex_status(&p, &s)) || (e = version_judge(m, &s)))
		return e;
	m->start_raw = str_n(line, (size_t)(p - line));
	m->status = (uint16_t)s.status;
	m->reason = s.reason;
	if ((e = parse_fields(hd, p)) || (e = framing_response(hd)))
		return e;
	connection_judge(hd);
	if (m->flags & MSG_CLOSE_DELIM)
		m->flags &= ~(uint32_t)MSG_KEEPALIVE;
	if (m->ver == 11)
		m->flags |= MSG_START_RAW;
	return H1E_NONE;
}

/* ---- the whole head ---- */

/* Bytes of empty lines before a request that are overlooked: at most two. */
static uint32_t leading_lines(struct str in)
{
	uint32_t n = 0;

	while (n < 4 && in.n >= n + 2 && in.p[n] == '\r' && in.p[n + 1] == '\n')
		n += 2;
	return n;
}

/* A first byte that no head can begin with is refused before a line is complete: TLS and other protocols on this
 * port. */
static enum h1_error first_byte(char c, bool request)
{
	if (request)
		return http_token(str_n(&c, 1)) ? H1E_NONE : H1E_BAD_START;
	return c == 'H' ? H1E_NONE : H1E_BAD_START;
}

/* Looks for the empty line from *scan on; H1_OK gives the offset behind it. A line feed without CR is refused where it
 * stands. */
static enum h1_verdict find_end(struct str in, uint32_t start, uint32_t *scan, uint32_t *end)
{
	const char *p = in.p + MAX(*scan, start), *stop = in.p + in.n, *first = in.p + start;

	while (p < stop && (p = memchr(p, '\n', (size_t)(stop - p)))) {
		if (p == first || p[-1] != '\r')
			return H1_BAD;
		if (p - first >= 3 && p[-2] == '\n') {
			*end = (uint32_t)(p + 1 - in.p);
			return H1_OK;
		}
		p++;
	}
	*scan = (uint32_t)in.n;
	return H1_MORE;
}

static enum h1_verdict refuse(enum h1_error *err, enum h1_error e)
{
	*err = e;
	return H1_BAD;
}

static enum h1_verdict too_big(const struct h1_head_opts *o, struct str in, uint32_t start, enum h1_error *err)
{
	const char *nl = memchr(in.p + start, '\n', MIN(in.n, o->max_head) - start);

	return refuse(err, nl || !o->request ? H1E_HEAD_TOO_BIG : H1E_URI_TOO_LONG);
}

enum h1_verdict h1_head_parse(struct http_msg *msg, struct str in, const struct h1_head_opts *o, uint32_t *scan,
			      enum h1_error *err)
{
	struct head hd = { .m = msg, .o = o, .host = -1 };
	uint32_t start = o->request ? leading_lines(in) : 0, end = 0;
	enum h1_error e;

	*err = H1E_NONE;
	if (in.n == start || (in.n == start + 1 && in.p[start] == '\r' && o->request && start < 4))
		return H1_MORE;
	if ((e = first_byte(in.p[start], o->request)))
		return refuse(err, e);

	enum h1_verdict v = find_end(in, start, scan, &end);
	if (v == H1_BAD)
		return refuse(err, H1E_BARE_LF);
	if ((v == H1_MORE && in.n >= o->max_head) || end > o->max_head)
		return too_big(o, in, start, err);
	if (v == H1_MORE)
		return H1_MORE;

	*scan = 0;
	msg->head_len = end;
	e = o->request ? parse_request(&hd, in.p + start) : parse_response(&hd, in.p + start);
	return e ? refuse(err, e) : H1_OK;
}
