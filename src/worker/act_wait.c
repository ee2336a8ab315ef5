// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that hold a rule set: pause, wait-for-body, wait-for-handshake; and early hints, which are collected while the rules run and leave as one 103
 * response. A held rule is executed again at each wake of the stream until it says that it is done. */
#include <sluice/base/clock.h>
#include "act_priv.h"
#include "session.h"
#include "steps.h"

#define HINTS_MAX 32

static enum rule_verdict held_done(struct stream *s)
{
	s->hold_until = 0;
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_pause(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v = { .type = SMP_INT, .i = r->num };

	if (s->hold_until)
		return clock_ms() < s->hold_until ? RULE_HOLD : held_done(s);
	if (r->expr && (!expr_eval(r->expr, c, &v) || !smp_castable(v.type, SMP_INT) || !smp_cast(&v, SMP_INT, c->tmp)))
		return RULE_CONTINUE;
	if (v.i <= 0 || wk.trace)
		return RULE_CONTINUE;
	s->hold_until = clock_ms() + (uint64_t)MIN(v.i, INT32_MAX);
	return RULE_HOLD;
}

static bool body_arrived(const struct endp *ep, int64_t want)
{
	/* a full buffer is all that can be waited for */
	return ep->flags & (EP_EOM | EP_EOF) || !(ep->flags & EP_RX_WAIT) || (want && buf_len(&ep->rx) >= want);
}

/* It will not come: too late, or cut off. */
static enum rule_verdict body_missing(struct stream *s, bool response, bool late)
{
	s->hold_until = 0;
	term_set(s, (char)((response ? 'S' : 'C') | (late ? 0x20 : 0)), response ? 'H' : 'R');
	reply_error(s, response ? (late ? 504 : 502) : late ? 408 : 400);
	return RULE_ANSWERED;
}

static enum rule_verdict body_refused(struct stream *s)
{
	s->hold_until = 0;
	term_set(s, 'P', 'R');
	reply_error(s, strm_request_bad(s));
	return RULE_ANSWERED;
}

enum rule_verdict act_exec_wait_body(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	bool response = ph == PH_HTTP_RES;
	struct endp *ep = response ? &s->srv : &s->cli;

	if (!ep->mux || wk.trace)
		return RULE_CONTINUE;
	if (!response && s->req.flags & MSG_EXPECT_100 && !(s->flags & SF_100_SENT) && !strm_answer_continue(s))
		return RULE_CLOSE;
	ep->mux->ops->recv(ep);
	strm_smp_ctx(s);
	if (ep->flags & EP_ERR && !response && ep->err == EE_BAD_BODY)
		return body_refused(s);
	if (ep->flags & EP_ERR)
		return body_missing(s, response, false);
	if (body_arrived(ep, r->num2))
		return held_done(s);
	if (!s->hold_until)
		s->hold_until = clock_ms() + (uint64_t)r->num;
	return clock_ms() < s->hold_until ? RULE_HOLD : body_missing(s, response, true);
}

enum rule_verdict act_exec_wait_handshake(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	switch (early_wait(s)) {
	case EARLY_OVER:
		return held_done(s);
	case EARLY_FAILED:
		term_set(s, 'C', 'R');
		return RULE_CLOSE;
	case EARLY_OPEN:
		break;
	}
	if (!s->hold_until)
		s->hold_until = clock_ms() + HANDSHAKE_MOST_MS;
	if (clock_ms() < s->hold_until)
		return RULE_HOLD;
	s->hold_until = 0;
	term_set(s, 'c', 'R');
	reply_error(s, 408);
	return RULE_ANSWERED;
}

enum rule_verdict act_exec_early_hint(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;

	if (s->req.ver < 11 || !act_value(s, r->fmt, &v))
		return RULE_CONTINUE;
	if (!s->hints) {
		s->hints = arena_alloc(s->arena, sizeof(*s->hints));
		msg_init(s->hints, arena_alloc(s->arena, HINTS_MAX * sizeof(struct hdr)), HINTS_MAX, s->arena, false);
		s->hints->ver = 11;
		s->hints->flags = MSG_NO_BODY;
		msg_set_status(s->hints, 103, http_reason(103));
	}
	headers_add(s, s->hints, r->name, v);
	return RULE_CONTINUE;
}

void strm_hints_send(struct stream *s)
{
	struct mux_tx tx = { .head = s->hints };

	s->hints = NULL;
	if (s->cli.mux && !wk.trace)
		(void)!s->cli.mux->ops->send(&s->cli, &tx);
}
