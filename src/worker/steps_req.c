// SPDX-License-Identifier: GPL-3.0-or-later
/* Steps of the request: from its first byte to the moment a server is wanted. */
#include <sluice/base/clock.h>
#include "ask.h"
#include "grpc.h"
#include "mirror.h"
#include "persist.h"
#include "steps.h"
#include "track.h"

enum step_result strm_abort(struct stream *s, char cause, char phase, enum mux_close_how how)
{
	term_set(s, cause, phase);
	if (UNLIKELY(s->grpc) && (cause == 's' || cause == 'S'))
		grpc_give_up(s, cause == 's' ? 504 : 502);
	strm_end(s, how);
	return STEP_END;
}

enum step_result strm_fail(struct stream *s, unsigned status, char cause, char phase)
{
	term_set(s, cause, phase);
	s->exp = s->exp_cli = s->exp_srv = 0;
	if (s->flags & SF_RES_STARTED || !(s->flags & SF_HTTP) || !s->cli.mux || s->cli.err == EE_RESET)
		return strm_abort(s, cause, phase, MUX_ABORT);
	lb_queue_del(&wk.q, &s->wait);
	strm_release_server(s, MUX_ABORT, false);
	if (phase == 'H')
		track_event(s, SE_HTTP_FAIL, 1);
	reply_error(s, status);
	return step_to(s, ST_REPLY);
}

unsigned strm_request_bad(struct stream *s)
{
	s->flags |= SF_CLI_CLOSE;
	count_bad_request(s);
	if (s->step == ST_REQ_HEAD) /* others are counted as requests already */
		track_event(s, SE_HTTP_REQ, 1);
	track_event(s, SE_HTTP_ERR, 1);
	errors_capture(s, true);
	return h1_error_status((enum h1_error)s->cli.h1_err);
}

enum step_result strm_request_broken(struct stream *s)
{
	if (s->cli.err != EE_BAD_HEAD && s->cli.err != EE_BAD_BODY)
		return strm_abort(s, 'C', term_phase(s), MUX_ABORT);
	return strm_fail(s, strm_request_bad(s), 'P', term_phase(s));
}

enum step_result strm_obey(struct stream *s, enum rule_verdict v, enum strm_step next)
{
	switch (v) {
	case RULE_CONTINUE:
	case RULE_ALLOW:
		return step_to(s, next);
	case RULE_ANSWERED:
		return step_to(s, ST_REPLY);
	case RULE_TARPIT:
		s->exp = wk_after(strm_timeout(s, TO_TARPIT));
		return step_to(s, s->exp ? ST_TARPIT : ST_REPLY);
	case RULE_CLOSE:
		return strm_abort(s, 'P', term_phase(s), MUX_CLOSE);
	case RULE_SWITCH:
		session_switch_http(s, s->last_rule->kind);
		return STEP_END;
	case RULE_RESET:
		return strm_abort(s, 'P', term_phase(s), MUX_RESET);
	case RULE_HOLD:
		s->exp = s->hold_until;
		s->exp_cli = s->exp_srv = 0; /* nobody is waited for */
		break;
	case RULE_WAIT:
		break;
	}
	return STEP_WAIT;
}

/* timeout http-request: from the accept for the first request, from its first byte for later ones. */
static uint64_t head_deadline(const struct stream *s)
{
	uint32_t ms = strm_timeout(s, TO_HTTP_REQUEST);
	uint64_t from = s->flags & SF_NOT_FIRST ? s->t.req_start : s->sess->t_hs_done;

	return ms ? from / 1000000u + ms : 0;
}

enum step_result step_req_head(struct stream *s)
{
	struct endp *c = &s->cli;

	c->mux->ops->recv(c);
	if (c->flags & EP_HEAD) {
		s->t.req_done = clock_now_ns;
		s->exp = 0;
		c->hold_head = true;
		count_request(s);
		headers_capture_request(s);
		early_note(s);
		if (UNLIKELY(s->req.method == HTTP_POST))
			grpc_begin(s);
		if (UNLIKELY(s->fe->req_hdr_names) && !headers_restrict(s, s->fe))
			return strm_fail(s, 403, 'P', 'R');
		/* a body known to be bad before anything was decided on the head: no server is asked */
		return c->flags & EP_ERR && c->err == EE_BAD_BODY ? strm_request_broken(s) : step_to(s, ST_TCP_RULES);
	}
	if (c->flags & EP_ERR && c->err == EE_BAD_HEAD)
		return strm_request_broken(s);
	if (c->flags & (EP_ERR | EP_EOF)) {
		s->status = 400;
		return strm_abort(s, 'C', 'R', MUX_CLOSE);
	}
	if (!s->exp)
		s->exp = head_deadline(s);
	return STEP_WAIT;
}

/* Content rules may want bytes that are not there yet: up to inspect-delay, a full buffer, or the end of input. */
static bool inspect_final(struct stream *s, const struct rt_proxy *px)
{
	if (s->flags & (SF_HTTP | SF_FINAL_INSPECT) || !px->inspect_delay)
		return true;
	s->cli.mux->ops->recv(&s->cli);
	return (s->cli.flags & (EP_EOF | EP_ERR)) || !(s->cli.flags & EP_RX_WAIT);
}

static enum step_result content_rules(struct stream *s, const struct rt_proxy *px, enum strm_step next)
{
	enum rule_verdict v;

	if (!px->rules[PH_TCP_CONTENT].n)
		return step_to(s, next);
	s->ctx.final = inspect_final(s, px);
	v = rules_run(s, PH_TCP_CONTENT, px);
	if (v == RULE_WAIT && s->ctx.final)
		v = RULE_CONTINUE;
	if (v != RULE_WAIT) {
		s->exp = 0;
		s->ctx.final = false;
		return strm_obey(s, v, next);
	}
	if (!s->exp_inspect)
		s->exp_inspect = wk_after(px->inspect_delay);
	s->exp = s->exp_inspect;
	return STEP_WAIT;
}

enum step_result step_tcp_rules(struct stream *s)
{
	if (!(s->flags & SF_HTTP))
		s->t.req_done = clock_now_ns;
	if (!(s->flags & SF_HTTP))
		return content_rules(s, s->fe, ST_ROUTE);
	enum step_result r = content_rules(s, s->fe, ST_REQ_RULES);

	if (s->step == ST_REQ_RULES && r == STEP_NEXT)
		track_event(s, SE_HTTP_REQ, 1);
	return r;
}

/* The client waits for leave to send its body, and nobody but us will read it now. */
bool strm_answer_continue(struct stream *s)
{
	struct http_msg m = { .status = 100, .ver = 11, .reason = STR("Continue"), .flags = MSG_NO_BODY };
	struct mux_tx tx = { .head = &m };
	int i = msg_find_id(&s->req, HH_EXPECT, 0);

	s->flags |= SF_100_SENT;
	s->req.flags &= ~(uint32_t)MSG_EXPECT_100;
	if (i >= 0)
		msg_del_at(&s->req, i);
	return s->cli.mux->ops->send(&s->cli, &tx) || !(s->cli.flags & EP_ERR);
}

/* A rule waits for more of the body: pull it, or let it decide on what there is. */
static enum step_result request_rules(struct stream *s, const struct rt_proxy *px, enum strm_step next)
{
	if (s->hold_until && s->cli.flags & EP_ERR)
		return strm_request_broken(s);
	s->exp = 0;
	enum rule_verdict v = rules_run(s, PH_HTTP_REQ, px);

	if (v != RULE_WAIT)
		return strm_obey(s, v, next);
	s->cli.mux->ops->recv(&s->cli);
	if (s->cli.flags & EP_ERR)
		return strm_request_broken(s);
	if (s->cli.flags & EP_RX_WAIT && !(s->cli.flags & EP_EOM))
		return STEP_WAIT;
	s->ctx.final = true;
	v = rules_run(s, PH_HTTP_REQ, px);
	s->ctx.final = false;
	return strm_obey(s, v == RULE_WAIT ? RULE_CONTINUE : v, next);
}

enum step_result step_req_rules(struct stream *s)
{
	if (s->fe->monitor_uri.n && rules_monitor(s) == RULE_ANSWERED)
		return step_to(s, ST_REPLY);
	if (!s->fe->rules[PH_HTTP_REQ].n)
		return step_to(s, ST_ROUTE);
	return request_rules(s, s->fe, ST_ROUTE);
}

void strm_route_to(struct stream *s, uint32_t be)
{
	s->be_idx = be;
	s->be = &wk.rt->px[be];
	s->flags |= SF_BE_COUNTED;
	wk_live(LIVE_BE, be, 1);
	count_backend(s);
	persist_begin(s);
	s->exp_inspect = 0;
	s->flags &= ~(unsigned)SF_FINAL_INSPECT;
}

enum step_result step_route(struct stream *s)
{
	uint32_t be;

	if (s->fe->stats && stats_page_wanted(s, s->fe))
		return step_to(s, ST_STATS);
	be = rules_route(s);
	if (be == RT_NONE)
		return strm_fail(s, 503, 'S', 'C');
	if (UNLIKELY((wk.rt->px[be].mode == MODE_HTTP) != (s->flags & SF_HTTP))) {
		if (s->flags & SF_HTTP)
			return strm_fail(s, 503, 'S', 'C');
		session_switch_http(s, PROTO_AUTO);
		return STEP_END;
	}
	strm_route_to(s, be);
	if (UNLIKELY(s->fe->nmirror))
		mirror_begin(s);
	if (UNLIKELY(s->be->req_hdr_names) && s->flags & SF_HTTP && !headers_restrict(s, s->be))
		return strm_fail(s, 403, 'P', 'R');
	return step_to(s, ST_BE_RULES);
}

static bool body_wanted(const struct stream *s)
{
	return s->flags & SF_HTTP && (s->fe->opts | s->be->opts) & OPT_HTTP_BUFFER_REQUEST && !(s->cli.flags & EP_EOM);
}

enum step_result step_be_rules(struct stream *s)
{
	enum strm_step next = s->copy ? ST_PICK : s->be->stats && stats_page_wanted(s, s->be) ? ST_STATS : body_wanted(s) ? ST_REQ_BODY : ST_PICK;
	enum step_result r;

	if (s->be == s->fe)
		return step_to(s, next);
	r = content_rules(s, s->be, next);
	if (r != STEP_NEXT || s->step != next || !(s->flags & SF_HTTP) || !s->be->rules[PH_HTTP_REQ].n)
		return r;
	s->step = ST_BE_RULES;
	return request_rules(s, s->be, next);
}

enum step_result strm_body(struct stream *s, enum strm_step next)
{
	struct endp *c = &s->cli;

	if (s->req.flags & MSG_EXPECT_100 && !strm_answer_continue(s))
		return strm_abort(s, 'C', 'R', MUX_ABORT);
	c->mux->ops->recv(c);
	if (c->flags & EP_ERR)
		return strm_request_broken(s);
	if (c->flags & EP_EOM || !(c->flags & EP_RX_WAIT)) {
		s->exp = 0;
		return step_to(s, next);
	}
	if (!s->exp)
		s->exp = wk_after(strm_body_timeout(s));
	return STEP_WAIT;
}

enum step_result step_req_body(struct stream *s) { return strm_body(s, ST_PICK); }

enum step_result step_tarpit(struct stream *s)
{
	if (s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', 'T', MUX_ABORT);
	return STEP_WAIT;
}
