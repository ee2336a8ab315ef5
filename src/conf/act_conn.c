// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of actions on connections and on the course of a request: addresses, marks, timeouts, priorities, waiting, hints, normal
 * forms of targets. */
#include <stdlib.h>
#include <sluice/base/num.h>
#include <sluice/http/uri_norm.h>

#include "act_priv.h"

bool act_parse_expr(struct sema *s, struct act *a)
{
	return act_args(s, a, 1, "an expression") && (a->r->expr = sema_expr(s, &a->w[1], a->avail));
}

/* A number in any base that strtoul(3) reads, else an expression. */
static bool number_or_expr(struct sema *s, struct act *a, const struct word *w, uint64_t max)
{
	char *end, *text = arena_cstr(&s->scratch, w->s);
	unsigned long long v = strtoull(text, &end, 0);

	if (w->s.n && w->s.p[0] >= '0' && w->s.p[0] <= '9' && !*end) {
		if (v > max)
			sema_err(s, w, "'" STR_FMT "' is not a number from 0 to %llu", STR_ARG(w->s), (unsigned long long)max);
		a->r->num = (int64_t)v;
		return v <= max;
	}
	return (a->r->expr = sema_expr(s, w, a->avail)) != NULL;
}

static bool towards_server(const struct act *a) { return str_starts(a->w[0].s, STR("set-bc-")); }

bool act_parse_tos(struct sema *s, struct act *a)
{
	a->r->kind = towards_server(a);
	return act_args(s, a, 1, "a number from 0 to 255 or an expression") && number_or_expr(s, a, &a->w[1], 255);
}

bool act_parse_mark(struct sema *s, struct act *a)
{
	a->r->kind = towards_server(a);
	return act_args(s, a, 1, "a 32-bit number or an expression") && number_or_expr(s, a, &a->w[1], UINT32_MAX);
}

bool act_parse_switch_mode(struct sema *s, struct act *a)
{
	static const char *const protos[] = { "h1", "h2" };
	int k;

	if (!(s->px->p->caps & PX_FE)) {
		sema_err(s, &a->w[0], "'switch-mode' is possible in frontends only");
		return false;
	}
	if (a->n < 2 || !word_is(&a->w[1], "http") || (a->n > 2 && (a->n != 4 || !word_is(&a->w[2], "proto")))) {
		sema_err(s, &a->w[a->n < 2 ? 0 : 1], "'switch-mode' expects 'http' and, maybe, 'proto h1' or 'proto h2'");
		return false;
	}
	if (a->n == 2)
		return true;
	k = arg_word(s, &a->w[3], protos, 2, "protocol");
	a->r->kind = (uint8_t)(PROTO_H1 + k);
	return k >= 0;
}

bool act_parse_expect_proxy(struct sema *s, struct act *a)
{
	static const char *const words[] = { "layer4" };

	return act_args(s, a, 1, "layer4") && arg_word(s, &a->w[1], words, 1, "place of the PROXY header") == 0;
}

bool act_parse_expect_netscaler_cip(struct sema *s, struct act *a)
{
	static const char *const words[] = { "layer4" };
	uint32_t magic;

	a->r->num = -1;
	if (a->n < 2 || a->n > 3)
		return act_args(s, a, 1, "layer4");
	if (arg_word(s, &a->w[1], words, 1, "place of the header") < 0)
		return false;
	if (a->n == 3 && !arg_u32(s, &a->w[2], 0, UINT32_MAX, &magic))
		return false;
	a->r->num = a->n == 3 ? (int64_t)magic : -1;
	return true;
}

bool act_parse_retries(struct sema *s, struct act *a)
{
	return act_args(s, a, 1, "a number from 0 to 100 or an expression") && number_or_expr(s, a, &a->w[1], RETRIES_MAX);
}

bool act_parse_nice(struct sema *s, struct act *a)
{
	int32_t v;

	if (!act_args(s, a, 1, "a number from -1024 to 1024") || !arg_i32(s, &a->w[1], -1024, 1024, &v))
		return false;
	sema_warn_inert(s, &a->w[0]);
	return true;
}

bool act_parse_strict_mode(struct sema *s, struct act *a)
{
	static const char *const words[] = { "on", "off" };
	int k = act_args(s, a, 1, "on or off") ? arg_word(s, &a->w[1], words, 2, "strict mode") : -1;

	if (k == 0)
		sema_warn_inert(s, &a->w[0]);
	return k >= 0;
}

/* A time, else an expression that gives milliseconds. */
static bool time_or_expr(struct sema *s, struct act *a, const struct word *w)
{
	uint32_t ms;

	if (!w->s.n || w->s.p[0] < '0' || w->s.p[0] > '9')
		return (a->r->expr = sema_expr(s, w, a->avail)) != NULL;
	if (!arg_time(s, w, 1, &ms))
		return false;
	a->r->num = ms;
	return true;
}

bool act_parse_timeout(struct sema *s, struct act *a)
{
	static const char *const words[] = { "client", "server", "tunnel" };
	static const uint8_t which[] = { TO_CLIENT, TO_SERVER, TO_TUNNEL };
	int k;

	if (!act_args(s, a, 2, "client, server or tunnel and a time") || (k = arg_word(s, &a->w[1], words, 3, "timeout")) < 0)
		return false;
	a->r->kind = which[k];
	return time_or_expr(s, a, &a->w[2]);
}

bool act_parse_pause(struct sema *s, struct act *a)
{
	return act_args(s, a, 1, "a time or an expression") && time_or_expr(s, a, &a->w[1]);
}

bool act_parse_wait_body(struct sema *s, struct act *a)
{
	static const char *const words[] = { "time", "at-least" };
	uint32_t v;

	for (uint32_t i = 1; i < a->n; i++) {
		int k = arg_word(s, &a->w[i], words, 2, "parameter of wait-for-body");
		const struct word *w = k < 0 ? NULL : arg_next(s, a->w, a->n, &i);

		if (!w || !(k == 0 ? arg_time(s, w, 1, &v) : arg_size(s, w, 0, INT32_MAX, &v)))
			return false;
		*(k == 0 ? &a->r->num : &a->r->num2) = v;
	}
	if (!a->r->num)
		sema_err(s, &a->w[0], "'wait-for-body' expects 'time' and how long to wait at most");
	return a->r->num > 0;
}

bool act_parse_normalize(struct sema *s, struct act *a)
{
	static const struct { const char *word, *flag; } forms[NORM_COUNT] = {
		[NORM_FRAGMENT_ENCODE] = { "fragment-encode", NULL },
		[NORM_FRAGMENT_STRIP] = { "fragment-strip", NULL },
		[NORM_MERGE_SLASHES] = { "path-merge-slashes", NULL },
		[NORM_STRIP_DOT] = { "path-strip-dot", NULL },
		[NORM_STRIP_DOTDOT] = { "path-strip-dotdot", "full" },
		[NORM_DECODE_UNRESERVED] = { "percent-decode-unreserved", "strict" },
		[NORM_TO_UPPERCASE] = { "percent-to-uppercase", "strict" },
		[NORM_SORT_QUERY] = { "query-sort-by-name", NULL },
	};
	const char *words[NORM_COUNT];
	int k;

	for (int i = 0; i < NORM_COUNT; i++)
		words[i] = forms[i].word;
	if (a->n < 2) {
		sema_err(s, &a->w[0], "'normalize-uri' expects a normal form");
		return false;
	}
	if ((k = arg_word(s, &a->w[1], words, NORM_COUNT, "normal form")) < 0)
		return false;
	a->r->kind = (uint8_t)k;
	if (a->n == 2)
		return true;
	a->r->flags = forms[k].flag && word_is(&a->w[2], forms[k].flag) && a->n == 3;
	if (!a->r->flags)
		sema_err(s, &a->w[2], "unexpected '" STR_FMT "' behind '%s'", STR_ARG(a->w[2].s), forms[k].word);
	return a->r->flags;
}
