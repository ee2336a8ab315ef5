// SPDX-License-Identifier: GPL-3.0-or-later
/* A crt-list whose file has changed: the whole of it takes the place of what was in force, in its order, so that the default is what it
 * would be after a reload. What is in it is judged here before anybody else hears of it. A line is a certificate file by itself: what
 * stands for several (a bundle, a directory) or for one under another name (a member of a store) is left to a reload. */
#include <string.h>

#include <sluice/conf/crt_line.h>
#include <sluice/tls/back.h>
#include "certs.h"

struct reread {
	struct leader *l;
	struct arena mem;
	struct crt_line *line;
	unsigned n;
	VEC(struct tls_cert *) made;  /* certificates that only this list names */
};

/* Reads the certificates that are new. */
static bool certs_load(struct reread *x, const char *list, struct tls_err *err)
{
	struct tls_err why;

	for (unsigned i = 0; i < x->n; i++) {
		const struct crt_line *c = &x->line[i];
		struct tls_cert *made;
		if (tls_cert_find(c->cert.p))
			continue;
		made = tls_cert_load(&(struct tls_cert_files){ .crt = c->cert.p }, &why);
		if (!made) {
			tls_err_set(err, "%s:%u: %s%s", list, c->no, why.text, *c->cert.p == '@' ? "; members of stores take a reload" : "");
			return false;
		}
		VEC_PUSH(&x->made, made);
	}
	return true;
}

static void certs_unload(struct reread *x)
{
	for (size_t i = 0; i < x->made.n; i++)
		(void)tls_cert_delete(x->made.at[i]->path);
}

static void give_beside(struct reread *x, struct tls_cert *c, enum tls_change k, enum tls_beside which)
{
	struct sbuf text = { 0 };
	struct tls_err e;

	if (tls_text_read(c->beside[which].path, &text))
		(void)!cert_hand_out(x->l, k, str_c(c->path), sbuf_str(&text), &e);
	sbuf_free(&text);
}

/* We have them already. */
static bool certs_give(struct reread *x, struct tls_err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < x->made.n; i++) {
		struct tls_cert *c = x->made.at[i];
		struct sbuf pem = { 0 };
		ok = tls_cert_read_text(c, &pem, err) && cert_hand_out(x->l, TLS_CHANGE_CERT, str_c(c->path), sbuf_str(&pem), err);
		if (pem.n)
			OPENSSL_cleanse(pem.p, pem.n);
		sbuf_free(&pem);
		if (c->issuer)
			give_beside(x, c, TLS_CHANGE_ISSUER, TLS_BESIDE_ISSUER);
		if (c->ocsp)
			give_beside(x, c, TLS_CHANGE_OCSP, TLS_BESIDE_OCSP);
		if (c->sctl)
			give_beside(x, c, TLS_CHANGE_SCTL, TLS_BESIDE_SCTL);
	}
	return ok;
}

static bool list_put(struct reread *x, const char *path, struct tls_err *err)
{
	struct tls_line_add *add = ARENA_NEWN(&x->mem, struct tls_line_add, x->n + 1);
	struct sbuf body = { 0 };
	bool ok;

	for (unsigned i = 0; i < x->n; i++) {
		const struct crt_line *c = &x->line[i];
		add[i] = (struct tls_line_add){ .cert = c->cert, .text = c->text, .filters = c->names, .nfilters = c->nnames, .no = c->no,
						.own = c->opts != NULL, .opts = c->opts };
	}
	tls_list_pack(add, x->n, &body);
	ok = tls_live_do(TLS_CHANGE_LIST, str_c(path), sbuf_str(&body), err);
	if (ok)
		ok = certs_give(x, err) && cert_hand_out(x->l, TLS_CHANGE_LIST, str_c(path), sbuf_str(&body), err);
	else
		certs_unload(x);
	sbuf_free(&body);
	return ok;
}

/* Certificates that nobody names any more would be watched for ever. */
static void certs_sweep(struct reread *x, const struct str *was, size_t n)
{
	struct tls_err e;

	for (size_t i = 0; i < n; i++) {
		const struct tls_cert *c = tls_cert_find(was[i].p);
		if (c && !c->refs && !tls_back_uses(c))
			(void)!cert_change_from_file(x->l, TLS_CHANGE_CERT_DEL, was[i], STR(""), &e);
	}
}

bool cert_list_reread(struct leader *l, struct tls_list *t, struct tls_err *err)
{
	struct reread x = { .l = l };
	struct sbuf text = { 0 };
	size_t nwas = t->lines.n;
	struct str *was;
	bool ok;

	arena_init(&x.mem, 65536);
	was = ARENA_NEWN(&x.mem, struct str, nwas + 1);
	for (size_t i = 0; i < nwas; i++)
		was[i] = arena_str(&x.mem, str_c(t->lines.at[i]->cert));
	tls_err_set(err, "it cannot be read");
	ok = tls_text_read(t->path, &text) && crt_list_parse(l->rt, t->path, sbuf_str(&text), &x.mem, &x.line, &x.n, err);
	if (ok && !(ok = certs_load(&x, t->path, err)))
		certs_unload(&x);
	ok = ok && list_put(&x, t->path, err);
	if (ok) {
		journal_forget(l, TLS_CHANGE_LIST_ADD, str_c(t->path));
		journal_forget(l, TLS_CHANGE_LIST_DEL, str_c(t->path));
		certs_sweep(&x, was, nwas);
		ocsp_update_more();
	}
	VEC_FREE(&x.made);
	sbuf_free(&text);
	arena_free(&x.mem);
	return ok;
}
