// SPDX-License-Identifier: GPL-3.0-or-later
/* Log formats: from text to segments (literal, blank, expression, alias) and from segments to a line. The same
 * syntax gives the values of header actions, where HAProxy neither merges blanks nor prints "-" for nothing, and
 * encodes control bytes as %XX. */
#include <sluice/base/vec.h>
#include "logfmt_priv.h"

const char logfmt_httplog[] = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc "
			      "%sq/%bq %hr %hs %{+Q}r";
const char logfmt_httpslog[] = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc "
			       "%sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/"
			       "%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";
const char logfmt_tcplog[] = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
const char logfmt_default_http[] = "Connect from %ci:%cp to %fi:%fp (%f/HTTP)";
const char logfmt_default_tcp[] = "Connect from %ci:%cp to %fi:%fp (%f/TCP)";

enum seg_kind { SEG_TEXT, SEG_BLANK, SEG_EXPR, SEG_ALIAS };
struct seg {
	uint8_t kind;
	uint8_t flags;             /* enum lf_flags */
	struct str text;
	const struct expr *expr;
	const struct lf_alias *alias;
};

struct logfmt {
	struct seg *seg;
	uint32_t n;
	unsigned needs;
	bool aliases;
	struct str literal;        /* p == NULL when something varies */
	struct str source;
};

struct lf_parse {
	const struct expr_env *env;
	struct str text;
	size_t at;
	unsigned base;             /* flags for all items, set by %{…}o */
	VEC(struct seg) segs;
	unsigned needs;
	bool aliases;
	struct xerr *err;
};

static void lf_error(struct lf_parse *p, size_t off, size_t len, const char *fmt, ...) PRINTF_FMT(4, 5);
static void lf_error(struct lf_parse *p, size_t off, size_t len, const char *fmt, ...)
{
	struct sbuf b = SBUF_FIXED(p->err->msg);
	va_list ap;

	*p->err = (struct xerr){ .off = (uint32_t)off, .len = (uint32_t)len };
	b.cap--;
	va_start(ap, fmt);
	sbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	p->err->msg[b.n] = '\0';
}

static void push_text(struct lf_parse *p, struct str s)
{
	struct seg seg = { .kind = SEG_TEXT, .text = arena_str(p->env->arena, s) };

	if (s.n)
		VEC_PUSH(&p->segs, seg);
}

static void push_literal(struct lf_parse *p, struct str s)
{
	if (!(p->base & LF_LOG)) {
		push_text(p, s);
		return;
	}
	for (size_t i = 0; i < s.n;) {
		size_t start = i;

		while (i < s.n && s.p[i] != ' ')
			i++;
		push_text(p, str_sub(s, start, i - start));
		start = i;
		while (i < s.n && s.p[i] == ' ')
			i++;
		if (i > start)
			VEC_PUSH(&p->segs, ((struct seg){ .kind = SEG_BLANK }));
	}
}

/* "+Q,-X" */
static bool parse_flags(struct lf_parse *p, struct str list, size_t off, unsigned *flags)
{
	for (size_t i = 0; i < list.n; i++) {
		char sign = list.p[i], c = i + 1 < list.n ? list.p[i + 1] : 0;
		unsigned bit = c == 'Q' ? LF_QUOTE : c == 'X' ? LF_HEX : c == 'E' ? LF_ESCAPE : 0;

		if (sign == ',' || sign == ' ')
			continue;
		if ((sign != '+' && sign != '-') || !bit) {
			lf_error(p, off + i, 1, "unknown format flag in '" STR_FMT "' (known: +Q +X +E, - takes away)",
				 STR_ARG(list));
			return false;
		}
		*flags = sign == '+' ? *flags | bit : *flags & ~bit;
		i++;
	}
	return true;
}

/* What stands between an opening bracket at `at` and the next `close`; leaves `at` behind it. */
static bool take_until(struct lf_parse *p, char close, struct str *out)
{
	struct str rest = str_sub(p->text, p->at + 1, SIZE_MAX);
	ptrdiff_t end = str_chr(rest, close);

	if (end < 0) {
		lf_error(p, p->at, 1, "missing '%c'", close);
		return false;
	}
	*out = str_sub(rest, 0, (size_t)end);
	p->at += (size_t)end + 2;
	return true;
}

static bool parse_expr(struct lf_parse *p, unsigned flags)
{
	size_t used = 0, start = p->at + 1;
	struct expr *e = expr_compile_prefix(p->env, str_sub(p->text, start, SIZE_MAX), &used, p->err);

	if (!e) {
		p->err->off += (uint32_t)start;
		return false;
	}
	if (start + used >= p->text.n || p->text.p[start + used] != ']') {
		lf_error(p, start + used, 1, "missing ']' behind the expression");
		return false;
	}
	p->needs |= expr_needs(e);
	VEC_PUSH(&p->segs, ((struct seg){ .kind = SEG_EXPR, .flags = (uint8_t)flags, .expr = e }));
	p->at = start + used + 1;
	return true;
}

static bool word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool parse_alias(struct lf_parse *p, size_t percent, unsigned flags)
{
	size_t start = p->at;

	while (p->at < p->text.n && word_byte(p->text.p[p->at]))
		p->at++;
	struct str word = str_sub(p->text, start, p->at - start);

	if (str_eq(word, STR("o"))) {
		p->base = flags;
		return true;
	}
	const struct lf_alias *al = alias_find(word);

	if (!al && !word.n) {
		lf_error(p, percent, 1, "'%%' stands alone: write '%%%%' for a percent sign");
		return false;
	}
	if (!al) {
		const char *near = alias_near(word);

		lf_error(p, percent, p->at - percent, "unknown format word '%%" STR_FMT "'", STR_ARG(word));
		if (near)
			memcpy(p->err->hint, near, strlen(near) + 1);
		return false;
	}
	p->aliases = true;
	p->needs |= NEED_STREAM | (str_eq(word, STR("bi")) || str_eq(word, STR("bp")) ? NEED_BACK_ADDR : 0);
	VEC_PUSH(&p->segs, ((struct seg){ .kind = SEG_ALIAS, .flags = (uint8_t)flags, .alias = al }));
	return true;
}

/* Behind a percent sign: [(name)] [{flags}] ( word | [expression] ). Names label items of structured encodings;
 * lines ignore them. */
static bool parse_item(struct lf_parse *p)
{
	size_t percent = p->at++;
	unsigned flags = p->base;
	struct str part;

	if (p->at < p->text.n && p->text.p[p->at] == '%') {
		p->at++;
		push_text(p, STR("%"));
		return true;
	}
	if (p->at < p->text.n && p->text.p[p->at] == '(' && !take_until(p, ')', &part))
		return false;
	if (p->at < p->text.n && p->text.p[p->at] == '{') {
		size_t off = p->at + 1;

		if (!take_until(p, '}', &part) || !parse_flags(p, part, off, &flags))
			return false;
	}
	if (p->at < p->text.n && p->text.p[p->at] == '[')
		return parse_expr(p, flags);
	return parse_alias(p, percent, flags);
}

static bool parse_all(struct lf_parse *p)
{
	while (p->at < p->text.n) {
		struct str rest = str_sub(p->text, p->at, SIZE_MAX);
		ptrdiff_t pct = str_chr(rest, '%');
		size_t n = pct < 0 ? rest.n : (size_t)pct;

		push_literal(p, str_sub(rest, 0, n));
		p->at += n;
		if (pct >= 0 && !parse_item(p))
			return false;
	}
	return true;
}

static void find_literal(struct logfmt *f, struct arena *a)
{
	struct sbuf b = { 0 };

	for (uint32_t i = 0; i < f->n; i++)
		if (f->seg[i].kind > SEG_BLANK)
			return;
	logfmt_render(f, NULL, NULL, &b);
	f->literal = arena_str(a, sbuf_str(&b));
	sbuf_free(&b);
}

static struct logfmt *compile_with(const struct expr_env *env, struct str text, unsigned base, struct xerr *err)
{
	struct lf_parse p = { .env = env, .text = text, .base = base, .err = err };
	struct logfmt *f = NULL;

	*err = (struct xerr){ 0 };
	if (parse_all(&p)) {
		f = ARENA_NEW(env->arena, struct logfmt);
		*f = (struct logfmt){ .n = (uint32_t)p.segs.n, .needs = p.needs, .aliases = p.aliases, .source = text };
		f->seg = VEC_FREEZE(&p.segs, env->arena);
		find_literal(f, env->arena);
	}
	VEC_FREE(&p.segs);
	return f;
}

struct logfmt *logfmt_compile(const struct expr_env *env, struct str text, struct xerr *err)
{
	return compile_with(env, text, 0, err);
}

struct logfmt *logfmt_compile_raw(const struct expr_env *env, struct str text, struct xerr *err)
{
	return compile_with(env, text, LF_RAW, err);
}

struct logfmt *logfmt_compile_log(const struct expr_env *env, struct str text, struct xerr *err)
{
	return compile_with(env, text, LF_LOG, err);
}

struct str logfmt_literal(const struct logfmt *f)
{
	return f->literal;
}

struct str logfmt_source(const struct logfmt *f)
{
	return f->source;
}

unsigned logfmt_needs(const struct logfmt *f)
{
	return f->needs;
}

bool logfmt_effect(const struct logfmt *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->seg[i].kind == SEG_EXPR && expr_effect(f->seg[i].expr))
			return true;
	return false;
}

void logfmt_each_expr(const struct logfmt *f, void (*fn)(void *ctx, const struct expr *e), void *ctx)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->seg[i].kind == SEG_EXPR)
			fn(ctx, f->seg[i].expr);
}

bool logfmt_aliases(const struct logfmt *f)
{
	return f->aliases;
}

static const char hex_digits[] = "0123456789ABCDEF";

static bool must_encode(unsigned char c, enum lf_encode set)
{
	if (set == ENC_CONTROL)
		return c < 32 || c == 127;
	if (c < 32 || c >= 127 || c == '"' || c == '#')
		return true;
	return set == ENC_HDR && (c == '{' || c == '|' || c == '}');
}

void lf_encode(struct sbuf *out, struct str s, enum lf_encode set, char prefix, unsigned flags)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (must_encode(c, set)) {
			sbuf_addc(out, prefix);
			sbuf_addc(out, hex_digits[c >> 4]);
			sbuf_addc(out, hex_digits[c & 15]);
			continue;
		}
		if (flags & LF_ESCAPE && (c == '"' || c == '\\' || c == ']'))
			sbuf_addc(out, '\\');
		sbuf_addc(out, (char)c);
	}
}

void lf_text(struct sbuf *out, struct str s, unsigned flags)
{
	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
	else if (!s.n && flags & LF_LOG)
		sbuf_addc(out, '-');
	if (flags & LF_LOG)
		lf_encode(out, s, ENC_CONTROL, '#', flags);
	else if (flags & LF_RAW)
		sbuf_add(out, s);
	else
		lf_encode(out, s, ENC_CONTROL, '%', flags);
	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
}

static void render_expr(const struct seg *g, struct smp_ctx *c, struct sbuf *out)
{
	struct str s = STR_NULL;

	if (c && !expr_eval_str(g->expr, c, &s))
		s = STR_NULL;
	lf_text(out, s, g->flags);
}

void logfmt_render(const struct logfmt *f, struct smp_ctx *c, const struct log_data *d, struct sbuf *out)
{
	bool blank = true; /* the line so far ends in a blank, or is empty */

	for (uint32_t i = 0; i < f->n; i++) {
		const struct seg *g = &f->seg[i];
		size_t before = out->n;

		switch (g->kind) {
		case SEG_TEXT:
			sbuf_add(out, g->text);
			break;
		case SEG_BLANK:
			if (!blank)
				sbuf_addc(out, ' ');
			blank = true;
			continue;
		case SEG_EXPR:
			render_expr(g, c, out);
			break;
		default:
			if (d)
				g->alias->fn(g->alias, g->flags, d, out);
			else
				lf_text(out, STR_NULL, g->flags | LF_LOG);
		}
		/* two blanks stand around a value that is empty, one around captures that are not configured */
		if (out->n > before || (g->kind == SEG_ALIAS && !alias_optional(g->alias)))
			blank = false;
	}
}
