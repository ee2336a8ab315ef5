// SPDX-License-Identifier: GPL-3.0-or-later
/* Deadlines of a stream: which phase or which side has waited too long, and what follows. The timer itself belongs
 * to the session and is lazy: moving a deadline away is a plain store here, the timer finds out when it fires. */
#include <sluice/base/clock.h>
#include "compress.h"
#include "steps.h"

/* Long transfers show up in the statistics while they last. */
#define COUNT_BYTES_MS 1000

/* Bytes that a blocked receiver must take within its timeout. */
#define SLOW_MIN 1024

uint64_t wk_after(uint32_t ms) { return ms == TIMEOUT_NONE ? 0 : clock_ms() + ms; }

uint32_t strm_timeout(const struct stream *s, enum rt_timeout which)
{
	const struct rt_proxy *be = s->be ? s->be : s->fe;
	const uint32_t *fe_to = s->fe->to, *be_to = be->to;
	uint32_t set = which == TO_CLIENT ? s->to_set[0] : which == TO_SERVER ? s->to_set[1] : which == TO_TUNNEL ? s->to_set[2] : 0;

	if (UNLIKELY(set))
		return set;
	switch (which) {
	case TO_HTTP_REQUEST:
		return fe_to[TO_HTTP_REQUEST] ? fe_to[TO_HTTP_REQUEST] : fe_to[TO_CLIENT];
	case TO_HTTP_KEEP_ALIVE:
		if (fe_to[TO_HTTP_KEEP_ALIVE])
			return fe_to[TO_HTTP_KEEP_ALIVE];
		return fe_to[TO_HTTP_REQUEST] ? fe_to[TO_HTTP_REQUEST] : fe_to[TO_CLIENT];
	case TO_CLIENT:
	case TO_CLIENT_HS:
		return fe_to[which];
	case TO_CLIENT_FIN:
		return fe_to[TO_CLIENT_FIN];
	case TO_QUEUE:
		return be_to[TO_QUEUE] ? be_to[TO_QUEUE] : be_to[TO_CONNECT];
	case TO_TARPIT:
		return be_to[TO_TARPIT] ? be_to[TO_TARPIT] : be_to[TO_CONNECT];
	case TO_TUNNEL:
		return be_to[TO_TUNNEL] ? be_to[TO_TUNNEL] : fe_to[TO_TUNNEL];
	case TO_SERVER:
		if (UNLIKELY(s->grpc_timeout) && (!be_to[TO_SERVER] || s->grpc_timeout < be_to[TO_SERVER]))
			return s->grpc_timeout;
		return be_to[TO_SERVER];
	default:
		return be_to[which];
	}
}

uint32_t strm_body_timeout(const struct stream *s)
{
	uint32_t ms = s->be->to[TO_HTTP_REQUEST];

	return ms ? ms : strm_timeout(s, TO_CLIENT);
}

/* Bytes go both ways: after an upgrade, and in mode tcp from the moment the server is connected. */
static bool strm_in_tunnel(const struct stream *s) { return s->flags & SF_TUNNEL || s->step == ST_TCP_FORWARD; }

/* The client's silence: its fin timeout once it has ended its side, the tunnel's when that is set, else the plain
 * one. */
void strm_touch_cli(struct stream *s)
{
	uint32_t ms = 0;

	if (s->flags & (SF_FIN_CLI | SF_FIN_SRV))
		ms = strm_timeout(s, TO_CLIENT_FIN);
	if (!ms && strm_in_tunnel(s))
		ms = strm_timeout(s, TO_TUNNEL);
	s->exp_cli = wk_after(ms ? ms : strm_timeout(s, TO_CLIENT));
	if (clock_ms() - s->counted_ms >= COUNT_BYTES_MS)
		count_bytes(s);
}

void strm_touch_srv(struct stream *s)
{
	uint32_t ms = 0;

	if (s->flags & (SF_FIN_CLI | SF_FIN_SRV))
		ms = strm_timeout(s, TO_SERVER_FIN);
	if (!ms && strm_in_tunnel(s))
		ms = strm_timeout(s, TO_TUNNEL);
	s->exp_srv = wk_after(ms ? ms : strm_timeout(s, TO_SERVER));
}

void strm_touch_sent(struct stream *s, bool client, uint32_t n, bool all)
{
	uint32_t *slow = client ? &s->slow_cli : &s->slow_srv;

	*slow += n;
	if (!all && *slow < SLOW_MIN)
		return;
	*slow = 0;
	if (client)
		strm_touch_cli(s);
	else
		strm_touch_srv(s);
}

/* Only who is waited for can be late. The client owes the rest of its request, or the taking of what we have for it;
 * the server owes the taking of the request, then the response. */
void strm_await(struct stream *s)
{
	const struct buf *body = s->flags & SF_REQ_HELD ? &s->req_view : &s->cli.rx;
	bool up_open = !(s->srv.flags & EP_TX_EOM), up_blocked = up_open && (buf_len(body) || (s->comp_req && buf_len(&s->comp_req->out)));
	bool down_blocked = buf_len(&s->srv.rx) > 0;
	bool cli = (up_open && !up_blocked) || down_blocked;
	bool srv = up_blocked || (!down_blocked && (!up_open || s->flags & SF_RES_STARTED));

	if (!cli)
		s->exp_cli = 0;
	else if (!s->exp_cli)
		strm_touch_cli(s);
	if (!srv)
		s->exp_srv = 0;
	else if (!s->exp_srv)
		strm_touch_srv(s);
}

uint64_t strm_deadline(const struct stream *s)
{
	uint64_t d = s->exp;

	if (s->exp_cli && (!d || s->exp_cli < d))
		d = s->exp_cli;
	if (s->exp_srv && (!d || s->exp_srv < d))
		d = s->exp_srv;
	if (s->exp_bw && (!d || s->exp_bw < d))
		d = s->exp_bw;
	return d;
}

/* The phase's own deadline has passed: what the present step makes of it. */
static enum step_result strm_phase_expired(struct stream *s)
{
	s->exp = 0;
	switch ((enum strm_step)s->step) {
	case ST_TCP_RULES:
	case ST_TCP_FORWARD:
	case ST_BE_RULES:
		s->flags |= SF_FINAL_INSPECT;
		return STEP_NEXT;
	case ST_REQ_RULES:
	case ST_RES_RULES: /* a rule held its list */
		return STEP_NEXT;
	case ST_REQ_HEAD:
	case ST_REQ_BODY:
	case ST_STATS:
	case ST_EARLY:
		return strm_fail(s, 408, 'c', 'R');
	case ST_TARPIT:
		return step_to(s, ST_REPLY);
	case ST_QUEUE:
		s->t.queue_done = clock_now_ns;
		count_queue_timeout(s);
		return strm_fail(s, 503, 's', 'Q');
	case ST_TURNAROUND:
		return step_to(s, ST_PICK);
	case ST_CONNECT:
		return strm_connect_failed(s, true);
	default:
		return STEP_WAIT;
	}
}

static enum step_result strm_silent(struct stream *s, bool client)
{
	if (client)
		s->exp_cli = 0;
	else
		s->exp_srv = 0;
	if (!client && s->sc) /* the connection may be dead altogether: others need not find out */
		pool_unshare(s->sc);
	if (s->step == ST_RES_HEAD && !client)
		return strm_response_failed(s, RO_TIMEOUT, 504, 's');
	if (s->step == ST_RES_HEAD || s->step == ST_SEND_HEAD)
		return strm_fail(s, client ? 408 : 504, client ? 'c' : 's', 'H');
	return strm_abort(s, client ? 'c' : 's', term_phase(s), MUX_ABORT);
}

void strm_expire(struct stream *s)
{
	uint64_t now = clock_ms();
	enum step_result r = STEP_WAIT;

	s->running = true;
	if (s->exp && s->exp <= now)
		r = strm_phase_expired(s);
	else if (s->exp_srv && s->exp_srv <= now)
		r = strm_silent(s, false);
	else if (s->exp_cli && s->exp_cli <= now)
		r = strm_silent(s, true);
	else if (s->exp_bw && s->exp_bw <= now) {
		s->exp_bw = 0;
		r = STEP_NEXT;
	}
	if (r == STEP_END)
		return;
	s->running = false;
	if (r == STEP_NEXT)
		strm_run(s);
}
