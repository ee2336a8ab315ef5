// SPDX-License-Identifier: GPL-3.0-or-later
/* Canonical formatting: section heads at the margin with a blank line before them, directives indented by four, one
 * blank between words, quoting and comments as written. It works on fragments of the source, so nothing is expanded
 * or evaluated.
 *
 * A comment or .if at the margin may introduce the next section or belong to the open one; it is held back until
 * the next line that is neither shows which. */
#include "front_priv.h"

enum kind { K_BLANK, K_COMMENT, K_IF, K_ELSE, K_DOT, K_HEAD, K_TEXT };

struct item { enum kind kind; bool margin; struct str text; };

enum gap { GAP_NONE, GAP_GLUE, GAP_BLANK, GAP_CONT };

struct fmt {
	struct arena *arena;
	struct sbuf *out;
	struct lexer lx;
	const char *bol;         /* start of the logical line being read */
	struct sbuf line;        /* its canonical words */
	struct str first;        /* the first of them, raw */
	enum gap gap;            /* what separates the next fragment from the last */
	VEC(struct item) held;
	bool in_section;
	enum kind prev;          /* last line written; K_BLANK at the start */
};

static void fmt_write(struct fmt *f, const struct item *it, bool at_margin)
{
	if (it->kind == K_BLANK) {
		if (f->prev != K_BLANK)
			sbuf_addc(f->out, '\n');
	} else {
		if (!at_margin && f->in_section)
			sbuf_add(f->out, STR("    "));
		sbuf_add(f->out, it->text);
		sbuf_addc(f->out, '\n');
	}
	f->prev = it->kind;
}

static void fmt_release(struct fmt *f, bool at_margin)
{
	for (size_t i = 0; i < f->held.n; i++)
		fmt_write(f, &f->held.at[i], at_margin || f->held.at[i].kind == K_IF);
	f->held.n = 0;
}

static void fmt_head(struct fmt *f, const struct item *it)
{
	const struct item blank = { .kind = K_BLANK };

	if (f->prev != K_BLANK && f->prev != K_IF && f->prev != K_ELSE && (f->in_section || !f->held.n))
		fmt_write(f, &blank, true);
	fmt_release(f, true);
	fmt_write(f, it, true);
	f->in_section = true;
}

static void fmt_item(struct fmt *f, const struct item *it)
{
	switch (it->kind) {
	case K_HEAD:
		fmt_head(f, it);
		return;
	case K_BLANK:
		if (f->held.n)
			VEC_PUSH(&f->held, *it);
		else
			fmt_write(f, it, true);
		return;
	case K_COMMENT:
	case K_IF:
		if (it->margin) {
			VEC_PUSH(&f->held, *it);
			return;
		}
		break;
	default:
		break;
	}
	fmt_release(f, false);
	fmt_write(f, it, it->margin && it->kind != K_TEXT);
}

static enum kind fmt_kind(const struct fmt *f)
{
	struct str w = f->first;

	if (str_eq(w, STR(".if")))
		return K_IF;
	if (str_eq(w, STR(".else")) || str_eq(w, STR(".elif")))
		return K_ELSE;
	if (str_starts(w, STR(".")))
		return K_DOT;
	return conf_is_section(w) ? K_HEAD : K_TEXT;
}

static void fmt_gap(struct fmt *f)
{
	if (f->line.n && f->gap == GAP_BLANK)
		sbuf_addc(&f->line, ' ');
	else if (f->line.n && f->gap == GAP_CONT)
		sbuf_add(&f->line, STR(" \\\n        "));
	else if (f->line.n && f->gap == GAP_GLUE)
		sbuf_add(&f->line, STR("\\\n"));
	f->gap = GAP_NONE;
}

static void fmt_separate(struct fmt *f, enum frag g)
{
	if (!f->first.p && f->line.n)
		f->first = arena_str(f->arena, sbuf_str(&f->line));
	if (g == FRAG_CONT)
		f->gap = f->gap == GAP_NONE || f->gap == GAP_GLUE ? GAP_GLUE : GAP_CONT;
	else
		f->gap = f->gap == GAP_GLUE || f->gap == GAP_CONT ? GAP_CONT : GAP_BLANK;
}

static struct str frag_raw(const struct lexer *lx)
{
	return str_n(lx->tok, (size_t)(lx->cur - lx->tok));
}

static void fmt_content(struct fmt *f, enum frag g)
{
	fmt_gap(f);
	if (g == FRAG_WEAK)
		f->lx.weak = !f->lx.weak;
	sbuf_add(&f->line, g == FRAG_CONT ? STR("\\\n") : frag_raw(&f->lx));
}

/* A line that is continued by nothing ends where it stands. */
static struct str without_dangling(struct str c)
{
	for (c = str_trim(c); str_ends(c, STR("\n")); c = str_trim(c)) {
		c.n -= str_ends(c, STR("\r\n")) ? 2 : 1;
		if (str_ends(c, STR("\\")))
			c.n--;
	}
	return c;
}

/* A condition keeps its inner blanks: they may stand in the argument of a predicate. */
static enum frag fmt_condition(struct fmt *f)
{
	const char *from = f->lx.cur, *end = from;
	struct str cond;
	enum frag g;

	do {
		g = conf_lex(&f->lx);
		if (g == FRAG_WEAK)
			f->lx.weak = !f->lx.weak;
		if (frag_is_content(g))
			end = f->lx.cur;
	} while (g != FRAG_EOF && g != FRAG_EOL && g != FRAG_COMMENT);
	f->lx.weak = false;
	cond = without_dangling(str_n(from, (size_t)(end - from)));
	if (cond.n) {
		sbuf_addc(&f->line, ' ');
		sbuf_add(&f->line, cond);
	}
	return g;
}

static bool fmt_at_condition(const struct fmt *f)
{
	struct str w = sbuf_str(&f->line);

	return str_eq(w, STR(".if")) || str_eq(w, STR(".elif"));
}

/* Words of one logical line into f->line, up to its end or comment. */
static enum frag fmt_words(struct fmt *f)
{
	enum frag g;

	for (;;) {
		g = conf_lex(&f->lx);
		if (g == FRAG_EOF || g == FRAG_EOL || g == FRAG_COMMENT)
			break;
		if (f->lx.weak || (g != FRAG_BLANK && g != FRAG_CONT)) {
			fmt_content(f, g);
			continue;
		}
		fmt_separate(f, g);
		if (g == FRAG_BLANK && fmt_at_condition(f))
			return fmt_condition(f);
	}
	if (!f->first.p)
		f->first = arena_str(f->arena, sbuf_str(&f->line));
	return g;
}

static enum frag fmt_line(struct fmt *f)
{
	struct item it = { .margin = f->lx.cur < f->lx.lim && *f->lx.cur != ' ' && *f->lx.cur != '\t' };
	bool words;
	enum frag g;

	f->line.n = 0;
	f->first = STR_NULL;
	f->gap = GAP_NONE;
	g = fmt_words(f);
	words = f->line.n;
	it.kind = words ? fmt_kind(f) : g == FRAG_COMMENT ? K_COMMENT : K_BLANK;
	if (g == FRAG_COMMENT) {
		if (words)
			sbuf_addc(&f->line, ' ');
		sbuf_add(&f->line, str_trim(frag_raw(&f->lx)));
		g = conf_lex(&f->lx);
	}
	it.text = arena_str(f->arena, sbuf_str(&f->line));
	if (it.kind != K_BLANK || g != FRAG_EOF)
		fmt_item(f, &it);
	return g;
}

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static void fmt_text(struct arena *a, struct str text, struct sbuf *out)
{
	struct fmt f = { .arena = a, .out = out, .lx = { .cur = text.p, .lim = text.p + text.n }, .prev = K_BLANK };

	if (str_starts(text, STR(BYTE_ORDER_MARK)))
		f.lx.cur += 3;
	while (fmt_line(&f) != FRAG_EOF)
		;
	while (f.held.n && VEC_LAST(&f.held).kind == K_BLANK)
		f.held.n--;
	fmt_release(&f, false);
	if (f.prev == K_BLANK && out->n)
		out->n--;
	if (str_starts(sbuf_str(out), STR(BYTE_ORDER_MARK))) { /* part of a word, which it must not cease to be at the head of a file */
		sbuf_addc(out, '\n');
		memmove(out->p + 1, out->p, out->n - 1);
		out->p[0] = '\n';
	}
	VEC_FREE(&f.held);
	sbuf_free(&f.line);
}

/* Text that does not lex cannot be formatted without guessing; what the lines mean does not matter here. */
static bool fmt_check(struct front *f)
{
	front_open_file(f, 0);
	while (front_read_line(f, false))
		;
	return !f->d->errors;
}

static struct conf_src *fmt_source(struct diags *d)
{
	struct conf_src *src = ARENA_NEW(d->arena, struct conf_src);

	src->arena = d->arena;
	d->src = src;
	return src;
}

static bool fmt_run(struct front *f, struct sbuf *out)
{
	bool ok;

	source_freeze(f->src);
	ok = fmt_check(f);
	if (ok)
		fmt_text(f->src->arena, f->src->files.at[0].text, out);
	front_done(f);
	return ok;
}

bool conf_format(const char *path, struct sbuf *out, struct diags *d)
{
	struct front f;

	front_init(&f, fmt_source(d), d);
	source_file(&f, path);
	return fmt_run(&f, out);
}

bool conf_format_text(const char *name, struct str text, struct sbuf *out, struct diags *d)
{
	struct front f;

	front_init(&f, fmt_source(d), d);
	source_text(&f, name, text);
	return fmt_run(&f, out);
}
