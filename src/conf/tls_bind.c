// SPDX-License-Identifier: GPL-3.0-or-later
/* `bind ... ssl`: from the words of a line to its front: certificates of files, bundles, directories and lists, in the
 * order of the words. Files are read here, by the leader, and never again. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sluice/tls/lists.h>
#include "tls_priv.h"

void tls_bind_later(struct sema *s, const struct line *l, struct rt_bind_opts *o, const struct tls_words *t)
{
	struct tls_bind_job j = { .px = s->px, .l = l, .o = o, .t = *t };

	if (!t->ssl && !t->crts)
		return;
	if (!t->ssl) {
		sema_warn(s, t->crts->w, "certificates without 'ssl' have no effect: the listener stays in the clear");
		return;
	}
	o->ssl = true;
	VEC_PUSH(&s->tls_binds, j);
}

/* ---- what `crt` names -------------------------------------------------------------------------------------------- */

static bool add_files(struct sema *s, struct tls_front *f, const struct word *w, const struct tls_cert_files *files,
		      const struct str *filters, unsigned n, const struct tls_opts *own, const struct tls_line *line)
{
	struct tls_err e;
	struct tls_cert *c = tls_cert_load(files, &e);

	if (c && tls_front_add(f, c, filters, n, own, line, &e))
		return true;
	sema_err(s, w, "%s", e.text);
	return false;
}

/* What stands beside certificates, and what editors and dot files leave. */
static int is_certificate(const struct dirent *d)
{
	static const char *const beside[] = { ".issuer", ".ocsp", ".sctl", ".key", ".crl" };
	struct str name = str_c(d->d_name);

	if (!name.n || name.p[0] == '.')
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(beside); i++)
		if (str_ends(name, str_c(beside[i])))
			return 0;
	return 1;
}

static bool add_dir(struct sema *s, struct tls_front *f, const struct word *w, const char *dir, const struct tls_opts *own)
{
	struct tls_list *list = tls_list_open(f, dir);
	struct dirent **at;
	int n = scandir(dir, &at, is_certificate, alphasort);
	bool ok = n > 0;

	if (n <= 0)
		sema_err(s, w, n ? "cannot read the directory '%s'" : "no certificate in the directory '%s'", dir);
	for (int i = 0; i < n; i++) {
		const char *path = arena_printf(&s->scratch, "%s/%s", dir, at[i]->d_name).p;
		struct stat st;
		if (ok && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			ok = add_files(s, f, w, &(struct tls_cert_files){ .crt = path }, NULL, 0, own,
				       tls_list_line(list, (unsigned)i + 1, str_c(path), STR("")));
		free(at[i]);
	}
	if (n >= 0)
		free(at);
	return ok;
}

/* FILE.rsa, FILE.ecdsa, FILE.dsa in place of FILE: certificates of one name with several kinds of keys. */
static bool add_bundle(struct sema *s, struct tls_front *f, const struct word *w, const char *path,
		       const struct str *filters, unsigned n, const struct tls_opts *own, const struct tls_line *line, bool *any)
{
	static const char *const suffix[] = { "ecdsa", "rsa", "dsa" };
	struct stat st;

	*any = false;
	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		const char *part = arena_printf(&s->scratch, "%s.%s", path, suffix[i]).p;
		if (stat(part, &st) != 0)
			continue;
		*any = true;
		if (!add_files(s, f, w, &(struct tls_cert_files){ .crt = part }, filters, n, own, line))
			return false;
	}
	return true;
}

bool tls_add_crt(struct sema *s, struct tls_front *f, const struct word *w, const char *name, const struct str *filters,
		 unsigned n, const struct tls_opts *own, const struct tls_line *line)
{
	const struct tls_cert_files *member = s->crt_stores.arena ? hmap_get(&s->crt_stores, str_c(name)) : NULL;
	const char *path = tls_path(s, s->crt_base, name);
	struct stat st;
	bool any;

	if (member)
		return add_files(s, f, w, member, filters, n, own, line);
	if (*name == '@') {
		sema_err(s, w, "'%s' is in no crt-store", name);
		return false;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_dir(s, f, w, path, own);
	if (stat(path, &st) != 0) {
		int err = errno;
		any = false;
		if (tls_completion()->extra & TLS_EXTRA_BUNDLE && !add_bundle(s, f, w, path, filters, n, own, line, &any))
			return false;
		if (any)
			return true;
		sema_err(s, w, "cannot read '%s': %s", path, strerror(err));
		return false;
	}
	return add_files(s, f, w, &(struct tls_cert_files){ .crt = path }, filters, n, own, line);
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* The default certificate goes in first. */
static bool add_all(struct sema *s, struct tls_bind_job *j, struct tls_front *f)
{
	bool ok = true;

	for (struct tls_crt *c = j->t.crts; c; c = c->next)
		if (c->kind == TLS_CRT_DEFAULT)
			ok = tls_add_crt(s, f, c->w, c->w->s.p, NULL, 0, NULL, NULL) && ok;
	for (struct tls_crt *c = j->t.crts; c; c = c->next) {
		if (c->kind == TLS_CRT_FILE)
			ok = tls_add_crt(s, f, c->w, c->w->s.p, NULL, 0, NULL, NULL) && ok;
		else if (c->kind == TLS_CRT_LIST)
			ok = crt_list_add(s, f, c->w, &j->t.o) && ok;
	}
	return ok;
}

static bool job_check(struct sema *s, const struct tls_bind_job *j)
{
	if (!j->t.crts) {
		sema_err(s, &j->l->w[0], "a TLS listener needs a certificate: 'crt' or 'crt-list'");
		return false;
	}
	if (j->t.o.early_data && j->t.o.ticket_keys) {
		sema_err(s, &j->l->w[0], "'allow-0rtt' and 'tls-ticket-keys' exclude each other: early data that is sent again to another machine with "
			 "these keys could not be told from the first");
		return false;
	}
	if (j->t.o.verify != TLS_VERIFY_NONE && !j->t.o.ca_file && !j->t.o.ca_verify_file) {
		sema_err(s, &j->l->w[0], "'verify' needs a 'ca-file' to judge clients by");
		return false;
	}
	return true;
}

/* In mode http a client that offers protocols is told which one is spoken. */
static void alpn_default(const struct tls_bind_job *j, struct tls_opts *o)
{
	if (o->alpn.p || j->px->p->mode != MODE_HTTP)
		return;
	if (j->o->proto == PROTO_AUTO)
		o->alpn = STR("\x02h2\x08http/1.1");
	else
		o->alpn = j->o->proto == PROTO_H2 ? STR("\x02h2") : STR("\x08http/1.1");
}

static void bind_build(struct sema *s, struct tls_bind_job *j)
{
	struct tls_opts *o = &j->t.o;
	struct str id = arena_printf(&s->scratch, STR_FMT "/" STR_FMT, STR_ARG(j->px->name), STR_ARG(j->l->w[1].s));
	struct tls_front *f;
	struct tls_err e;

	o->crt = NULL;
	tls_opts_inherit(o, &s->tls_bind_dflt);
	tls_opts_paths(s, o);
	alpn_default(j, o);
	if (!job_check(s, j))
		return;
	f = tls_front_new(o, id, &e);
	if (!f) {
		sema_err(s, &j->l->w[0], "%s", e.text);
		return;
	}
	if (!add_all(s, j, f))
		return;
	if (!tls_front_finish(f, &e))
		sema_err(s, &j->l->w[0], "%s", e.text);
	j->o->xprt_cfg = f;
}

void tls_binds_finish(struct sema *s)
{
	for (size_t i = 0; i < s->tls_binds.n; i++)
		bind_build(s, &s->tls_binds.at[i]);
	VEC_FREE(&s->tls_binds);
}
