// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-lists on the runtime socket, and the names that all listeners serve. */
#include <sluice/base/num.h>
#include <sluice/tls/lists.h>
#include "cli_cert.h"

static struct tls_list *find(struct str path)
{
	struct tls_list *l = tls_list_first();

	while (l && !str_eq(path, str_c(l->path)))
		l = l->next;
	return l;
}

/* ---- show --------------------------------------------------------------------------------------------------------- */

enum cli_state cli_show_ssl_crt_list(struct cli_run *r)
{
	bool numbers = r->n && str_eq(r->w[0], STR("-n"));
	struct tls_list *l;

	if (numbers && r->n < 2)
		return cli_fail(r, "'show ssl crt-list -n' expects a filename or a directory");
	if (!r->n) {
		for (l = tls_list_first(); l; l = l->next)
			sbuf_printf(r->out, "%s\n", l->path);
		return CLI_DONE;
	}
	l = find(r->w[numbers]);
	if (!l)
		return cli_fail(r, "didn't find the specified filename");
	if (!r->calls)
		sbuf_printf(r->out, "# %s\n", l->path);
	for (; r->at < l->lines.n && !cli_full(r); r->at++) {
		const struct tls_line *n = l->lines.at[r->at];
		sbuf_add(r->out, str_c(n->cert));
		if (numbers)
			sbuf_printf(r->out, ":%u", n->no);
		sbuf_printf(r->out, "%s%s\n", *n->text ? " " : "", n->text);
	}
	return r->at < l->lines.n ? CLI_AGAIN : CLI_DONE;
}

/* ---- add, del ----------------------------------------------------------------------------------------------------- */

/* The line is the payload, or the words behind the name of the list. */
static struct str line_of(struct cli_run *r, struct sbuf *b)
{
	struct str s = r->payload, one;

	for (unsigned i = 1; i < r->n && !s.n; i++)
		sbuf_printf(b, "%s" STR_FMT, i > 1 ? " " : "", STR_ARG(r->w[i]));
	if (!s.n)
		return sbuf_str(b);
	one = str_split(&s, '\n');
	return str_trim(one);
}

enum cli_state cli_add_ssl_crt_list(struct cli_run *r)
{
	struct sbuf b = { 0 };
	struct str line = line_of(r, &b), cert = line;
	struct tls_err e;
	ptrdiff_t blank = str_chr(line, ' ');
	bool ok;

	if (r->n < 1 || !line.n) {
		sbuf_free(&b);
		return cli_fail(r, "'add ssl crtlist' expects a filename and a certificate name");
	}
	if (blank > 0)
		cert.n = (size_t)blank;
	ok = cert_line_add(r->l, r->w[0], line, &e);
	if (!ok)
		cli_fail(r, "Can't edit the crt-list: %s", e.text);
	else
		cli_say(r, CLI_NOTICE, "Inserting certificate '" STR_FMT "' in crt-list '" STR_FMT "'.\nSuccess!", STR_ARG(cert),
			STR_ARG(r->w[0]));
	sbuf_free(&b);
	return CLI_DONE;
}

/* Listeners whose default certificate comes from the line. */
static bool is_default(const struct tls_line *n, struct sbuf *where)
{
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		if (tls_front_entries(f) && tls_front_entry(f, 0)->line == n)
			sbuf_printf(where, "\n\t- " STR_FMT, STR_ARG(tls_front_id(f)));
	return where->n > 0;
}

struct wanted { const struct tls_line *one; unsigned n; uint64_t no; struct str cert; struct sbuf numbers; };

/* FILE, or FILE:line when FILE stands in several lines. */
static void look_for(const struct tls_list *l, struct str w, struct wanted *x)
{
	size_t colon = w.n;

	while (colon && w.p[colon - 1] != ':')
		colon--;
	x->cert = w;
	if (colon && num_u64(str_sub(w, colon, w.n), &x->no))
		x->cert = str_sub(w, 0, colon - 1);
	for (size_t i = 0; i < l->lines.n; i++) {
		const struct tls_line *n = l->lines.at[i];
		if (!str_eq(x->cert, str_c(n->cert)))
			continue;
		sbuf_printf(&x->numbers, "%s%u", x->n++ ? ", " : "", n->no);
		if (x->no ? n->no == x->no : x->n == 1)
			x->one = n;
	}
}

static enum cli_state delete(struct cli_run *r, const struct wanted *x)
{
	struct sbuf where = { 0 };
	struct tls_err e;

	if (!x->n)
		return cli_fail(r, "Can't delete the entry: certificate '" STR_FMT "' can't be found in crt-list '" STR_FMT "'!",
				STR_ARG(x->cert), STR_ARG(r->w[0]));
	if (!x->no && x->n > 1)
		return cli_fail(r, "Can't delete the entry: found the certificate '" STR_FMT "' in several entries, please "
				"specify a line number preceded by colons (" STR_FMT ")!", STR_ARG(x->cert), STR_ARG(sbuf_str(&x->numbers)));
	if (!x->one)
		return cli_fail(r, "Can't delete the entry: found a certificate '" STR_FMT "' but the line number is "
				"incorrect, please specify a correct line number preceded by colons (" STR_FMT ")!", STR_ARG(x->cert), STR_ARG(sbuf_str(&x->numbers)));
	if (is_default(x->one, &where)) {
		cli_fail(r, "Can't delete the entry: certificate '" STR_FMT "' cannot be deleted, it is used as default certificate by the "
			 "following frontends:" STR_FMT "\n", STR_ARG(x->cert), STR_ARG(sbuf_str(&where)));
		sbuf_free(&where);
		return CLI_DONE;
	}
	if (!cert_line_del(r->l, r->w[0], x->one->no, &e))
		return cli_fail(r, "Can't delete the entry: %s", e.text);
	return cli_say(r, CLI_NOTICE, "Entry '" STR_FMT "' deleted in crtlist '" STR_FMT "'!", STR_ARG(x->cert), STR_ARG(r->w[0]));
}

enum cli_state cli_del_ssl_crt_list(struct cli_run *r)
{
	struct tls_list *l = r->n == 2 ? find(r->w[0]) : NULL;
	struct wanted x = { 0 };
	enum cli_state st;

	if (r->n != 2)
		return cli_fail(r, "'del ssl crtlist' expects a filename and a certificate name");
	if (!l)
		return cli_fail(r, "Can't delete the entry: crt-list '" STR_FMT "' does not exist!", STR_ARG(r->w[0]));
	look_for(l, r->w[1], &x);
	st = delete(r, &x);
	sbuf_free(&x.numbers);
	return st;
}

/* ---- show ssl sni ------------------------------------------------------------------------------------------------- */

static void put_sni(struct sbuf *out, const struct tls_entry *e, const char *name, const char *holes)
{
	static const char *const kinds[] = { [TLS_KEY_RSA] = "rsa", [TLS_KEY_EC] = "ecdsa", [TLS_KEY_OTHER] = "other" };
	const X509 *x = e->cert->leaf;

	sbuf_printf(out, STR_FMT "\t%s\t%s\t%s\t%s\t", STR_ARG(tls_front_id(e->front)), name, *holes ? holes : "-",
		    kinds[e->cert->kind], e->cert->path);
	tls_cert_date(X509_get0_notAfter(x), out);
	sbuf_addc(out, '\t');
	tls_cert_date(X509_get0_notBefore(x), out);
	sbuf_printf(out, "\t%ld\n", tls_cert_days_left(e->cert));
}

static void put_entry(struct sbuf *out, const struct tls_entry *e)
{
	char text[1024] = "";
	struct sbuf holes = SBUF_FIXED(text);
	unsigned positive = 0;

	for (unsigned i = 0; i < e->nfilters; i++)
		if (e->filters[i].p[0] == '!')
			sbuf_printf(&holes, "%s%s", holes.n ? " " : "", e->filters[i].p);
	for (unsigned i = 0; i < e->nfilters; i++)
		if (e->filters[i].p[0] != '!') {
			positive++;
			put_sni(out, e, e->filters[i].p, sbuf_cstr(&holes));
		}
	for (unsigned i = 0; !positive && i < e->cert->nnames; i++)
		put_sni(out, e, e->cert->names[i], sbuf_cstr(&holes));
}

struct sni_ask { struct str frontend; bool ended; uint64_t within_ms; };

/* false: said why. */
static bool sni_options(struct cli_run *r, struct sni_ask *q)
{
	*q = (struct sni_ask){ 0 };
	for (unsigned i = 0; i < r->n; i++) {
		if (str_eq(r->w[i], STR("-A"))) {
			q->ended = true;
		} else if (str_eq(r->w[i], STR("-f")) && i + 1 < r->n) {
			q->frontend = r->w[++i];
		} else if (str_eq(r->w[i], STR("-t")) && i + 1 < r->n && num_duration(r->w[i + 1], 1000, &q->within_ms)) {
			i++;
			q->ended = true;
		} else {
			cli_fail(r, "'show ssl sni' takes -f <frontend>, -A for certificates that have ended, "
				"-t <time> for those that end within it");
			return false;
		}
	}
	return true;
}

static bool asked_for(const struct sni_ask *q, const struct tls_entry *e)
{
	int days = 0, secs = 0;

	if (!q->ended)
		return true;
	return ASN1_TIME_diff(&days, &secs, NULL, X509_get0_notAfter(e->cert->leaf)) &&
	       days * 86400ll + secs < (long long)(q->within_ms / 1000);
}

/* The id of a front is its frontend's name and the address. */
static bool of_frontend(const struct tls_front *f, struct str name)
{
	struct str id = tls_front_id(f);

	return !name.n || (str_starts(id, name) && id.n > name.n && id.p[name.n] == '/');
}

enum cli_state cli_show_ssl_sni(struct cli_run *r)
{
	struct tls_front *f = tls_front_first();
	struct sni_ask q;

	if (!sni_options(r, &q))
		return CLI_DONE;
	if (!r->calls)
		sbuf_add(r->out, STR("# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\tDaysLeft\n"));
	for (uint32_t i = 0; f && i < r->px; i++)
		f = tls_front_next(f);
	for (; f && !cli_full(r); f = tls_front_next(f), r->px++, r->at = 0) {
		for (; of_frontend(f, q.frontend) && r->at < tls_front_entries(f) && !cli_full(r); r->at++)
			if (asked_for(&q, tls_front_entry(f, r->at)))
				put_entry(r->out, tls_front_entry(f, r->at));
		if (of_frontend(f, q.frontend) && r->at < tls_front_entries(f))
			return CLI_AGAIN;
	}
	return f ? CLI_AGAIN : CLI_DONE;
}
