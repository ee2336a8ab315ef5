// SPDX-License-Identifier: GPL-3.0-or-later
/* tcp-check: a list of connect, send, send-binary and expect steps. Received bytes collect until the next send or connect, so consecutive
 * expects look at the same bytes. */
#include <stdio.h>
#include "checker_priv.h"

const struct chk_step *script_first(const struct rt_check *c)
{
	return c->nsteps && c->steps[0].kind == CS_CONNECT ? &c->steps[0] : NULL;
}

static void fail_at(struct target *t, enum check_status st, const char *what)
{
	const struct chk_step *s = &t->px->check.steps[t->x->step];
	char info[INFO_MAX];
	struct sbuf b = SBUF_FIXED(info);
	struct str comment = s->comment.n ? s->comment : s->exp.comment;

	sbuf_printf(&b, "%s '" STR_FMT "' at step %u", what, STR_ARG(s->exp.text), t->x->step + 1);
	if (comment.n)
		sbuf_printf(&b, " comment: '" STR_FMT "'", STR_ARG(comment));
	probe_finish(t, st, 0, sbuf_str(&b));
}

static void script_where(const struct target *t, struct sbuf *out)
{
	static const char *const kinds[] = { [CS_CONNECT] = "connect", [CS_SEND] = "send", [CS_SEND_BINARY] = "send-binary", [CS_EXPECT] = "expect" };
	static const char *const matches[] = { [CM_STRING] = "string", [CM_RSTRING] = "rstring", [CM_BINARY] = "binary", [CM_RBINARY] = "rbinary" };
	const struct chk_step *s = &t->px->check.steps[t->x->step];
	const struct chk_expect *e = &s->exp;
	struct str comment = s->comment.n ? s->comment : e->comment;

	sbuf_printf(out, " at step %u of tcp-check (%s", t->x->step + 1, kinds[s->kind]);
	if (s->kind == CS_EXPECT && e->match < ARRAY_LEN(matches) && matches[e->match])
		sbuf_printf(out, " %s", matches[e->match]);
	if (s->kind == CS_EXPECT && e->match != CM_BINARY)
		sbuf_printf(out, " '" STR_FMT "'", STR_ARG(e->text));
	sbuf_addc(out, ')');
	if (comment.n)
		sbuf_printf(out, " comment: '" STR_FMT "'", STR_ARG(comment));
}

/* OK: go on with the next step. */
static enum probe_io expect(struct target *t, const struct chk_expect *e)
{
	for (bool end = false;;) {
		struct exchange *x = t->x;
		bool any = buf_len(&x->in) > 0, some = any && (end || buf_len(&x->in) >= e->min_recv);
		bool match = some && expect_matches(e, buf_str(&x->in));
		enum probe_io r;

		if (match && e->neg) {
			fail_at(t, CHK_L7RSP, "TCPCHK matched unwanted content");
			return PROBE_GONE;
		}
		if (match || (some && e->neg))
			return PROBE_OK;
		r = probe_fill(t);
		if ((r == PROBE_EOF || r == PROBE_FULL) && any && !some) {
			end = true;
			continue;
		}
		if (r == PROBE_EOF || r == PROBE_FULL) {
			fail_at(t, CHK_L7RSP, some ? "TCPCHK did not match content" : "TCPCHK got an empty response for content");
			return PROBE_GONE;
		}
		if (r != PROBE_OK)
			return r;
	}
}

static void forget_input(struct target *t)
{
	struct buf *in = &t->x->in;

	in->head = in->tail = 0;
}

static enum probe_io step(struct target *t, const struct chk_step *s)
{
	switch ((enum chk_step_kind)s->kind) {
	case CS_CONNECT:
		forget_input(t);
		t->x->step++;
		probe_reconnect(t, s);
		return PROBE_GONE;
	case CS_SEND:
	case CS_SEND_BINARY:
		if (!t->x->nout) {
			forget_input(t);
			probe_queue(t, s->data);
		}
		return probe_flush(t);
	case CS_EXPECT:
		break;
	}
	return expect(t, &s->exp);
}

static void script_io(struct target *t)
{
	const struct rt_check *c = &t->px->check;
	enum check_status passed = t->tls ? CHK_L6OK : CHK_L4OK;

	while (t->x->step < c->nsteps) {
		if (step(t, &c->steps[t->x->step]) != PROBE_OK)
			return;
		t->x->step++;
	}
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].kind != CS_CONNECT)
			passed = CHK_L7OK;
	probe_finish(t, passed, 0, STR_NULL);
}

static void script_start(struct target *t)
{
	const struct rt_check *c = &t->px->check;

	if (t->x->step == 0 && c->nsteps && c->steps[0].kind == CS_CONNECT)
		t->x->step = 1;
	script_io(t);
}

const struct check_ops chk_script = { .name = "script", .start = script_start, .io = script_io, .where = script_where };
