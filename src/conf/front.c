// SPDX-License-Identifier: GPL-3.0-or-later
/* Drives the grammar over one file after the other: feeds it tokens, and turns what it recognises into sections and
 * lines. Growing lists live in scratch vectors and move into the arena when their section is complete. */
#include "config.tab.h"
#include "front_priv.h"

int confyylex(struct word *v, struct front *f);

static const char *const section_words[] = {
#define SECTION(w) w,
#include <sluice/tbl/sections.def>
#undef SECTION
};

bool conf_is_section(struct str w)
{
	for (size_t i = 0; i < ARRAY_LEN(section_words); i++)
		if (str_eq(w, str_c(section_words[i])))
			return true;
	return false;
}

static int first_token(const struct word *w)
{
	if (w->quoted)
		return WORD;
	if (conf_is_section(w->s))
		return SECTION;
	if (str_eq(w->s, STR("no")))
		return NO;
	return str_eq(w->s, STR("default")) ? DEFAULT : WORD;
}

/* Reads lines until one has something for the grammar. */
static bool next_line(struct front *f)
{
	while (front_read_line(f, if_skipping(f))) {
		if (!f->q.n || !if_filter(f))
			continue;
		f->q_end = true;
		return true;
	}
	return false;
}

int confyylex(struct word *v, struct front *f)
{
	size_t i;

	if (!f->q_end && !next_line(f))
		return 0;
	i = f->qi;
	if (i < f->q.n) {
		f->qi++;
		*v = f->q.at[i];
		return i ? WORD : first_token(v);
	}
	if (f->q_bad) {
		f->q_bad = false;
		return CONFYYerror;
	}
	f->q_end = false;
	return EOL;
}

void front_word(struct front *f, const struct word *w)
{
	VEC_PUSH(&f->words, *w);
}

static struct line line_take(struct front *f, enum line_prefix prefix)
{
	struct line l = { .w = VEC_FREEZE(&f->words, f->src->arena), .n = (uint32_t)f->words.n, .prefix = prefix };

	f->words.n = 0;
	return l;
}

static void section_close(struct front *f)
{
	struct section *s = &f->head;

	if (!f->open)
		return;
	if (f->lines.n)
		s->lines.at = VEC_FREEZE(&f->lines, f->src->arena);
	s->lines.n = s->lines.cap = f->lines.n;
	f->lines.n = 0;
	f->open = false;
	VEC_PUSH(&f->sections, *s);
}

void front_section_open(struct front *f)
{
	section_close(f);
	f->head = (struct section){ .head = line_take(f, LINE_PLAIN) };
	f->open = true;
}

void front_line_add(struct front *f, enum line_prefix prefix)
{
	struct line l = line_take(f, prefix);

	if (!f->open) {
		if (!f->orphan_told)
			diag(f->d, DIAG_ERROR, l.w[0].at,
			     diag_nearest(l.w[0].s, section_words, ARRAY_LEN(section_words)),
			     "'" STR_FMT "' stands outside of any section", STR_ARG(l.w[0].s));
		f->orphan_told = true;
		return;
	}
	VEC_PUSH(&f->lines, l);
	if (prefix == LINE_PLAIN && str_eq(f->head.head.w[0].s, STR("global")))
		env_directive(f, &l);
}

void front_line_drop(struct front *f)
{
	f->words.n = 0;
}

void front_bare_prefix(struct front *f, const struct word *w)
{
	diag(f->d, DIAG_ERROR, w->at, NULL, "'" STR_FMT "' needs a directive behind it", STR_ARG(w->s));
}

void front_init(struct front *f, struct conf_src *src, struct diags *d)
{
	*f = (struct front){ .src = src, .d = d };
}

void front_open_file(struct front *f, uint32_t file)
{
	struct str text = f->src->files.at[file].text;

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_sub(text, 3, text.n - 3);
	f->lx = (struct lexer){ .cur = text.p, .lim = text.p + text.n };
	f->file = file;
	f->bol = text.p;
	f->line = 1;
	f->q.n = f->qi = 0;
	f->q_end = f->q_bad = f->orphan_told = false;
}

void front_file(struct front *f, uint32_t file)
{
	front_open_file(f, file);
	if (confyyparse(f))
		front_line_drop(f);
	section_close(f);
	if_finish(f);
}

void front_done(struct front *f)
{
	struct conf_src *src = f->src;

	src->sections.n = src->sections.cap = f->sections.n;
	src->sections.at = f->sections.n ? VEC_FREEZE(&f->sections, src->arena) : NULL;
	VEC_FREE(&f->sections);
	VEC_FREE(&f->lines);
	VEC_FREE(&f->words);
	VEC_FREE(&f->q);
	sbuf_free(&f->text);
}
