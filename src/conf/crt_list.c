// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-list files: a line is a certificate, options in brackets, and the names it serves, `!` in front of those it does
 * not. What is wrong in one is reported at the word that names the file, with the line inside the file in the text. */
#include <sluice/tls/front.h>
#include "tls_priv.h"

#define WORDS_MAX 256

struct list {
	struct sema *s;
	struct tls_front *f;
	const struct word *w;          /* of the bind line */
	const struct tls_opts *base;
	unsigned no;                   /* line in the file */
};

static bool complain(const struct list *x, const char *what, struct str text)
{
	sema_err(x->s, x->w, STR_FMT ":%u: %s '" STR_FMT "'", STR_ARG(x->w->s), x->no, what, STR_ARG(text));
	return false;
}

/* Words by blanks; brackets are words of their own. */
static int words_of(const struct list *x, struct str line, struct word *w)
{
	int n = 0;

	for (size_t i = 0; i < line.n;) {
		size_t from = i;
		if (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\r') {
			i++;
			continue;
		}
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			break;
		if (n == WORDS_MAX)
			return -1;
		if (line.p[i] == '[' || line.p[i] == ']')
			i++;
		else
			while (i < line.n && !strchr(" \t\r[]", line.p[i]))
				i++;
		w[n++] = (struct word){ .s = keep(x->s, str_sub(line, from, i - from)), .at = x->w->at, .quoted = true };
	}
	return n;
}

/* The words between brackets, on a copy of the line's options. false after a diagnosis. */
static bool options(const struct list *x, const struct word *w, uint32_t n, struct tls_opts *own)
{
	struct tls_words t = { .o = *x->base };

	for (uint32_t i = 0; i < n; i++) {
		bool known;
		if (!tls_word(x->s, &t, TLS_AT_LIST, w, n, &i, &known))
			return false;
		if (!known)
			return complain(x, "unknown option", w[i].s);
	}
	*own = t.o;
	own->crt = NULL;
	tls_opts_paths(x->s, own);
	if (own->verify != TLS_VERIFY_NONE && !own->ca_file && !own->ca_verify_file)
		return complain(x, "verify needs a ca-file", w[0].s);
	return true;
}

static bool line_add(const struct list *x, const struct word *w, uint32_t n)
{
	struct str names[WORDS_MAX];
	struct tls_opts own;
	const struct tls_opts *use = NULL;
	unsigned k = 0;
	uint32_t i = 1;

	if (n > 1 && word_is(&w[1], "[")) {
		uint32_t end = 2;
		while (end < n && !word_is(&w[end], "]"))
			end++;
		if (end == n)
			return complain(x, "'[' without ']' behind", w[0].s);
		if (end > 2) {
			if (!options(x, w + 2, end - 2, &own))
				return false;
			use = &own;
		}
		i = end + 1;
	}
	for (; i < n; i++)
		names[k++] = w[i].s;
	return tls_add_crt(x->s, x->f, x->w, w[0].s.p, names, k, use);
}

bool crt_list_add(struct sema *s, struct tls_front *f, const struct word *w, const struct tls_opts *line)
{
	struct list x = { .s = s, .f = f, .w = w, .base = line };
	struct word words[WORDS_MAX];
	struct str rest, one;
	bool ok = true;

	if (!sema_read_file(s, w->s, &rest)) {
		sema_err(s, w, "cannot read the list '" STR_FMT "'", STR_ARG(w->s));
		return false;
	}
	while (rest.p) {
		int n;
		one = str_split(&rest, '\n');
		x.no++;
		n = words_of(&x, one, words);
		if (n < 0)
			ok = complain(&x, "too many words behind", str_sub(one, 0, 40));
		else if (n > 0)
			ok = line_add(&x, words, (uint32_t)n) && ok;
	}
	return ok;
}
