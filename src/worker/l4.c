// SPDX-License-Identifier: GPL-3.0-or-later
/* Raw bytes both ways: tcp mode and tunnels. Each direction ends for itself: end of input of one side is passed on
 * as a half-close once everything before it has left, and the exchange is over when both directions are. */
#include "persist.h"
#include "steps.h"

static enum step_result l4_broken(struct stream *s, const struct endp *who)
{
	return strm_abort(s, who == &s->cli ? 'C' : 'S', 'D', MUX_ABORT);
}

/* One direction. STEP_NEXT: it is over. */
static enum step_result l4_direction(struct stream *s, struct endp *from, struct endp *to, enum strm_flags fin)
{
	if (s->flags & fin)
		return STEP_NEXT;
	switch (fwd_move(s, from, to)) {
	case FWD_DONE:
		s->flags |= fin;
		to->mux->ops->shutw(to);
		strm_touch_cli(s);
		strm_touch_srv(s);
		return STEP_NEXT;
	case FWD_SRC_ERR:
		return l4_broken(s, from);
	case FWD_DST_ERR:
		return l4_broken(s, to);
	case FWD_MORE:
		task_wake(&s->task);
		break;
	case FWD_WAIT:
		break;
	}
	return STEP_WAIT;
}

/* One list of tcp-response content rules over what the server has sent so far: up to inspect-delay, a full buffer, or its end. */
static enum step_result response_list(struct stream *s, const struct rt_proxy *px)
{
	enum rule_verdict v;
	bool final;

	s->srv.mux->ops->recv(&s->srv);
	s->ctx.l6_res = buf_str(&s->srv.rx);
	final = !px->res_inspect_delay || s->flags & SF_FINAL_INSPECT || s->srv.flags & (EP_EOF | EP_ERR) || !(s->srv.flags & EP_RX_WAIT);
	s->ctx.final = final;
	v = rules_run(s, PH_TCP_RES_CONTENT, px);
	s->ctx.final = false;
	if (v == RULE_WAIT && !final) {
		if (!s->exp_inspect)
			s->exp_inspect = wk_after(px->res_inspect_delay);
		s->exp = s->exp_inspect;
		return STEP_WAIT;
	}
	s->exp = 0;
	return v == RULE_WAIT ? STEP_NEXT : strm_obey(s, v, ST_TCP_FORWARD);
}

/* s->res_at: which list is next; then whether stick rules have seen the first bytes. */
enum { BEGIN, OF_BE, OF_FE, DONE, STORED };

/* What stick rules store of the first bytes, or of none when the server sends nothing. */
static void response_begins(struct stream *s)
{
	if (s->be->nstick) {
		if (!buf_len(&s->srv.rx))
			s->srv.mux->ops->recv(&s->srv);
		if (!buf_len(&s->srv.rx) && !(s->srv.flags & (EP_EOF | EP_ERR)))
			return;
		s->ctx.l6_res = buf_str(&s->srv.rx);
		s->ctx.final = true;
		persist_store_response(s);
		s->ctx.final = false;
	}
	s->res_at = STORED;
}

/* The backend's list, then the frontend's, before a byte of the server goes to the client. STEP_NEXT: they let it pass. */
static enum step_result response_rules(struct stream *s)
{
	if (s->res_at == BEGIN) {
		s->res_at = s->flags & SF_HTTP ? STORED : OF_BE; /* a tunnel has had its rules */
		s->exp_inspect = 0;
		s->flags &= ~(unsigned)SF_FINAL_INSPECT;
	}
	for (; s->res_at < DONE; s->res_at++) {
		const struct rt_proxy *px = s->res_at == OF_BE ? s->be : s->fe;
		enum step_result r = STEP_NEXT;

		if (px->rules[PH_TCP_RES_CONTENT].n && (s->res_at == OF_BE || s->fe != s->be))
			r = response_list(s, px);
		if (r != STEP_NEXT)
			return r;
	}
	if (s->res_at == DONE)
		response_begins(s);
	return STEP_NEXT;
}

enum step_result step_tcp_forward(struct stream *s)
{
	enum step_result up, down;

	up = l4_direction(s, &s->cli, &s->srv, SF_FIN_CLI);
	if (up == STEP_END)
		return up;
	down = response_rules(s);
	if (down == STEP_NEXT)
		down = l4_direction(s, &s->srv, &s->cli, SF_FIN_SRV);
	if (down == STEP_END)
		return down;
	if (up == STEP_NEXT && down == STEP_NEXT) {
		strm_release_server(s, MUX_CLOSE, false);
		strm_end(s, MUX_CLOSE);
		return STEP_END;
	}
	if (!s->exp_cli)
		strm_touch_cli(s);
	if (!s->exp_srv)
		strm_touch_srv(s);
	return STEP_WAIT;
}
