// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-lists: the registry of lines, and the two changes that can be made to it. A change is applied alike by the leader
 * and, from the same text, by each worker; fronts are named by their place, which all processes of a generation share. */
#include <stdlib.h>
#include <string.h>

#include <sluice/tls/lists.h>
#include "pack.h"
#include "tls_priv.h"

static struct tls_list *first, **last = &first;
static struct arena late;               /* texts of options that came at run time */

/* ---- registry ----------------------------------------------------------------------------------------------------- */

struct tls_list *tls_list_first(void) { return first; }

struct tls_list *tls_list_find(const char *path)
{
	struct tls_list *l = first;

	while (l && strcmp(l->path, path) != 0)
		l = l->next;
	return l;
}

bool tls_front_has_list(const struct tls_front *f, const struct tls_list *l)
{
	for (size_t i = 0; i < f->lists.n; i++)
		if (f->lists.at[i] == l)
			return true;
	return false;
}

struct tls_list *tls_list_open(struct tls_front *f, const char *path)
{
	struct tls_list *l = tls_list_find(path);

	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l || !(l->path = strdup(path)))
			abort(); /* out of memory while the configuration is read */
		*last = l;
		last = &l->next;
	}
	if (!tls_front_has_list(f, l))
		VEC_PUSH(&f->lists, l);
	return l;
}

/* Where the line of that number is, or would be. */
static size_t seek(const struct tls_list *l, unsigned no)
{
	size_t lo = 0, hi = l->lines.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l->lines.at[mid]->no < no)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static char *text_dup(struct str s)
{
	char *p = strndup(s.p ? s.p : "", s.n);

	if (!p)
		abort(); /* as above */
	return p;
}

static struct tls_line *line_new(unsigned no, struct str cert, struct str text)
{
	struct tls_line *n = calloc(1, sizeof(*n));

	if (!n)
		abort(); /* as above */
	*n = (struct tls_line){ .no = no, .cert = text_dup(cert), .text = text_dup(text) };
	return n;
}

static void line_put(struct tls_list *l, struct tls_line *n)
{
	size_t at = seek(l, n->no);

	VEC_PUSH(&l->lines, n);
	memmove(&l->lines.at[at + 1], &l->lines.at[at], (l->lines.n - 1 - at) * sizeof(n));
	l->lines.at[at] = n;
}

struct tls_line *tls_list_line(struct tls_list *l, unsigned no, struct str cert, struct str text)
{
	size_t at = seek(l, no);
	struct tls_line *n;

	if (at < l->lines.n && l->lines.at[at]->no == no)
		return l->lines.at[at];
	n = line_new(no, cert, text);
	line_put(l, n);
	return n;
}

unsigned tls_list_next_no(const struct tls_list *l) { return l->lines.n ? VEC_LAST(&l->lines)->no + 1 : 1; }

static void line_free(struct tls_line *n)
{
	free(n->cert);
	free(n->text);
	free(n);
}

static void list_free(struct tls_list *l)
{
	for (size_t i = 0; i < l->lines.n; i++)
		line_free(l->lines.at[i]);
	VEC_FREE(&l->lines);
	free(l->path);
	free(l);
}

void tls_lists_drop(void)
{
	TLS_DROP_ALL(first, last, list_free);
	arena_free(&late);
}

#define FILTERS_MAX 256

/* ---- changes ------------------------------------------------------------------------------------------------------ */

void tls_line_pack(const struct tls_line_add *a, struct sbuf *out)
{
	unsigned nfronts = 0;

	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		nfronts++;
	pack_u32(out, a->no);
	pack_str(out, a->cert);
	pack_str(out, a->text);
	pack_u32(out, a->nfilters);
	for (unsigned i = 0; i < a->nfilters; i++)
		pack_str(out, a->filters[i]);
	pack_u32(out, a->own ? nfronts : 0);
	for (unsigned i = 0; a->own && i < nfronts; i++)
		pack_opts(out, &a->opts[i]);
}

void tls_list_pack(const struct tls_line_add *a, unsigned n, struct sbuf *out)
{
	pack_u32(out, n);
	for (unsigned i = 0; i < n; i++)
		tls_line_pack(&a[i], out);
}

void tls_line_pack_del(unsigned no, struct sbuf *out) { pack_u32(out, no); }

static void line_remove(struct tls_list *l, struct tls_line *n)
{
	size_t at = seek(l, n->no);

	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		tls_front_remove(f, n);
	memmove(&l->lines.at[at], &l->lines.at[at + 1], (l->lines.n - 1 - at) * sizeof(n));
	l->lines.n--;
	line_free(n);
}

static bool fronts_add(struct unpack *u, struct tls_list *l, struct tls_line *n, const struct str *filters, unsigned nfilters,
		       struct tls_err *err)
{
	struct tls_cert *c = tls_cert_find(n->cert);
	bool own = unpack_u32(u) > 0;
	struct tls_opts o;

	if (!c) {
		tls_err_set(err, "certificate '%s' does not exist!", n->cert);
		return false;
	}
	if (!late.chunk_size)
		arena_init(&late, 4096);
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f)) {
		if (own)
			unpack_opts(u, &late, &o);
		if (u->bad || (tls_front_has_list(f, l) && !tls_front_add(f, c, filters, nfilters, own ? &o : NULL, n, err)))
			return false;
	}
	return true;
}

/* The next line of the change, not in the list yet; NULL with err. */
static struct tls_line *line_next(struct unpack *u, struct str filters[FILTERS_MAX], unsigned *nfilters, struct tls_err *err)
{
	unsigned no = unpack_u32(u);
	struct str cert = unpack_str(u), text = unpack_str(u);

	*nfilters = unpack_u32(u);
	tls_err_set(err, "the change is cut short, or a line has too many names");
	if (*nfilters > FILTERS_MAX)
		return NULL;
	for (unsigned i = 0; i < *nfilters; i++)
		filters[i] = unpack_str(u);
	if (u->bad)
		return NULL;
	return line_new(no, cert, text);
}

bool tls_list_add_apply(struct str name, struct str body, struct tls_err *err)
{
	struct tls_list *l = tls_list_find(name.p);
	struct unpack u = { .rest = body };
	struct str filters[FILTERS_MAX];
	struct tls_err ignored;
	struct tls_line *n;
	unsigned nfilters;
	bool ok;

	tls_err_set(err, "crt-list '%s' does not exist!", name.p);
	n = l ? line_next(&u, filters, &nfilters, err) : NULL;
	if (!n)
		return false;
	line_put(l, n);
	ok = fronts_add(&u, l, n, filters, nfilters, err);
	if (!ok)
		line_remove(l, n);
	return tls_fronts_refresh(ok ? err : &ignored) && ok;
}

static bool lines_add(struct unpack *u, struct tls_list *l, struct tls_lines *fresh, struct tls_err *err)
{
	struct str filters[FILTERS_MAX];
	unsigned nfilters, count = unpack_u32(u);

	for (unsigned i = 0; i < count; i++) {
		struct tls_line *n = line_next(u, filters, &nfilters, err);
		if (!n)
			return false;
		VEC_PUSH(fresh, n);
		if (!fronts_add(u, l, n, filters, nfilters, err))
			return false;
	}
	return true;
}

/* A listener without any certificate would be one without handshakes. */
static bool some_left(const struct tls_list *l, struct tls_err *err)
{
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f)) {
		bool left = !tls_front_has_list(f, l);
		for (size_t i = 0; i < f->entries.n && !left; i++)
			left = !f->entries.at[i]->line || !f->entries.at[i]->line->gone;
		if (!left) {
			tls_err_set(err, "no certificate would be left for '%s'", f->id);
			return false;
		}
	}
	return true;
}

/* The new lines go in behind everything else, and take the place of the old ones when they all have. */
bool tls_list_put_apply(struct str name, struct str body, struct tls_err *err)
{
	struct tls_list *l = tls_list_find(name.p);
	struct unpack u = { .rest = body };
	struct tls_lines fresh = { 0 }, *old;
	bool ok;

	tls_err_set(err, "crt-list '%s' does not exist!", name.p);
	if (!l)
		return false;
	old = &l->lines;
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		f->before = f->entries.n;
	for (size_t i = 0; i < old->n; i++)
		old->at[i]->gone = true;
	ok = lines_add(&u, l, &fresh, err) && some_left(l, err);
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f)) {
		if (ok)
			tls_front_replace(f, f->before);
		else
			tls_front_cut(f, f->before);
	}
	if (ok) {
		struct tls_lines t = *old;
		*old = fresh;
		fresh = t;
	}
	for (size_t i = 0; i < old->n; i++)
		old->at[i]->gone = false;
	for (size_t i = 0; i < fresh.n; i++)
		line_free(fresh.at[i]);
	VEC_FREE(&fresh);
	return ok && tls_fronts_refresh(err);
}

bool tls_list_del_apply(struct str name, struct str body, struct tls_err *err)
{
	struct tls_list *l = tls_list_find(name.p);
	struct unpack u = { .rest = body };
	unsigned no = unpack_u32(&u);
	size_t at = l ? seek(l, no) : 0;

	if (!l || u.bad || at == l->lines.n || l->lines.at[at]->no != no) {
		tls_err_set(err, "crt-list '%s' has no line %u", name.p, no);
		return false;
	}
	line_remove(l, l->lines.at[at]);
	return tls_fronts_refresh(err);
}
