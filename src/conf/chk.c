// SPDX-License-Identifier: GPL-3.0-or-later
/* Health check descriptions of backends: option httpchk, grpc-check and tcp-check, http-check and tcp-check lines. Lines of a proxy
 * replace all those of its defaults; within a section they add up. One check is one connection and, for HTTP, one
 * request. */
#include <sluice/base/num.h>
#include <sluice/http/grpc.h>

#include "chk_priv.h"
#include "tls_priv.h"

static struct rt_check *check_of(struct sema *s)
{
	return &s->px->p->check;
}

/* The first step of a section drops what came from the defaults. */
static struct rt_check *own_steps(struct sema *s)
{
	struct rt_check *c = check_of(s);

	if (!s->px->chk_own) {
		s->px->chk_own = true;
		c->steps = NULL, c->nsteps = 0;
		c->hdrs = NULL, c->nhdrs = 0;
		c->body = STR_NULL;
		c->more = NULL, c->nmore = 0;
	}
	return c;
}

static bool add_header(struct sema *s, struct rt_check *c, struct str name, const struct word *val)
{
	struct rt_reply_hdr h = { .name = keep(s, name) };

	if (!http_token(name)) {
		sema_err(s, val, "'" STR_FMT "' is not the name of a header", STR_ARG(name));
		return false;
	}
	if (!(h.val = sema_fmt(s, val, NEED_NOTHING)))
		return false;
	APPEND(s->a, c->hdrs, c->nhdrs, h);
	return true;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* Old files smuggle headers behind the version: "HTTP/1.1\r\nHost:\ www". */
static void version_and_headers(struct sema *s, struct rt_check *c, const struct word *w)
{
	struct str rest = w->s;
	ptrdiff_t end = str_find(rest, STR("\r\n"), false);

	c->version = keep(s, end < 0 ? rest : str_sub(rest, 0, (size_t)end));
	while (end >= 0) {
		rest = str_sub(rest, (size_t)end + 2, rest.n);
		end = str_find(rest, STR("\r\n"), false);
		struct str line = end < 0 ? rest : str_sub(rest, 0, (size_t)end);
		ptrdiff_t colon = str_chr(line, ':');
		if (colon < 1)
			continue;
		struct word v = { .s = str_trim(str_sub(line, (size_t)colon + 1, line.n)),
				  .at = w->at,
				  .quoted = true };
		if (!add_header(s, c, str_sub(line, 0, (size_t)colon), &v))
			return;
	}
}

void chk_option_http(struct sema *s, const struct word *w, uint32_t n)
{
	struct rt_check *c = check_of(s);
	struct word host;

	if (s->no) {
		if (c->kind == CHK_HTTP)
			c->kind = CHK_TCP;
		return;
	}
	c->kind = CHK_HTTP;
	if (n == 1)
		return;
	if (n == 2) {
		c->uri = keep(s, w[1].s);
		return;
	}
	c->method = keep(s, w[1].s);
	c->uri = keep(s, w[2].s);
	if (n > 3)
		version_and_headers(s, own_steps(s), &w[3]);
	if (n > 4) {
		host = w[4];
		(void)!add_header(s, c, STR("Host"), &host);
	}
	if (n > 5)
		sema_err(s, &w[5], "'option httpchk' takes at most 4 arguments");
}

void chk_option_tcp(struct sema *s)
{
	struct rt_check *c = check_of(s);

	if (!s->no)
		c->kind = CHK_SCRIPT;
	else if (c->kind == CHK_SCRIPT)
		c->kind = CHK_TCP;
}

void chk_option_grpc(struct sema *s, const struct word *w, uint32_t n)
{
	struct rt_check *c = check_of(s);

	if (s->no) {
		if (c->kind == CHK_GRPC)
			c->kind = CHK_TCP;
		return;
	}
	if (n > 2)
		sema_err(s, &w[2], "'option grpc-check' takes at most one argument, the service");
	else if (n > 1 && w[1].s.n > GRPC_SERVICE_MAX)
		sema_err(s, &w[1], "the name of a service has at most %d bytes", GRPC_SERVICE_MAX);
	c->kind = CHK_GRPC;
	c->service = n > 1 ? keep(s, w[1].s) : STR_NULL;
}

/* ---- expect ----------------------------------------------------------------------------------------------------- */

static bool expect_status(struct sema *s, const struct word *v, struct chk_expect *e)
{
	struct str rest = v->s, part;
	uint64_t lo, hi;

	while (rest.p) {
		part = str_split(&rest, ',');
		ptrdiff_t dash = str_chr(part, '-');
		bool ok = num_u64(dash < 0 ? part : str_sub(part, 0, (size_t)dash), &lo);
		hi = lo;
		if (ok && dash >= 0)
			ok = num_u64(str_sub(part, (size_t)dash + 1, part.n), &hi);
		if (!ok || lo < 100 || hi > 599 || hi < lo) {
			sema_err_at(s, v, part, "'" STR_FMT "' is not a status or a range of them", STR_ARG(part));
			return false;
		}
		if (e->nstatus == ARRAY_LEN(e->status)) {
			sema_err_at(s, v, part, "at most %zu statuses or ranges", ARRAY_LEN(e->status));
			return false;
		}
		e->status[e->nstatus].lo = (uint16_t)lo;
		e->status[e->nstatus++].hi = (uint16_t)hi;
	}
	return true;
}

static bool hex_bytes(struct sema *s, const struct word *v, struct str *out)
{
	char *to = arena_bytes(s->a, v->s.n / 2 + 1);
	uint64_t b;

	for (size_t i = 0; i < v->s.n; i += 2) {
		struct str two = str_sub(v->s, i, 2);
		if (two.n != 2 || !num_hex64(two, &b)) {
			sema_err_at(s, v, two, "'" STR_FMT "' is not a byte in hexadecimal", STR_ARG(two));
			return false;
		}
		to[i / 2] = (char)b;
	}
	*out = str_n(to, v->s.n / 2);
	return true;
}

/* hdr name [-m str] <name> [value [-m how] <value>] from w[*i] on. */
static bool expect_hdr(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, struct chk_expect *e)
{
	static const char *const how[] = { "str", "beg", "end", "sub", "reg" };
	const struct word *v;
	int k = 0;

	if (!(v = arg_next(s, w, n, i)))
		return false;
	if (!word_is(v, "name")) {
		sema_err(s, v, "'hdr' expects 'name <header>'");
		return false;
	}
	if (!(v = arg_next(s, w, n, i)))
		return false;
	e->hdr_name = keep(s, v->s);
	if (*i + 1 >= n || !word_is(&w[*i + 1], "value"))
		return true;
	++*i;
	if (!(v = arg_next(s, w, n, i)))
		return false;
	if (word_is(v, "-m")) {
		if (!(v = arg_next(s, w, n, i)) || (k = arg_word(s, v, how, 5, "match")) < 0 ||
		    !(v = arg_next(s, w, n, i)))
			return false;
	}
	e->hdr_how = (uint8_t)k;
	e->text = keep(s, v->s);
	return k != NAME_REG || (e->re = sema_regex(s, v, false)) != NULL;
}

static bool expect_match(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, struct chk_expect *e, bool http)
{
	static const char *const words[] = { "status", "rstatus", "string", "rstring", "hdr", "binary", "rbinary" };
	static const char *const known[] = { "string-lf", "binary-lf", "fhdr" };
	const struct word *v;
	int k;

	for (unsigned j = 0; j < ARRAY_LEN(known); j++)
		if (word_is(&w[*i], known[j])) {
			sema_err(s, &w[*i], "'%s' is known to HAProxy, not supported by sluice yet", known[j]);
			return false;
		}
	if ((k = arg_word(s, &w[*i], words, ARRAY_LEN(words), "match of expect")) < 0)
		return false;
	if (http ? k >= CM_BINARY : k == CM_STATUS || k == CM_RSTATUS || k == CM_HDR) {
		sema_err(s, &w[*i], "'%s' is not possible in %s expect", words[k], http ? "http-check" : "tcp-check");
		return false;
	}
	e->match = (uint8_t)k;
	if (k == CM_HDR)
		return expect_hdr(s, w, n, i, e);
	if (!(v = arg_next(s, w, n, i)))
		return false;
	e->text = keep(s, v->s);
	switch (k) {
	case CM_STATUS: return expect_status(s, v, e);
	case CM_BINARY: return hex_bytes(s, v, &e->text);
	case CM_STRING: return true;
	default: return (e->re = sema_regex(s, v, false)) != NULL;
	}
}

/* Words before the match that only shape the log text. */
static bool expect_prefix(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, struct chk_expect *e,
			  bool *match)
{
	static const char *const shaping[] = { "ok-status", "error-status", "tout-status",
					       "on-success", "on-error",  "status-code" };
	const struct word *v;

	*match = false;
	if (word_is(&w[*i], "comment")) {
		if (!(v = arg_next(s, w, n, i)))
			return false;
		e->comment = keep(s, v->s);
		return true;
	}
	if (word_is(&w[*i], "min-recv")) {
		int32_t bytes;
		if (!(v = arg_next(s, w, n, i)) || !arg_i32(s, v, -1, INT32_MAX, &bytes))
			return false;
		e->min_recv = (uint32_t)MAX(bytes, 0);
		return true;
	}
	for (unsigned k = 0; k < ARRAY_LEN(shaping); k++)
		if (word_is(&w[*i], shaping[k])) {
			sema_warn(s, &w[*i], "'%s' is known to HAProxy, not supported by sluice yet; ignored",
				  shaping[k]);
			return arg_next(s, w, n, i) != NULL;
		}
	*match = !word_is(&w[*i], "!");
	e->neg ^= !*match;
	return true;
}

static void step_expect(struct sema *s, const struct line *l, bool http)
{
	struct rt_check *c = own_steps(s);
	struct chk_step st = { .kind = CS_EXPECT, .loc = sema_loc(s, l->w[0].at) };
	bool match = false;

	for (uint32_t i = 2; i < l->n; i++) {
		if (match) {
			sema_err(s, &l->w[i], "unexpected '" STR_FMT "' after the match", STR_ARG(l->w[i].s));
			return;
		}
		/* "! string x" and "!string x" mean the same */
		if (!expect_prefix(s, l->w, l->n, &i, &st.exp, &match))
			return;
		if (match && !expect_match(s, l->w, l->n, &i, &st.exp, http))
			return;
	}
	if (!match) {
		sema_err(s, &l->w[1], "'expect' expects a match");
		return;
	}
	if (http && c->nsteps > 1 && c->steps[c->nsteps - 1].kind == CS_CONNECT) {
		sema_err(s, &l->w[1], "nothing is sent on this connection: 'http-check send' comes first");
		return;
	}
	st.comment = st.exp.comment;
	APPEND(s->a, c->steps, c->nsteps, st);
}

/* ---- connect, send ------------------------------------------------------------------------------------------------
 */

static bool connect_addr(struct sema *s, const struct word *v, struct chk_step *st)
{
	struct addr_spec a;

	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	st->addr = a.addr;
	return true;
}

/* One parameter of connect; false when the line is beyond use. */
static bool connect_word(struct sema *s, const struct line *l, uint32_t *i, struct chk_step *st)
{
	static const char *const words[] = { "default", "linger",     "ssl",	    "port",  "comment", "sni", "alpn",
					     "addr",	"send-proxy", "via-socks4", "proto" };
	int k = arg_word(s, &l->w[*i], words, ARRAY_LEN(words), "parameter of connect");
	const struct word *v;
	uint32_t port;

	if (k < 0)
		return false;
	if (k >= 8) {
		sema_err(s, &l->w[*i], "'%s' is known to HAProxy, not supported by sluice yet", words[k]);
		return false;
	}
	st->as_server |= k == 0;
	st->ssl |= k == 2;
	if (k < 3)
		return true;
	if (!(v = arg_next(s, l->w, l->n, i)))
		return false;
	switch (k) {
	case 3:
		if (!arg_u32(s, v, 1, 65535, &port))
			return false;
		st->port = (uint16_t)port;
		return true;
	case 4: st->comment = keep(s, v->s); return true;
	case 5: st->sni = keep(s, v->s); return true;
	case 7: return connect_addr(s, v, st);
	default: return tls_alpn_parse(s, v, &st->alpn);
	}
}

static void step_connect(struct sema *s, const struct line *l, bool http)
{
	struct rt_check *c = own_steps(s);
	struct chk_step st = { .kind = CS_CONNECT, .loc = sema_loc(s, l->w[0].at) };

	if (http && (c->nsteps ? c->steps[c->nsteps - 1].kind != CS_EXPECT : s->px->chk_sent)) {
		sema_err(s, &l->w[1], "what was sent before 'http-check connect' is never judged: it needs an expect");
		return;
	}

	for (uint32_t i = 2; i < l->n; i++)
		if (!connect_word(s, l, &i, &st))
			return;
	APPEND(s->a, c->steps, c->nsteps, st);
}

static void step_send(struct sema *s, const struct line *l, bool binary)
{
	struct rt_check *c = own_steps(s);
	struct chk_step st = { .kind = binary ? CS_SEND_BINARY : CS_SEND, .loc = sema_loc(s, l->w[0].at) };

	if (l->n < 3) {
		sema_err(s, &l->w[1], "'" STR_FMT "' expects the data to send", STR_ARG(l->w[1].s));
		return;
	}
	if (l->n == 5 && word_is(&l->w[3], "comment")) {
		st.comment = keep(s, l->w[4].s);
	} else if (l->n > 3) {
		sema_err(s, &l->w[3], "unexpected '" STR_FMT "' after the data", STR_ARG(l->w[3].s));
		return;
	}
	if (!binary)
		st.data = keep(s, l->w[2].s);
	else if (!hex_bytes(s, &l->w[2], &st.data))
		return;
	APPEND(s->a, c->steps, c->nsteps, st);
}

static bool has_step(const struct rt_check *c, enum chk_step_kind k)
{
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].kind == k)
			return true;
	return false;
}

static bool send_word(struct sema *s, const struct line *l, uint32_t *i, struct rt_check *c)
{
	static const char *const words[] = { "meth", "uri", "ver", "body", "hdr", "comment", "uri-lf", "body-lf" };
	int k = arg_word(s, &l->w[*i], words, ARRAY_LEN(words), "parameter of http-check send");
	struct str *const field[] = { &c->method, &c->uri, &c->version, &c->body };
	const struct word *v;

	if (k < 0 || !(v = arg_next(s, l->w, l->n, i)))
		return false;
	if (k < 4) {
		*field[k] = keep(s, v->s);
		return true;
	}
	if (k == 5)
		return true;
	if (k > 5) {
		sema_err(s, v - 1, "'%s' is known to HAProxy, not supported by sluice yet", words[k]);
		return false;
	}
	const struct word *name = v;
	return (v = arg_next(s, l->w, l->n, i)) && add_header(s, c, name->s, v);
}

/* The first request is that of the option; each further one is a step among those that judge the answers. */
static void http_send(struct sema *s, const struct line *l)
{
	struct rt_check *c = own_steps(s), more = { 0 };
	struct chk_step st = { .kind = CS_SEND, .loc = sema_loc(s, l->w[0].at) };
	bool first = !s->px->chk_sent;

	if (first && has_step(c, CS_EXPECT)) {
		sema_err(s, &l->w[1],
			 "'http-check send' must stand before 'http-check expect': the request is sent first");
		return;
	}
	s->px->chk_sent = true;
	for (uint32_t i = 2; i < l->n; i++)
		if (!send_word(s, l, &i, first ? c : &more))
			return;
	if (first)
		return;
	if (!c->nsteps || c->steps[c->nsteps - 1].kind == CS_SEND) {
		sema_err(s, &l->w[1], "the request before this 'http-check send' is never judged: it needs an expect");
		return;
	}
	APPEND(s->a, c->steps, c->nsteps, st);
	APPEND(s->a, c->more, c->nmore, more);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool known_only(struct sema *s, const struct word *w)
{
	static const char *const words[] = { "set-var", "set-var-fmt", "unset-var", "send-lf", "send-binary-lf" };
	struct str t = w->s;
	ptrdiff_t open = str_chr(t, '(');

	if (open > 0)
		t = str_sub(t, 0, (size_t)open);
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(t, str_c(words[i]))) {
			sema_err(s, w, "'%s' is known to HAProxy, not supported by sluice yet", words[i]);
			return true;
		}
	return false;
}

void dir_http_check(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "send", "expect", "disable-on-404", "send-state", "connect", "comment" };

	if (known_only(s, &l->w[1]))
		return;
	switch (arg_word(s, &l->w[1], words, ARRAY_LEN(words), "kind of http-check")) {
	case 0: http_send(s, l); break;
	case 1: step_expect(s, l, true); break;
	case 2: check_of(s)->disable_on_404 = true; break;
	case 3: check_of(s)->send_state = true; break;
	case 4: step_connect(s, l, true); break;
	default: break;
	}
}

void dir_tcp_check(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "connect", "send", "send-binary", "expect", "comment" };

	if (known_only(s, &l->w[1]))
		return;
	switch (arg_word(s, &l->w[1], words, ARRAY_LEN(words), "kind of tcp-check")) {
	case 0: step_connect(s, l, false); break;
	case 1: step_send(s, l, false); break;
	case 2: step_send(s, l, true); break;
	case 3: step_expect(s, l, false); break;
	default: break;
	}
}
