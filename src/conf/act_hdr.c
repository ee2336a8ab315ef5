// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of the actions that rewrite messages: headers, request target, method, status; and of the small ones. */
#include <sluice/base/num.h>

#include "act_priv.h"

bool act_args(struct sema *s, const struct act *a, uint32_t want, const char *usage)
{
	if (a->n - 1 < want)
		sema_err(s, &a->w[a->n - 1], "'" STR_FMT "' expects %s", STR_ARG(a->w[0].s), usage);
	else if (a->n - 1 > want)
		sema_err(s, &a->w[want + 1],
			 "unexpected '" STR_FMT "' behind the arguments of '" STR_FMT "'%s", STR_ARG(a->w[want + 1].s), STR_ARG(a->w[0].s),
			 a->avail & NEED_CHECK ? "" : ", only 'if' or 'unless' may follow");
	return a->n - 1 == want;
}

bool act_header_name(struct sema *s, const struct word *w, struct str *out)
{
	if (!http_token(w->s)) {
		sema_err(s, w, "'" STR_FMT "' is not the name of a header", STR_ARG(w->s));
		return false;
	}
	*out = keep(s, w->s);
	return true;
}

bool act_parse_none(struct sema *s, struct act *a)
{
	return act_args(s, a, 0, "no argument");
}

bool act_parse_name_fmt(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 2, "a header name and a format") || !act_header_name(s, &a->w[1], &a->r->name))
		return false;
	return (a->r->fmt = sema_fmt(s, &a->w[2], a->avail)) != NULL;
}

bool act_parse_fmt(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 1, "a format"))
		return false;
	return (a->r->fmt = sema_fmt(s, &a->w[1], a->avail)) != NULL;
}

bool act_parse_replace_header(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 3, "a header name, a regular expression and a format") ||
	    !act_header_name(s, &a->w[1], &a->r->name))
		return false;
	a->r->re = sema_regex(s, &a->w[2], false);
	a->r->fmt = sema_fmt(s, &a->w[3], a->avail);
	return a->r->re && a->r->fmt;
}

bool act_parse_replace_uri(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 2, "a regular expression and a format"))
		return false;
	a->r->re = sema_regex(s, &a->w[1], false);
	a->r->fmt = sema_fmt(s, &a->w[2], a->avail);
	return a->r->re && a->r->fmt;
}

bool act_parse_del_header(struct sema *s, struct act *a)
{
	static const char *const kinds[] = { "str", "beg", "end", "sub", "reg" };
	int k = 0;

	if (a->n < 2) {
		sema_err(s, &a->w[0], "'del-header' expects a header name");
		return false;
	}
	if (a->n > 2) {
		if (!word_is(&a->w[2], "-m") || a->n < 4) {
			sema_err(s, &a->w[2], "only '-m str|beg|end|sub|reg' may follow the name");
			return false;
		}
		if ((k = arg_word(s, &a->w[3], kinds, 5, "match")) < 0)
			return false;
		if (a->n > 4) {
			sema_err(s, &a->w[4], "unexpected '" STR_FMT "', only 'if' or 'unless' may follow",
				 STR_ARG(a->w[4].s));
			return false;
		}
	}
	a->r->kind = (uint8_t)k;
	a->r->name = keep(s, a->w[1].s);
	if (k == NAME_REG)
		return (a->r->re = sema_regex(s, &a->w[1], true)) != NULL;
	return k != NAME_STR || act_header_name(s, &a->w[1], &a->r->name);
}

bool act_parse_set_status(struct sema *s, struct act *a)
{
	uint32_t code;

	if (a->n < 2) {
		sema_err(s, &a->w[0], "'set-status' expects a status");
		return false;
	}
	if (!arg_u32(s, &a->w[1], 100, 999, &code))
		return false;
	a->r->status = (uint16_t)code;
	if (a->n == 2)
		return true;
	if (!word_is(&a->w[2], "reason") || a->n != 4) {
		sema_err(s, &a->w[2], "only 'reason <text>' may follow the status");
		return false;
	}
	a->r->tpl = keep(s, a->w[3].s);
	return true;
}

bool act_parse_log_level(struct sema *s, struct act *a)
{
	static const char *const words[] = { "emerg",  "alert", "crit",	 "err",	  "warning",
					     "notice", "info",	"debug", "silent" };
	int k;

	if (!act_args(s, a, 1, "a log level"))
		return false;
	k = arg_word(s, &a->w[1], words, 9, "log level");
	a->r->num = k == 8 ? -1 : k;
	return k >= 0;
}

bool act_parse_silent_drop(struct sema *s, struct act *a)
{
	uint32_t ttl;

	if (a->n == 1)
		return true;
	if (!word_is(&a->w[1], "rst-ttl") || a->n != 3) {
		sema_err(s, &a->w[1], "only 'rst-ttl <ttl>' may follow");
		return false;
	}
	if (!arg_u32(s, &a->w[2], 0, 255, &ttl))
		return false;
	a->r->num = 1;
	a->r->num2 = ttl;
	return true;
}

/* ---- captures --------------------------------------------------------------------------------------------------- */

/* Slot of a capture rule: a new one of the frontend (len), or one declared before (id). */
static bool capture_slot(struct sema *s, struct act *a, uint32_t v)
{
	struct rt_proxy *p = s->px->p;
	bool res = a->ph == PH_HTTP_RES || a->ph == PH_HTTP_AFTER;
	struct rt_capture cap = { .len = (uint16_t)v };

	if (word_is(&a->w[2], "id")) {
		a->r->num = v;
		a->r->num2 = 1;
		if ((p->caps & PX_FE) && v >= (res ? p->nres_cap : p->nreq_cap) && s->sect != SECT_DEFAULTS) {
			sema_err(s, &a->w[3], "there is no capture slot %u: 'declare capture' makes them", v);
			return false;
		}
		return true;
	}
	if (!(p->caps & PX_FE) || res) {
		sema_err(s, &a->w[2],
			 "'len' works in the request rules of a frontend only: declare a slot there and use 'id'");
		return false;
	}
	a->r->num = p->nreq_cap;
	APPEND(s->a, p->req_cap, p->nreq_cap, cap);
	return true;
}

bool act_parse_capture(struct sema *s, struct act *a)
{
	static const char *const words[] = { "len", "id" };
	uint32_t v;

	if (!act_args(s, a, 3, "an expression and 'len <n>' or 'id <slot>'"))
		return false;
	if (!(a->r->expr = sema_expr(s, &a->w[1], a->avail)))
		return false;
	if (arg_word(s, &a->w[2], words, 2, "parameter of capture") < 0 || !arg_u32(s, &a->w[3], 0, 65535, &v))
		return false;
	return capture_slot(s, a, v);
}
