// SPDX-License-Identifier: GPL-3.0-or-later
/* Logging: targets of `log` lines, formats, captures, unique ids. Formats are compiled when the proxy is complete,
 * since a later line may replace them and expressions may name any proxy. */
#include <sluice/base/num.h>

#include "sema_priv.h"

static const char *const facilities[] = {
	"kern",	  "user",   "mail",   "daemon", "auth",	  "syslog", "lpr",    "news",
	"uucp",	  "cron",   "auth2",  "ftp",	"ntp",	  "audit",  "alert",  "cron2",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"
};
static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
static const char *const formats[] = { "rfc3164", "rfc5424", "raw", "short", "timed", "priority", "local", "iso" };

#define SYSLOG_PORT 514

/* ---- targets ---------------------------------------------------------------------------------------------------- */

static bool target_address(struct sema *s, const struct word *w, struct log_target *t)
{
	struct addr_spec a;

	if (word_is(w, "stdout") || word_is(w, "stderr")) {
		t->fd = word_is(w, "stdout") ? 1 : 2;
		t->format = LOGF_RAW;
		return true;
	}
	if (str_starts(w->s, STR("ring@")) || str_starts(w->s, STR("backend@"))) {
		sema_err(s, w, "'" STR_FMT "' is known to HAProxy, not supported by sluice yet",
			 STR_ARG(str_sub(w->s, 0, (size_t)str_chr(w->s, '@') + 1)));
		return false;
	}
	if (str_starts(w->s, STR("stream+"))) {
		sema_err(s, w, "log targets over streams are not supported by sluice yet");
		return false;
	}
	if (!addr_spec_parse(s, w, w->s, ADDR_LOG, &a))
		return false;
	t->addr = a.addr;
	t->fd = a.fd;
	if (a.fd >= 0)
		t->format = LOGF_RAW;
	if ((a.addr.family == AF_INET || a.addr.family == AF_INET6) && !a.port_lo)
		t->addr.port = SYSLOG_PORT;
	return true;
}

/* "1,3-5:10": which of each 10 lines are kept. Only how many matters to whoever counts them. */
static bool target_sample(struct sema *s, const struct word *v, struct log_target *t)
{
	ptrdiff_t colon = str_chr(v->s, ':');
	struct str ranges = colon < 0 ? STR_NULL : str_sub(v->s, 0, (size_t)colon), part;
	uint64_t of, kept = 0, last = 0;

	if (colon < 1 || !num_u64(str_sub(v->s, (size_t)colon + 1, v->s.n), &of) || !of || of > 1000000)
		goto bad;
	while (ranges.p) {
		uint64_t lo, hi;
		part = str_split(&ranges, ',');
		ptrdiff_t dash = str_chr(part, '-');
		if (!num_u64(dash < 0 ? part : str_sub(part, 0, (size_t)dash), &lo))
			goto bad;
		hi = lo;
		if (dash >= 0 && !num_u64(str_sub(part, (size_t)dash + 1, part.n), &hi))
			goto bad;
		if (lo <= last || hi < lo || hi > of)
			goto bad;
		kept += hi - lo + 1;
		last = hi;
	}
	t->sample_num = (uint32_t)kept;
	t->sample_of = (uint32_t)of;
	return true;
bad:
	sema_err(s, v, "'" STR_FMT "' is not a sample: ranges and a size, as in 1,3-5:10", STR_ARG(v->s));
	return false;
}

static bool target_param(struct sema *s, const struct line *l, uint32_t *i, struct log_target *t)
{
	const struct word *k = &l->w[*i], *v = arg_next(s, l->w, l->n, i);
	uint32_t len;
	int f;

	if (!v)
		return false;
	if (word_is(k, "len")) {
		if (!arg_u32(s, v, 80, 65535, &len))
			return false;
		t->max_len = (uint16_t)len;
		return true;
	}
	if (word_is(k, "sample"))
		return target_sample(s, v, t);
	if (word_is(k, "profile")) {
		sema_err(s, k, "'profile' is known to HAProxy, not supported by sluice yet");
		return false;
	}
	if ((f = arg_word(s, v, formats, ARRAY_LEN(formats), "log format")) < 0)
		return false;
	t->format = (uint8_t)f;
	return true;
}

bool log_target_parse(struct sema *s, const struct line *l, struct log_target *t)
{
	static const char *const params[] = { "len", "format", "sample", "profile" };
	uint32_t i = 2;
	int k;

	*t = (struct log_target){ .fd = -1, .format = LOGF_LOCAL, .max_level = 7, .max_len = 1024 };
	if (!target_address(s, &l->w[1], t))
		return false;
	for (; i < l->n; i++) {
		bool param = false;
		for (unsigned p = 0; p < ARRAY_LEN(params); p++)
			param |= word_is(&l->w[i], params[p]);
		if (!param)
			break;
		if (!target_param(s, l, &i, t))
			return false;
	}
	if (i >= l->n) {
		sema_err(s, &l->w[l->n - 1], "'log' expects a facility after the target");
		return false;
	}
	if ((k = arg_word(s, &l->w[i], facilities, ARRAY_LEN(facilities), "facility")) < 0)
		return false;
	t->facility = (uint8_t)k;
	for (unsigned lv = 0; lv < 2 && ++i < l->n; lv++) {
		if ((k = arg_word(s, &l->w[i], levels, ARRAY_LEN(levels), "log level")) < 0)
			return false;
		*(lv ? &t->min_level : &t->max_level) = (uint8_t)k;
	}
	if (i < l->n && i + 1 < l->n) {
		sema_err(s, &l->w[i + 1], "unexpected '" STR_FMT "' after the levels", STR_ARG(l->w[i + 1].s));
		return false;
	}
	return true;
}

void dir_log(struct sema *s, const struct line *l)
{
	struct log_target t, *own;

	if (s->no) {
		if (s->px) {
			VEC_FREE(&s->px->logs);
			s->px->log_global = false;
		}
		return;
	}
	if (l->n < 2) {
		sema_err(s, &l->w[0], "'log' expects a target");
		return;
	}
	if (s->px && word_is(&l->w[1], "global")) {
		if (l->n > 2)
			sema_err(s, &l->w[2], "'log global' takes no further argument");
		s->px->log_global = true;
		return;
	}
	if (!log_target_parse(s, l, &t))
		return;
	t.idx = (uint32_t)s->logs.n;
	own = arena_dup(s->a, &t, sizeof(t));
	VEC_PUSH(&s->logs, own);
	if (s->px)
		VEC_PUSH(&s->px->logs, own);
	else
		VEC_PUSH(&s->glogs, own);
}

/* ---- formats ---------------------------------------------------------------------------------------------------- */

void dir_log_format(struct sema *s, const struct line *l)
{
	s->px->log_fmt = s->no ? NULL : &l->w[1];
	s->px->log_kind = s->no ? LK_DEFAULT : LK_CUSTOM;
	s->px->log_word = &l->w[0];
}

void dir_error_log_format(struct sema *s, const struct line *l)
{
	s->px->err_fmt = s->no ? NULL : &l->w[1];
}

void dir_unique_id_format(struct sema *s, const struct line *l)
{
	s->px->uid_fmt = s->no ? NULL : &l->w[1];
}

void dir_unique_id_header(struct sema *s, const struct line *l)
{
	s->px->p->unique_id_hdr = keep(s, l->w[1].s);
}

static struct logfmt *builtin_fmt(struct sema *s, const char *text)
{
	struct expr_env env = sema_env(s, ~0u, NULL);
	struct xerr e = { 0 };
	struct logfmt *f = logfmt_compile_log(&env, str_c(text), &e);
	if (!f)
		diag(s->d, DIAG_ERROR, s->px->sec->head.w[0].at, NULL, "internal: built-in log format: %s", e.msg);
	return f;
}

/* A format of the proxy's own that needs what mode tcp does not have is an error. One that came with the defaults was written for proxies in
 * both modes: what is missing here is logged as "-". */
static struct logfmt *custom_fmt(struct sema *s, const struct px_build *b)
{
	const unsigned http = NEED_REQ_HEAD | NEED_RES_HEAD | NEED_REQ_BODY;
	bool inherited = b->base && b->log_fmt == b->base->log_fmt;
	struct logfmt *f = sema_log_fmt(s, b->log_fmt, px_speaks_http(b) || inherited ? ~0u : ~http);

	if (f && !px_speaks_http(b) && logfmt_needs(f) & http)
		sema_warn(s, b->log_fmt, "the log format uses HTTP messages, which '" STR_FMT "' in mode tcp does not have: logged as '-'",
			  STR_ARG(b->name));
	return f;
}

static struct logfmt *chosen_fmt(struct sema *s, struct px_build *b)
{
	switch (b->log_kind) {
	case LK_CUSTOM: return custom_fmt(s, b);
	case LK_HTTP:
	case LK_HTTPS:
		if (px_speaks_http(b))
			return builtin_fmt(s, b->log_kind == LK_HTTP ? logfmt_httplog : logfmt_httpslog);
		if (b->sect != SECT_BACKEND)
			sema_warn(s, b->log_word,
				  "'option httplog' in '" STR_FMT "' which is in mode tcp: 'option tcplog' is used",
				  STR_ARG(b->name));
		return builtin_fmt(s, logfmt_tcplog);
	case LK_TCP: return builtin_fmt(s, logfmt_tcplog);
	default: return builtin_fmt(s, b->p->mode == MODE_HTTP ? logfmt_default_http : logfmt_default_tcp);
	}
}

void log_finish(struct sema *s, struct px_build *b)
{
	struct rt_logging *lg = &b->p->log;
	size_t n = b->log_global ? s->glogs.n : 0;

	lg->ntargets = (uint32_t)(n + b->logs.n);
	if (lg->ntargets)
		lg->targets = ARENA_NEWN(s->a, const struct log_target *, lg->ntargets);
	for (size_t i = 0; i < n; i++)
		lg->targets[i] = s->glogs.at[i];
	for (size_t i = 0; i < b->logs.n; i++)
		lg->targets[n + i] = b->logs.at[i];
	if (!(b->p->caps & PX_FE))
		return;
	if (lg->ntargets || b->log_kind == LK_CUSTOM)
		lg->fmt = chosen_fmt(s, b);
	if (b->err_fmt)
		lg->err_fmt = sema_log_fmt(s, b->err_fmt, ~0u);
	if (b->uid_fmt)
		b->p->unique_id_fmt = sema_log_fmt(s, b->uid_fmt, ~0u);
}

/* ---- captures --------------------------------------------------------------------------------------------------- */

static void capture_header(struct sema *s, const struct line *l, bool res)
{
	struct rt_proxy *p = s->px->p;
	struct rt_capture c = { 0 };
	uint32_t len;

	if (l->n != 6 || !word_is(&l->w[2], "header") || !word_is(&l->w[4], "len")) {
		sema_err(s, &l->w[MIN(2u, l->n - 1)], "expected 'capture %s header <name> len <bytes>'",
			 res ? "response" : "request");
		return;
	}
	if (!arg_u32(s, &l->w[5], 1, 65535, &len))
		return;
	c.name = keep(s, l->w[3].s), c.len = (uint16_t)len;
	if (res)
		APPEND(s->a, p->res_cap, p->nres_cap, c);
	else
		APPEND(s->a, p->req_cap, p->nreq_cap, c);
}

void dir_capture(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "request", "response", "cookie" };
	int k = arg_word(s, &l->w[1], words, 3, "kind of capture");
	uint32_t len;

	if (k == 0 || k == 1) {
		capture_header(s, l, k == 1);
	} else if (k == 2) {
		if (l->n != 5 || !word_is(&l->w[3], "len"))
			sema_err(s, &l->w[2], "expected 'capture cookie <name> len <bytes>'");
		else if (arg_u32(s, &l->w[4], 1, 65535, &len))
			s->px->p->cookie_cap = (struct rt_capture){ .name = keep(s, l->w[2].s), .len = (uint16_t)len };
	}
}

/* declare capture request|response len n */
void dir_declare(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "request", "response" };
	struct rt_proxy *p = s->px->p;
	struct rt_capture c = { 0 };
	uint32_t len;
	int k;

	if (!word_is(&l->w[1], "capture") || !word_is(&l->w[3], "len")) {
		sema_err(s, &l->w[1], "expected 'declare capture request|response len <bytes>'");
		return;
	}
	if ((k = arg_word(s, &l->w[2], words, 2, "kind of capture")) < 0 || !arg_u32(s, &l->w[4], 1, 65535, &len))
		return;
	c.len = (uint16_t)len;
	if (k)
		APPEND(s->a, p->res_cap, p->nres_cap, c);
	else
		APPEND(s->a, p->req_cap, p->nreq_cap, c);
}
