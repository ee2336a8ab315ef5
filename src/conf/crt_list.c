// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-list files: a line is a certificate, options in brackets, and the names it serves, `!` in front of those it does
 * not. What is wrong in one is reported at the word that names the file, with the line inside the file in the text. */
#include <sluice/conf/crt_line.h>
#include <sluice/tls/lists.h>
#include <sluice/tls/trust.h>
#include "tls_priv.h"

#define WORDS_MAX 256

struct list {
	struct sema *s;
	struct tls_front *f;
	struct tls_list *l;
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

/* Where the names begin; *opts, *nopts: the words between brackets. 0 after a diagnosis. */
static uint32_t brackets(const struct list *x, const struct word *w, uint32_t n, const struct word **opts, uint32_t *nopts)
{
	uint32_t end = 2;

	*nopts = 0;
	if (n < 2 || !word_is(&w[1], "["))
		return 1;
	while (end < n && !word_is(&w[end], "]"))
		end++;
	if (end == n) {
		complain(x, "'[' without ']' behind", w[0].s);
		return 0;
	}
	*opts = w + 2;
	*nopts = end - 2;
	return end + 1;
}

/* The line behind the certificate's name, as it stands. */
static struct str behind(struct str line, struct str cert)
{
	ptrdiff_t at = str_find(line, cert, false);
	struct str s = str_sub(line, (size_t)MAX(at, 0) + cert.n, line.n);

	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return str_trim(s);
}

static bool line_add(const struct list *x, struct str line, const struct word *w, uint32_t n)
{
	struct str names[WORDS_MAX];
	const struct word *opts = NULL;
	struct tls_opts own;
	unsigned k = 0;
	uint32_t nopts, i = brackets(x, w, n, &opts, &nopts);

	if (!i || (nopts && !options(x, opts, nopts, &own)))
		return false;
	for (; i < n; i++)
		names[k++] = w[i].s;
	return tls_add_crt(x->s, x->f, x->w, w[0].s.p, names, k, nopts ? &own : NULL,
			   tls_list_line(x->l, x->no, str_c(tls_path(x->s, x->s->crt_base, w[0].s.p)), behind(line, w[0].s)));
}

bool crt_list_add(struct sema *s, struct tls_front *f, const struct word *w, const struct tls_opts *line)
{
	struct list x = { .s = s, .f = f, .w = w, .base = line };
	struct word words[WORDS_MAX];
	struct str rest, one;
	uint64_t stamp = tls_file_stamp(w->s.p);
	bool ok = true;

	if (!sema_read_file(s, s->a, w->s, &rest)) {
		sema_err(s, w, "cannot read the list '" STR_FMT "'", STR_ARG(w->s));
		return false;
	}
	x.l = tls_list_open(f, w->s.p);
	x.l->stamp = stamp;
	while (rest.p) {
		int n;
		one = str_split(&rest, '\n');
		x.no++;
		n = words_of(&x, one, words);
		if (n < 0)
			ok = complain(&x, "too many words behind", str_sub(one, 0, 40));
		else if (n > 0)
			ok = line_add(&x, one, words, (uint32_t)n) && ok;
	}
	return ok;
}

/* ---- at run time ------------------------------------------------------------------------------------------------- */

static void first_error(const struct diags *d, struct tls_err *err)
{
	for (size_t i = 0; i < d->at.n; i++)
		if (d->at.at[i].level == DIAG_ERROR) {
			tls_err_set(err, STR_FMT, STR_ARG(d->at.at[i].msg));
			return;
		}
}

/* Everything that options can name is in memory already: a worker has no files to read. */
static bool at_hand(const struct tls_opts *o, struct tls_err *err)
{
	const char *const cas[] = { o->ca_file, o->ca_verify_file };

	for (size_t i = 0; i < ARRAY_LEN(cas); i++)
		if (cas[i] && *cas[i] != '@' && !tls_trust_find(TLS_CAS, cas[i])) {
			tls_err_set(err, "the CA file '%s' is not loaded (see new ssl ca-file)", cas[i]);
			return false;
		}
	if (!o->crl_file || tls_trust_find(TLS_CRLS, o->crl_file))
		return true;
	tls_err_set(err, "the CRL file '%s' is not loaded (see new ssl crl-file)", o->crl_file);
	return false;
}

static bool opts_for_all(struct list *x, const struct word *w, uint32_t n, struct crt_line *out, struct tls_err *err)
{
	unsigned nfronts = 0;

	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		nfronts++;
	out->opts = ARENA_NEWN(x->s->a, struct tls_opts, nfronts);
	nfronts = 0;
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f)) {
		x->base = tls_front_opts(f);
		if (!options(x, w, n, &out->opts[nfronts])) {
			first_error(x->s->d, err);
			return false;
		}
		if (!at_hand(&out->opts[nfronts++], err))
			return false;
	}
	return true;
}

/* What is wrong is reported as of a word that names the list. */
struct late { struct conf_src src; struct src_file none; struct diags d; struct sema s; struct word at, *words; struct list x; };

static void late_begin(struct late *t, const struct rt *rt, const char *name, struct arena *a)
{
	const struct live_tls *live = rt->srv_tls;

	*t = (struct late){ .src = { .arena = a }, .none = { "line", STR_NULL }, .at = { .s = str_c(name) } };
	t->s = (struct sema){ .a = a, .d = &t->d, .src = &t->src, .ca_base = live->ca_base, .crt_base = live->crt_base };
	t->words = ARENA_NEWN(a, struct word, WORDS_MAX);
	t->x = (struct list){ .s = &t->s, .w = &t->at, .no = 1 };
	VEC_PUSH(&t->src.files, t->none);
	diags_init(&t->d, a, &t->src);
}

/* false with err; a line without words leaves out->cert empty. */
static bool late_line(struct late *t, struct str line, struct crt_line *out, struct tls_err *err)
{
	struct arena *a = t->s.a;
	const struct word *opts = NULL, *w = t->words;
	int n = words_of(&t->x, line, t->words);
	uint32_t nopts, i = n > 0 ? brackets(&t->x, w, (uint32_t)n, &opts, &nopts) : 0;

	*out = (struct crt_line){ .no = t->x.no };
	tls_err_set(err, "the line is too long");
	if (n > 0 && !i)
		first_error(&t->d, err);
	if (n == 0 || !i || (nopts && !opts_for_all(&t->x, opts, nopts, out, err)))
		return n == 0;
	out->cert = str_c(tls_path(&t->s, t->s.crt_base, w[0].s.p));
	out->text = arena_str(a, behind(line, w[0].s));
	out->names = ARENA_NEWN(a, struct str, (uint32_t)n + 1);
	for (; i < (uint32_t)n; i++)
		out->names[out->nnames++] = w[i].s;
	return true;
}

bool crt_line_parse(const struct rt *rt, struct str line, struct arena *a, struct crt_line *out, struct tls_err *err)
{
	struct late t;
	bool ok;

	late_begin(&t, rt, "line", a);
	ok = late_line(&t, line, out, err);
	if (ok && !out->cert.n)
		tls_err_set(err, "the line is empty");
	VEC_FREE(&t.src.files);
	return ok && out->cert.n;
}

bool crt_list_parse(const struct rt *rt, const char *name, struct str text, struct arena *a, struct crt_line **out, unsigned *n,
		    struct tls_err *err)
{
	struct late t;
	VEC(struct crt_line) all = { 0 };
	bool ok = true;

	late_begin(&t, rt, name, a);
	for (; ok && text.p; t.x.no++) {
		struct crt_line one;
		ok = late_line(&t, str_split(&text, '\n'), &one, err);
		if (ok && one.cert.n)
			VEC_PUSH(&all, one);
	}
	*out = VEC_FREEZE(&all, a);
	*n = (unsigned)all.n;
	VEC_FREE(&all);
	VEC_FREE(&t.src.files);
	return ok;
}
