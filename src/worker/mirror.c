// SPDX-License-Identifier: GPL-3.0-or-later
/* Copies of requests. Memory is bounded: so many copies in a worker, each with a head and at most max-size of a body. What exceeds that, what
 * finds no free server, and what is still under way when the worker drains is dropped and counted. A copy is tried once. */
#include <sluice/base/pool.h>
#include <sluice/base/rand.h>
#include <sluice/expr/cond.h>

#include "mirror.h"
#include "steps.h"

#define COPIES_MAX 256u
#define EATEN_MAX  (1u << 20) /* of an answer; the connection is closed rather than read any further */
#define ALL	   10000u

struct piece {
	struct piece *next;
	struct buf b;
};

enum copy_state { COPY_COLLECTS, COPY_COMPLETE, COPY_BROKEN };

struct copy {
	struct mux m;              /* stands for the client's connection */
	struct stream *s;
	struct stream *of;         /* the request it is taken from, while it collects; then NULL */
	struct copy *next;         /* in of->copies */
	const struct rt_mirror *rule;
	struct piece *first, *last;
	uint32_t len;              /* of the body so far */
	uint32_t eaten;
	uint8_t state;             /* enum copy_state */
};

static struct pool copy_pool = POOL("mirrored request", struct copy);
static struct pool piece_pool = POOL("piece of a mirrored body", struct piece);
static unsigned ncopies;

/* ---- the client that is none ------------------------------------------------------------------------------------ */

static struct copy *copy_of(struct endp *ep) { return CONTAINER_OF(ep->mux, struct copy, m); }

static void copy_recv(struct endp *ep)
{
	struct copy *c = copy_of(ep);
	struct piece *p = c->first;

	if (ep->flags & EP_EOM || buf_len(&ep->rx))
		return;
	if (p) {
		buf_release(&ep->rx);
		ep->rx = p->b;
		ep->bytes_in += buf_len(&ep->rx);
		c->first = p->next;
		pool_put(&piece_pool, p);
	}
	if (!c->first)
		ep->flags |= EP_EOM;
}

static bool copy_send(struct endp *ep, struct mux_tx *tx)
{
	struct copy *c = copy_of(ep);
	uint32_t n = tx->body ? buf_len(tx->body) : 0;

	tx->head = NULL;
	if (n)
		buf_consume(tx->body, n);
	c->eaten += n;
	ep->bytes_out += n;
	if (tx->flags & MS_EOM) {
		ep->flags |= EP_TX_EOM;
	} else if (c->eaten > EATEN_MAX) {
		ep->flags |= EP_ERR;
		ep->err = EE_RESET;
		return false;
	}
	return true;
}

static void copy_quiet(struct endp *ep UNUSED) { }
static void copy_drain(struct mux *m UNUSED) { }

static void copy_unlink(struct copy *c)
{
	struct copy **at = &c->of->copies;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->of = NULL;
}

static void copy_destroy(struct mux *m)
{
	struct copy *c = CONTAINER_OF(m, struct copy, m);
	struct piece *p;

	if (c->of)
		copy_unlink(c);
	while ((p = c->first)) {
		c->first = p->next;
		buf_release(&p->b);
		pool_put(&piece_pool, p);
	}
	buf_release(&c->s->cli.rx);
	c->s->cli.mux = NULL;
	c->m.magic = 0;
	ncopies--;
	pool_put(&copy_pool, c);
}

static bool copy_close(struct endp *ep, enum mux_close_how how UNUSED)
{
	copy_destroy(ep->mux);
	return false;
}

static const struct mux_ops mux_copy = {
	.name = "copy",
	.http_major = 1,
	.max_streams = 1,
	.recv = copy_recv,
	.send = copy_send,
	.shutw = copy_quiet,
	.tunnel = copy_quiet,
	.close = copy_close,
	.destroy = copy_destroy,
	.drain = copy_drain,
};

/* ---- collecting ------------------------------------------------------------------------------------------------- */

static struct piece *piece_add(struct copy *c)
{
	struct piece *p = pool_zget(&piece_pool);

	if (!p || !buf_acquire(&p->b)) {
		pool_put(&piece_pool, p);
		return NULL;
	}
	if (c->first)
		c->last->next = p;
	else
		c->first = p;
	return c->last = p;
}

/* false: too large, or no memory. */
static bool copy_put(struct copy *c, struct str bytes)
{
	if (bytes.n > c->rule->max_size - c->len)
		return false;
	c->len += (uint32_t)bytes.n;
	while (bytes.n) {
		struct piece *p = c->first && buf_room(&c->last->b) ? c->last : piece_add(c);

		if (!p)
			return false;
		bytes = str_sub(bytes, buf_append(&p->b, bytes), SIZE_MAX);
	}
	return true;
}

/* It has all it will get, and goes on by itself. */
static void copy_release(struct copy *c, enum copy_state st)
{
	copy_unlink(c);
	c->state = (uint8_t)st;
	task_wake(&c->s->task);
}

void mirror_feed(struct stream *s, struct str bytes, bool eom)
{
	for (struct copy *c = s->copies, *next; c; c = next) {
		next = c->next;
		if (!copy_put(c, bytes))
			copy_release(c, COPY_BROKEN);
		else if (eom)
			copy_release(c, COPY_COMPLETE);
	}
}

void mirror_leave(struct stream *s)
{
	if (s->cli.flags & EP_EOM && !(s->cli.flags & EP_ERR))
		mirror_feed(s, buf_str(&s->cli.rx), true);
	while (s->copies)
		copy_release(s->copies, COPY_BROKEN);
}

/* ---- the copy's own stream -------------------------------------------------------------------------------------- */

/* The head as it is now; what concerns this hop and this client alone stays behind. */
static void head_copy(struct http_msg *to, const struct http_msg *from)
{
	struct http_msg own = *to;

	*to = *from;
	to->hdr = own.hdr;
	to->max_hdr = own.max_hdr;
	to->arena = own.arena;
	to->nhdr = to->ntrl = 0;
	for (unsigned i = 0; i < from->nhdr && to->nhdr < to->max_hdr; i++)
		if (!(from->hdr[i].flags & HDR_DEL) && from->hdr[i].id != HH_EXPECT)
			to->hdr[to->nhdr++] = from->hdr[i];
	to->flags &= ~(uint32_t)MSG_EXPECT_100;
	msg_keep(to);
}

static void stream_dress(struct copy *c, const struct stream *of)
{
	struct stream *s = c->s;

	s->copy = c;
	s->step = ST_COPY;
	s->flags |= SF_NO_RETRY | SF_NOT_FIRST;
	s->retries_set = 0;
	s->t.req_start = of->t.req_start;
	s->t.req_done = of->t.req_done;
	head_copy(&s->req, &of->req);
	s->cli.mux = &c->m;
	s->cli.flags = EP_HEAD;
	if (c->rule->log)
		headers_capture_request(s);
}

static struct copy *copy_new(struct stream *of, const struct rt_mirror *rule)
{
	const struct smp_ctx *x = strm_smp_ctx(of);
	struct copy *c = ncopies < COPIES_MAX && !wk.draining ? pool_zget(&copy_pool) : NULL;
	struct session *se = c ? session_shadow(of->sess) : NULL;

	if (!se) {
		pool_put(&copy_pool, c);
		return NULL;
	}
	ncopies++;
	se->src_set = *x->src;
	if (x->dst)
		se->dst_set = *x->dst;
	c->m = (struct mux){ .magic = MUX_MAGIC, .ops = &mux_copy, .front = true };
	c->rule = rule;
	c->s = strm_new(se, of->fe, true);
	if (!c->s) {
		ncopies--;
		pool_put(&copy_pool, c);
		session_exchange_done(se, false);
		return NULL;
	}
	stream_dress(c, of);
	c->of = of;
	c->next = of->copies;
	return of->copies = c;
}

enum step_result step_copy(struct stream *s)
{
	switch ((enum copy_state)s->copy->state) {
	case COPY_COLLECTS:
		return STEP_WAIT;
	case COPY_BROKEN:
		return strm_abort(s, 'C', 'R', MUX_ABORT);
	case COPY_COMPLETE:
		break;
	}
	strm_route_to(s, s->copy->rule->px);
	copy_recv(&s->cli);
	return step_to(s, ST_BE_RULES);
}

void mirror_ended(const struct stream *s)
{
	struct be_counters *b = count_be(&wk.rt->px[s->copy->rule->px]);

	if (s->t.res_head)
		ctr_inc(&b->mir_sent);
	else if (!(s->flags & SF_REQ_SENT) && s->term[1] != 'C')
		ctr_inc(&b->mir_dropped);
	else
		ctr_inc(&b->mir_failed);
}

bool mirror_logged(const struct stream *s) { return s->copy->rule->log; }

/* ---- which requests --------------------------------------------------------------------------------------------- */

static bool drawn(struct stream *s, const struct rt_mirror *m)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	uint32_t share = m->share;
	struct smp v;

	if (m->percent)
		share = expr_eval(m->percent, c, &v) && smp_cast(&v, SMP_INT, c->tmp) && v.i > 0 ? (uint32_t)MIN(v.i, 100) * (ALL / 100) : 0;
	return share >= ALL || rand_below(ALL) < share;
}

static void explained(const struct rt_mirror *m, bool hit)
{
	sbuf_printf(wk.trace, "    mirror " STR_FMT "  [%s:%u] %s\n", STR_ARG(wk.rt->px[m->px].name), m->loc.file, m->loc.line, hit ? "true" : "false");
}

void mirror_begin(struct stream *s)
{
	if (!(s->flags & SF_HTTP) || s->req.flags & MSG_UPGRADE || s->req.method == HTTP_CONNECT)
		return;
	for (uint32_t i = 0; i < s->fe->nmirror; i++) {
		const struct rt_mirror *m = &s->fe->mirror[i];
		bool hit = !(wk.rt->px[m->px].caps & PX_DISABLED) && (!m->cond || cond_true(m->cond, strm_smp_ctx(s)));

		if (UNLIKELY(wk.trace != NULL))
			explained(m, hit);
		else if (hit && drawn(s, m) && !copy_new(s, m))
			ctr_inc(&count_be(&wk.rt->px[m->px])->mir_dropped);
	}
	if (s->copies && s->cli.flags & EP_EOM)
		mirror_feed(s, buf_str(&s->cli.rx), true);
}
