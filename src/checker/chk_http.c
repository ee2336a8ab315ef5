// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests and responses of `option httpchk`. What is the same for all servers and all probes of a backend is made once; what has
 * expressions in it is made for each probe. Status and headers are known as soon as the head is complete; the body is read only when
 * somebody asks for it, up to one buffer. */
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/pool.h>
#include <sluice/ipc/place.h>
#include "checker_priv.h"

#define MAX_HDRS 128

/* One response is parsed at a time. */
static struct hdr hdrs[MAX_HDRS];
static struct arena arena;

/* ---- request ---- */

static bool has_header(const struct chk_request *q, struct str name)
{
	for (uint32_t i = 0; i < q->nhdrs; i++)
		if (str_ieq(q->hdrs[i].name, name))
			return true;
	return false;
}

static bool is_11(const struct chk_request *q) { return str_ieq(q->version, STR("HTTP/1.1")); }

/* keep: another request follows on the connection. t and c are NULL when nothing in it varies. */
static void add_headers(struct sbuf *b, const struct chk_request *q, bool keep, size_t body, struct target *t, struct smp_ctx *c)
{
	for (uint32_t i = 0; i < q->nhdrs; i++) {
		sbuf_printf(b, STR_FMT ": ", STR_ARG(q->hdrs[i].name));
		if (c)
			chk_render_to(t, c, q->hdrs[i].val, b);
		else
			sbuf_add(b, logfmt_literal(q->hdrs[i].val));
		sbuf_add(b, STR("\r\n"));
	}
	if (!has_header(q, STR("Connection")) && !(keep && is_11(q)))
		sbuf_add(b, keep ? STR("Connection: keep-alive\r\n") : STR("Connection: close\r\n"));
	if (body && !has_header(q, STR("Content-Length")))
		sbuf_printf(b, "Content-Length: %zu\r\n", body);
}

static void add_start_line(struct sbuf *b, const struct chk_request *q, struct str uri)
{
	sbuf_printf(b, STR_FMT " " STR_FMT " " STR_FMT "\r\n", STR_ARG(q->method), STR_ARG(uri.n ? uri : STR("/")), STR_ARG(q->version));
}

static bool is_constant(const struct chk_request *q)
{
	for (uint32_t i = 0; i < q->nhdrs; i++)
		if (!logfmt_literal(q->hdrs[i].val).p)
			return false;
	return !q->uri_fmt && !q->body_fmt;
}

/* Is the request of step `from` followed by another on its connection? */
static bool goes_on(const struct rt_check *c, uint32_t from)
{
	for (uint32_t i = from + 1; i < c->nsteps && c->steps[i].kind != CS_CONNECT; i++)
		if (c->steps[i].kind == CS_REQUEST)
			return true;
	return false;
}

static const struct chk_request *request_of(const struct rt_check *c, const struct chk_step *st) { return st->req ? st->req : &c->req; }

static bool build_request(struct http_request *to, const struct rt_check *c, uint32_t step)
{
	const struct chk_request *q = request_of(c, &c->steps[step]);
	struct sbuf b = { 0 };

	*to = (struct http_request){ .constant = is_constant(q), .keep = goes_on(c, step) };
	if (!to->constant)
		return true;
	add_start_line(&b, q, q->uri);
	add_headers(&b, q, to->keep, q->body.n, NULL, NULL);
	to->head = sbuf_str(&b);
	to->body = q->body;
	return !b.cut;
}

static uint32_t count_requests(const struct rt_check *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nsteps; i++)
		n += c->steps[i].kind == CS_REQUEST;
	return n;
}

static bool build_requests(struct checker *ck, uint32_t px)
{
	const struct rt_check *c = &ck->rt->px[px].check;
	struct http_request *q = calloc(count_requests(c) + 1, sizeof(*q));

	ck->http[px] = q;
	for (uint32_t i = 0; q && i < c->nsteps; i++)
		if (c->steps[i].kind == CS_REQUEST && !build_request(&q[request_of(c, &c->steps[i])->nth], c, i))
			return false;
	return q != NULL;
}

bool http_requests_build(struct checker *ck)
{
	arena_init(&arena, 0);
	ck->http = calloc(MAX(ck->rt->npx, 1u), sizeof(*ck->http));
	if (!ck->http)
		return false;
	for (uint32_t i = 0; i < ck->rt->npx; i++)
		if (ck->rt->px[i].caps & PX_BE && ck->rt->px[i].check.kind == CHK_HTTP && !build_requests(ck, i))
			return false;
	return true;
}

void http_requests_free(struct checker *ck)
{
	for (uint32_t i = 0; ck->http && i < ck->rt->npx; i++) {
		for (uint32_t k = 0, n = count_requests(&ck->rt->px[i].check); ck->http[i] && k < n; k++)
			free((char *)(uintptr_t)ck->http[i][k].head.p);
		free(ck->http[i]);
	}
	free(ck->http);
	ck->http = NULL;
	arena_free(&arena);
}

/* The weights of the servers that requests are balanced over. */
static unsigned weight_in_use(const struct target *t)
{
	const struct rt_backend *be = &t->px->be;
	unsigned sum[2] = { 0, 0 };

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (fleet_takes_requests(t->ck, i))
			sum[!!(t->ck->rt->srv[i].flags & SRVF_BACKUP)] +=
				srv_admin_weight(atomic_load_explicit(&t->ck->seg->srv[i].admin, memory_order_relaxed));
	return sum[0] ? sum[0] : sum[1];
}

static void add_state(struct sbuf *b, const struct target *t)
{
	const struct segment *seg = t->ck->seg;
	uint64_t admin = atomic_load_explicit(&seg->srv[t->srv].admin, memory_order_relaxed);
	struct addr a = place_addr(seg, t->srv, &t->s->addr);
	char ip[ADDR_TEXT_MAX];
	unsigned have, of;

	health_fraction(&t->health, &have, &of);
	sbuf_printf(b, "X-Haproxy-Server-State: %s %u/%u; address=%.*s; port=%u; name=" STR_FMT "/" STR_FMT "; node=" STR_FMT
		    "; weight=%u/%u; scur=%u/%u; qcur=%u\r\n",
		    t->health.state == SRV_DOWN ? "DOWN" : t->health.state == SRV_STOPPING ? "NOLB" : "UP", have, of,
		    (int)addr_ip_text(&a, ip), ip, a.port, STR_ARG(t->px->name), STR_ARG(t->s->name), STR_ARG(t->ck->rt->g.node),
		    srv_admin_weight(admin), weight_in_use(t), live_sum(seg, LIVE_SRV, t->srv), live_sum(seg, LIVE_BE, t->s->px),
		    live_sum(seg, LIVE_SRV_QUEUE, t->srv));
}

/* A request with expressions in it, in memory of the exchange. */
static bool make_request(struct target *t, const struct chk_request *q, struct http_request *to)
{
	struct str uri = q->uri_fmt ? chk_render(t, q->uri_fmt) : q->uri;
	struct sbuf b = { 0 };

	if (!chk_mem(t->x))
		return false;
	to->body = q->body_fmt ? chk_render(t, q->body_fmt) : q->body;
	add_start_line(&b, q, uri);
	add_headers(&b, q, to->keep, to->body.n, t, chk_ctx(t));
	to->head = arena_str(t->x->mem, sbuf_str(&b));
	sbuf_free(&b);
	return true;
}

void http_forget(struct exchange *x)
{
	x->scan = 0;
	memset(&x->res, 0, sizeof(x->res));
}

static struct str both(struct arena *a, struct str head, struct str rest)
{
	return arena_printf(a, STR_FMT STR_FMT, STR_ARG(head), STR_ARG(rest));
}

/* What came before is over: the request is made while it can still be looked at. */
static bool begin_request(struct target *t, const struct chk_step *st)
{
	const struct chk_request *q = request_of(&t->px->check, st);
	struct http_request made = t->ck->http[t->s->px][q->nth];
	struct sbuf extra = SBUF_FIXED(t->x->extra);

	if (!made.constant && !make_request(t, q, &made))
		return false;
	if (is_11(q) && !has_header(q, STR("Host"))) {
		char text[ADDR_TEXT_MAX];

		sbuf_printf(&extra, "Host: %.*s\r\n", (int)addr_text(&t->conn->dst, text), text);
	}
	if (t->px->check.send_state)
		add_state(&extra, t);
	if (extra.cut)
		extra.n = 0;
	sbuf_add(&extra, STR("\r\n"));
	t->x->in.head = t->x->in.tail = 0;
	http_forget(t->x);
	t->x->asked = q;
	if (http2_spoken(t))
		return chk_mem(t->x) && http2_ask(t, both(t->x->mem, made.head, sbuf_str(&extra)), made.body);
	probe_queue(t, made.head);
	probe_queue(t, sbuf_str(&extra));
	probe_queue(t, made.body);
	return true;
}

enum probe_io http_say(struct target *t, const struct chk_step *st)
{
	struct exchange *x = t->x;
	enum probe_io r = PROBE_OK;

	if (!x->asking && x->asked && (r = http_whole(t)) != PROBE_OK)
		return r; /* or the rest of the former answer would be met as the next one */
	if (!x->asking && !begin_request(t, st)) {
		probe_put_off(t);
		return PROBE_GONE;
	}
	r = probe_flush(t);
	x->asking = r == PROBE_WAIT;
	return r;
}

/* ---- response ---- */

static void remember_head(struct exchange *x, const struct http_msg *m)
{
	x->res.head_done = true;
	x->res.status = m->status;
	x->res.flags = m->flags;
	x->res.want = m->body_len;
	x->res.body = x->res.raw = x->in.head + m->head_len;
	h1_chunk_init(&x->res.chunk);
}

static bool decode_chunks(struct exchange *x)
{
	uint32_t len = x->in.tail - x->res.raw, used = 0, data = 0;
	char *raw = x->in.mem + x->res.raw;
	enum h1_error err;
	struct http_msg m;

	arena_reset(&arena);
	msg_init(&m, hdrs, MAX_HDRS, &arena, false);
	enum h1_verdict v = h1_chunk_decode(&x->res.chunk, raw, len, &used, &data, &m, &err);

	memmove(raw + data, raw + used, len - used);
	x->res.raw += data;
	x->in.tail -= used - data;
	x->res.complete = v == H1_OK;
	return v != H1_BAD;
}

static bool read_body(struct exchange *x)
{
	uint32_t have;

	if (x->res.flags & MSG_NO_BODY) {
		x->in.tail = x->res.raw;
		x->res.complete = true;
		return true;
	}
	if (x->res.flags & MSG_CHUNKED)
		return decode_chunks(x);
	x->res.raw = x->in.tail;
	have = x->res.raw - x->res.body;
	if (x->res.flags & MSG_CLEN && have >= x->res.want) {
		x->res.raw = x->res.body + (uint32_t)x->res.want;
		x->res.complete = true;
	}
	return true;
}

struct str http_body(const struct exchange *x)
{
	return x->res.head_done ? str_n(x->in.mem + x->res.body, x->res.raw - x->res.body) : STR_NULL;
}

static struct h1_head_opts head_opts(const struct exchange *x)
{
	return (struct h1_head_opts){ .head_request = x->asked && str_eq(x->asked->method, STR("HEAD")), .max_head = buf_size() };
}

static struct http_msg *parse_head(const struct exchange *x, struct str in, struct arena *a, uint32_t *scan, enum h1_verdict *v,
				   enum h1_error *err)
{
	static struct http_msg m;
	struct h1_head_opts o = head_opts(x);

	msg_init(&m, hdrs, MAX_HDRS, a, false);
	*v = h1_head_parse(&m, in, &o, scan, err);
	return &m;
}

struct http_msg *http_response(struct exchange *x, struct arena *a)
{
	uint32_t scan = 0;
	enum h1_verdict v;
	enum h1_error err;

	if (!x->res.head_done)
		return NULL;
	struct http_msg *m = parse_head(x, str_n(buf_at(&x->in), x->res.body - x->in.head), a, &scan, &v, &err);

	return v == H1_OK ? m : NULL;
}

static enum probe_io fill(struct target *t)
{
	return t->x->h2 ? http2_fill(t) : probe_fill(t);
}

/* OK: it is there; WAIT: it is not complete. */
static enum probe_io read_head(struct target *t)
{
	struct exchange *x = t->x;
	const struct http_msg *m;
	enum h1_verdict v;
	enum h1_error err;

	for (;;) {
		arena_reset(&arena);
		m = parse_head(x, buf_str(&x->in), &arena, &x->scan, &v, &err);
		if (v == H1_MORE)
			return PROBE_WAIT;
		if (v == H1_BAD) {
			probe_finish(t, CHK_L7RSP, 0, str_c(h1_error_text(err)));
			return PROBE_GONE;
		}
		if (m->status >= 200)
			break;
		buf_consume(&x->in, m->head_len);
		x->scan = 0;
	}
	remember_head(x, m);
	if (t->px->check.disable_on_404 && m->status == 404 && t->health.state != SRV_DOWN) {
		probe_finish(t, CHK_L7OKC, 404, STR_NULL);
		return PROBE_GONE;
	}
	return PROBE_OK;
}

/* Takes what has arrived of the body. */
static enum probe_io take_body(struct target *t, bool at_end)
{
	if (!read_body(t->x)) {
		probe_finish(t, CHK_L7RSP, 0, STR("invalid chunked body"));
		return PROBE_GONE;
	}
	t->x->res.complete |= at_end;
	return PROBE_OK;
}

enum probe_io http_head(struct target *t)
{
	struct exchange *x = t->x;

	while (!x->res.head_done) {
		enum probe_io got = fill(t), r;

		if (got == PROBE_GONE || got == PROBE_WAIT)
			return got;
		if ((r = read_head(t)) == PROBE_GONE)
			return r;
		if (r == PROBE_OK)
			return take_body(t, got != PROBE_OK);
		if (got != PROBE_OK) {
			probe_finish(t, CHK_L7RSP, 0,
				     buf_len(&x->in) ? STR("incomplete response") : STR("connection closed without a response"));
			return PROBE_GONE;
		}
	}
	return PROBE_OK;
}

enum probe_io http_more(struct target *t)
{
	enum probe_io r = t->x->res.complete ? PROBE_EOF : fill(t);

	return r == PROBE_GONE || r == PROBE_WAIT ? r : take_body(t, r != PROBE_OK);
}

enum probe_io http_whole(struct target *t)
{
	enum probe_io r = http_head(t);

	while (r == PROBE_OK && !t->x->res.complete)
		r = http_more(t);
	return r;
}
