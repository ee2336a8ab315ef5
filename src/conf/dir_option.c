// SPDX-License-Identifier: GPL-3.0-or-later
/* `option X`, `no option X`, `default option X`: each word is a row of tbl/options.def. */
#include "chk_priv.h"

struct opt_arg { const struct word *w; uint32_t n, bits; }; /* w: the option's word and its arguments */
typedef void option_fn(struct sema *s, const struct opt_arg *a);

static void takes_none(struct sema *s, const struct opt_arg *a)
{
	if (a->n > 1)
		sema_err(s, &a->w[1], "'option " STR_FMT "' takes no argument", STR_ARG(a->w[0].s));
}

static void option_none(struct sema *s, const struct opt_arg *a)
{
	if (!s->no)
		sema_warn_inert(s, &a->w[0]);
}

static void option_always(struct sema *s, const struct opt_arg *a)
{
	if (s->no)
		sema_warn(s, &a->w[0], "'option " STR_FMT "' cannot be turned off", STR_ARG(a->w[0].s));
}

static void option_bit(struct sema *s, const struct opt_arg *a)
{
	uint32_t *opts = &s->px->p->opts;
	takes_none(s, a);
	*opts = s->no ? *opts & ~a->bits : *opts | a->bits;
}

static void option_mode(struct sema *s, const struct opt_arg *a)
{
	uint32_t *opts = &s->px->p->opts;
	takes_none(s, a);
	if (s->no)
		*opts &= ~a->bits;
	else
		*opts = (*opts & ~(uint32_t)(OPT_HTTP_KEEP_ALIVE | OPT_HTTP_SERVER_CLOSE | OPT_HTTPCLOSE)) | a->bits;
}

static void option_log(struct sema *s, const struct opt_arg *a)
{
	struct rt_logging *lg = &s->px->p->log;
	bool *const field[] = { &lg->dontlognull, &lg->dontlog_normal, &lg->separate_errors, &lg->asap };
	takes_none(s, a);
	*field[a->bits] = !s->no;
}

/* httplog (1) takes `clf`. */
static void option_format(struct sema *s, const struct opt_arg *a)
{
	struct px_build *b = s->px;

	if (s->no) {
		b->log_kind = LK_DEFAULT;
		return;
	}
	if (a->n > 1 && word_is(&a->w[1], "clf"))
		sema_warn(s, &a->w[1],
			  "'clf' is known to HAProxy, not supported by sluice yet; the plain format is used");
	else
		takes_none(s, a);
	b->log_kind = a->bits == 2 ? LK_TCP : a->bits == 3 ? LK_HTTPS : LK_HTTP;
	b->log_fmt = NULL;
	b->log_word = &a->w[0];
}

/* ---- forwarding headers ----------------------------------------------------------------------------------------- */

static bool xff_except(struct sema *s, const struct word *v, struct rt_xff *x)
{
	struct addr_net net;
	if (!addr_parse_net(&net, v->s)) {
		sema_err(s, v, "'" STR_FMT "' is not a network", STR_ARG(v->s));
		return false;
	}
	APPEND(s->a, x->except, x->nexcept, net);
	return true;
}

static void xff_parse(struct sema *s, const struct opt_arg *a, struct rt_xff *x, struct str header)
{
	static const char *const words[] = { "except", "header", "if-none" };

	*x = (struct rt_xff){ .on = !s->no, .header = header };
	for (uint32_t i = 1; i < a->n && !s->no; i++) {
		int k = arg_word(s, &a->w[i], words, 3, "parameter");
		const struct word *v;
		if (k == 2)
			x->if_none = true;
		if (k < 0)
			return;
		if (k == 2)
			continue;
		if (!(v = arg_next(s, a->w, a->n, &i)))
			return;
		if (k == 1)
			x->header = keep(s, v->s);
		else if (!xff_except(s, v, x))
			return;
	}
}

static void option_forwardfor(struct sema *s, const struct opt_arg *a)
{
	xff_parse(s, a, &s->px->p->forwardfor, STR("X-Forwarded-For"));
}

static void option_originalto(struct sema *s, const struct opt_arg *a)
{
	xff_parse(s, a, &s->px->p->originalto, STR("X-Original-To"));
}

static void option_forwarded(struct sema *s, const struct opt_arg *a)
{
	static const char *const words[] = { "proto", "for", "host", "by" };
	struct rt_forwarded *f = &s->px->p->forwarded;
	bool *const field[] = { &f->proto, &f->for_, &f->host, &f->by };

	*f = (struct rt_forwarded){ .on = !s->no };
	if (a->n == 1)
		f->proto = f->for_ = true;
	for (uint32_t i = 1; i < a->n && !s->no; i++) {
		if (ha_word_find(HAW_OPTION, a->w[i].s)) {
			sema_err(s, &a->w[i], "'" STR_FMT "' is known to HAProxy, not supported by sluice yet",
				 STR_ARG(a->w[i].s));
			return;
		}
		int k = arg_word(s, &a->w[i], words, 4, "parameter");
		if (k < 0)
			return;
		*field[k] = true;
	}
}

/* ---- checks and retries ----------------------------------------------------------------------------------------- */

static void option_hdr_names(struct sema *s, const struct opt_arg *a)
{
	static const char *const words[] = { "preserve", "delete", "reject" };
	int k = 0;

	if (a->n != 2 && !s->no)
		sema_err(s, &a->w[0], "'option http-restrict-req-hdr-names' expects preserve, delete or reject");
	else if (!s->no)
		k = arg_word(s, &a->w[1], words, 3, "policy");
	if (k >= 0)
		s->px->p->req_hdr_names = (uint8_t)k;
}

static void option_redispatch(struct sema *s, const struct opt_arg *a)
{
	struct rt_proxy *p = s->px->p;
	int32_t every = 0;

	p->opts = s->no ? p->opts & ~(uint32_t)OPT_REDISPATCH : p->opts | OPT_REDISPATCH;
	if (a->n > 1 && !s->no && !arg_i32(s, &a->w[1], -1000, 1000, &every))
		return;
	p->redispatch_every = (int16_t)every;
}

static void option_httpchk(struct sema *s, const struct opt_arg *a)
{
	chk_option_http(s, a->w, a->n);
}

static void option_grpc_check(struct sema *s, const struct opt_arg *a)
{
	chk_option_grpc(s, a->w, a->n);
}

#define CHECK_OPTION(name) \
	static void option_##name(struct sema *s, const struct opt_arg *a) { chk_option_##name(s, a->w, a->n); }
CHECK_OPTION(ldap)
CHECK_OPTION(mysql)
CHECK_OPTION(pgsql)
CHECK_OPTION(redis)
CHECK_OPTION(smtp)
CHECK_OPTION(ssl_hello)

static void option_tcp_check(struct sema *s, const struct opt_arg *a)
{
	takes_none(s, a);
	chk_option_tcp(s);
}

/* ---- table ------------------------------------------------------------------------------------------------------ */

static const struct option_row { const char *word, *sects; option_fn *run; uint32_t bits; } rows[] = {
#define OPTION(word, sects, fn, bits, help) { word, sects, option_##fn, bits },
#include <sluice/tbl/options.def>
#undef OPTION
};

static void unknown_option(struct sema *s, const struct word *w)
{
	const char *names[ARRAY_LEN(rows)];

	if (sema_ha_word(s, HAW_OPTION, w))
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		names[i] = rows[i].word;
	sema_err_hint(s, w, diag_nearest(w->s, names, ARRAY_LEN(rows)), "unknown option '" STR_FMT "'", STR_ARG(w->s));
}

void dir_option(struct sema *s, const struct line *l)
{
	static const char letters[] = "GDFBL";
	struct opt_arg a = { .w = l->w + 1, .n = l->n - 1 };
	char buf[64];

	if (!a.n) {
		sema_err(s, &l->w[0], "'option' expects a word");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!word_is(&a.w[0], rows[i].word))
			continue;
		if (!strchr(rows[i].sects, letters[__builtin_ctz(s->sect)])) {
			sema_warn(s, &a.w[0], "'option %s' has no effect in a %s, only in: %s", rows[i].word,
				  s->sect_word, sect_names(rows[i].sects, buf, sizeof(buf)));
			return;
		}
		a.bits = rows[i].bits;
		if (s->dflt_prefix)
			s->no = !(rows[i].run == option_redispatch); /* every option but this one is off by default */
		rows[i].run(s, &a);
		return;
	}
	unknown_option(s, &a.w[0]);
}
