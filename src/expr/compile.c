// SPDX-License-Identifier: GPL-3.0-or-later
/* From calls to a typed program: looks the words up in the tables, checks that each converter can take what
 * stands before it, and that everything the expression needs exists where it will run. */
#include <stdio.h>

#include "rows_priv.h"

void xerr_set(struct xerr *err, size_t off, size_t len, const char *fmt, ...)
{
	va_list ap;

	*err = (struct xerr){ .off = (uint32_t)off, .len = (uint32_t)len };
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
}

void xerr_hint(struct xerr *err, struct str word, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned best_d = (unsigned)(word.n + 2) / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		unsigned d = str_distance(word, str_c(words[i]));

		if (d < best_d)
			best_d = d, best = words[i];
	}
	if (best)
		snprintf(err->hint, sizeof(err->hint), "%s", best);
}

unsigned need_missing(unsigned needs, unsigned avail)
{
	if (avail & NEED_STREAM)
		avail |= NEED_SERVER;
	if (avail & NEED_CLIENT)
		avail |= NEED_SESS;
	return needs & ~avail;
}

const char *need_text(unsigned missing)
{
	if (missing & NEED_CHECK)
		return "a health check";
	if (missing & (NEED_RES_HEAD | NEED_RES_L6))
		return "the response";
	if (missing & NEED_REQ_BODY)
		return "the request body";
	if (missing & NEED_REQ_HEAD)
		return "the HTTP request";
	if (missing & NEED_L6)
		return "the bytes of the request";
	if (missing & NEED_STREAM)
		return "a stream with its backend";
	if (missing & NEED_SERVER)
		return "a backend and its server";
	return "a client connection";
}

static bool fetch_unknown(const struct xcall *x, struct xerr *err)
{
	size_t n;
	const struct fetch_row *rows = fetch_rows(&n);
	const char *words[1024];

	ASSERT(n <= ARRAY_LEN(words));
	for (size_t i = 0; i < n; i++)
		words[i] = rows[i].word;
	xerr_set(err, x->off, x->name.n, "unknown fetch '" STR_FMT "'", STR_ARG(x->name));
	xerr_hint(err, x->name, words, n);
	return false;
}

static bool conv_unknown(const struct xcall *x, struct xerr *err)
{
	size_t n;
	const struct conv_row *rows = conv_rows(&n);
	const char *words[1024];

	ASSERT(n <= ARRAY_LEN(words));
	for (size_t i = 0; i < n; i++)
		words[i] = rows[i].word;
	xerr_set(err, x->off, x->name.n, "unknown converter '" STR_FMT "'", STR_ARG(x->name));
	xerr_hint(err, x->name, words, n);
	return false;
}

/* `path_beg`: the fetch before the last '_' and the match behind it, for fetches that give text. */
static const struct fetch_row *fetch_suffixed(struct str word, enum match_kind *match)
{
	for (size_t i = word.n; i-- > 1;) {
		if (word.p[i] != '_')
			continue;
		const struct fetch_row *f = fetch_find(str_sub(word, 0, i));

		if (f && f->type == SMP_STR && match_find(str_sub(word, i + 1, SIZE_MAX), match) &&
		    *match != MATCH_FOUND)
			return f;
		break;
	}
	*match = MATCH_COUNT;
	return NULL;
}

/* What a call needs must exist where the expression will run. */
static bool add_needs(const struct expr_env *env, const struct xcall *x, struct expr *e, const struct call *k, unsigned needs,
		      struct xerr *err)
{
	bool vars = false;
	unsigned missing = need_missing(needs |= args_needs(k, &vars), env->avail);

	e->needs |= needs;
	if (vars)
		e->flags &= (uint8_t)~F_CONST;
	if (!missing)
		return true;
	xerr_set(err, x->off, x->name.n, "'" STR_FMT "' needs %s, which does not exist here", STR_ARG(x->name),
		 need_text(missing));
	return false;
}

static bool compile_fetch(const struct expr_env *env, const struct xcall *x, struct expr *e, enum match_kind *match,
			  struct xerr *err)
{
	const struct fetch_row *f = fetch_find(x->name);
	enum match_kind suffix = MATCH_COUNT;

	if (!f) {
		f = fetch_suffixed(x->name, &suffix);
		if (f && !match) {
			xerr_set(err, x->off, x->name.n, "'" STR_FMT "' is a test of ACLs, not a fetch",
				 STR_ARG(x->name));
			snprintf(err->hint, sizeof(err->hint), "%s", f->word);
			return false;
		}
	}
	if (!f)
		return fetch_unknown(x, err);
	if (match)
		*match = suffix;
	e->fetch = (struct call){ .fetch = f, .aux = f->aux };
	e->type = f->type, e->flags = f->flags;
	if (f->fn == fetch_tls_print && env->tls_prints)
		*env->tls_prints = true;
	if (f->fn == fetch_pp_tlv && env->pp_tlvs)
		*env->pp_tlvs = true;
	return args_compile(env, f->args, x, &e->fetch, err) && add_needs(env, x, e, &e->fetch, f->needs, err);
}

static bool compile_conv(const struct expr_env *env, const struct xcall *x, struct expr *e, struct call *k,
			 struct xerr *err)
{
	const struct conv_row *c = conv_find(x->name);

	if (!c)
		return conv_unknown(x, err);
	if (!smp_castable(e->type, c->in)) {
		struct str have = smp_type_name(e->type), want = smp_type_name(c->in);

		xerr_set(err, x->off, x->name.n, "'" STR_FMT "' takes %s, but what stands before it gives %s",
			 STR_ARG(x->name), want.p, have.p);
		return false;
	}
	*k = (struct call){ .conv = c, .aux = c->aux };
	if (c->out != SMP_ANY || c->in != SMP_ANY)
		e->type = c->out;
	if (c->flags)
		e->flags = (e->flags & (uint8_t)~F_CONST) | c->flags;
	return args_compile(env, c->args, x, k, err) && (c->args[0] != 'p' || map_bind(env, k, x, err)) &&
	       add_needs(env, x, e, k, NEED_NOTHING, err);
}


static bool arg_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("\"'\\,) \t\n\r", s.p[i]))
			return false;
	return true;
}

/* Two quotes are an argument that is empty, nothing is one that was left out. */
static void print_arg(const struct xarg *x, struct sbuf *out)
{
	struct str s = x->s;

	if (arg_plain(s) && (s.n || !x->len)) {
		sbuf_add(out, s);
		return;
	}
	sbuf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t') {
			sbuf_addc(out, '\\');
			sbuf_addc(out, s.p[i] == '\n' ? 'n' : s.p[i] == '\r' ? 'r' : 't');
			continue;
		}
		if (s.p[i] == '"' || s.p[i] == '\\')
			sbuf_addc(out, '\\');
		sbuf_addc(out, s.p[i]);
	}
	sbuf_addc(out, '"');
}

static void print_call(const struct xcall *x, const char *spec, struct sbuf *out)
{
	bool optional = !*spec || *spec == '?';

	sbuf_add(out, x->name);
	if (x->narg == 0 || (x->narg == 1 && !x->arg[0].len && optional))
		return;
	sbuf_addc(out, '(');
	for (uint32_t i = 0; i < x->narg; i++) {
		if (i)
			sbuf_addc(out, ',');
		print_arg(&x->arg[i], out);
	}
	sbuf_addc(out, ')');
}

static struct str canonical_text(struct arena *a, const struct expr *e, const struct xcall *x, uint32_t n)
{
	struct sbuf b = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (i)
			sbuf_addc(&b, ',');
		print_call(&x[i], i ? e->conv[i - 1].conv->args : e->fetch.fetch->args, &b);
	}
	struct str s = arena_str(a, sbuf_str(&b));

	sbuf_free(&b);
	return s;
}

static struct expr *compile_calls(const struct expr_env *env, struct xcall *x, uint32_t n,
				  enum match_kind *match, struct xerr *err)
{
	struct expr *e = ARENA_NEW(env->arena, struct expr);

	if (!compile_fetch(env, &x[0], e, match, err))
		return NULL;
	e->conv = n > 1 ? ARENA_NEWN(env->arena, struct call, n - 1) : NULL;
	for (uint32_t i = 1; i < n; i++)
		if (!compile_conv(env, &x[i], e, &e->conv[e->nconv++], err))
			return NULL;
	/* behind a converter the type decides how to compare, not the suffix of the fetch */
	if (match && n > 1)
		*match = MATCH_COUNT;
	/* path_beg and path_end fetch the same: that is what makes them comparable */
	x[0].name = str_c(e->fetch.fetch->word);
	e->text = canonical_text(env->arena, e, x, n);
	return e;
}

static struct expr *compile_text(const struct expr_env *env, struct str text, size_t *used, enum match_kind *match,
				 struct xerr *err)
{
	uint32_t n = 0;
	size_t taken = 0;
	struct xcall *x = expr_parse(env->arena, text, &n, &taken, err);

	if (!x)
		return NULL;
	if (used) {
		*used = taken;
	} else if (taken < text.n) {
		xerr_set(err, taken, text.n - taken, "unexpected text behind the expression");
		return NULL;
	}
	return compile_calls(env, x, n, match, err);
}

struct expr *expr_compile(const struct expr_env *env, struct str text, struct xerr *err)
{
	return compile_text(env, text, NULL, NULL, err);
}

struct expr *expr_compile_prefix(const struct expr_env *env, struct str text, size_t *used, struct xerr *err)
{
	return compile_text(env, text, used, NULL, err);
}

struct expr *expr_compile_acl(const struct expr_env *env, struct str text, enum match_kind *match, struct xerr *err)
{
	return compile_text(env, text, NULL, match, err);
}
