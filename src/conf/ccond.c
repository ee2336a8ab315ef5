// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions of .if and -cc: words in them, predicates, and versions. Versions are compared with the language level
 * (the HAProxy version whose words sluice speaks), not with sluice's own. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/num.h>
#include "ccond_priv.h"
#include "ccond.tab.h"

#define CCOND_DEPTH_MAX 4u

int condyylex(struct cval *v, struct ccond *c);

void ccond_fail(struct ccond *c, size_t at, size_t len, const char *fmt, ...)
{
	va_list ap;

	if (c->failed)
		return;
	c->failed = true;
	c->err->at = at;
	c->err->len = len;
	va_start(ap, fmt);
	vsnprintf(c->err->msg, sizeof(c->err->msg), fmt, ap);
	va_end(ap);
}

static size_t offset(const struct ccond *c, const char *p)
{
	return (size_t)(p - c->text);
}

static int token_fail(struct ccond *c, const char *from, const char *msg)
{
	ccond_fail(c, offset(c, from), 1, "%s", msg);
	return CONDYYerror;
}

/* Text of a quoted operand; the lexer stands on its first quote. */
static int quoted_read(struct ccond *c, struct cval *v)
{
	const char *from = c->lx.cur;
	struct sbuf out = { 0 };
	enum frag g;

	do {
		g = conf_lex(&c->lx);
		if (g >= FRAG_BAD || g == FRAG_EOF || g == FRAG_EOL) {
			c->lx.weak = false;
			sbuf_free(&out);
			return token_fail(c, g >= FRAG_BAD ? c->lx.tok : from,
					  g >= FRAG_BAD ? word_frag_error(g) : "double quote is not closed");
		}
		if (g == FRAG_WEAK)
			c->lx.weak = !c->lx.weak;
		else
			word_frag_append(&out, g, &c->lx, c->place);
	} while (c->lx.weak);
	*v = (struct cval){ arena_str(&c->arena, sbuf_str(&out)), offset(c, from), (size_t)(c->lx.cur - from), 0 };
	sbuf_free(&out);
	c->lx.tok = from;
	return TEXT;
}

/* Cuts a run of plain text at the comma or parenthesis that ends the argument; true when there is one. */
static bool arg_cut(struct lexer *lx)
{
	for (const char *p = lx->tok; p < lx->cur; p++) {
		if (*p != ',' && *p != ')')
			continue;
		lx->cur = p;
		return true;
	}
	return false;
}

/* Appends one fragment of an argument; false when it ends in front of it. Blanks inside belong to it. */
static bool arg_frag(struct ccond *c, struct sbuf *out, size_t *keep, enum frag g)
{
	bool ends = g == FRAG_TEXT && !c->lx.weak && arg_cut(&c->lx);

	switch (g) {
	case FRAG_BLANK:
		if (out->n)
			sbuf_add(out, str_n(c->lx.tok, (size_t)(c->lx.cur - c->lx.tok)));
		return true;
	case FRAG_WEAK:
		c->lx.weak = !c->lx.weak;
		break;
	default:
		if (c->lx.cur > c->lx.tok)
			word_frag_append(out, g, &c->lx, c->place);
	}
	if (!ends || c->lx.cur > c->lx.tok)
		*keep = out->n;
	return !ends;
}

static int arg_read(struct ccond *c, struct cval *v)
{
	const char *from = c->lx.cur;
	struct sbuf out = { 0 };
	size_t keep = 0;
	enum frag g;

	do {
		g = conf_lex(&c->lx);
		if (g >= FRAG_BAD || g == FRAG_EOF || g == FRAG_EOL || g == FRAG_COMMENT) {
			bool quote = c->lx.weak;

			c->lx.weak = false;
			sbuf_free(&out);
			if (g >= FRAG_BAD)
				return token_fail(c, c->lx.tok, word_frag_error(g));
			ccond_fail(c, c->name.at, c->name.len, "%s the arguments of '" STR_FMT "'",
				   quote ? "double quote is not closed in" : "')' is missing behind",
				   STR_ARG(c->name.s));
			return CONDYYerror;
		}
	} while (arg_frag(c, &out, &keep, g));
	out.n = keep;
	*v = (struct cval){ arena_str(&c->arena, sbuf_str(&out)), offset(c, from), (size_t)(c->lx.cur - from), 0 };
	sbuf_free(&out);
	c->arg_due = false;
	return ARG;
}

static int arg_separator(struct ccond *c)
{
	c->lx.tok = c->lx.cur++;
	if (*c->lx.tok == ',') {
		c->arg_due = true;
		return COMMA;
	}
	c->in_args = false;
	return RPAREN;
}

int condyylex(struct cval *v, struct ccond *c)
{
	int t;

	if (c->in_args)
		return c->arg_due ? arg_read(c, v) : arg_separator(c);
	t = ccond_lex(&c->lx);
	if (t == CCOND_QUOTE)
		return quoted_read(c, v);
	*v = (struct cval){ str_n(c->lx.tok, (size_t)(c->lx.cur - c->lx.tok)), offset(c, c->lx.tok),
			    (size_t)(c->lx.cur - c->lx.tok), 0 };
	if (t == CCOND_BAD) {
		ccond_fail(c, v->at, 1, "unexpected character '%c' in condition", *c->lx.tok);
		return CONDYYerror;
	}
	if (t == PRED)
		c->name = *v;
	else if (t == LPAREN && c->name.s.p && c->lx.tok == c->name.s.p + c->name.s.n)
		c->in_args = c->arg_due = true;
	return t;
}

void ccond_arg(struct ccond *c, const struct cval *v)
{
	if (c->nargs < CCOND_ARGS_MAX)
		c->arg[c->nargs] = *v;
	c->nargs++;
}

int ccond_int(struct ccond *c, const struct cval *v)
{
	int64_t n;

	if (num_i64(v->s, &n))
		return n != 0;
	ccond_fail(c, v->at, v->len, "integer out of range");
	return -1;
}

static int eval_nested(struct str text, const struct place *at, bool poll_only, unsigned depth,
		       struct ccond_error *err);

/* A quoted operand is usually a variable: empty is false, and its text is a condition of its own. */
int ccond_text(struct ccond *c, const struct cval *v)
{
	struct ccond_error inner;
	int r;

	if (c->depth >= CCOND_DEPTH_MAX) {
		ccond_fail(c, v->at, v->len, "quoted conditions are nested too deep");
		return -1;
	}
	r = eval_nested(v->s, c->place, c->poll_only, c->depth + 1, &inner);
	if (r < 0)
		ccond_fail(c, v->at, v->len, "%s", inner.msg);
	return r;
}

struct version { unsigned part[4]; }; /* major, minor, patch, and dev number: UINT32_MAX for a release */

static bool version_parse(struct str s, struct version *v)
{
	size_t i = 0;
	unsigned n = 0;
	uint64_t num;

	*v = (struct version){ { 0, 0, 0, UINT32_MAX } };
	for (;;) {
		size_t from = i;

		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (n == 3 || !num_u64(str_sub(s, from, i - from), &num) || num >= UINT32_MAX)
			return false;
		v->part[n++] = (unsigned)num;
		if (i == s.n || s.p[i] != '.')
			break;
		i++;
	}
	s = str_sub(s, i, s.n - i);
	if (str_starts(s, STR("-dev"))) {
		s = str_sub(s, 4, s.n - 4);
		v->part[3] = 0;
		return !s.n || (num_u64(s, &num) && (v->part[3] = (unsigned)num) == num);
	}
	return !s.n;
}

/* have - arg: < 0, 0, > 0; *bad on a malformed argument. */
static int version_cmp(struct ccond *c, const char *have, bool *bad)
{
	struct version a, b;

	*bad = !version_parse(str_c(have), &a) || !version_parse(c->arg[0].s, &b);
	if (*bad) {
		ccond_fail(c, c->arg[0].at, c->arg[0].len, "'" STR_FMT "' is not a version number",
			   STR_ARG(c->arg[0].s));
		return 0;
	}
	for (unsigned i = 0; i < 4; i++)
		if (a.part[i] != b.part[i])
			return a.part[i] < b.part[i] ? -1 : 1;
	return 0;
}

static bool table_has(struct str name, bool poll_only, bool build)
{
	static const struct { const char *name; bool on; } features[] = {
#define FEATURE(n, on) { n, on },
#include <sluice/tbl/features.def>
#undef FEATURE
	};
	static const struct { const char *name; bool on; } enabled[] = {
		{ "POLL", true }, { "SPLICE", true }, { "FAST-FORWARD", true },
	};

	if (!build && str_ieq(name, STR("EPOLL")))
		return !poll_only;
	for (size_t i = 0; build && i < ARRAY_LEN(features); i++)
		if (str_eq(name, str_c(features[i].name)))
			return features[i].on;
	for (size_t i = 0; !build && i < ARRAY_LEN(enabled); i++)
		if (str_ieq(name, str_c(enabled[i].name)))
			return enabled[i].on;
	return false;
}

static int cond_defined(struct ccond *c) { return c->arg[0].s.n && getenv(c->arg[0].s.p); }
static int cond_feature(struct ccond *c) { return table_has(c->arg[0].s, c->poll_only, true); }
static int cond_enabled(struct ccond *c) { return table_has(c->arg[0].s, c->poll_only, false); }
static int cond_streq(struct ccond *c) { return str_eq(c->arg[0].s, c->arg[1].s); }
static int cond_strneq(struct ccond *c) { return !str_eq(c->arg[0].s, c->arg[1].s); }
static int cond_strstr(struct ccond *c) { return str_find(c->arg[0].s, c->arg[1].s, false) >= 0; }

static int cond_version_atleast(struct ccond *c)
{
	bool bad;
	int d = version_cmp(c, SLUICE_LANGUAGE_LEVEL, &bad);

	return bad ? -1 : d >= 0;
}

static int cond_version_before(struct ccond *c)
{
	int r = cond_version_atleast(c);

	return r < 0 ? r : !r;
}

/* No TLS library is linked, so none has a version, a name or a mode. */
static int no_tls_version(struct ccond *c)
{
	bool bad;

	version_cmp(c, "0", &bad);
	return bad ? -1 : 0;
}

static int cond_openssl_version_atleast(struct ccond *c) { return no_tls_version(c); }
static int cond_openssl_version_before(struct ccond *c) { return no_tls_version(c); }
static int cond_ssllib_name_startswith(struct ccond *c) { (void)c; return 0; }
static int cond_awslc_api_atleast(struct ccond *c) { return no_tls_version(c); }
static int cond_awslc_api_before(struct ccond *c) { return no_tls_version(c); }
static int cond_fips_mode(struct ccond *c) { (void)c; return 0; }

static const struct { const char *name; unsigned args; int (*eval)(struct ccond *c); } preds[] = {
#define COND_PRED(name, args, help) { #name, args, cond_##name },
#include <sluice/tbl/cond_preds.def>
#undef COND_PRED
};

static int name_fail(struct ccond *c, const struct cval *name)
{
	const char *words[ARRAY_LEN(preds)], *near;

	for (size_t i = 0; i < ARRAY_LEN(preds); i++)
		words[i] = preds[i].name;
	near = diag_nearest(name->s, words, ARRAY_LEN(words));
	ccond_fail(c, name->at, name->len, "unknown predicate '" STR_FMT "' in condition%s%s%s", STR_ARG(name->s),
		   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	return -1;
}

int ccond_call(struct ccond *c, const struct cval *name)
{
	for (size_t i = 0; i < ARRAY_LEN(preds); i++) {
		if (!str_eq(name->s, str_c(preds[i].name)))
			continue;
		if (!preds[i].args && c->nargs == 1 && !c->arg[0].s.n)
			c->nargs = 0;
		if (c->nargs == preds[i].args)
			return preds[i].eval(c);
		ccond_fail(c, name->at, name->len, "'%s' takes %u argument%s, not %u", preds[i].name, preds[i].args,
			   preds[i].args == 1 ? "" : "s", c->nargs);
		return -1;
	}
	return name_fail(c, name);
}

static int eval_nested(struct str text, const struct place *at, bool poll_only, unsigned depth,
		       struct ccond_error *err)
{
	struct ccond c = { .place = at, .err = err, .depth = depth, .poll_only = poll_only };
	int rc;

	arena_init(&c.arena, 4096);
	text = arena_str(&c.arena, text);
	c.text = text.p;
	c.lx = (struct lexer){ .cur = text.p, .lim = text.p + text.n };
	rc = condyyparse(&c);
	if (rc && !c.failed)
		ccond_fail(&c, 0, text.n, "condition is too complex");
	arena_free(&c.arena);
	return rc ? -1 : c.result;
}

int ccond_eval(struct str text, const struct place *at, bool poll_only, struct ccond_error *err)
{
	return eval_nested(text, at, poll_only, 0, err);
}

int conf_eval_condition(struct str text, char *err, size_t errlen)
{
	struct place at = { .file = "" };
	struct ccond_error e;
	int r = ccond_eval(text, &at, false, &e);

	if (r < 0)
		snprintf(err, errlen, "%s", e.msg);
	return r;
}
