// SPDX-License-Identifier: GPL-3.0-or-later
/* Completion. The words of commands and the fixed words of their arguments come from the table, names of backends, frontends and servers
 * from the socket. */
#include <stdlib.h>
#include <sluice/base/vec.h>
#include "cli_priv.h"

static const struct row { const char *words, *args; } rows[] = {
#define CLI_CMD(fn, level, words, args, flags, help) { words, args },
#include <sluice/tbl/cli_cmds.def>
#undef CLI_CMD
	{ "watch", "[<delay>] <command>" },
};

#define WORDS_MAX 32

struct words { struct str w[WORDS_MAX]; size_t n; struct str last; }; /* last: the one being written */

static void split(struct str line, struct words *ws)
{
	ptrdiff_t semi;

	while ((semi = str_chr(line, ';')) >= 0)
		line = str_sub(line, (size_t)semi + 1, line.n);
	ws->n = 0;
	for (;;) {
		while (line.n && line.p[0] == ' ')
			line = str_sub(line, 1, line.n);
		ptrdiff_t b = str_chr(line, ' ');
		if (b < 0 || ws->n == WORDS_MAX)
			break;
		ws->w[ws->n++] = str_sub(line, 0, (size_t)b);
		line = str_sub(line, (size_t)b, line.n);
	}
	ws->last = line;
}

typedef VEC(struct str) str_vec;

static void offer(str_vec *v, struct str word, struct str begun)
{
	if (!word.n || !str_starts(word, begun))
		return;
	for (size_t i = 0; i < v->n; i++)
		if (str_eq(v->at[i], word))
			return;
	VEC_PUSH(v, word);
}

/* The row's next word when the line's words are its first ones; *args when they are all of them, *nth of the arguments stands there. */
static bool row_next(const struct row *r, const struct words *ws, struct str *next, size_t *nth)
{
	struct str rest = str_c(r->words);

	for (size_t i = 0; i < ws->n; i++) {
		if (!rest.p) {
			*nth = ws->n - i;
			*next = STR_NULL;
			return true;
		}
		if (!str_eq(str_split(&rest, ' '), ws->w[i]))
			return false;
	}
	*nth = 0;
	*next = rest.p ? str_split(&rest, ' ') : STR_NULL;
	return true;
}

static struct str nth_arg(const char *args, size_t nth)
{
	struct str rest = str_c(args), a = STR_NULL;

	for (size_t i = 0; i <= nth; i++) {
		if (!rest.p || !rest.n)
			return STR_NULL;
		a = str_split(&rest, ' ');
	}
	return a;
}

static const char *kind_of(struct str arg)
{
	static const struct { const char *in, *kind; } kinds[] = {
		{ "<bk>/<srv>", "bk/srv" }, { "<b/s>", "bk/srv" }, { "<backend>", "backend" }, { "<b>", "backend" }, { "<frontend>", "frontend" },
		{ "<f>", "frontend" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_find(arg, str_c(kinds[i].in), false) >= 0)
			return kinds[i].kind;
	return NULL;
}

/* "[typed|json]", "<bk>/<srv>", "none|number|string": what could stand there. */
static void offer_arg(str_vec *v, struct str arg, struct str begun, names_fn *names, void *ctx, struct sbuf *fetched)
{
	const char *kind = kind_of(arg);

	if (kind && names) {
		names(ctx, kind, fetched);
		struct str rest = sbuf_str(fetched);
		while (rest.p && rest.n)
			offer(v, str_split(&rest, '\n'), begun);
	}
	while (arg.n && (arg.p[0] == '[' || arg.p[0] == '\''))
		arg = str_sub(arg, 1, arg.n);
	while (arg.n && strchr("]*'", arg.p[arg.n - 1]))
		arg.n--;
	while (arg.p && arg.n) {
		struct str word = str_split(&arg, '|');
		if (str_chr(word, '<') < 0)
			offer(v, word, begun);
	}
}

/* Filters stand in any order: what follows their word is known by it. */
static struct str after_word(struct str word, struct str arg)
{
	static const struct { const char *word, *arg; } filters[] = { { "backend", "<b>" }, { "frontend", "<f>" }, { "server", "<b/s>" } };

	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (str_eq(word, str_c(filters[i].word)))
			return str_c(filters[i].arg);
	return arg;
}

static int by_text(const void *a, const void *b) { return str_cmp(*(const struct str *)a, *(const struct str *)b); }

void complete_line(struct str line, names_fn *names, void *ctx, struct sbuf *out)
{
	struct words ws;
	struct sbuf fetched = { 0 };
	str_vec v = { 0 };
	struct str next;
	size_t nth;

	split(line, &ws);
	while (ws.n && (ws.w[0].p[0] == '@' || str_eq(ws.w[0], STR("json")) || str_eq(ws.w[0], STR("help")))) {
		memmove(ws.w, ws.w + 1, (ws.n - 1) * sizeof(ws.w[0]));
		ws.n--;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!row_next(&rows[i], &ws, &next, &nth))
			continue;
		if (next.p)
			offer(&v, next, ws.last);
		else
			offer_arg(&v, nth ? after_word(ws.w[ws.n - 1], nth_arg(rows[i].args, nth)) : nth_arg(rows[i].args, nth), ws.last, names,
				  ctx, &fetched);
	}
	if (v.n)
		qsort(v.at, v.n, sizeof(*v.at), by_text);
	for (size_t i = 0; i < v.n; i++)
		sbuf_printf(out, STR_FMT "\n", STR_ARG(v.at[i]));
	VEC_FREE(&v);
	sbuf_free(&fetched);
}

/* ---- names ---- */

/* Rows of `show stat` begin with the names. */
void client_names(void *ctx, const char *kind, struct sbuf *out)
{
	bool servers = strcmp(kind, "bk/srv") == 0;
	struct str ask = servers ? STR("show stat -1 4 -1") : strcmp(kind, "backend") == 0 ? STR("show stat -1 2 -1") : STR("show stat -1 1 -1");
	struct reply r;

	if (!client_once(ctx, ask, &r))
		return;
	struct str rest = sbuf_str(&r.text);
	while (!r.failed && rest.p && rest.n) {
		struct str line = str_split(&rest, '\n'), px = str_split(&line, ','), srv = line.p ? str_split(&line, ',') : STR_NULL;
		if (!px.n || px.p[0] == '#')
			continue;
		if (servers)
			sbuf_printf(out, STR_FMT "/" STR_FMT "\n", STR_ARG(px), STR_ARG(srv));
		else
			sbuf_printf(out, STR_FMT "\n", STR_ARG(px));
	}
	reply_free(&r);
}
