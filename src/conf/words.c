// SPDX-License-Identifier: GPL-3.0-or-later
/* The words: which directive a line is, whether it may stand in its section, and what to say about words that are
 * unknown, misplaced, removed from HAProxy, or known to HAProxy only. The meaning of each word is its handler's
 * business. */
#include <stdio.h>

#include "sema_priv.h"

static const struct directive dir_rows[] = {
#define DIRECTIVE(word, sects, min, max, flags, fn, dflt, help) { word, sects, min, max, flags, dir_##fn, dflt, help },
#include <sluice/tbl/directives.def>
#undef DIRECTIVE
};

static const struct ha_word ha_rows[] = {
#define HAW(kind, level, word, nargs, note) { HAW_##kind, DIAG_##level, word, nargs, note },
#include <sluice/tbl/haproxy_words.def>
#undef HAW
};

static const struct { const char *word, *today; } removed_rows[] = {
#define REMOVED(word, today) { word, today },
#include <sluice/tbl/removed_words.def>
#undef REMOVED
};

void words_init(struct sema *s)
{
	hmap_init(&s->directives, &s->scratch);
	for (size_t i = 0; i < ARRAY_LEN(dir_rows); i++)
		hmap_put(&s->directives, str_c(dir_rows[i].word), (void *)&dir_rows[i]);
}

static char sect_letter(unsigned sect)
{
	switch (sect) {
	case SECT_GLOBAL: return 'G';
	case SECT_DEFAULTS: return 'D';
	case SECT_FRONTEND: return 'F';
	case SECT_BACKEND: return 'B';
	default: return 'L';
	}
}

const char *sect_names(const char *letters, char *buf, size_t n)
{
	static const char *const names[][2] = {
		{ "G", "global" }, { "D", "defaults" }, { "F", "frontend" }, { "B", "backend" }, { "L", "listen" }
	};
	size_t len = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strchr(letters, names[i][0][0]) && len < n)
			len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", names[i][1]);
	return buf;
}

const struct ha_word *ha_word_find(enum ha_kind kind, struct str w)
{
	for (size_t i = 0; i < ARRAY_LEN(ha_rows); i++) {
		struct str row = str_c(ha_rows[i].word);
		if (ha_rows[i].kind != kind)
			continue;
		if (row.p[row.n - 1] == '*' ? str_starts(w, str_n(row.p, row.n - 1)) : str_eq(row, w))
			return &ha_rows[i];
	}
	return NULL;
}

const struct ha_word *sema_ha_word(struct sema *s, enum ha_kind kind, const struct word *w)
{
	const struct ha_word *h = ha_word_find(kind, w->s);
	const char *sep;

	if (!h)
		return NULL;
	sep = h->note[0] ? ": " : "";
	if (h->level == DIAG_ERROR)
		sema_err(s, w, "'" STR_FMT "' is known to HAProxy, not supported by sluice yet%s%s", STR_ARG(w->s), sep,
			 h->note);
	else
		sema_warn(s, w, "'" STR_FMT "' is known to HAProxy, not supported by sluice yet%s%s; ignored",
			  STR_ARG(w->s), sep, h->note);
	return h;
}

/* ---- removed spellings ------------------------------------------------------------------------------------------ */

static bool removed_word(struct sema *s, const struct word *w)
{
	for (size_t i = 0; i < ARRAY_LEN(removed_rows); i++)
		if (word_is(w, removed_rows[i].word)) {
			sema_warn(s, w, "'%s' was removed from HAProxy and is ignored; today's spelling: %s",
				  removed_rows[i].word, removed_rows[i].today);
			return true;
		}
	return false;
}

/* ---- lookup ----------------------------------------------------------------------------------------------------- */

static void unknown_word(struct sema *s, const struct word *w)
{
	const char *near[ARRAY_LEN(dir_rows)], *hint;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(dir_rows); i++)
		if (strchr(dir_rows[i].sects, sect_letter(s->sect)))
			near[n++] = dir_rows[i].word;
	hint = diag_nearest(w->s, near, n);
	for (size_t i = n = 0; !hint && i < ARRAY_LEN(dir_rows); i++)
		near[n++] = dir_rows[i].word;
	if (!hint)
		hint = diag_nearest(w->s, near, n);
	sema_err_hint(s, w, hint, "unknown word '" STR_FMT "' in section '%s'", STR_ARG(w->s), s->sect_word);
}

static void too_many(struct sema *s, const struct directive *d, const struct word *w)
{
	if (!d->max)
		sema_err(s, w, "'%s' takes no argument", d->word);
	else
		sema_err(s, w, "'%s' takes %s%u argument%s", d->word, d->max > d->min ? "at most " : "", d->max,
			 d->max == 1 ? "" : "s");
}

static bool args_fit(struct sema *s, const struct directive *d, const struct line *l)
{
	uint32_t n = l->n - 1;

	if (n < d->min)
		sema_err(s, &l->w[l->n - 1], "'%s' expects %s%u argument%s", d->word,
			 d->max > d->min ? "at least " : "", d->min, d->min == 1 ? "" : "s");
	else if (d->max != 255 && n > d->max)
		too_many(s, d, &l->w[d->max + 1]);
	else
		return true;
	return false;
}

bool words_allowed(const struct sema *s, const struct directive *d, const struct line *l)
{
	return strchr(d->sects, sect_letter(s->sect)) && l->n > d->min && (d->max == 255 || l->n - 1 <= d->max) &&
	       (l->prefix == LINE_PLAIN || (d->flags & DF_NO));
}

static void wrong_section(struct sema *s, const struct directive *d, const struct word *w)
{
	char buf[64];

	sect_names(d->sects, buf, sizeof(buf));
	if ((d->flags & DF_LAX) && s->sect != SECT_GLOBAL)
		sema_warn(s, w, "'%s' has no effect in section '%s', only in: %s", d->word, s->sect_word, buf);
	else
		sema_err(s, w, "'%s' is not allowed in section '%s', only in: %s", d->word, s->sect_word, buf);
}

void sema_warn_inert(struct sema *s, const struct word *w)
{
	sema_warn(s, w, "'" STR_FMT "' is accepted, but has no effect in sluice", STR_ARG(w->s));
}

const struct directive *words_find(struct sema *s, const struct line *l)
{
	const struct word *w = &l->w[0];
	const struct directive *d = hmap_get(&s->directives, w->s);

	if (!d) {
		if (!removed_word(s, w) && !sema_ha_word(s, HAW_DIRECTIVE, w))
			unknown_word(s, w);
		return NULL;
	}
	if (!strchr(d->sects, sect_letter(s->sect))) {
		wrong_section(s, d, w);
		return NULL;
	}
	if (l->prefix != LINE_PLAIN && !(d->flags & DF_NO)) {
		sema_err(s, w, "'%s' does not take '%s' before it", d->word, l->prefix == LINE_NO ? "no" : "default");
		return NULL;
	}
	if ((d->flags & DF_NAMED) && s->sect == SECT_DEFAULTS && !s->px->is_named) {
		sema_err(s, w, "'%s' is allowed in a defaults section only when that has a name", d->word);
		return NULL;
	}
	if (l->prefix == LINE_PLAIN && !args_fit(s, d, l))
		return NULL;
	if (d->flags & DF_INERT)
		sema_warn_inert(s, w);
	return d;
}
