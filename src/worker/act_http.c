// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that change a message: headers, method, target, status. A change that does not fit is left out; the message stays valid.
 * Values lose CR, LF and NUL: what a client sent can never become a header of its own. */
#include <sluice/base/num.h>
#include <sluice/http/uri_norm.h>

#include "act_priv.h"
#include "count.h"
#include "term.h"

#define ACT_VALUE_MAX 8192

static void value_clean(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\r' || p[i] == '\n' || p[i] == '\0')
			p[i] = ' ';
}

bool act_value(struct stream *s, const struct logfmt *f, struct str *out)
{
	static char text[ACT_VALUE_MAX];
	struct sbuf b = SBUF_FIXED(text);

	*out = logfmt_literal(f);
	if (out->p)
		return true;
	strm_render(s, f, &b);
	if (b.cut) {
		count_rewrite_failed(s);
		return false;
	}
	value_clean(text, b.n);
	*out = strm_dup(s, sbuf_str(&b));
	return true;
}

/* A request target may hold no blank and no control byte (RFC 9112 section 3.2). */
static bool target_valid(struct str t)
{
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] <= ' ' || t.p[i] == 0x7f || t.p[i] == '#')
			return false;
	return t.n > 0;
}

static enum rule_verdict target_set(struct stream *s, struct str path, struct str query, bool mark)
{
	struct str t = path;
	if (mark) {
		char *p = arena_bytes(s->arena, path.n + 1 + query.n);
		memcpy(p, path.p, path.n);
		p[path.n] = '?';
		memcpy(p + path.n + 1, query.p ? query.p : "", query.n);
		t = str_n(p, path.n + 1 + query.n);
	}
	if (target_valid(t))
		msg_set_target(&s->req, t);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_header(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct str v;
	if (act_value(s, r->fmt, &v))
		headers_set(s, act_msg(s, ph), r->name, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_add_header(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct str v;
	if (act_value(s, r->fmt, &v))
		headers_add(s, act_msg(s, ph), r->name, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_del_header(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct http_msg *m = act_msg(s, ph);

	if (r->kind == NAME_STR) {
		msg_del(m, r->name);
		return RULE_CONTINUE;
	}
	for (int i = 0; i < m->nhdr; i++)
		if (!(m->hdr[i].flags & HDR_DEL) && rt_name_matches((enum name_match)r->kind, r->name, r->re, hdr_name(&m->hdr[i]), true))
			msg_del_at(m, i);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_replace_header(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct http_msg *m = act_msg(s, ph);
	int i = msg_find(m, r->name, 0);
	struct str tpl, v;

	if (i < 0 || !act_value(s, r->fmt, &tpl))
		return RULE_CONTINUE;
	for (; i >= 0; i = msg_find(m, r->name, i + 1))
		if (regex_subst(r->re, hdr_val(&m->hdr[i]), tpl, false, s->arena, &v))
			msg_set_val(m, i, v);
	return RULE_CONTINUE;
}

/* Each comma-separated element on its own; elements that do not match stay as they are. */
static bool replace_elements(struct stream *s, const struct rule *r, struct str tpl, struct str val, struct str *out)
{
	struct sbuf b = { 0 };
	struct str rest = val, one, v;
	bool any = false;

	while (hdr_next_elem(&rest, &one)) {
		if (regex_subst(r->re, one, tpl, false, s->arena, &v))
			one = v, any = true;
		if (b.n)
			sbuf_add(&b, STR(", "));
		sbuf_add(&b, one);
	}
	if (any)
		*out = strm_dup(s, sbuf_str(&b));
	sbuf_free(&b);
	return any;
}

enum rule_verdict act_exec_replace_value(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct http_msg *m = act_msg(s, ph);
	int i = msg_find(m, r->name, 0);
	struct str tpl, v;

	if (i < 0 || !act_value(s, r->fmt, &tpl))
		return RULE_CONTINUE;
	for (; i >= 0; i = msg_find(m, r->name, i + 1))
		if (replace_elements(s, r, tpl, hdr_val(&m->hdr[i]), &v))
			msg_set_val(m, i, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_method(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;
	if (act_value(s, r->fmt, &v) && http_token(v))
		msg_set_method(&s->req, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_path(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;
	if (!act_value(s, r->fmt, &v))
		return RULE_CONTINUE;
	return target_set(s, v, uri_query(s->req.target), uri_has_query(s->req.target));
}

enum rule_verdict act_exec_set_pathq(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;
	return act_value(s, r->fmt, &v) ? target_set(s, v, STR_NULL, false) : RULE_CONTINUE;
}

enum rule_verdict act_exec_set_query(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;
	return act_value(s, r->fmt, &v) ? target_set(s, uri_path(s->req.target), v, v.n > 0) : RULE_CONTINUE;
}

/* An absolute URI changes scheme and authority too; only the part behind them goes to the server. */
static enum rule_verdict uri_set(struct stream *s, struct str v)
{
	ptrdiff_t at = str_find(v, STR("://"), false);
	if (at <= 0 || v.p[0] == '/')
		return target_set(s, v, STR_NULL, false);
	struct str rest = str_sub(v, (size_t)at + 3, v.n);
	ptrdiff_t slash = str_chr(rest, '/');
	struct str host = slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
	if (host.n == 0)
		return RULE_CONTINUE;
	headers_set(s, &s->req, STR("host"), host);
	s->req.authority = host;
	s->req.scheme = str_sub(v, 0, (size_t)at);
	return target_set(s, slash < 0 ? STR("/") : str_sub(rest, (size_t)slash, rest.n), STR_NULL, false);
}

enum rule_verdict act_exec_set_uri(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;
	return act_value(s, r->fmt, &v) ? uri_set(s, v) : RULE_CONTINUE;
}

enum rule_verdict act_exec_replace_path(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str tpl, v, t = s->req.target;
	if (act_value(s, r->fmt, &tpl) && regex_subst(r->re, uri_path(t), tpl, false, s->arena, &v))
		return target_set(s, v, uri_query(t), uri_has_query(t));
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_replace_pathq(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str tpl, v;
	if (act_value(s, r->fmt, &tpl) && regex_subst(r->re, s->req.target, tpl, false, s->arena, &v))
		return target_set(s, v, STR_NULL, false);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_replace_uri(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str tpl, v;
	if (act_value(s, r->fmt, &tpl) && regex_subst(r->re, s->req.target, tpl, false, s->arena, &v))
		return uri_set(s, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_normalize(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct str v;

	if (!uri_normalize(s->arena, (enum uri_norm)r->kind, r->flags, s->req.target, &v)) {
		term_set(s, 'P', 'R');
		reply_error(s, 400);
		return RULE_ANSWERED;
	}
	if (v.p != s->req.target.p && !str_eq(v, s->req.target))
		msg_set_target(&s->req, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_status(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	msg_set_status(&s->res, r->status, r->tpl.n ? r->tpl : http_reason(r->status));
	s->status = r->status;
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_capture(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct str v;

	if (expr_eval_str(r->expr, strm_smp_ctx(s), &v))
		strm_capture(s, ph == PH_HTTP_RES || ph == PH_HTTP_AFTER, r->num, v);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_log_level(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	s->log_level = r->num < 0 ? LOG_SILENT : (int8_t)(r->num + 1);
	return RULE_CONTINUE;
}
