// SPDX-License-Identifier: GPL-3.0-or-later
/* Health check descriptions of backends: option httpchk, grpc-check and tcp-check, http-check and tcp-check lines. Lines of a proxy
 * replace all those of its defaults; within a section they add up. What expect lines say is read in chk_expect.c.
 *
 * The steps of an HTTP check are complete when the section has been read: the request of the option stands where the first `send`
 * stood, or before what judges its answer, and an answer that no line judges is expected to be 2xx or 3xx. */
#include <sluice/base/num.h>
#include <sluice/http/grpc.h>

#include "act_priv.h"
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
		c->req.hdrs = NULL, c->req.nhdrs = 0;
		c->req.body = STR_NULL, c->req.body_fmt = NULL;
	}
	return c;
}

static void add_step(struct sema *s, struct chk_step *st)
{
	struct rt_check *c = own_steps(s);

	if (!st->comment.n && st->kind < CS_SET_VAR) {
		st->comment = s->px->chk_comment;
		s->px->chk_comment = STR_NULL;
	}
	APPEND(s->a, c->steps, c->nsteps, *st);
}

/* Kind of the last step that speaks or listens, -1 = there is none. */
static int last_kind(const struct rt_check *c)
{
	for (uint32_t i = c->nsteps; i-- > 0;)
		if (c->steps[i].kind < CS_SET_VAR)
			return c->steps[i].kind;
	return -1;
}

static bool add_header(struct sema *s, struct chk_request *q, struct str name, const struct word *val)
{
	struct rt_reply_hdr h = { .name = keep(s, name) };

	if (!http_token(name)) {
		sema_err(s, val, "'" STR_FMT "' is not the name of a header", STR_ARG(name));
		return false;
	}
	if (!(h.val = sema_fmt(s, val, CHK_AVAIL_HTTP)))
		return false;
	APPEND(s->a, q->hdrs, q->nhdrs, h);
	return true;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* Old files smuggle headers behind the version: "HTTP/1.1\r\nHost:\ www". */
static void version_and_headers(struct sema *s, struct chk_request *q, const struct word *w)
{
	struct str rest = w->s;
	ptrdiff_t end = str_find(rest, STR("\r\n"), false);

	q->version = keep(s, end < 0 ? rest : str_sub(rest, 0, (size_t)end));
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
		if (!add_header(s, q, str_sub(line, 0, (size_t)colon), &v))
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
	c->req.uri = keep(s, w[n == 2 ? 1 : 2].s), c->req.uri_fmt = NULL;
	if (n == 2)
		return;
	c->req.method = keep(s, w[1].s);
	if (n > 3)
		version_and_headers(s, &own_steps(s)->req, &w[3]);
	if (n > 4) {
		host = w[4];
		(void)!add_header(s, &c->req, STR("Host"), &host);
	}
	if (n > 5)
		sema_err(s, &w[5], "'option httpchk' takes at most 4 arguments");
}

void chk_option_tcp(struct sema *s)
{
	struct rt_check *c = check_of(s);

	if (!s->no)
		c->kind = CHK_SCRIPT, c->proto = false;
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

/* ---- connect, send ------------------------------------------------------------------------------------------------ */

static bool connect_addr(struct sema *s, const struct word *v, struct chk_step *st)
{
	struct addr_spec a;

	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	st->addr = a.addr;
	return true;
}

static bool connect_port(struct sema *s, const struct word *v, unsigned avail, struct chk_step *st)
{
	uint32_t port;

	if (v->s.n && (v->s.p[0] < '0' || v->s.p[0] > '9'))
		return (st->expr = sema_expr(s, v, avail)) != NULL;
	if (!arg_u32(s, v, 1, 65535, &port))
		return false;
	st->port = (uint16_t)port;
	return true;
}

static bool connect_proto(struct sema *s, const struct word *v, bool http, struct chk_step *st)
{
	static const char *const http_words[] = { "h1", "h2" }, *const tcp_words[] = { "none" };
	int k = http ? arg_word(s, v, http_words, 2, "protocol of an HTTP check") : arg_word(s, v, tcp_words, 1, "protocol of a TCP check");

	st->proto = k == 1 ? PROTO_H2 : PROTO_H1;
	return k >= 0;
}

/* One parameter of connect; false when the line is beyond use. */
static bool connect_word(struct sema *s, const struct line *l, uint32_t *i, bool http, struct chk_step *st)
{
	enum { DEFAULT, LINGER, SSL_, SEND_PROXY, SOCKS4, PORT, COMMENT, SNI, ALPN, ADDR, PROTO };
	static const char *const words[] = {
		"default", "linger", "ssl", "send-proxy", "via-socks4", "port", "comment", "sni", "alpn", "addr", "proto",
	};
	int k = arg_word(s, &l->w[*i], words, ARRAY_LEN(words), "parameter of connect");
	const struct word *v;

	st->as_server |= k == DEFAULT;
	st->linger |= k == LINGER;
	st->ssl |= k == SSL_;
	st->send_proxy |= k == SEND_PROXY;
	st->socks4 |= k == SOCKS4;
	if (k < 0)
		return false;
	if (k < PORT)
		return true;
	if (!(v = arg_next(s, l->w, l->n, i)))
		return false;
	switch (k) {
	case PORT: return connect_port(s, v, chk_avail(http), st);
	case COMMENT: st->comment = keep(s, v->s); return true;
	case SNI: st->sni = keep(s, v->s); return true;
	case ADDR: return connect_addr(s, v, st);
	case PROTO: return connect_proto(s, v, http, st);
	default: return tls_alpn_parse(s, v, &st->alpn);
	}
}

static void step_connect(struct sema *s, const struct line *l, bool http)
{
	struct chk_step st = { .kind = CS_CONNECT };
	int last = last_kind(own_steps(s));

	if (http && last >= 0 && last != CS_EXPECT) {
		sema_err(s, &l->w[1], "what was sent before 'http-check connect' is never judged: it needs an expect");
		return;
	}
	for (uint32_t i = 2; i < l->n; i++)
		if (!connect_word(s, l, &i, http, &st))
			return;
	add_step(s, &st);
}

bool chk_hex(struct sema *s, const struct word *v, struct str *out)
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

static void step_send(struct sema *s, const struct line *l, bool binary, bool fmt)
{
	struct chk_step st = { .kind = binary ? CS_SEND_BINARY : CS_SEND };

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
	if (fmt && !(st.fmt = sema_raw_fmt(s, &l->w[2], CHK_AVAIL_TCP)))
		return;
	if (!fmt && !binary)
		st.data = keep(s, l->w[2].s);
	else if (!fmt && !chk_hex(s, &l->w[2], &st.data))
		return;
	add_step(s, &st);
}

static bool send_word(struct sema *s, const struct line *l, uint32_t *i, struct chk_step *st, struct chk_request *q)
{
	enum { METH, URI, VER, BODY, URI_LF, BODY_LF, HDR, COMMENT };
	static const char *const words[] = { "meth", "uri", "ver", "body", "uri-lf", "body-lf", "hdr", "comment" };
	int k = arg_word(s, &l->w[*i], words, ARRAY_LEN(words), "parameter of http-check send");
	const struct word *v;

	if (k < 0 || !(v = arg_next(s, l->w, l->n, i)))
		return false;
	switch (k) {
	case METH: q->method = keep(s, v->s); return true;
	case VER: q->version = keep(s, v->s); return true;
	case URI: q->uri = keep(s, v->s), q->uri_fmt = NULL; return true;
	case BODY: q->body = keep(s, v->s), q->body_fmt = NULL; return true;
	case URI_LF: return (q->uri_fmt = sema_fmt(s, v, CHK_AVAIL_HTTP)) != NULL;
	case BODY_LF: return (q->body_fmt = sema_raw_fmt(s, v, CHK_AVAIL_HTTP)) != NULL;
	case COMMENT: st->comment = keep(s, v->s); return true;
	}
	const struct word *name = v;
	return (v = arg_next(s, l->w, l->n, i)) && add_header(s, q, name->s, v);
}

static bool has_step(const struct rt_check *c, enum chk_step_kind k)
{
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].kind == k)
			return true;
	return false;
}

/* The first request is that of the option; further ones are their own. */
static void http_send(struct sema *s, const struct line *l)
{
	struct rt_check *c = own_steps(s);
	struct chk_step st = { .kind = CS_REQUEST };
	bool first = !s->px->chk_sent;

	if (first && has_step(c, CS_EXPECT)) {
		sema_err(s, &l->w[1],
			 "'http-check send' must stand before 'http-check expect': the request is sent first");
		return;
	}
	if (last_kind(c) == CS_REQUEST) {
		sema_err(s, &l->w[1], "the request before this 'http-check send' is never judged: it needs an expect");
		return;
	}
	s->px->chk_sent = true;
	if (!first) {
		st.req = ARENA_NEW(s->a, struct chk_request);
		*st.req = (struct chk_request){ .method = STR("OPTIONS"), .uri = STR("/"), .version = STR("HTTP/1.0") };
	}
	for (uint32_t i = 2; i < l->n; i++)
		if (!send_word(s, l, &i, &st, first ? &c->req : st.req))
			return;
	add_step(s, &st);
}

static void step_expect(struct sema *s, const struct line *l, bool http)
{
	struct rt_check *c = own_steps(s);
	struct chk_step st = { .kind = CS_EXPECT };

	if (!chk_expect_parse(s, l, http, &st))
		return;
	if (http && last_kind(c) == CS_CONNECT && has_step(c, CS_EXPECT)) {
		sema_err(s, &l->w[1], "nothing is sent on this connection: 'http-check send' comes first");
		return;
	}
	add_step(s, &st);
}

/* ---- variables -------------------------------------------------------------------------------------------------- */

/* A line about a variable; false: it is none. */
static bool var_line(struct sema *s, const struct line *l, bool http)
{
	static const struct { struct str word; act_parse_fn *parse; uint8_t kind; } kinds[] = {
		{ { "set-var", 7 }, act_parse_set_var, CS_SET_VAR },
		{ { "set-var-fmt", 11 }, act_parse_set_var_fmt, CS_SET_VAR },
		{ { "unset-var", 9 }, act_parse_unset_var, CS_UNSET_VAR },
	};
	const struct word *w = &l->w[1];
	ptrdiff_t open = str_chr(w->s, '(');
	struct str word = open < 0 ? w->s : str_sub(w->s, 0, (size_t)open);

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		struct rule r = { 0 };
		struct act a = { .r = &r, .w = w, .n = l->n - 1, .avail = chk_avail(http) };

		if (!str_eq(word, kinds[i].word))
			continue;
		if (open < 0 || !str_ends(w->s, STR(")"))) {
			sema_err(s, w, "'" STR_FMT "' expects a variable in parentheses", STR_ARG(word));
			return true;
		}
		a.paren = str_sub(w->s, word.n + 1, w->s.n - word.n - 2);
		if (kinds[i].parse(s, &a))
			add_step(s, &(struct chk_step){ .kind = kinds[i].kind, .var = r.var, .conds = (uint16_t)r.num,
							.expr = r.expr, .fmt = r.fmt });
		return true;
	}
	return false;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* Goes to the next step that has none of its own. */
static void comment_line(struct sema *s, const struct line *l)
{
	if (l->n == 3)
		s->px->chk_comment = keep(s, l->w[2].s);
	else
		sema_err(s, &l->w[1], "'comment' expects one text");
}

void dir_http_check(struct sema *s, const struct line *l)
{
	static const char *const words[] = {
		"send", "expect", "disable-on-404", "send-state", "connect", "comment", "set-var", "set-var-fmt", "unset-var",
	};

	if (var_line(s, l, true))
		return;
	switch (arg_word(s, &l->w[1], words, ARRAY_LEN(words), "kind of http-check")) {
	case 0: http_send(s, l); break;
	case 1: step_expect(s, l, true); break;
	case 2: check_of(s)->disable_on_404 = true; break;
	case 3: check_of(s)->send_state = true; break;
	case 4: step_connect(s, l, true); break;
	case 5: comment_line(s, l); break;
	default: break;
	}
}

void dir_tcp_check(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "connect", "send",    "send-binary", "send-lf",     "send-binary-lf",
					     "expect",  "comment", "set-var",     "set-var-fmt", "unset-var" };

	if (var_line(s, l, false))
		return;
	int k = arg_word(s, &l->w[1], words, ARRAY_LEN(words), "kind of tcp-check");

	switch (k) {
	case 0: step_connect(s, l, false); break;
	case 1: case 2: case 3: case 4: step_send(s, l, k == 2 || k == 4, k >= 3); break;
	case 5: step_expect(s, l, false); break;
	case 6: comment_line(s, l); break;
	default: break;
	}
}

/* ---- where it connects ------------------------------------------------------------------------------------------ */

static bool is_connect(const struct line *l)
{
	return l->n > 1 && (word_is(&l->w[0], "tcp-check") || word_is(&l->w[0], "http-check")) && word_is(&l->w[1], "connect");
}

static bool line_has(const struct line *l, const char *word)
{
	for (uint32_t i = 2; i < l->n; i++)
		if (word_is(&l->w[i], word))
			return true;
	return false;
}

bool chk_names_port(const struct px_build *b)
{
	const struct rt_check *c = &b->p->check;
	uint32_t at = 0;

	for (const struct px_build *p = b; p && p->sec; p = p->base)
		for (size_t i = 0; i < p->sec->lines.n; i++)
			if (is_connect(&p->sec->lines.at[i]))
				return line_has(&p->sec->lines.at[i], "port");
	while (at < c->nsteps && c->steps[at].kind >= CS_SET_VAR)
		at++;
	return at < c->nsteps && c->steps[at].kind == CS_CONNECT && (c->steps[at].port || c->steps[at].expr);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void insert_step(struct sema *s, struct rt_check *c, uint32_t at, const struct chk_step *st)
{
	APPEND(s->a, c->steps, c->nsteps, *st); /* a copy of its own from here on */
	memmove(&c->steps[at + 1], &c->steps[at], (c->nsteps - 1 - at) * sizeof(*st));
	c->steps[at] = *st;
}

static uint32_t behind_vars(const struct rt_check *c, uint32_t i)
{
	while (i < c->nsteps && c->steps[i].kind >= CS_SET_VAR)
		i++;
	return i;
}

static void http_complete(struct sema *s, struct rt_check *c)
{
	struct chk_step ok = { .kind = CS_EXPECT, .exp = { .match = CM_STATUS, .nstatus = 1, .status = { { 200, 399 } } } };
	uint32_t n = 0, at = behind_vars(c, 0);

	if (at < c->nsteps && c->steps[at].kind == CS_CONNECT)
		at = behind_vars(c, at + 1);
	if (!has_step(c, CS_REQUEST))
		insert_step(s, c, at, &(struct chk_step){ .kind = CS_REQUEST });
	if (last_kind(c) != CS_EXPECT)
		insert_step(s, c, c->nsteps, &ok);
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].kind == CS_REQUEST && c->steps[i].req)
			c->steps[i].req->nth = ++n;
}

static bool step_fits(const struct chk_step *st, bool http)
{
	switch ((enum chk_step_kind)st->kind) {
	case CS_SEND: case CS_SEND_BINARY: return !http;
	case CS_REQUEST: return http;
	case CS_EXPECT: return chk_match_fits((enum chk_match)st->exp.match, http);
	default: return true;
	}
}

void chk_finish(struct sema *s, struct px_build *b)
{
	struct rt_check *c = &b->p->check;
	struct word w = { .s = b->name, .at = b->sec->head.w[0].at, .quoted = true };
	bool http = c->kind == CHK_HTTP;

	if (!http && c->kind != CHK_SCRIPT)
		return;
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (!step_fits(&c->steps[i], http)) {
			sema_err(s, &w, "'" STR_FMT "' has '%s' lines, but its check is that of 'option %s'", STR_ARG(b->name),
				 http ? "tcp-check" : "http-check", http ? "httpchk" : "tcp-check");
			return;
		}
	if (http)
		http_complete(s, c);
}
