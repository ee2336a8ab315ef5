// SPDX-License-Identifier: GPL-3.0-or-later
/* Which bodies are compressed (HAProxy manual, "compression"; RFC 9110, 8.4 and 12.5.3), and their way through the compressor.
 *
 * A response that would be compressed for another client says Vary, compressed or not: a cache between here and there must know. A strong ETag
 * becomes a weak one, since other bytes stand for the same thing. What a reader waits for is flushed: when the server pauses, so does nothing
 * that it has sent. */
#include <sys/resource.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include "compress.h"
#include "mirror.h"
#include "steps.h"

#define ROUNDS 16
#define ASKED_NOT_YET 0xff

static struct pool body_pool = POOL("compressed body", struct comp_body);

/* The budget of this worker, in windows of a second. */
static struct { uint64_t since_ms, bytes, max_bytes; unsigned cpu; uint64_t cpu_us; } budget;

static uint64_t cpu_time_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u + (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

void compress_setup(void)
{
	const struct rt_global *g = &wk.rt->g;

	comp_setup(((size_t)g->comp_max_mem << 20) / wk.h->nworkers);
	budget.max_bytes = ((uint64_t)g->comp_max_rate << 10) / wk.h->nworkers;
	budget.since_ms = clock_ms();
	budget.cpu_us = g->comp_max_cpu < 100 ? cpu_time_us() : 0;
}

static void budget_window(void)
{
	uint64_t now = clock_ms(), passed = now - budget.since_ms;

	if (passed < 1000)
		return;
	if (wk.rt->g.comp_max_cpu < 100) {
		uint64_t cpu = cpu_time_us();

		budget.cpu = (unsigned)((cpu - budget.cpu_us) / 10 / passed);
		budget.cpu_us = cpu;
	}
	budget.since_ms = now;
	budget.bytes = 0;
}

static bool budget_left(void)
{
	budget_window();
	return (!budget.max_bytes || budget.bytes < budget.max_bytes) && (wk.rt->g.comp_max_cpu >= 100 || budget.cpu < wk.rt->g.comp_max_cpu);
}

static const struct rt_comp *settings(const struct stream *s)
{
	return s->copy ? NULL : s->be && s->be->comp ? s->be->comp : s->fe->comp;
}

/* ---- the request ---- */

static struct str joined(struct stream *s, int first)
{
	struct str v = hdr_val(&s->req.hdr[first]);
	int next;

	while ((next = msg_find_id(&s->req, HH_ACCEPT_ENCODING, first + 1)) >= 0) {
		struct str more = hdr_val(&s->req.hdr[next]);
		char *p = arena_bytes(s->arena, v.n + 1 + more.n);

		memcpy(p, v.p, v.n);
		p[v.n] = ',';
		memcpy(p + v.n + 1, more.p, more.n);
		v = str_n(p, v.n + 1 + more.n);
		first = next;
	}
	return v;
}

void compress_request(struct stream *s)
{
	const struct rt_comp *c = settings(s);
	int i;

	if (!c || s->comp_algo != ASKED_NOT_YET)
		return;
	s->comp_algo = COMP_NONE;
	i = msg_find_id(&s->req, HH_ACCEPT_ENCODING, 0);
	if (i < 0)
		return;
	if (c->dirs & COMP_RES && c->res.nalgos && wk.rt->g.comp_level)
		s->comp_algo = (uint8_t)comp_negotiate(joined(s, i), c->res.algos, c->res.nalgos);
	if (c->offload)
		msg_del(&s->req, STR("accept-encoding"));
}

/* ---- may it be compressed? ---- */

static bool type_listed(const struct http_msg *m, const struct rt_comp_what *c)
{
	int i = msg_find_id(m, HH_CONTENT_TYPE, 0);
	struct str type = i < 0 ? STR_NULL : hdr_val(&m->hdr[i]);

	if (str_istarts(type, STR("multipart")))
		return false;
	for (uint32_t k = 0; k < c->ntypes; k++)
		if (str_istarts(type, c->types[k]))
			return true;
	return !c->ntypes;
}

/* Apart from what its receiver accepts: is it a message that compression is for? */
static bool eligible(const struct http_msg *m, const struct rt_comp_what *c)
{
	int cc = msg_find(m, STR("cache-control"), 0);

	if (msg_find(m, STR("content-encoding"), 0) >= 0)
		return false;
	for (; cc >= 0; cc = msg_find(m, STR("cache-control"), cc + 1))
		if (str_find(hdr_val(&m->hdr[cc]), STR("no-transform"), true) >= 0)
			return false;
	if (m->flags & MSG_CLEN && (m->body_len < c->minsize || !m->body_len))
		return false;
	return type_listed(m, c);
}

/* ---- headers ---- */

static bool says_vary(const struct http_msg *m)
{
	for (int i = msg_find(m, STR("vary"), 0); i >= 0; i = msg_find(m, STR("vary"), i + 1)) {
		struct str rest = hdr_val(&m->hdr[i]), elem;

		while (hdr_next_elem(&rest, &elem))
			if (str_ieq(elem, STR("accept-encoding")) || str_eq(elem, STR("*")))
				return true;
	}
	return false;
}

static bool weaken_etag(struct stream *s)
{
	struct http_msg *m = &s->res;
	int i = msg_find(m, STR("etag"), 0);
	struct str v;
	char *p;

	if (i < 0 || str_starts(hdr_val(&m->hdr[i]), STR("W/")))
		return true;
	v = hdr_val(&m->hdr[i]);
	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return false; /* no entity tag: whoever made it may not survive a change */
	p = arena_bytes(s->arena, v.n + 2);
	memcpy(p, "W/", 2);
	memcpy(p + 2, v.p, v.n);
	msg_set_val(m, i, str_n(p, v.n + 2));
	return true;
}

static bool encoding_fits(struct http_msg *m, enum comp_algo a)
{
	if (!msg_add(m, STR("Content-Encoding"), comp_coding(a)))
		return false;
	msg_del(m, STR("content-length"));
	if (m->flags & MSG_CLEN)
		m->flags = (m->flags & ~(uint32_t)MSG_CLEN) | MSG_CHUNKED;
	return true;
}

/* ---- one body ---- */

static struct comp_body *body_open(enum comp_algo a)
{
	struct comp_body *b = pool_get(&body_pool);

	if (!b)
		return NULL;
	*b = (struct comp_body){ .c = comp_open(a, wk.rt->g.comp_level) };
	if (b->c && buf_acquire(&b->out))
		return b;
	if (b->c)
		comp_close(b->c);
	pool_put(&body_pool, b);
	return NULL;
}

static void body_close(struct comp_body **at)
{
	struct comp_body *b = *at;

	if (!b)
		return;
	*at = NULL;
	comp_close(b->c);
	buf_release(&b->out);
	pool_put(&body_pool, b);
}

void compress_end(struct stream *s)
{
	body_close(&s->comp);
	body_close(&s->comp_req);
}

/* ---- the response ---- */

void compress_response(struct stream *s)
{
	const struct rt_comp *c = settings(s);
	struct http_msg *m = &s->res;

	if (!c || !(c->dirs & COMP_RES) || !c->res.nalgos || s->comp || m->status < 200 || m->status > 203 || !eligible(m, &c->res))
		return;
	if (!says_vary(m))
		headers_add(s, m, STR("Vary"), STR("Accept-Encoding"));
	if (s->comp_algo >= COMP_NONE || m->flags & MSG_NO_BODY || s->req.ver < 11)
		return;
	if (!budget_left() || !(s->comp = body_open((enum comp_algo)s->comp_algo))) {
		s->comp_bypassed = true;
		return;
	}
	if (weaken_etag(s) && encoding_fits(m, (enum comp_algo)s->comp_algo))
		count_compressed(s);
	else
		body_close(&s->comp);
}

/* ---- the body of a request ---- */

static bool has_upload(const struct stream *s)
{
	return !(s->req.flags & (MSG_NO_BODY | MSG_UPGRADE)) && s->req.method != HTTP_CONNECT && !s->grpc &&
	       (!(s->cli.flags & EP_EOM) || buf_len(&s->cli.rx));
}

void compress_upload(struct stream *s)
{
	const struct rt_comp *c = settings(s);

	if (LIKELY(!c || !(c->dirs & COMP_REQ)) || !c->req.nalgos || s->comp_req || s->req.ver < 11 || !wk.rt->g.comp_level)
		return;
	if (!has_upload(s) || !eligible(&s->req, &c->req) || !budget_left())
		return;
	if (!(s->comp_req = body_open((enum comp_algo)c->req.algos[0])))
		return;
	s->comp_req->request = true;
	if (!encoding_fits(&s->req, (enum comp_algo)c->req.algos[0]))
		body_close(&s->comp_req);
}

bool compress_whole(struct stream *s)
{
	struct comp_body *b = s->comp_req;

	if (!b->whole && !buf_len(&b->out) && !b->hidden && !(s->flags & SF_REQ_SENT)) {
		compress_fill(s, b);
		b->whole = b->done;
	}
	return b->whole;
}

/* ---- its way ---- */

static void account(struct stream *s, const struct comp_body *b, struct str was, uint32_t out)
{
	struct endp *from = b->request ? &s->cli : &s->srv;
	uint32_t in = (uint32_t)was.n - buf_len(&from->rx);

	budget.bytes += in;
	count_compressed_bytes(s, in, buf_len(&b->out) - out, !b->request);
	if (UNLIKELY(b->request && s->copies))
		mirror_feed(s, str_n(was.p, in), b->done);
}

void compress_fill(struct stream *s, struct comp_body *b)
{
	struct endp *from = b->request ? &s->cli : &s->srv;
	struct str was = buf_str(&from->rx);
	uint32_t out = buf_len(&b->out);
	enum comp_op op = from->flags & EP_EOM ? COMP_FINISH : from->flags & EP_RX_WAIT ? COMP_FLUSH : COMP_RUN;

	if (b->done || b->broken || (op != COMP_FINISH && !was.n && !b->hidden))
		return;
	if (buf_room(&b->out) < 64)
		buf_compact(&b->out);
	switch (comp_run(b->c, &from->rx, &b->out, op)) {
	case COMP_OK: b->done = op == COMP_FINISH, b->hidden = false; break;
	case COMP_FULL: b->hidden = true; break;
	case COMP_ERROR: b->broken = true; break;
	}
	account(s, b, was, out);
}

/* Sends what is compressed; false when it could not all go. */
static bool send_out(struct stream *s, struct comp_body *b)
{
	const struct http_msg *m = b->request ? &s->req : &s->res;
	struct mux_tx tx = { .body = &b->out, .flags = b->done ? MS_EOM : 0 };
	uint32_t len = buf_len(&b->out);
	bool taken;

	tx.trailers_of = b->done ? strm_trailers(s, m) : NULL;
	taken = strm_send(s, b->request ? &s->srv : &s->cli, &tx);
	if (buf_len(&b->out) != len)
		strm_touch_sent(s, !b->request, len - buf_len(&b->out), taken);
	return taken;
}

enum fwd_result compress_move(struct stream *s, struct comp_body *b)
{
	struct endp *from = b->request ? &s->cli : &s->srv, *to = b->request ? &s->srv : &s->cli;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (to->flags & EP_ERR || !to->mux)
			return FWD_DST_ERR;
		if (to->flags & EP_TX_EOM)
			return FWD_DONE;
		fwd_pull(s, from);
		compress_fill(s, b);
		if (b->broken)
			return FWD_SRC_ERR;
		if (!buf_len(&b->out) && !b->done) {
			if (from->flags & (EP_ERR | EP_EOF))
				return FWD_SRC_ERR;
			if (from->flags & EP_RX_WAIT)
				return FWD_WAIT;
			continue;
		}
		if (!send_out(s, b))
			return to->flags & EP_ERR ? FWD_DST_ERR : FWD_WAIT;
		if (to->flags & EP_ERR)
			return FWD_DST_ERR;
		if (b->done)
			return FWD_DONE;
	}
	return FWD_MORE;
}
