// SPDX-License-Identifier: GPL-3.0-or-later
/* option httpchk: a request, judged by status, headers and body; http-check may have more of them, on the same connection or others. The constant
 * parts of requests are built once a backend.
 *
 * Status and headers are judged as soon as the head is complete; the body is read only when an expectation asks for it, up to one buffer. */
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/pool.h>
#include "checker_priv.h"

#define MAX_HDRS 128

/* One response is parsed at a time. */
static struct hdr hdrs[MAX_HDRS];
static struct arena arena;

/* ---- request ---- */

static bool has_header(const struct rt_check *c, struct str name)
{
	for (uint32_t i = 0; i < c->nhdrs; i++)
		if (str_ieq(c->hdrs[i].name, name))
			return true;
	return false;
}

static struct str or_else(struct str s, struct str dflt)
{
	return s.n ? s : dflt;
}

/* keep: another request follows on the connection. */
static void add_headers(struct sbuf *b, const struct rt_check *c, bool keep, bool v11)
{
	struct smp_ctx ctx = { .tmp = &arena };

	for (uint32_t i = 0; i < c->nhdrs; i++) {
		sbuf_printf(b, STR_FMT ": ", STR_ARG(c->hdrs[i].name));
		if (c->hdrs[i].val)
			logfmt_render(c->hdrs[i].val, &ctx, NULL, b);
		sbuf_add(b, STR("\r\n"));
	}
	if (!has_header(c, STR("Connection")) && !(keep && v11))
		sbuf_add(b, keep ? STR("Connection: keep-alive\r\n") : STR("Connection: close\r\n"));
	if (c->body.n && !has_header(c, STR("Content-Length")))
		sbuf_printf(b, "Content-Length: %zu\r\n", c->body.n);
}

static bool build_request(struct http_request *q, const struct rt_check *c, bool state, bool keep)
{
	struct str version = or_else(c->version, STR("HTTP/1.0"));
	struct sbuf b = { 0 };

	sbuf_printf(&b, STR_FMT " " STR_FMT " " STR_FMT "\r\n", STR_ARG(or_else(c->method, STR("OPTIONS"))), STR_ARG(or_else(c->uri, STR("/"))),
		    STR_ARG(version));
	add_headers(&b, c, keep, str_ieq(version, STR("HTTP/1.1")));
	if (b.cut) {
		sbuf_free(&b);
		return false;
	}
	*q = (struct http_request){ .head = sbuf_str(&b), .body = c->body, .state = state };
	q->host = str_ieq(version, STR("HTTP/1.1")) && !has_header(c, STR("Host"));
	return true;
}

/* Is request k followed by another on its connection? Each CS_SEND is one, behind a connect or not. */
static bool goes_on(const struct rt_check *c, uint32_t k)
{
	for (uint32_t i = 0, n = 0; i < c->nsteps; i++)
		if (c->steps[i].kind == CS_SEND && n++ == k)
			return i && c->steps[i - 1].kind != CS_CONNECT;
	return false;
}

static bool build_requests(struct checker *ck, uint32_t px)
{
	const struct rt_check *c = &ck->rt->px[px].check;
	struct http_request *q = calloc(c->nmore + 1, sizeof(*q));

	ck->http[px] = q;
	for (uint32_t i = 0; q && i <= c->nmore; i++)
		if (!build_request(&q[i], i ? &c->more[i - 1] : c, c->send_state, goes_on(c, i)))
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
	arena_reset(&arena);
	return true;
}

void http_requests_free(struct checker *ck)
{
	for (uint32_t i = 0; ck->http && i < ck->rt->npx; i++) {
		for (uint32_t k = 0; ck->http[i] && k <= ck->rt->px[i].check.nmore; k++)
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
	const struct addr *a = &t->s->addr;
	char ip[ADDR_TEXT_MAX];
	unsigned have, of;

	health_fraction(&t->health, &have, &of);
	sbuf_printf(b, "X-Haproxy-Server-State: %s %u/%u; address=%.*s; port=%u; name=" STR_FMT "/" STR_FMT "; node=" STR_FMT "; weight=%u/%u; scur=%u/%u; qcur=%u\r\n",
		    t->health.state == SRV_DOWN ? "DOWN" : t->health.state == SRV_STOPPING ? "NOLB" : "UP", have, of, (int)addr_ip_text(a, ip), ip, a->port,
		    STR_ARG(t->px->name),
		    STR_ARG(t->s->name), STR_ARG(t->ck->rt->g.node), srv_admin_weight(admin), weight_in_use(t),
		    live_sum(seg, LIVE_SRV, t->srv),
		    live_sum(seg, LIVE_BE, t->s->px), live_sum(seg, LIVE_SRV_QUEUE, t->srv));
}

static void http_io(struct target *t);
static void http_start(struct target *t)
{
	const struct rt_check *c = &t->px->check;
	const struct http_request *q = &t->ck->http[t->s->px][t->x->round];
	struct sbuf extra = SBUF_FIXED(t->x->extra);

	if (!t->x->round && script_first(c))
		t->x->step = 1;
	if (q->host) {
		char text[ADDR_TEXT_MAX];

		sbuf_printf(&extra, "Host: %.*s\r\n", (int)addr_text(&t->conn->dst, text), text);
	}
	if (q->state)
		add_state(&extra, t);
	if (extra.cut)
		extra.n = 0;
	sbuf_add(&extra, STR("\r\n"));
	probe_queue(t, q->head);
	probe_queue(t, sbuf_str(&extra));
	probe_queue(t, q->body);
	http_io(t);
}

/* ---- response ---- */

static bool is_body(const struct chk_expect *e)
{
	return e->match != CM_STATUS && e->match != CM_RSTATUS && e->match != CM_HDR;
}

static bool status_matches(const struct chk_expect *e, unsigned status)
{
	char text[8];

	if (e->match == CM_RSTATUS)
		return expect_matches(e, str_n(text, (size_t)snprintf(text, sizeof(text), "%03u", status)));
	for (unsigned i = 0; i < e->nstatus; i++)
		if (status >= e->status[i].lo && status <= e->status[i].hi)
			return true;
	return false;
}

static bool header_matches(const struct chk_expect *e, const struct http_msg *m)
{
	for (int i = msg_find(m, e->hdr_name, 0); i >= 0; i = msg_find(m, e->hdr_name, i + 1))
		if ((e->re && regex_match(e->re, hdr_val(&m->hdr[i]))) || (!e->re && (!e->text.n || str_eq(hdr_val(&m->hdr[i]), e->text))))
			return true;
	return false;
}

/* Where the steps that judge this answer end. */
static uint32_t round_end(const struct rt_check *c, uint32_t from)
{
	while (from < c->nsteps && c->steps[from].kind == CS_EXPECT)
		from++;
	return from;
}

/* This answer is good: the verdict, or the next request. */
static void round_passed(struct target *t, unsigned status)
{
	const struct rt_check *c = &t->px->check;
	struct exchange *x = t->x;
	uint32_t next = round_end(c, x->step);
	const struct chk_step *st = next < c->nsteps ? &c->steps[next] : NULL;
	bool connect = st && st->kind == CS_CONNECT;

	if (!st || x->round == c->nmore) {
		probe_finish(t, CHK_L7OK, status, STR_NULL);
		return;
	}
	x->round++;
	x->step = next + 1 + connect; /* a connect is followed by what is sent on it */
	x->in.head = x->in.tail = 0;
	x->scan = 0;
	memset(&x->res, 0, sizeof(x->res));
	if (connect)
		probe_reconnect(t, st);
	else
		http_start(t);
}

/* Judges what the head can tell; true when the body has to be read too, false when the verdict is given. */
static bool judge_head(struct target *t, const struct http_msg *m)
{
	const struct rt_check *c = &t->px->check;
	uint32_t from = t->x->step, end = round_end(c, from);
	bool body = goes_on(c, t->x->round); /* or the next request would meet the rest of it */

	if (c->disable_on_404 && m->status == 404 && t->health.state != SRV_DOWN) {
		probe_finish(t, CHK_L7OKC, 404, STR_NULL);
		return false;
	}
	for (uint32_t i = from; i < end; i++) {
		const struct chk_expect *e = &c->steps[i].exp;

		if (is_body(e)) {
			body = true;
		} else if (e->match == CM_HDR ? header_matches(e, m) == e->neg : status_matches(e, m->status) == e->neg) {
			probe_finish(t, CHK_L7STS, m->status, e->match == CM_HDR ? STR("HTTP header did not match") : m->reason);
			return false;
		}
	}
	if (from == end && (m->status < 200 || m->status >= 400)) {
		probe_finish(t, CHK_L7STS, m->status, m->reason);
		return false;
	}
	if (!body)
		round_passed(t, m->status);
	return body;
}

static void remember_head(struct exchange *x, const struct http_msg *m)
{
	x->res.head_done = true;
	x->res.status = m->status;
	x->res.flags = m->flags;
	x->res.want = m->body_len;
	x->res.body = x->res.raw = x->in.head + m->head_len;
	h1_chunk_init(&x->res.chunk);
}

/* OK: the head is there and the body is wanted. */
static enum probe_io read_head(struct target *t)
{
	struct exchange *x = t->x;
	struct h1_head_opts o = { .head_request = str_eq(t->px->check.method, STR("HEAD")), .max_head = buf_size() };
	enum h1_error err;
	struct http_msg m;

	for (;;) {
		arena_reset(&arena);
		msg_init(&m, hdrs, MAX_HDRS, &arena, false);
		switch (h1_head_parse(&m, buf_str(&x->in), &o, &x->scan, &err)) {
		case H1_MORE:
			return PROBE_WAIT;
		case H1_BAD:
			probe_finish(t, CHK_L7RSP, 0, str_c(h1_error_text(err)));
			return PROBE_GONE;
		case H1_OK:
			break;
		}
		if (m.status >= 200)
			break;
		buf_consume(&x->in, m.head_len);
		x->scan = 0;
	}
	remember_head(x, &m);
	return judge_head(t, &m) ? PROBE_OK : PROBE_GONE;
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

/* A wanted match may come with any byte; that an unwanted one is absent is known at the end only. */
static void judge_body(struct target *t, bool at_end)
{
	const struct rt_check *c = &t->px->check;
	struct exchange *x = t->x;
	struct str body = str_n(x->in.mem + x->res.body, x->res.raw - x->res.body);
	unsigned status = x->res.status;

	for (uint32_t i = x->step, end = round_end(c, i); i < end; i++) {
		const struct chk_expect *e = &c->steps[i].exp;
		bool match;

		if (!is_body(e))
			continue;
		match = expect_matches(e, body);
		if (match == e->neg && (match || at_end)) {
			probe_finish(t, CHK_L7RSP, status, match ? STR("HTTP check matched unwanted content") : STR("HTTP content check did not match"));
			return;
		}
		if ((!match || e->neg) && !at_end)
			return;
	}
	if (at_end || !goes_on(c, x->round))
		round_passed(t, status);
}

/* Takes what has arrived; false when the verdict is given. */
static bool take(struct target *t, bool at_end)
{
	if (!t->x->res.head_done) {
		enum probe_io r = read_head(t);

		if (r == PROBE_GONE)
			return false;
		if (r == PROBE_WAIT && at_end) {
			probe_finish(t, CHK_L7RSP, 0, buf_len(&t->x->in) ? STR("incomplete response") : STR("connection closed without a response"));
			return false;
		}
		if (r == PROBE_WAIT)
			return true;
	}
	if (!read_body(t->x)) {
		probe_finish(t, CHK_L7RSP, 0, STR("invalid chunked body"));
		return false;
	}
	judge_body(t, at_end || t->x->res.complete);
	return t->phase == PROBE_TALKING;
}

static void http_io(struct target *t)
{
	if (probe_flush(t) == PROBE_GONE)
		return;
	for (;;) {
		enum probe_io r = probe_fill(t);

		if (r == PROBE_GONE || r == PROBE_WAIT)
			return;
		if (!take(t, r == PROBE_EOF || r == PROBE_FULL))
			return;
	}
}

const struct check_ops chk_http = { .name = "http", .start = http_start, .io = http_io };
