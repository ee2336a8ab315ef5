// SPDX-License-Identifier: GPL-3.0-or-later
/* Streams: their memory, the loop over the steps, and the one way they end. What the steps do is in steps_*.c.
 *
 * A stream may be woken from inside its own calls into a mux; it then only notes it, so a step never runs within
 * another. */
#include <sluice/base/arena_pool.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include "compress.h"
#include "mirror.h"
#include "reply_gen.h"
#include "resolve.h"
#include "steps.h"
#include "stream_priv.h"
#include "track.h"

static struct pool stream_pool = POOL("stream", struct stream);
static struct pool hdr_pool = { .name = "header array" };

static enum step_result (*const steps[ST_COUNT])(struct stream *s) = {
#define STEP(id, fn, name, help) [ST_##id] = step_##fn,
#include "strm_steps.def"
#undef STEP
};

void strm_setup(uint16_t max_hdr) { hdr_pool.size = max_hdr * sizeof(struct hdr); }

static void strm_free(struct stream *s)
{
	track_end(&s->track);
	resolve_forget(s);
	pool_put(&hdr_pool, s->req.hdr);
	pool_put(&hdr_pool, s->res.hdr);
	var_store_drop(&s->vars_msg);
	var_store_drop(&s->vars_txn);
	reply_gen_free(s);
	arena_give(s->arena);
	s->magic = 0;
	pool_put(&stream_pool, s);
}

static void vars_init(struct stream *s)
{
	s->vars_txn = var_store_make(VAR_TXN, &s->sess->vars);
	s->vars_msg = var_store_make(VAR_REQ, &s->vars_txn);
	s->ctx.vars[VAR_PROC] = &wk.vars;
	s->ctx.vars[VAR_SESS] = &s->sess->vars;
	s->ctx.vars[VAR_TXN] = &s->vars_txn;
	s->ctx.vars[VAR_REQ] = &s->vars_msg;
}

void strm_vars_response(struct stream *s)
{
	if (s->vars_msg.scope == VAR_RES)
		return;
	var_store_drop(&s->vars_msg);
	s->vars_msg.scope = VAR_RES;
	s->ctx.vars[VAR_REQ] = NULL;
	s->ctx.vars[VAR_RES] = &s->vars_msg;
}

static void strm_wake(struct endp *ep) { strm_run(ep->owner); }

static void strm_task(struct task *t) { strm_run(CONTAINER_OF(t, struct stream, task)); }

static void strm_init(struct stream *s, struct session *sess, const struct rt_proxy *fe)
{
	memset(s, 0, sizeof(*s));
	s->magic = STREAM_MAGIC;
	s->sess = sess;
	s->fe = fe;
	s->be_idx = s->srv_idx = s->persist_srv = RT_NONE;
	memcpy(s->term, "----", 4);
	s->comp_algo = 0xff;
	s->retries_set = -1;
	list_init(&s->srv_link);
	s->early_over.task = &s->task;
	list_init(&s->early_over.link);
	task_init(&s->task, strm_task);
	s->cli.wake = s->srv.wake = strm_wake;
	s->cli.owner = s->srv.owner = s;
	s->cli.front = true;
	s->cli.msg = &s->req;
	s->srv.msg = &s->res;
}

struct stream *strm_new(struct session *sess, const struct rt_proxy *fe, bool http)
{
	struct stream *s = pool_get(&stream_pool);
	struct hdr *rq, *rs;

	if (!s)
		return NULL;
	strm_init(s, sess, fe);
	rq = pool_get(&hdr_pool);
	rs = pool_get(&hdr_pool);
	s->arena = arena_take();
	s->req.hdr = rq, s->res.hdr = rs;
	if (!rq || !rs || !s->arena) {
		strm_free(s);
		return NULL;
	}
	msg_init(&s->req, rq, (uint16_t)wk.rt->g.maxhdr, s->arena, true);
	msg_init(&s->res, rs, (uint16_t)wk.rt->g.maxhdr, s->arena, false);
	s->flags = (http ? SF_HTTP : 0) | (sess->nreq ? SF_NOT_FIRST : 0);
	s->step = http ? ST_REQ_HEAD : ST_TCP_RULES;
	s->t.req_start = clock_now_ns;
	s->counted_ms = clock_ms();
	s->ctx.src = sess->src_set.family || !sess->conn ? &sess->src_set : &sess->conn->src;
	s->ctx.dst = sess->dst_set.family ? &sess->dst_set : NULL;
	s->bc_tos = s->bc_mark = -1;
	s->ctx.tmp = s->arena;
	s->ctx.env = &strm_env;
	s->ctx.owner = s;
	s->ctx.memo = wk.memo;
	vars_init(s);
	if (wk.memo)
		memo_forget(wk.memo);
	sess->nreq++;
	s->req_counter = ++wk.nreq;
	list_push(&sess->streams, &s->link);
	return s;
}

enum step_result strm_step(struct stream *s) { return steps[s->step](s); }

void strm_run(struct stream *s)
{
	enum step_result r;

	OBJ_CHECK(s, STREAM_MAGIC);
	if (s->running) {
		s->again = true;
		return;
	}
	s->running = true;
	if (wk.memo)
		memo_forget(wk.memo);
	do {
		s->again = false;
		do
			r = steps[s->step](s);
		while (r == STEP_NEXT);
		if (r == STEP_END)
			return;
	} while (s->again);
	s->running = false;
	if (UNLIKELY(s->track || s->sess->track))
		track_bytes(s);
	session_arm(s->sess, strm_deadline(s));
}

/* The address the client came to: the listener's own when that is one address, else the kernel is asked once a connection. */
static const struct addr *client_dst(const struct session *se)
{
	const struct addr *a = &se->lst->addr;

	if (a->family != AF_UNSPEC && a->port && !addr_is_any(a) && !se->lst->opts->sock.transparent && !session_has_header(se))
		return a;
	return conn_local(se->conn);
}

/* What has come of the bodies and still stands in the buffers from its first byte on. */
static void bodies_in_view(struct stream *s)
{
	bool req = s->ctx.req && (s->flags & SF_REQ_HELD || !(s->flags & SF_REQ_SENT));

	s->ctx.body = req ? buf_str(&s->cli.rx) : STR_NULL;
	s->ctx.res_body = s->ctx.res && s->srv.flags & EP_HEAD && !(s->flags & SF_RES_STARTED) ? buf_str(&s->srv.rx) : STR_NULL;
}

struct smp_ctx *strm_smp_ctx(struct stream *s)
{
	struct session *se = s->sess;

	if (!s->ctx.dst && se->conn)
		s->ctx.dst = client_dst(se);
	s->ctx.fc = se->conn;
	s->ctx.bc = s->sc && s->sc->mux ? s->sc->mux->conn : NULL;
	s->ctx.req = s->flags & SF_HTTP && s->req.method_s.n && !(s->flags & SF_REQ_HEAD_GONE) ? &s->req : NULL;
	s->ctx.res = s->res.status ? &s->res : NULL;
	if (!(s->flags & SF_HTTP))
		s->ctx.l6_req = buf_str(&s->cli.rx);
	else
		bodies_in_view(s);
	return &s->ctx;
}

void strm_drop_req_head(struct stream *s)
{
	if (s->flags & SF_REQ_HEAD_GONE || !s->cli.hold_head)
		return;
	s->log_method = strm_dup(s, s->log_method);
	s->log_uri = strm_dup(s, s->log_uri);
	s->log_version = strm_dup(s, s->log_version);
	if (s->fe->keeps_req || (s->be && s->be->keeps_req))
		msg_keep(&s->req);
	else
		s->flags |= SF_REQ_HEAD_GONE;
	s->cli.hold_head = false;
}

void strm_discard(struct stream *s)
{
	list_del(&s->link);
	strm_free(s);
}

void strm_end(struct stream *s, enum mux_close_how how)
{
	struct session *se = s->sess;
	bool alive;

	OBJ_CHECK(s, STREAM_MAGIC);
	s->flags |= SF_DYING;
	s->running = true; /* no wake runs a step any more */
	s->t.end = clock_now_ns;
	lb_queue_del(&wk.q, &s->wait);
	list_del(&s->early_over.link);
	task_cancel(&s->task);
	compress_end(s);
	if (UNLIKELY(s->copies != NULL))
		mirror_leave(s);
	if (UNLIKELY(s->copy != NULL))
		mirror_ended(s);
	strm_release_server(s, MUX_ABORT, false);
	s->bytes_in = s->cli.bytes_in;
	s->bytes_out = s->cli.bytes_out;
	track_bytes(s);
	if (s->flags & SF_BE_COUNTED) /* the line tells who else is there */
		wk_live(LIVE_BE, s->be_idx, -1);
	strm_log(s);
	count_end(s);
	list_del(&s->link);
	alive = s->cli.mux && s->cli.mux->ops->close(&s->cli, how);
	strm_free(s);
	session_exchange_done(se, alive);
}
