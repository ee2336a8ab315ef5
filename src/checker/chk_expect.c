// SPDX-License-Identifier: GPL-3.0-or-later
/* Is what has been received what was expected? The same for tcp-check, which looks at all bytes since the last send, and for http-
 * check, which looks at status, headers and the decoded body. Verdicts, their order and their words are HAProxy's. */
#include <stdio.h>
#include <stdlib.h>
#include "checker_priv.h"

/* ---- does it match? ------------------------------------------------------------------------------------------------- */

static bool matches_hex(const struct regex *re, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *hex = malloc(text.n * 2 + 1);
	bool m = false;

	if (!hex)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		hex[2 * i] = digits[(unsigned char)text.p[i] >> 4];
		hex[2 * i + 1] = digits[text.p[i] & 15];
	}
	m = regex_match(re, str_n(hex, 2 * text.n));
	free(hex);
	return m;
}

bool expect_matches(const struct chk_expect *e, struct str want, struct str text)
{
	switch ((enum chk_match)e->match) {
	case CM_RSTRING: return e->re && regex_match(e->re, text);
	case CM_RBINARY: return e->re && matches_hex(e->re, text);
	default: return str_find(text, want, false) >= 0;
	}
}

static bool status_matches(const struct chk_expect *e, unsigned status)
{
	char text[8];

	if (e->match == CM_RSTATUS)
		return regex_match(e->re, str_n(text, (size_t)snprintf(text, sizeof(text), "%03u", status)));
	for (unsigned i = 0; i < e->nstatus; i++)
		if (status >= e->status[i].lo && status <= e->status[i].hi)
			return true;
	return false;
}

/* hdr looks at each element of a list, fhdr at the whole. */
static bool value_matches(const struct chk_expect *e, struct str want, struct str value)
{
	struct str part = value;

	if (!e->has_value)
		return true;
	if (e->match == CM_FHDR)
		return rt_name_matches((enum name_match)e->hdr_how, want, e->re, value, false);
	while (hdr_next_elem(&value, &part))
		if (rt_name_matches((enum name_match)e->hdr_how, want, e->re, part, false))
			return true;
	return false;
}

static bool header_matches(struct target *t, const struct chk_expect *e)
{
	struct str name = e->name_fmt ? chk_render(t, e->name_fmt) : e->hdr_name, want = e->fmt ? chk_render(t, e->fmt) : e->text;
	const struct http_msg *m = chk_ctx(t)->res;

	for (int i = 0; m && i < m->nhdr; i++)
		if (rt_name_matches((enum name_match)e->name_how, name, e->name_re, hdr_name(&m->hdr[i]), true) &&
		    value_matches(e, want, hdr_val(&m->hdr[i])))
			return true;
	return false;
}

/* ---- the verdict ---------------------------------------------------------------------------------------------------- */

static unsigned code_of(struct target *t, const struct chk_expect *e)
{
	struct smp_ctx *c = chk_ctx(t);
	struct smp v;

	if (e->code && expr_eval(e->code, c, &v) && smp_cast(&v, SMP_STR, c->tmp) && smp_cast(&v, SMP_INT, c->tmp))
		return (unsigned)(v.i > 0 && v.i <= UINT16_MAX ? v.i : 0);
	return t->x->res.status;
}

/* usual: what is said unless the line has a format for that. */
static void verdict(struct target *t, const struct chk_step *st, enum check_status status, const struct logfmt *fmt, struct str usual,
		    bool good)
{
	char text[INFO_MAX];
	struct sbuf info = SBUF_FIXED(text);
	unsigned code = code_of(t, &st->exp);

	if (fmt)
		chk_render_to(t, chk_ctx(t), fmt, &info);
	else
		sbuf_add(&info, usual);
	if (!good && st->comment.n)
		sbuf_printf(&info, "%scomment: " STR_FMT, info.n ? " " : "", STR_ARG(st->comment));
	probe_finish(t, status, code, sbuf_str(&info));
}

void expect_passed(struct target *t, const struct chk_step *st, enum check_status status)
{
	const struct chk_expect *e = &st->exp;
	bool plain = !chk_is_http(t) && !t->px->check.proto;

	verdict(t, st, e->ok_status ? (enum check_status)e->ok_status : status, e->on_success, plain ? STR("(tcp-check)") : STR_NULL, true);
}

static enum probe_io failed(struct target *t, const struct chk_step *st, enum check_status status, struct str usual)
{
	const struct chk_expect *e = &st->exp;

	verdict(t, st, e->error_status ? (enum check_status)e->error_status : status, e->on_error, usual, false);
	return PROBE_GONE;
}

static enum probe_io text_failed(struct target *t, const struct chk_step *st, bool nothing, bool match)
{
	char text[INFO_MAX];
	struct sbuf b = SBUF_FIXED(text);
	const struct chk_expect *e = &st->exp;

	if (chk_is_http(t))
		return failed(t, st, CHK_L7RSP,
			      match ? STR("HTTP check matched unwanted content") : STR("HTTP content check did not match"));
	sbuf_add(&b, nothing ? STR("TCPCHK got an empty response") :
		 match	     ? STR("TCPCHK matched unwanted content") :
			       STR("TCPCHK did not match content"));
	if (!nothing && e->fmt)
		sbuf_add(&b, e->match == CM_STRING_LF ? STR(" (log-format string)") : STR(" (log-format binary)"));
	else if (!nothing)
		sbuf_printf(&b, " '" STR_FMT "'", STR_ARG(e->text));
	sbuf_printf(&b, " at step %u", chk_step_number(t, st));
	return failed(t, st, CHK_L7RSP, sbuf_str(&b));
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

static struct str received(const struct target *t)
{
	return chk_is_http(t) ? http_body(t->x) : buf_str(&t->x->in);
}

/* OK: more was received, or nothing will be any more (*end). */
static enum probe_io more(struct target *t, bool *end)
{
	enum probe_io r = chk_is_http(t) ? http_more(t) : probe_fill(t);

	*end = r == PROBE_EOF || r == PROBE_FULL || (r == PROBE_OK && chk_is_http(t) && t->x->res.complete);
	return *end ? PROBE_OK : r;
}

/* Can it be judged now, whatever else may come? A wanted text may come with any byte. That an unwanted one is absent from a response
 * of HTTP is known at its end; a connection has no end that one could wait for. */
static bool conclusive(const struct target *t, const struct chk_expect *e, size_t have, size_t want, bool match)
{
	bool exact = e->match != CM_RSTRING && e->match != CM_RBINARY;
	size_t least = MAX(exact ? want : 0, (size_t)e->min_recv);

	return have && have >= least && (match || e->at_once || (e->neg && !chk_is_http(t)));
}

static enum probe_io expect_text(struct target *t, const struct chk_step *st)
{
	const struct chk_expect *e = &st->exp;
	struct str want = e->fmt ? chk_render(t, e->fmt) : e->text;

	if (e->fmt && (!want.p || (e->match == CM_BINARY_LF && !chk_unhex(&want))))
		return failed(t, st, CHK_L7RSP, STR("Failed to parse hexastring resulting of eval of a log-format string"));
	for (bool end = chk_is_http(t) && t->x->res.complete;;) {
		struct str text = received(t);
		bool match = text.n && expect_matches(e, want, text);
		enum probe_io r;

		if (end || conclusive(t, e, text.n, want.n, match)) {
			bool nothing = !text.n && !chk_is_http(t);

			return match == e->neg || nothing ? text_failed(t, st, nothing, match) : PROBE_OK;
		}
		if ((r = more(t, &end)) != PROBE_OK)
			return r;
	}
}

enum probe_io expect_step(struct target *t, const struct chk_step *st)
{
	const struct chk_expect *e = &st->exp;
	enum probe_io r = chk_is_http(t) ? http_head(t) : PROBE_OK;

	if (r != PROBE_OK)
		return r;
	switch ((enum chk_match)e->match) {
	case CM_STATUS:
	case CM_RSTATUS:
		if (status_matches(e, t->x->res.status) != e->neg)
			return PROBE_OK;
		break;
	case CM_HDR:
	case CM_FHDR:
		if (header_matches(t, e) != e->neg)
			return PROBE_OK;
		break;
	default: return expect_text(t, st);
	}
	const struct http_msg *m = chk_ctx(t)->res;

	return failed(t, st, CHK_L7STS, m ? m->reason : STR_NULL);
}
