// SPDX-License-Identifier: GPL-3.0-or-later
/* tcp-check and http-check: a list of steps, taken in order. Received bytes collect until the next send or connect, so consecutive
 * expects look at the same bytes; of HTTP they look at one response. Steps about variables are taken at once, those before the first
 * connect before anything is opened. */
#include <stdio.h>
#include "checker_priv.h"

/* ---- variables ---------------------------------------------------------------------------------------------------- */

static void set_var(struct target *t, const struct chk_step *st)
{
	struct smp v = { .type = SMP_STR };
	struct smp_ctx *c;

	if (st->fmt && !(v.s = chk_render(t, st->fmt)).p)
		return;
	c = chk_ctx(t);
	if (st->fmt || expr_eval(st->expr, c, &v))
		(void)var_set(c, st->var, &v, st->conds);
}

static bool reads_response(const struct chk_step *st)
{
	return ((st->expr ? expr_needs(st->expr) : 0) | (st->fmt ? logfmt_needs(st->fmt) : 0)) & NEED_RES_HEAD;
}

/* What looks at a response gets the whole of it. */
static enum probe_io var_step(struct target *t, const struct chk_step *st)
{
	enum probe_io r = chk_is_http(t) && t->x->asked && reads_response(st) ? http_whole(t) : PROBE_OK;

	if (r != PROBE_OK)
		return r;
	if (st->kind == CS_UNSET_VAR)
		var_unset(chk_ctx(t), st->var);
	else
		set_var(t, st);
	return PROBE_OK;
}

/* ---- connections -------------------------------------------------------------------------------------------------- */

static const struct chk_step *script_begin(struct target *t)
{
	const struct rt_check *c = &t->px->check;
	uint32_t *i = &t->x->step;

	for (; *i < c->nsteps && c->steps[*i].kind >= CS_SET_VAR; ++*i)
		(void)var_step(t, &c->steps[*i]);
	return *i < c->nsteps && c->steps[*i].kind == CS_CONNECT ? &c->steps[(*i)++] : NULL;
}

uint16_t script_port(struct target *t, const struct chk_step *st)
{
	struct smp_ctx *c;
	struct smp v;

	if (!st->expr)
		return st->port;
	c = chk_ctx(t);
	return expr_eval(st->expr, c, &v) && smp_cast(&v, SMP_INT, c->tmp) && v.i > 0 && v.i <= UINT16_MAX ? (uint16_t)v.i : 0;
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static void forget_input(struct target *t)
{
	struct buf *in = &t->x->in;

	in->head = in->tail = 0;
	http_forget(t->x);
}

static enum probe_io send_step(struct target *t, const struct chk_step *st)
{
	struct str data = st->data;

	if (t->x->nout)
		return probe_flush(t);
	if (st->fmt && (!(data = chk_render(t, st->fmt)).p || (st->kind == CS_SEND_BINARY && !chk_unhex(&data)))) {
		char info[INFO_MAX];
		int n = snprintf(info, sizeof(info), "tcp-check send : failed to build log-format string at step %u",
				 chk_step_number(t, st));

		probe_finish(t, CHK_L7RSP, 0, str_n(info, (size_t)n));
		return PROBE_GONE;
	}
	forget_input(t);
	probe_queue(t, data);
	return probe_flush(t);
}

static enum probe_io step(struct target *t, const struct chk_step *st)
{
	switch ((enum chk_step_kind)st->kind) {
	case CS_CONNECT:
		forget_input(t);
		http2_end(t->x);
		t->x->asked = NULL;
		t->x->step++;
		probe_reconnect(t, st);
		return PROBE_GONE;
	case CS_SEND:
	case CS_SEND_BINARY: return send_step(t, st);
	case CS_REQUEST: return http_say(t, st);
	case CS_EXPECT: return expect_step(t, st);
	case CS_SET_VAR:
	case CS_UNSET_VAR: break;
	}
	return var_step(t, st);
}

/* The last step that speaks or listens says how far a good server has got. */
static void passed(struct target *t)
{
	const struct rt_check *c = &t->px->check;
	uint32_t i = c->nsteps;

	while (i && c->steps[i - 1].kind >= CS_SET_VAR)
		i--;
	const struct chk_step *last = i ? &c->steps[i - 1] : NULL;

	if (last && last->kind == CS_EXPECT)
		expect_passed(t, last, CHK_L7OK);
	else
		probe_finish(t, last && last->kind != CS_CONNECT ? CHK_L7OK : t->tls ? CHK_L6OK : CHK_L4OK, 0,
			     last && !c->proto ? STR("(tcp-check)") : STR_NULL);
}

static void script_io(struct target *t)
{
	const struct rt_check *c = &t->px->check;

	while (t->x->step < c->nsteps) {
		if (step(t, &c->steps[t->x->step]) != PROBE_OK)
			return;
		t->x->step++;
	}
	passed(t);
}

/* ---- where it stood ----------------------------------------------------------------------------------------------- */

static void say_expect(const struct chk_expect *e, struct sbuf *out)
{
	static const char *const matches[] = {
		[CM_STRING] = "string", [CM_RSTRING] = "regex", [CM_BINARY] = "binary", [CM_RBINARY] = "binary regex",
		[CM_STRING_LF] = "log-format string", [CM_BINARY_LF] = "log-format binary",
	};

	sbuf_printf(out, " %s", e->match < ARRAY_LEN(matches) && matches[e->match] ? matches[e->match] : "");
	if (e->fmt)
		return;
	sbuf_add(out, STR(" '"));
	for (size_t i = 0; e->match == CM_BINARY && i < e->text.n; i++)
		sbuf_printf(out, "%02x", (unsigned char)e->text.p[i]);
	sbuf_printf(out, STR_FMT "'", STR_ARG(e->match == CM_BINARY ? STR_NULL : e->text));
}

static void script_where(const struct target *t, struct sbuf *out)
{
	static const char *const kinds[] = {
		[CS_CONNECT] = "connect", [CS_SEND] = "send", [CS_SEND_BINARY] = "send", [CS_EXPECT] = "expect",
	};
	const struct rt_check *c = &t->px->check;
	bool connecting = t->phase == PROBE_CONNECTING;
	const struct chk_step *st = connecting ? t->x->at : &c->steps[t->x->step];

	if (chk_is_http(t) || (!connecting && t->x->step == c->nsteps))
		return;
	if (!st) {
		sbuf_add(out, STR(" at initial connection step of tcp-check"));
		return;
	}
	sbuf_printf(out, " at step %u of tcp-check (%s", chk_step_number(t, st),
		    st->kind < ARRAY_LEN(kinds) ? kinds[st->kind] : "variable");
	if (st->kind == CS_CONNECT && st->port)
		sbuf_printf(out, " port %u", st->port);
	if (st->kind == CS_EXPECT)
		say_expect(&st->exp, out);
	sbuf_addc(out, ')');
	if (st->comment.n)
		sbuf_printf(out, " comment: '" STR_FMT "'", STR_ARG(st->comment));
}

const struct check_ops chk_script = {
	.name = "script", .begin = script_begin, .start = script_io, .io = script_io, .end = http2_end, .where = script_where,
};
