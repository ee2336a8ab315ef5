// SPDX-License-Identifier: GPL-3.0-or-later
/* The bridge to the expression compiler: environments per phase, names it asks for, conditions at the end of lines, and
 * its errors turned into spans of the line. */
#include "sema_priv.h"

static const char *const cond_words[] = { "if", "unless" };

int sema_resolve(void *ctx, enum ref_kind kind, struct str name)
{
	struct sema *s = ctx;
	struct px_build *b = NULL;
	struct rt_server *srv;
	ptrdiff_t slash;

	switch (kind) {
	case REF_USERLIST: return sema_userlist(s, name);
	case REF_BACKEND:
		b = hmap_get(&s->be_by_name, name);
		if (b)
			b->used = true; /* its state is, where it gets no traffic */
		break;
	case REF_TABLE: return sema_table(s, name);
	case REF_FRONTEND: b = hmap_get(&s->fe_by_name, name); break;
	case REF_SERVER:
		slash = str_chr(name, '/');
		b = slash < 0 ? s->px : hmap_get(&s->be_by_name, str_sub(name, 0, (size_t)slash));
		if (!b || !b->srv_names.arena)
			return -1;
		srv = hmap_get(&b->srv_names, str_sub(name, (size_t)(slash + 1), name.n));
		if (!srv)
			return -1;
		srv->flags |= SRVF_NAMED;
		b->used |= slash >= 0;
		return (int)(srv - s->rt->srv);
	default: return -1;
	}
	return b ? (int)(b->p - s->rt->px) : -1;
}

static bool read_for_expr(void *ctx, struct str name, struct str *text)
{
	struct sema *s = ctx;

	return sema_read_file(s, &s->scratch, name, text);
}

struct expr_env sema_env(struct sema *s, unsigned avail, const struct word *at)
{
	struct rt_loc loc = at ? sema_loc(s, at->at) : (struct rt_loc){ 0 };

	return (struct expr_env){
		.arena = s->a, .avail = avail, .resolve = sema_resolve, .read_file = read_for_expr, .ctx = s,
		.vars = s->rt->vars, .maps = &s->rt->patterns, .tls_prints = &s->rt->tls_prints, .pp_tlvs = &s->rt->pp_tlvs, .file = loc.file, .line = loc.line
	};
}

unsigned phase_avail(const struct sema *s, enum rule_phase ph)
{
	bool http = px_speaks_http(s->px);

	switch (ph) {
	case PH_TCP_CONN:
	case PH_TCP_SESS: return NEED_CLIENT;
	case PH_TCP_CONTENT:
		return NEED_CLIENT | NEED_STREAM | NEED_L6 | (http || s->px->sect == SECT_DEFAULTS ? NEED_REQ_HEAD : 0);
	case PH_HTTP_REQ: return NEED_CLIENT | NEED_STREAM | NEED_REQ_HEAD | NEED_REQ_BODY;
	case PH_TCP_RES_CONTENT: return NEED_CLIENT | NEED_STREAM | NEED_RES_L6 | (http ? NEED_REQ_HEAD | NEED_RES_HEAD : 0);
	default: return NEED_CLIENT | NEED_STREAM | NEED_REQ_HEAD | NEED_RES_HEAD;
	}
}

/* What runs when the response is there and reads the request: its head must be kept beyond the buffer it came in. */
static void note_late_reader(struct sema *s, unsigned avail, unsigned needs)
{
	if (s->px && avail & NEED_RES_HEAD && needs & NEED_REQ_HEAD)
		s->px->p->keeps_req = true;
}

/* ---- conditions ------------------------------------------------------------------------------------------------- */

uint32_t cond_at(const struct word *w, uint32_t n, uint32_t from)
{
	for (uint32_t i = from; i < n; i++)
		if (!w[i].quoted && (word_is(&w[i], cond_words[0]) || word_is(&w[i], cond_words[1])))
			return i;
	return n;
}

static struct str *strings_of(struct sema *s, const struct word *w, uint32_t n)
{
	struct str *out = ARENA_NEWN(&s->scratch, struct str, n + 1);
	for (uint32_t i = 0; i < n; i++)
		out[i] = keep(s, w[i].s);
	return out;
}

static const struct acl_set *acls_of(struct sema *s)
{
	const struct px_build *b = s->px;
	for (; b; b = b->base)
		if (b->own_acls)
			return b->own_acls;
	if (!s->no_acls)
		s->no_acls = acl_set_new(s->a, NULL);
	return s->no_acls;
}

bool sema_cond(struct sema *s, const struct word *w, uint32_t n, uint32_t i, unsigned avail, struct cond **out)
{
	struct expr_env env = sema_env(s, avail, i < n ? &w[i] : NULL);
	struct xerr e = { 0 };
	bool unless;

	*out = NULL;
	if (i >= n)
		return true;
	unless = word_is(&w[i], cond_words[1]);
	if (i + 1 == n) {
		sema_err(s, &w[i], "'" STR_FMT "' expects a condition", STR_ARG(w[i].s));
		return false;
	}
	struct str *words = strings_of(s, w + i + 1, n - i - 1);
	*out = cond_compile(&env, acls_of(s), words, (int)(n - i - 1), unless, &e);
	if (*out)
		note_late_reader(s, avail, cond_needs(*out));
	else
		sema_xerr(s, w + i + 1, &e);
	return *out != NULL;
}

/* The lines of a defaults section have been read into its own set: only the proxy's own go into the proxy's. */
void dir_acl(struct sema *s, const struct line *l)
{
	struct px_build *b = s->px;
	struct expr_env env = sema_env(s, NEED_CLIENT | NEED_STREAM | NEED_REQ_HEAD | NEED_REQ_BODY | NEED_RES_HEAD |
						  NEED_L6 | NEED_RES_L6,
				       &l->w[0]);
	struct xerr e = { 0 };

	if (s->mute)
		return;
	if (!b->own_acls)
		b->own_acls = acl_set_new(s->a, b->base ? acls_of(s) : NULL);
	if (!acl_add(b->own_acls, &env, keep(s, l->w[1].s), strings_of(s, l->w + 2, l->n - 2), (int)(l->n - 2), &e))
		sema_xerr(s, l->w + 2, &e);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

typedef struct logfmt *fmt_compile_fn(const struct expr_env *env, struct str text, struct xerr *err);

static struct logfmt *fmt_by(struct sema *s, const struct word *w, unsigned avail, fmt_compile_fn *compile)
{
	struct expr_env env = sema_env(s, avail, w);
	struct xerr e = { 0 };
	struct logfmt *f = compile(&env, keep(s, w->s), &e);
	if (f)
		note_late_reader(s, avail, logfmt_needs(f));
	else
		sema_xerr(s, w, &e);
	return f;
}

struct logfmt *sema_fmt(struct sema *s, const struct word *w, unsigned avail)
{
	return fmt_by(s, w, avail, logfmt_compile);
}

struct logfmt *sema_raw_fmt(struct sema *s, const struct word *w, unsigned avail)
{
	return fmt_by(s, w, avail, logfmt_compile_raw);
}

struct logfmt *sema_log_fmt(struct sema *s, const struct word *w, unsigned avail)
{
	return fmt_by(s, w, avail, logfmt_compile_log);
}

struct expr *sema_expr(struct sema *s, const struct word *w, unsigned avail)
{
	struct expr_env env = sema_env(s, avail, w);
	struct xerr e = { 0 };
	struct expr *x = expr_compile(&env, keep(s, w->s), &e);
	if (x)
		note_late_reader(s, avail, expr_needs(x));
	else
		sema_xerr(s, w, &e);
	return x;
}

struct regex *sema_regex(struct sema *s, const struct word *w, bool icase)
{
	struct xerr e = { 0 };
	struct regex *re = regex_compile(s->a, keep(s, w->s), icase, &e);
	if (!re)
		sema_xerr(s, w, &e);
	return re;
}
