// SPDX-License-Identifier: GPL-3.0-or-later
/* Words: what fragments mean (escapes, quotes, variables) and how they add up to the words of one logical line,
 * each with the place where it stood. A word without quotes, the common case, is copied once. */
#include <stdlib.h>
#include "front_priv.h"

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static char escape_byte(char c)
{
	switch (c) {
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

/* Splits `$NAME`, `${NAME[*]-default}` into its parts; dflt.p is NULL without a default. */
static void var_split(struct str v, struct str *name, struct str *dflt, bool *list)
{
	bool braces = v.n > 1 && v.p[1] == '{';
	struct str in = braces ? str_sub(v, 2, v.n - 3) : str_sub(v, 1, v.n - 1);
	size_t n = 0;

	while (n < in.n && in.p[n] != '[' && in.p[n] != '-')
		n++;
	*name = str_sub(in, 0, n);
	*list = n < in.n && in.p[n] == '[';
	if (*list)
		n += 3;
	*dflt = n < in.n ? str_sub(in, n + 1, in.n - n - 1) : STR_NULL;
}

/* Value of a variable; ${.FILE}, ${.LINE} and ${.SECTION} describe the place. num holds the digits of .LINE. */
static struct str var_value(struct str name, struct str dflt, const struct place *at, char num[24])
{
	char key[256];
	const char *val;

	if (name.p[0] == '.') {
		if (str_eq(name, STR(".FILE")))
			return str_c(at->file);
		if (str_eq(name, STR(".LINE")))
			return str_n(num, (size_t)snprintf(num, 24, "%u", at->line));
		return str_eq(name, STR(".SECTION")) ? at->section : dflt;
	}
	if (name.n >= sizeof(key))
		return dflt;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	val = getenv(key);
	return val ? str_c(val) : dflt;
}

static struct str frag_text(const struct lexer *lx)
{
	return str_n(lx->tok, (size_t)(lx->cur - lx->tok));
}

void word_frag_append(struct sbuf *out, enum frag g, const struct lexer *lx, const struct place *at)
{
	struct str t = frag_text(lx), name, dflt;
	char num[24];
	bool list;

	switch (g) {
	case FRAG_TEXT:
		sbuf_add(out, t);
		break;
	case FRAG_ESC:
		sbuf_addc(out, escape_byte(t.p[1]));
		break;
	case FRAG_HEX:
		sbuf_addc(out, (char)(hex_digit(t.p[2]) << 4 | hex_digit(t.p[3])));
		break;
	case FRAG_STRONG:
		sbuf_add(out, str_sub(t, 1, t.n - 2));
		break;
	case FRAG_VAR:
		var_split(t, &name, &dflt, &list);
		sbuf_add(out, var_value(name, dflt, at, num));
		break;
	default:
		break;
	}
}

const char *word_frag_error(enum frag g)
{
	switch (g) {
	case FRAG_BAD_QUOTE: return "single quote is not closed on its line";
	case FRAG_BAD_HEX: return "\\x needs two hexadecimal digits";
	case FRAG_BAD_ZERO: return "a word cannot hold a NUL byte";
	case FRAG_BAD_NAME: return "no variable name behind '$' (write \\$ for a dollar sign inside double quotes)";
	case FRAG_BAD_BRACE: return "'${' is not closed by '}'";
	default: return "control character";
	}
}

struct span front_span(const struct front *f, const char *from, const char *to)
{
	return (struct span){ f->file, f->line, (uint32_t)(from - f->bol) + 1, (uint32_t)(to - from) };
}

struct place front_place(const struct front *f, uint32_t line)
{
	return (struct place){ f->src->files.at[f->file].name, line, f->open ? f->head.head.w[0].s : STR_NULL };
}

static void word_open(struct front *f)
{
	if (f->in_word)
		return;
	f->in_word = true;
	f->in_list = false;
	f->cur = (struct word){ .at = front_span(f, f->lx.tok, f->lx.tok) };
	f->cur_at = f->lx.tok;
	f->text.n = 0;
}

static void word_close(struct front *f, const char *end)
{
	struct word *w = &f->cur;

	if (!f->in_word)
		return;
	f->in_word = false;
	if (f->in_list && !f->text.n)
		return;
	f->line_text += f->text.n + 1;
	w->at.len = (uint32_t)(end - f->cur_at);
	w->s = arena_str(f->src->arena, sbuf_str(&f->text));
	VEC_PUSH(&f->q, *w);
}

/* ${LIST[*]}: blanks in the value part words, a backslash in it takes the next byte as it is. */
static void word_list(struct front *f, struct str val)
{
	const char *start = f->cur_at;
	struct span at = f->cur.at;

	f->in_list = true;
	for (size_t i = 0; i < val.n; i++) {
		if (strchr(" \t\r\n", val.p[i])) {
			word_close(f, f->lx.cur);
			word_open(f);
			f->in_list = true;
			f->cur.at = at, f->cur.quoted = true, f->cur_at = start;
			continue;
		}
		if (val.p[i] == '\\' && i + 1 < val.n)
			i++;
		sbuf_addc(&f->text, val.p[i]);
	}
}

static bool frag_is_list(const struct lexer *lx)
{
	struct str t = frag_text(lx);
	ptrdiff_t at = str_find(t, STR("[*]"), false), dash = str_chr(t, '-');

	return at >= 0 && (dash < 0 || dash > at);
}

static void word_variable(struct front *f, const struct place *at)
{
	struct str name, dflt;
	char num[24];
	bool list;

	if (!frag_is_list(&f->lx)) {
		word_frag_append(&f->text, FRAG_VAR, &f->lx, at);
		return;
	}
	var_split(frag_text(&f->lx), &name, &dflt, &list);
	word_list(f, var_value(name, dflt, at, num));
}

static void line_error(struct front *f, bool quiet, struct span at, const char *msg)
{
	if (!f->q_bad && !quiet)
		diag(f->d, DIAG_ERROR, at, NULL, "%s", msg);
	f->q_bad = true;
}

static void line_next(struct front *f)
{
	f->line++;
	f->bol = f->lx.cur;
}

static void frag_bad(struct front *f, enum frag g, bool quiet)
{
	unsigned char c = (unsigned char)*f->lx.tok;
	char msg[64];

	if (g == FRAG_BAD_CTRL) {
		snprintf(msg, sizeof(msg), c ? "control character 0x%02x" : "NUL byte", c);
		line_error(f, quiet, front_span(f, f->lx.tok, f->lx.cur), msg);
	} else {
		line_error(f, quiet, front_span(f, f->lx.tok, f->lx.cur), word_frag_error(g));
	}
	f->in_word = f->lx.weak = false;
}

/* A fragment inside a line. After an error the rest of the line is only searched for its end. */
static void frag_take(struct front *f, enum frag g, bool quiet)
{
	struct place at = front_place(f, f->line);

	if (g >= FRAG_BAD) {
		frag_bad(f, g, quiet);
		return;
	}
	if (f->q_bad) {
		f->lx.weak = false;
		return;
	}
	word_open(f);
	f->cur.quoted |= g != FRAG_TEXT;
	if (g == FRAG_WEAK) {
		f->lx.weak = !f->lx.weak;
		f->weak_at = f->lx.tok;
	} else if (g == FRAG_VAR) {
		word_variable(f, &at);
	} else {
		word_frag_append(&f->text, g, &f->lx, &at);
	}
	if (f->text.n + f->line_text > CONF_LINE_MAX)
		line_error(f, quiet, front_span(f, f->lx.tok, f->lx.cur), "line is longer than 65536 bytes");
	else if (f->q.n > CONF_WORDS_MAX)
		line_error(f, quiet, f->cur.at, "line has more than 1024 words");
	if (f->q_bad)
		f->in_word = f->lx.weak = false;
}

/* The condition behind .if and .elif has its own grammar: it is set aside as it is written. */
static bool line_has_condition(const struct front *f)
{
	const struct word *w = f->q.at;

	return f->q.n == 1 && !w->quoted && (str_eq(w->s, STR(".if")) || str_eq(w->s, STR(".elif")));
}

/* Behind a comment only the end of the line is expected; a control byte ends the comment early. */
static enum frag comment_end(struct front *f, bool quiet)
{
	enum frag g = conf_lex(&f->lx);
	const char *lf;

	if (g == FRAG_EOF || g == FRAG_EOL)
		return g;
	frag_bad(f, g, quiet);
	lf = memchr(f->lx.cur, '\n', (size_t)(f->lx.lim - f->lx.cur));
	f->lx.cur = lf ? lf : f->lx.lim;
	return conf_lex(&f->lx);
}

/* Finds the end of the condition, a comment or the end of the line; its grammar judges it later. */
static enum frag condition_read(struct front *f, bool quiet)
{
	const char *from = f->lx.cur, *end = from;
	enum frag g;

	f->cond_at = front_span(f, from, from);
	do {
		g = conf_lex(&f->lx);
		if (g == FRAG_WEAK)
			f->lx.weak = !f->lx.weak;
		else if (g == FRAG_CONT)
			line_next(f);
		else if (g == FRAG_BAD_CTRL)
			frag_bad(f, g, quiet);
		if (frag_is_content(g))
			end = f->lx.cur;
	} while (g != FRAG_EOF && g != FRAG_EOL && g != FRAG_COMMENT);
	f->lx.weak = false;
	if (g == FRAG_COMMENT)
		g = comment_end(f, quiet);
	f->cond = str_n(from, (size_t)(end - from));
	return g;
}

static void line_finish(struct front *f, const char *start, bool quiet)
{
	if (f->lx.weak)
		line_error(f, quiet, front_span(f, MAX(f->weak_at, f->bol), f->lx.tok),
			   "double quote is not closed on its line");
	f->lx.weak = false;
	if (!f->q_bad)
		word_close(f, f->lx.tok);
	f->in_word = false;
	if ((size_t)(f->lx.tok - start) > CONF_LINE_MAX)
		line_error(f, quiet, front_span(f, f->bol, f->bol), "line is longer than 65536 bytes");
	if (f->q.n > CONF_WORDS_MAX)
		line_error(f, quiet, VEC_LAST(&f->q).at, "line has more than 1024 words");
}

bool front_read_line(struct front *f, bool quiet)
{
	const char *start = f->lx.cur;
	enum frag g;

	f->q.n = f->qi = 0;
	f->q_bad = false;
	f->line_text = 0;
	f->cond = STR_NULL;
	for (g = conf_lex(&f->lx); g != FRAG_EOF && g != FRAG_EOL; g = conf_lex(&f->lx)) {
		if (g == FRAG_CONT) {
			line_next(f);
			continue;
		}
		if (g != FRAG_BLANK && g != FRAG_COMMENT) {
			frag_take(f, g, quiet);
			continue;
		}
		word_close(f, f->lx.tok);
		if (g == FRAG_COMMENT) {
			g = comment_end(f, quiet);
			break;
		}
		if (line_has_condition(f)) {
			g = condition_read(f, quiet);
			break;
		}
	}
	line_finish(f, start, quiet);
	if (g == FRAG_EOL)
		line_next(f);
	return g == FRAG_EOL || f->q.n || f->q_bad;
}
