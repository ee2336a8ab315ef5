// SPDX-License-Identifier: GPL-3.0-or-later
/* The persistence cookie of a backend, as HAProxy's manual describes it (`cookie`): which server a request's cookie
 * names, what the server gets to see of it, and what the client is told in the response. The third and fourth letter of
 * the termination state say what was found and done:
 *
 *   request   N none  I invalid (no such server)  D its server is down  V valid  E idle for too long  O too old  U not
 * used response  N none  P passed on from the server  I inserted  U updated  R rewritten  D deleted
 *
 *   value     SERVER  or  SERVER|last seen  or  SERVER|last seen|first seen: base 64 of the time in steps of 4 s; or,
 * with `prefix`, SERVER~value of the application */
#include <sluice/base/clock.h>
#include <sluice/ipc/place.h>
#include <sluice/lb/lb.h>

#include "persist.h"
#include "pool.h"
#include "rules.h"
#include "worker_priv.h"

#define DATE_LEN   5
#define FUTURE_MAX 86400 /* seconds a date may lie ahead of our clock */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- dates ------------------------------------------------------------------------------------------------------ */

static uint32_t date_read(struct str s)
{
	uint32_t v = 0;

	if (s.n < DATE_LEN)
		return 0;
	for (unsigned i = 0; i < DATE_LEN; i++) {
		const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;

		if (!d)
			return 0;
		v = v << 6 | (uint32_t)(d - digits);
	}
	return v << 2;
}

static void date_write(struct sbuf *out, uint32_t seconds)
{
	uint32_t v = seconds >> 2;

	sbuf_addc(out, '|');
	for (int shift = 24; shift >= 0; shift -= 6)
		sbuf_addc(out, digits[v >> shift & 63]);
}

static uint32_t now_s(void) { return (uint32_t)clock_real.tv_sec; }

/* Older than allowed, or so far ahead that the clock it came from is wrong. */
static bool date_expired(uint32_t date, uint32_t max)
{
	return date && max && ((int32_t)(now_s() - date) > (int32_t)max || (int32_t)(date - now_s()) > FUTURE_MAX);
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

bool cookie_next(struct str *rest, struct cookie *p)
{
	size_t i = 0, eq = SIZE_MAX;
	bool quoted = false;

	if (!rest->p)
		return false;
	for (; i < rest->n && (quoted || (rest->p[i] != ';' && rest->p[i] != ',')); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (rest->p[i] == '\\' && quoted && i + 1 < rest->n)
			i++;
		else if (rest->p[i] == '=' && eq == SIZE_MAX)
			eq = i;
	}
	p->all = str_trim(str_sub(*rest, 0, i));
	p->name = eq == SIZE_MAX ? p->all : str_trim(str_sub(*rest, 0, eq));
	p->val = eq == SIZE_MAX ? STR_NULL : str_trim(str_sub(*rest, eq + 1, i - eq - 1));
	*rest = i < rest->n ? str_sub(*rest, i + 1, SIZE_MAX) : STR_NULL;
	return true;
}

/* The part of the value that names the server; dates behind it are noted. */
static struct str server_part(struct stream *s, const struct rt_cookie *c, struct str val)
{
	ptrdiff_t end = str_chr(val, c->flags & CK_PREFIX ? '~' : '|');
	struct str dates;

	if (end < 0)
		return val;
	if (!(c->flags & CK_PREFIX)) {
		dates = str_sub(val, (size_t)end + 1, SIZE_MAX);
		s->cookie_last = date_read(dates);
		ptrdiff_t bar = str_chr(dates, '|');
		if (bar >= 0)
			s->cookie_first = date_read(str_sub(dates, (size_t)bar + 1, SIZE_MAX));
	}
	return str_sub(val, 0, (size_t)end);
}

static bool too_old(struct stream *s, const struct rt_cookie *c)
{
	char why = date_expired(s->cookie_first, c->maxlife) ? 'O' : date_expired(s->cookie_last, c->maxidle) ? 'E' : 0;

	if (!why)
		return false;
	s->term[2] = why;
	s->cookie_first = s->cookie_last = 0;
	return true;
}

/* A cookie that is made of the address of its server is another when that has moved. */
static struct str cookie_of(const struct stream *s, uint32_t srv)
{
	const struct rt_server *rs = &wk.rt->srv[srv];
	uint32_t seq = rs->flags & SRVF_DYN_COOKIE ? place_seq(wk.seg, srv) : 0;
	struct wk_srv *ws = &wk.srv[srv];

	if (!seq)
		return rs->cookie;
	if (ws->cookie_seq != seq) {
		struct addr at = place_addr(wk.seg, srv, &rs->addr);

		rt_dynamic_cookie(&s->be->cookie, &at, ws->cookie);
		ws->cookie_seq = seq;
	}
	return str_n(ws->cookie, DYN_COOKIE_LEN);
}

/* The first server with that cookie that may be used. */
static uint32_t find_server(struct stream *s, struct str id)
{
	const struct rt_backend *be = &s->be->be;

	for (uint32_t i = 0; i < be->nsrv; i++) {
		uint32_t srv = be->srv0 + i;

		if (!be->srv[i].cookie.n || !str_eq(cookie_of(s, srv), id))
			continue;
		s->term[2] = lb_srv_usable(&wk.lb[s->be_idx], srv, true) ? 'V' : 'D';
		if (persist_usable(s, srv))
			return srv;
	}
	return RT_NONE;
}

/* An empty cookie names nobody, and somebody else may have chosen already. */
static void judge(struct stream *s, const struct rt_cookie *c, struct str id, uint32_t *srv)
{
	bool taken = s->flags & SF_IGNORE_PERSIST || *srv != RT_NONE;

	if (too_old(s, c))
		return;
	if (id.n && !taken)
		*srv = find_server(s, id);
	if (*srv != RT_NONE && !taken)
		return;
	if (s->term[2] == 'N' || s->term[2] == '-') /* the first cookie of that name decides what is said */
		s->term[2] = taken ? 'U' : 'I';
}

/* What the server is to see of one cookie goes to `out`: nothing, the application's part of it, all of it (true). */
static bool show(const struct rt_cookie *c, const struct cookie *p, struct sbuf *out)
{
	ptrdiff_t tilde = c->flags & CK_PREFIX ? str_chr(p->val, '~') : -1;

	if ((c->flags & (CK_INSERT | CK_INDIRECT)) == (CK_INSERT | CK_INDIRECT))
		return false;
	sbuf_printf(out, STR_FMT "=" STR_FMT, STR_ARG(p->name),
		    STR_ARG(str_sub(p->val, (size_t)(tilde + 1), SIZE_MAX)));
	return tilde < 0;
}

/* Text that lives as long as the stream, in a buffer of that many bytes. */
static struct sbuf room(struct stream *s, size_t n)
{
	return (struct sbuf){ .p = arena_bytes(s->arena, n), .cap = n, .fixed = true };
}

static void request_line(struct stream *s, const struct rt_cookie *c, int i, uint32_t *srv)
{
	struct str rest = hdr_val(&s->req.hdr[i]);
	struct sbuf out = room(s, 2 * rest.n + 8); /* "a,b" becomes "a; b" */
	struct cookie p;
	bool changed = false;

	while (cookie_next(&rest, &p)) {
		size_t mark = out.n;

		if (mark)
			sbuf_add(&out, STR("; "));
		if (str_eq(p.name, c->name) && p.val.p) {
			judge(s, c, server_part(s, c, p.val), srv);
			size_t whole = out.n;

			changed |= !show(c, &p, &out);
			if (out.n == whole)
				out.n = mark; /* without the separator in front of it */
		} else {
			sbuf_add(&out, p.all);
		}
	}
	if (changed && out.n)
		msg_set_val(&s->req, i, sbuf_str(&out));
	else if (changed)
		msg_del_at(&s->req, i);
}

uint32_t cookie_request(struct stream *s, uint32_t srv)
{
	const struct rt_cookie *c = &s->be->cookie;
	for (int i = msg_find_id(&s->req, HH_COOKIE, 0); i >= 0; i = msg_find_id(&s->req, HH_COOKIE, i + 1))
		if (str_find(hdr_val(&s->req.hdr[i]), c->name, false) >= 0)
			request_line(s, c, i, &srv);
	if (!(c->flags & CK_MODES)) /* it is only listened to: the log keeps silent about it */
		s->term[2] = '-';
	return srv;
}

/* ---- the response ----------------------------------------------------------------------------------------------- */

/* The server sets a cookie of that name itself: it goes, or it is given our mark, or it passes. */
static void response_line(struct stream *s, const struct rt_cookie *c, struct str mark, int i)
{
	struct str val = hdr_val(&s->res.hdr[i]), rest = val;
	struct cookie p;
	struct sbuf out;
	size_t from;

	if (!cookie_next(&rest, &p) || !p.val.p || !str_eq(p.name, c->name))
		return;
	s->term[3] = 'P';
	if (c->flags & CK_PRESERVE)
		return;
	if (c->flags & CK_INSERT || (s->persist_srv == s->srv_idx && c->flags & CK_INDIRECT)) {
		msg_del_at(&s->res, i);
		s->term[3] = 'D';
		return;
	}
	if (!mark.n || !(c->flags & (CK_REWRITE | CK_PREFIX)))
		return;
	from = (size_t)(p.val.p - val.p);
	out = room(s, val.n + mark.n + 2);
	sbuf_add(&out, str_sub(val, 0, from));
	sbuf_add(&out, mark);
	if (c->flags & CK_PREFIX)
		sbuf_addc(&out, '~');
	sbuf_add(&out, str_sub(val, c->flags & CK_PREFIX ? from : from + p.val.n, SIZE_MAX));
	msg_set_val(&s->res, i, sbuf_str(&out));
	s->term[3] = 'R';
}

/* The client went to another server than it asked for, or its dates want to be renewed, added or taken away. */
static bool insert_due(const struct stream *s, const struct rt_cookie *c)
{
	if (s->flags & SF_IGNORE_PERSIST || (c->flags & CK_POSTONLY && s->req.method != HTTP_POST))
		return false;
	if (s->persist_srv != s->srv_idx)
		return true;
	if ((c->maxidle || s->cookie_last) && (!s->cookie_last || (int32_t)(s->cookie_last - now_s()) < 0))
		return true;
	return (c->maxlife != 0) != (s->cookie_first != 0);
}

static void insert(struct stream *s, const struct rt_cookie *c, struct str mark)
{
	char text[2048];
	struct sbuf out = SBUF_FIXED(text);
	uint32_t now = now_s() + 3;

	sbuf_printf(&out, STR_FMT "=" STR_FMT, STR_ARG(c->name), STR_ARG(mark));
	if (mark.n && (c->maxidle || c->maxlife))
		date_write(&out, now);
	if (mark.n && c->maxlife)
		date_write(&out, s->cookie_first ? s->cookie_first : now);
	if (!mark.n) /* it has none: the client is to forget the one it has */
		sbuf_add(&out, STR("; Expires=Thu, 01-Jan-1970 00:00:01 GMT"));
	sbuf_add(&out, STR("; path=/"));
	sbuf_add(&out, c->suffix);
	if (!out.cut)
		headers_add(s, &s->res, STR("set-cookie"), strm_dup(s, sbuf_str(&out)));
	s->term[3] = mark.n && s->persist_srv == s->srv_idx ? 'U' : 'I';
}

static bool has_header(const struct http_msg *m, const char *name) { return msg_find(m, str_c(name), 0) >= 0; }

/* Might a shared cache keep it? Only what says when it expires, or can be asked again, is worth keeping (RFC 9111, 3).
 */
static bool cacheable(const struct stream *s)
{
	static const uint16_t by_default[] = { 200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501 };
	static const char *const no[] = { "private", "no-store", "no-cache", "max-age=0", "s-maxage=0" };
	const struct http_msg *m = &s->res;
	int cc = msg_find_id(m, HH_CACHE_CONTROL, 0);
	bool by_status = false;

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (msg_list_has(m, HH_CACHE_CONTROL, str_c(no[i])))
			return false;
	if (msg_list_has(m, HH_CACHE_CONTROL, STR("public")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(by_default); i++)
		by_status |= m->status == by_default[i];
	return by_status && (s->req.method == HTTP_GET || s->req.method == HTTP_HEAD) &&
	       (has_header(m, "etag") || has_header(m, "last-modified") || has_header(m, "expires") ||
		(cc >= 0 && (str_find(hdr_val(&m->hdr[cc]), STR("max-age="), true) >= 0 ||
			     str_find(hdr_val(&m->hdr[cc]), STR("s-maxage="), true) >= 0)));
}

void cookie_response(struct stream *s)
{
	const struct rt_cookie *c = &s->be->cookie;
	struct str mark = cookie_of(s, s->srv_idx);

	s->cookie_told = true;
	for (int i = msg_find_id(&s->res, HH_SET_COOKIE, 0); i >= 0 && !(s->flags & SF_IGNORE_PERSIST);
	     i = msg_find_id(&s->res, HH_SET_COOKIE, i + 1))
		response_line(s, c, mark, i);
	if (!(c->flags & CK_MODES))
		s->term[3] = '-';
	if (!(c->flags & CK_INSERT) || (s->term[3] == 'P' && c->flags & CK_PRESERVE) || !insert_due(s, c))
		return;
	insert(s, c, mark);
	if (c->flags & CK_NOCACHE && cacheable(s))
		headers_add(s, &s->res, STR("cache-control"), STR("private"));
}
