// SPDX-License-Identifier: GPL-3.0-or-later
/* Collects diagnostics of all stages and prints them in the order of the text, each with its source line. Source
 * bytes that could steer a terminal are printed as '?'. */
#include <stdlib.h>
#include <sluice/conf/diag.h>

#define DIAG_KEEP 1000u     /* entries kept of errors and of the rest; later ones are only counted */
#define DIAG_ERRORS_SHOWN 20u
#define DIAG_WARNINGS_SHOWN 100u
#define DIAG_WIDTH 110u     /* bytes of a source line shown */
#define DIAG_LEAD 60u       /* of them before a span that needs clipping */

void diags_init(struct diags *d, struct arena *a, const struct conf_src *src)
{
	*d = (struct diags){ .arena = a, .src = src };
}

static void diag_room(struct diags *d)
{
	size_t cap = d->at.cap ? d->at.cap * 2 : 16;
	struct diag_entry *at;

	if (d->at.n < d->at.cap)
		return;
	at = ARENA_NEWN(d->arena, struct diag_entry, cap);
	if (d->at.n)
		memcpy(at, d->at.at, d->at.n * sizeof(*at));
	d->at.at = at;
	d->at.cap = cap;
}

void diag(struct diags *d, enum diag_level l, struct span at, const char *hint, const char *fmt, ...)
{
	unsigned *count = l == DIAG_ERROR ? &d->errors : &d->warnings;
	size_t kept = d->at.n;
	va_list ap;

	if (l != DIAG_NOTE && ++*count > DIAG_KEEP)
		return;
	if (kept >= 3 * DIAG_KEEP)
		return;
	diag_room(d);
	va_start(ap, fmt);
	d->at.at[d->at.n++] = (struct diag_entry){
		.level = l, .at = at, .msg = arena_vprintf(d->arena, fmt, ap),
		.hint = hint ? arena_str(d->arena, str_c(hint)) : STR_NULL,
	};
	va_end(ap);
}

/* Where the printer stands in the text of a file; entries are sorted, so it only moves forward. */
struct cursor { uint32_t file, line; struct str rest; };

static struct str cursor_line(struct cursor *c, const struct conf_src *src, struct span at)
{
	struct str rest, line;

	if (c->file != at.file || !c->line) {
		*c = (struct cursor){ at.file, 1, src->files.at[at.file].text };
		if (str_starts(c->rest, STR("\xef\xbb\xbf")))
			c->rest = str_sub(c->rest, 3, c->rest.n - 3);
	}
	while (c->line < at.line && c->rest.p) {
		str_split(&c->rest, '\n');
		c->line++;
	}
	rest = c->rest;
	line = rest.p ? str_split(&rest, '\n') : STR_NULL;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool is_utf8_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void print_source(FILE *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		fputc((c < 0x20 && c != '\t') || c == 0x7f ? '?' : c, out);
	}
}

/* Blanks of the width of s: a tab stays a tab, a character of several bytes takes one place. */
static void print_pad(FILE *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_utf8_tail(s.p[i]))
			fputc(s.p[i] == '\t' ? '\t' : ' ', out);
}

static void print_underline(FILE *out, struct str s)
{
	fputc('^', out);
	for (size_t i = 1; i < s.n; i++)
		if (!is_utf8_tail(s.p[i]))
			fputc('~', out);
	fputc('\n', out);
}

static void print_excerpt(FILE *out, struct str line, struct span at)
{
	size_t from = 0, col = MIN((size_t)at.col - 1, line.n), n = DIAG_WIDTH;
	size_t len = MIN((size_t)at.len, line.n - col);
	struct str shown;

	if (line.n > DIAG_WIDTH && col + len > DIAG_WIDTH)
		from = col > DIAG_LEAD ? col - DIAG_LEAD : 0;
	while (from && from < line.n && is_utf8_tail(line.p[from]))
		from++;
	while (n > 1 && from + n < line.n && is_utf8_tail(line.p[from + n]))
		n--;
	shown = str_sub(line, from, n);
	len = MIN(len, from + shown.n - col);
	fprintf(out, "%5u | %s", at.line, from ? "..." : "");
	print_source(out, shown);
	fprintf(out, "%s\n      | %s", from + shown.n < line.n ? "..." : "", from ? "   " : "");
	print_pad(out, str_sub(line, from, col - from));
	print_underline(out, str_sub(line, col, len));
}

static void print_entry(const struct diags *d, FILE *out, const struct diag_entry *e, struct cursor *c)
{
	static const char *const level[] = { "note", "warning", "error" };
	const struct conf_src *src = d->src;
	bool has_file = src && e->at.file < src->files.n;

	if (has_file)
		fprintf(out, "%s:", src->files.at[e->at.file].name);
	if (e->at.line)
		fprintf(out, "%u:%u:", e->at.line, e->at.col);
	fprintf(out, "%s%s: ", has_file || e->at.line ? " " : "", level[e->level]);
	print_source(out, e->msg);
	if (e->hint.p)
		fprintf(out, " (did you mean '" STR_FMT "'?)", STR_ARG(e->hint));
	fputc('\n', out);
	if (has_file && e->at.line)
		print_excerpt(out, cursor_line(c, src, e->at), e->at);
}

static int entry_order(const void *pa, const void *pb)
{
	const struct diag_entry *const *pea = pa, *const *peb = pb, *a = *pea, *b = *peb;

	if (a->at.file != b->at.file)
		return a->at.file < b->at.file ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.col != b->at.col)
		return a->at.col < b->at.col ? -1 : 1;
	return a < b ? -1 : a > b; /* as they were reported */
}

void diags_print(const struct diags *d, FILE *out, bool with_warnings)
{
	const struct diag_entry **order = d->at.n ? malloc(d->at.n * sizeof(*order)) : NULL;
	struct cursor c = { 0 };
	unsigned errors = 0, warnings = 0;

	for (size_t i = 0; order && i < d->at.n; i++)
		order[i] = &d->at.at[i];
	if (order)
		qsort(order, d->at.n, sizeof(*order), entry_order);
	for (size_t i = 0; order && i < d->at.n; i++) {
		bool error = order[i]->level == DIAG_ERROR;

		if (error ? errors++ < DIAG_ERRORS_SHOWN : with_warnings && warnings++ < DIAG_WARNINGS_SHOWN)
			print_entry(d, out, order[i], &c);
	}
	if (d->errors > DIAG_ERRORS_SHOWN)
		fprintf(out, "%u more errors\n", d->errors - DIAG_ERRORS_SHOWN);
	if (warnings > DIAG_WARNINGS_SHOWN)
		fprintf(out, "%u more warnings\n", warnings - DIAG_WARNINGS_SHOWN);
	free(order);
}

const char *diag_nearest(struct str w, const char *const *words, size_t n)
{
	unsigned limit = (unsigned)MIN(w.n / 3, 100u), best = limit + 1;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		struct str cand = str_c(words[i]);
		unsigned dist;

		if (cand.n > w.n + limit || w.n > cand.n + limit)
			continue;
		dist = str_distance(w, cand);
		if (dist < best)
			best = dist, near = words[i];
	}
	return near;
}
