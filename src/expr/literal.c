// SPDX-License-Identifier: GPL-3.0-or-later
/* Texts that a pattern cannot match without. Indexes look for these, which is cheap for ten thousand patterns at once, and try only
 * the patterns whose texts are there.
 *
 * Of a regular expression it understands the plain part of the syntax: characters, escapes of punctuation, classes, groups, alternatives,
 * quantifiers. Whatever else stands in one (options, verbs, references, \Q, \x41, …) ends the attempt: no literal is known then, which is
 * always right. A literal is a slice of the pattern, so it never spans an escape. */
#include "expr_priv.h"

enum { MAX_DEPTH = 8 };

struct litset { struct str at[PAT_LITERALS]; unsigned n; };

struct lit_parse {
	const char *p, *end;
	unsigned depth;
	bool bad;
};

/* The texts of an alternative: the best run so far, the run at work. */
struct lit_seq {
	struct litset best;
	struct str run;
};

static size_t weakest(const struct litset *s)
{
	size_t n = SIZE_MAX;

	for (unsigned i = 0; i < s->n; i++)
		n = MIN(n, s->at[i].n);
	return s->n ? n : 0;
}

static void keep_better(struct lit_seq *q, const struct litset *s)
{
	if (weakest(s) > weakest(&q->best))
		q->best = *s;
}

static void run_end(struct lit_seq *q)
{
	struct litset one = { .at = { q->run }, .n = q->run.n > 0 };

	keep_better(q, &one);
	q->run = STR_NULL;
}

static void run_add(struct lit_seq *q, const char *c)
{
	if (q->run.n && q->run.p + q->run.n != c)
		run_end(q);
	if (!q->run.n)
		q->run.p = c;
	q->run.n++;
}

/* May what was just read be missing, or stand there more than once? Takes the quantifier. */
enum quant { Q_ONCE, Q_MORE, Q_MAYBE };

static enum quant quantifier(struct lit_parse *l)
{
	enum quant q = Q_ONCE;

	while (l->p < l->end && (*l->p == '?' || *l->p == '*' || *l->p == '+' || *l->p == '{')) {
		char c = *l->p++;

		if (c == '+' && q == Q_ONCE)
			q = Q_MORE; /* behind another quantifier it is possessive */
		else if (c != '+')
			q = Q_MAYBE;
		if (c != '{')
			continue;
		while (l->p < l->end && ((*l->p >= '0' && *l->p <= '9') || *l->p == ','))
			l->p++;
		if (l->p == l->end || *l->p++ != '}')
			l->bad = true; /* a brace that is none */
	}
	return q;
}

/* Behind '['. */
static void skip_class(struct lit_parse *l)
{
	if (l->p < l->end && *l->p == '^')
		l->p++;
	if (l->p < l->end && *l->p == ']')
		l->p++;
	while (l->p < l->end && *l->p != ']') {
		if (*l->p == '[' || (*l->p == '\\' && (l->p + 1 == l->end || l->p[1] == 'Q' || l->p[1] == 'E'))) {
			l->bad = true; /* [:alpha:] and the like */
			return;
		}
		l->p += *l->p == '\\' ? 2 : 1;
	}
	if (l->p++ >= l->end)
		l->bad = true;
}

static bool letter_or_digit(char c)
{
	return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

static void escape(struct lit_parse *l, struct lit_seq *q, const char **single)
{
	if (l->p == l->end) {
		l->bad = true;
		return;
	}
	const char *c = l->p++;

	if (!letter_or_digit(*c) && (unsigned char)*c < 0x80) {
		*single = c;
		return;
	}
	run_end(q);
	if (!strchr("dDwWsShHvVbBAzZ", *c))
		l->bad = true;
}

static struct litset alternatives(struct lit_parse *l);

/* Behind '('. */
static struct litset group(struct lit_parse *l)
{
	struct litset in = { .n = 0 };

	if (l->p < l->end && *l->p == '?' && l->end - l->p > 1 && l->p[1] == ':')
		l->p += 2;
	if (l->p == l->end || *l->p == '?' || *l->p == '*' || ++l->depth > MAX_DEPTH) {
		l->bad = true;
		return in;
	}
	in = alternatives(l);
	l->depth--;
	if (l->p == l->end || *l->p++ != ')')
		l->bad = true;
	return in;
}

/* One item with its quantifier. */
static void item(struct lit_parse *l, struct lit_seq *q)
{
	struct litset in = { .n = 0 };
	const char *at = l->p++, *single = NULL;

	switch (*at) {
	case '\\': escape(l, q, &single); break;
	case '(': run_end(q); in = group(l); break;
	case '[': run_end(q); skip_class(l); break;
	case '.':
	case '^':
	case '$': run_end(q); break;
	case '?':
	case '*':
	case '+':
	case '{': l->bad = true; return; /* a quantifier of nothing */
	default: single = at;
	}
	enum quant many = l->bad ? Q_MAYBE : quantifier(l);

	if (single && many != Q_MAYBE)
		run_add(q, single);
	if (many != Q_MAYBE)
		keep_better(q, &in);
	if (many != Q_ONCE)
		run_end(q);
}

static struct litset sequence(struct lit_parse *l)
{
	struct lit_seq q = { .run = STR_NULL };

	while (!l->bad && l->p < l->end && *l->p != '|' && *l->p != ')')
		item(l, &q);
	run_end(&q);
	return q.best;
}

/* Each alternative has to have one; none of its own makes the whole without. */
static struct litset alternatives(struct lit_parse *l)
{
	struct litset all = { .n = 0 };
	bool none = false;

	for (;;) {
		struct litset s = sequence(l);

		none |= !s.n || all.n + s.n > PAT_LITERALS;
		for (unsigned i = 0; !none && i < s.n; i++)
			all.at[all.n++] = s.at[i];
		if (l->bad || l->p == l->end || *l->p != '|')
			break;
		l->p++;
	}
	if (none)
		all.n = 0;
	return all;
}

unsigned regex_literals(struct str pattern, struct str out[PAT_LITERALS])
{
	struct lit_parse l = { .p = pattern.p, .end = pattern.p + pattern.n };
	struct litset s = alternatives(&l);

	if (l.bad || l.p != l.end)
		return 0;
	memcpy(out, s.at, s.n * sizeof(*out));
	return s.n;
}

unsigned pat_literals(enum match_kind m, const struct pat *p, struct str out[PAT_LITERALS])
{
	switch (m) {
	case MATCH_SUB: out[0] = p->text; break;
	case MATCH_DIR: out[0] = pat_word(p, PTAB_DIR); break;
	case MATCH_DOM: out[0] = pat_word(p, PTAB_DOM); break;
	case MATCH_REG: return regex_literals(p->text, out);
	default: return 0;
	}
	return out[0].n > 0;
}
