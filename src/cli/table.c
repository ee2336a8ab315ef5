// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers for eyes: lines under a "# head" in columns, statistics as a table of the columns one looks at first, states in colour. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <sluice/base/num.h>
#include <sluice/base/vec.h>
#include "cli_priv.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

bool on_terminal(void) { return isatty(STDOUT_FILENO); }

struct grid { VEC(struct str) cell; size_t cols; };

/* Columns of `show stat` that stand in the table. */
static const char *const stat_cols[] = {
	"pxname", "svname", "status", "weight", "scur", "smax", "slim", "qcur", "stot", "rate", "bin", "bout", "econ", "eresp", "wretr",
	"hrsp_4xx", "hrsp_5xx", "check_status", "lastchg", "addr",
};

static const char *colour_of(struct str v)
{
	static const struct { const char *word, *colour; } words[] = {
		{ "UP", GREEN }, { "OPEN", GREEN }, { "serving", GREEN }, { "DOWN", RED }, { "MAINT", YELLOW }, { "DRAIN", YELLOW }, { "NOLB", YELLOW },
		{ "STOP", RED }, { "draining", YELLOW }, { "maint", YELLOW }, { "drain", YELLOW }, { "ready", GREEN },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);
		if (v.n >= n && memcmp(v.p, words[i].word, n) == 0 && (v.n == n || v.p[n] == ' '))
			return words[i].colour;
	}
	return NULL;
}

static void grid_print(const struct grid *g, unsigned width, struct sbuf *out)
{
	size_t w[128] = { 0 }, rows = g->cols ? g->cell.n / g->cols : 0;

	for (size_t i = 0; i < g->cell.n; i++)
		w[i % g->cols] = MAX(w[i % g->cols], g->cell.at[i].n);
	for (size_t r = 0; r < rows; r++) {
		size_t at = 0;

		for (size_t c = 0; c < g->cols; c++) {
			struct str v = g->cell.at[r * g->cols + c];
			const char *colour = r ? colour_of(v) : BOLD;
			bool last = c + 1 == g->cols;

			if (width && at + w[c] > width && c)
				break;
			at += w[c] + 2;
			sbuf_printf(out, "%s" STR_FMT "%s", colour ? colour : "", STR_ARG(v), colour ? PLAIN : "");
			if (!last)
				sbuf_printf(out, "%*s", (int)(w[c] - v.n + 2), "");
		}
		sbuf_addc(out, '\n');
	}
}

/* ---- CSV ---- */

static size_t split_csv(struct str line, struct str *f, size_t max)
{
	size_t n = 0;

	while (n < max && line.n) {
		if (line.p[0] == '"') {
			ptrdiff_t q = str_chr(str_sub(line, 1, line.n), '"');
			f[n++] = str_sub(line, 1, q < 0 ? line.n : (size_t)q);
			line = str_sub(line, q < 0 ? line.n : (size_t)q + 3, line.n);
			continue;
		}
		ptrdiff_t c = str_chr(line, ',');
		f[n++] = str_sub(line, 0, c < 0 ? line.n : (size_t)c);
		line = str_sub(line, c < 0 ? line.n : (size_t)c + 1, line.n);
	}
	return n;
}

static void csv_row(struct grid *g, struct str line, const size_t *of, size_t nof)
{
	struct str f[256];
	size_t n = split_csv(line, f, ARRAY_LEN(f));

	for (size_t i = 0; i < nof; i++)
		VEC_PUSH(&g->cell, of[i] < n ? f[of[i]] : STR_NULL);
}

static void stat_table(struct str text, unsigned width, struct sbuf *out)
{
	struct str rest = text, head = str_split(&rest, '\n'), f[256];
	size_t of[ARRAY_LEN(stat_cols)], nof = 0, n = split_csv(str_sub(head, 2, head.n), f, ARRAY_LEN(f));
	struct grid g = { 0 };

	for (size_t k = 0; k < ARRAY_LEN(stat_cols); k++)
		for (size_t i = 0; i < n; i++)
			if (str_eq(f[i], str_c(stat_cols[k])))
				of[nof++] = i;
	g.cols = nof;
	csv_row(&g, str_sub(head, 2, head.n), of, nof);
	while (rest.p && rest.n) {
		struct str line = str_split(&rest, '\n');
		if (line.n)
			csv_row(&g, line, of, nof);
	}
	grid_print(&g, width, out);
	VEC_FREE(&g.cell);
}

/* ---- columns ---- */

/* The last column takes what is left of a line: reasons and the like have blanks. */
static void blank_row(struct grid *g, struct str line)
{
	for (size_t c = 0; c < g->cols; c++) {
		line = str_trim(line);
		ptrdiff_t b = c + 1 < g->cols ? str_chr(line, ' ') : -1;
		VEC_PUSH(&g->cell, str_sub(line, 0, b < 0 ? line.n : (size_t)b));
		line = str_sub(line, b < 0 ? line.n : (size_t)b, line.n);
	}
}

static size_t count_words(struct str s)
{
	size_t n = 0;

	for (s = str_trim(s); s.n; n++) {
		ptrdiff_t b = str_chr(s, ' ');
		s = str_trim(str_sub(s, b < 0 ? s.n : (size_t)b, s.n));
	}
	return n;
}

static void column_table(struct str text, unsigned width, struct sbuf *out)
{
	struct grid g = { 0 };

	while (text.p && text.n) {
		struct str line = str_split(&text, '\n');

		if (!g.cols && str_starts(line, STR("# "))) {
			line = str_sub(line, 2, line.n);
			g.cols = MIN(count_words(line), (size_t)128);
		}
		if (g.cols && line.n)
			blank_row(&g, line);
		else if (line.n && !str_eq(line, STR("1"))) /* the version of `show servers state` */
			sbuf_printf(out, STR_FMT "\n", STR_ARG(line));
	}
	if (g.cols)
		grid_print(&g, width, out);
	VEC_FREE(&g.cell);
}

static bool has_head(struct str text)
{
	struct str first = str_split(&text, '\n');

	if (str_eq(first, STR("1")))
		first = str_split(&text, '\n');
	return str_starts(first, STR("# ")) && count_words(first) > 2;
}

/* One answer, without the empty line that ended it. */
static void answer_print(struct str text, bool failed, unsigned width, struct sbuf *out)
{
	if (failed)
		sbuf_printf(out, RED STR_FMT PLAIN "\n", STR_ARG(text));
	else if (str_starts(text, STR("# pxname,")))
		stat_table(text, width, out);
	else if (has_head(text))
		column_table(text, width, out);
	else if (text.n)
		sbuf_printf(out, STR_FMT "\n", STR_ARG(text));
}

void table_print(struct str text, bool failed, unsigned width, struct sbuf *out)
{
	while (text.n) {
		ptrdiff_t end = text.p[0] == '\n' ? 0 : str_find(text, STR("\n\n"), false);
		struct str one = str_sub(text, 0, end < 0 ? text.n : (size_t)end);

		while (one.n && one.p[one.n - 1] == '\n')
			one.n--;
		if (one.n)
			answer_print(one, failed, width, out);
		text = str_sub(text, end < 0 ? text.n : (size_t)end + (end ? 2 : 1), text.n);
	}
}

static unsigned terminal_width(void)
{
	struct winsize ws;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 ? ws.ws_col : 0;
}

void reply_print(const struct reply *r)
{
	struct sbuf out = { 0 };
	struct str text = sbuf_str(&r->text);

	if (on_terminal()) {
		table_print(text, r->failed, terminal_width(), &out);
		text = sbuf_str(&out);
	}
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	fflush(stdout);
	sbuf_free(&out);
}
