// SPDX-License-Identifier: GPL-3.0-or-later
/* CA files and revocation lists on the runtime socket: the same commands for both, with HAProxy's words for each. */
#include <openssl/pem.h>
#include <sluice/base/num.h>
#include <sluice/tls/trust.h>
#include "cli_cert.h"

static struct family {
	enum tls_trust_kind kind;
	enum tls_change put, del;
	const char *word, *file, *one; /* of commands, "CA file", of transactions */
	struct cli_pending pending;
	struct cli_empty empty;
} cas = { TLS_CAS, TLS_CHANGE_CAS, TLS_CHANGE_CAS_DEL, "ca-file", "CA file", "CA", { 0 }, { { 0 } } },
  crls = { TLS_CRLS, TLS_CHANGE_CRLS, TLS_CHANGE_CRLS_DEL, "crl-file", "CRL file", "CRL", { 0 }, { { 0 } } };

static struct tls_trust *find(const struct family *f, struct str path)
{
	char name[1024];

	if (path.n >= sizeof(name))
		return NULL;
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	return tls_trust_find(f->kind, name);
}

/* ---- show --------------------------------------------------------------------------------------------------------- */

static void put_row(struct cli_run *r, const struct family *f, const char *star, const char *path, unsigned n)
{
	sbuf_printf(r->out, "%s%s", star, path);
	if (f == &cas)
		sbuf_printf(r->out, " - %u certificate(s)", n);
	sbuf_addc(r->out, '\n');
}

static struct tls_trust *parsed(const struct family *f)
{
	struct tls_err e;

	return f->pending.path ? tls_trust_parse(f->kind, f->pending.path, str_n(f->pending.text, f->pending.n), &e) : NULL;
}

static enum cli_state list(struct cli_run *r, const struct family *f)
{
	struct tls_trust *p = parsed(f);

	if (p) {
		sbuf_add(r->out, STR("# transaction\n"));
		put_row(r, f, "*", p->path, tls_trust_count(p));
		tls_trust_free(p);
	}
	sbuf_add(r->out, STR("# filename\n"));
	for (struct tls_trust *t = tls_trust_next(f->kind, NULL); t; t = tls_trust_next(f->kind, t))
		put_row(r, f, "", t->path, tls_trust_count(t));
	for (size_t i = 0; i < f->empty.at.n; i++)
		put_row(r, f, "", f->empty.at.at[i], 0);
	return CLI_DONE;
}

/* FILE:3 is the third of FILE; *at: 0 = all. */
static struct str part_of(struct str w, uint64_t *at)
{
	size_t i = w.n;

	*at = 0;
	while (i && w.p[i - 1] != ':')
		i--;
	return i && num_u64(str_sub(w, i, w.n), at) && *at ? str_sub(w, 0, i - 1) : w;
}

static void put_one(struct cli_run *r, const struct family *f, const struct tls_trust *t, unsigned i)
{
	sbuf_printf(r->out, " \n%s #%u:\n", f == &cas ? "Certificate" : "Certificate Revocation List", i + 1);
	tls_trust_describe(t, i, r->out);
}

static enum cli_state show(struct cli_run *r, const struct family *f)
{
	uint64_t part;
	struct str name = r->n ? part_of(r->w[0], &part) : STR_NULL;
	bool star = name.n && name.p[0] == '*';
	struct tls_trust *t, *own = NULL;

	if (!r->n)
		return list(r, f);
	if (star && pending_is(&f->pending, str_sub(name, 1, name.n)))
		own = parsed(f);
	t = own ? own : find(f, name);
	if (!t || part > tls_trust_count(t)) {
		tls_trust_free(own);
		if (empty_has(&f->empty, name)) {
			sbuf_printf(r->out, "Filename: " STR_FMT "\nStatus: Empty\n", STR_ARG(name));
			return CLI_DONE;
		}
		return cli_fail(r, "Can't display the %s : Not found!", f->file);
	}
	if (!r->calls)
		sbuf_printf(r->out, "Filename: %s%s\nStatus: %s\n", own ? "*" : "", t->path,
			    !own && tls_trust_used(f->kind, t->path) ? "Used" : "Unused");
	if (part)
		put_one(r, f, t, (unsigned)part - 1), r->at = tls_trust_count(t);
	for (; r->at < tls_trust_count(t) && !cli_full(r); r->at++)
		put_one(r, f, t, r->at);
	bool more = r->at < tls_trust_count(t);

	tls_trust_free(own);
	return more ? CLI_AGAIN : CLI_DONE;
}

/* ---- new, del ----------------------------------------------------------------------------------------------------- */

static enum cli_state make(struct cli_run *r, struct family *f)
{
	if (r->n != 1)
		return cli_fail(r, "'new ssl %s' expects a filename", f->word);
	if (find(f, r->w[0]) || empty_has(&f->empty, r->w[0]))
		return cli_fail(r, "%s '" STR_FMT "' already exists!", f->file, STR_ARG(r->w[0]));
	empty_add(&f->empty, r->w[0]);
	return cli_say(r, CLI_NOTICE, "New %s created '" STR_FMT "'!", f->file, STR_ARG(r->w[0]));
}

static enum cli_state del(struct cli_run *r, struct family *f)
{
	struct tls_trust *t = r->n == 1 ? find(f, r->w[0]) : NULL;
	struct tls_err e;

	if (r->n != 1)
		return cli_fail(r, "'del ssl %s' expects a filename", f->word);
	if (!t && !empty_has(&f->empty, r->w[0]))
		return cli_fail(r, "Can't remove the %s: %s '" STR_FMT "' doesn't exist!\n", f->file, f->file, STR_ARG(r->w[0]));
	if (t && tls_trust_used(f->kind, t->path))
		return cli_fail(r, "Can't remove the %s: %s '" STR_FMT "' in use, can't be deleted!\n", f->file, f->file, STR_ARG(r->w[0]));
	if (!empty_drop(&f->empty, r->w[0]) && !cert_change(r->l, f->del, r->w[0], STR(""), &e))
		return cli_fail(r, "Can't remove the %s: %s", f->file, e.text);
	if (pending_is(&f->pending, r->w[0]))
		pending_clear(&f->pending);
	return cli_say(r, CLI_NOTICE, "%s '" STR_FMT "' deleted!", f->file, STR_ARG(r->w[0]));
}

/* ---- set, add, commit, abort -------------------------------------------------------------------------------------- */

static void put_pem(struct sbuf *out, const struct tls_trust *t)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n;

	for (int i = 0; b && i < sk_X509_num(t->certs); i++)
		PEM_write_bio_X509(b, sk_X509_value(t->certs, i));
	n = b ? BIO_get_mem_data(b, &p) : 0;
	if (n > 0)
		sbuf_add(out, str_n(p, (size_t)n));
	BIO_free(b);
}

/* more: to what is there already, in the transaction or in force. */
static enum cli_state set(struct cli_run *r, struct family *f, bool more)
{
	bool again = f->pending.path != NULL, known;
	struct sbuf text = { 0 };
	struct tls_trust *t;
	struct tls_err e;
	char name[1024];

	if (r->n != 1 || !r->payload.n)
		return cli_fail(r, "'%s ssl %s' expects a filename and %s as a payload", more ? "add" : "set", f->word,
				f == &cas ? "CAs" : "a CRL list");
	t = find(f, r->w[0]);
	known = (t || empty_has(&f->empty, r->w[0])) && r->w[0].n < sizeof(name);
	if (!known)
		return cli_fail(r, "Can't replace a %s which is not referenced by the configuration!\nCan't update " STR_FMT "!", f->file,
				STR_ARG(r->w[0]));
	if (again && !pending_is(&f->pending, r->w[0]))
		return pending_other(r, &f->pending, "set", "Can't update");
	if (more && again)
		sbuf_add(&text, str_n(f->pending.text, f->pending.n));
	else if (more && t)
		put_pem(&text, t);
	sbuf_add(&text, r->payload);
	sbuf_addc(&text, '\n');
	snprintf(name, sizeof(name), STR_FMT, STR_ARG(r->w[0]));
	t = tls_trust_parse(f->kind, name, sbuf_str(&text), &e);
	bool ok = t && pending_set(&f->pending, name, sbuf_str(&text));

	tls_trust_free(t);
	sbuf_free(&text);
	if (!ok)
		return cli_fail(r, "Invalid payload\nCan't update %s!", name);
	return cli_say(r, CLI_NOTICE, "transaction %s for %s %s!", again ? "updated" : "created", f->one, name);
}

static enum cli_state commit(struct cli_run *r, struct family *f)
{
	struct tls_err e;

	if (r->n != 1)
		return cli_fail(r, "'commit ssl %s expects a filename", f->word);
	if (!pending_is(&f->pending, r->w[0]))
		return pending_other(r, &f->pending, "commit", "Can't commit");
	if (!cert_change(r->l, f->put, r->w[0], str_n(f->pending.text, f->pending.n), &e))
		return cli_fail(r, "Can't commit " STR_FMT ": %s", STR_ARG(r->w[0]), e.text);
	empty_drop(&f->empty, r->w[0]);
	pending_clear(&f->pending);
	return cli_say(r, CLI_NOTICE, "Committing " STR_FMT "...\nSuccess!", STR_ARG(r->w[0]));
}

static enum cli_state drop(struct cli_run *r, struct family *f)
{
	if (r->n != 1)
		return cli_fail(r, "'abort ssl %s' expects a filename", f->word);
	if (!pending_is(&f->pending, r->w[0]))
		return pending_other(r, &f->pending, "abort", NULL);
	pending_clear(&f->pending);
	return cli_say(r, CLI_NOTICE, "Transaction aborted for certificate '" STR_FMT "'!", STR_ARG(r->w[0]));
}

enum cli_state cli_show_ssl_ca(struct cli_run *r) { return show(r, &cas); }
enum cli_state cli_new_ssl_ca(struct cli_run *r) { return make(r, &cas); }
enum cli_state cli_del_ssl_ca(struct cli_run *r) { return del(r, &cas); }
enum cli_state cli_set_ssl_ca(struct cli_run *r) { return set(r, &cas, false); }
enum cli_state cli_add_ssl_ca(struct cli_run *r) { return set(r, &cas, true); }
enum cli_state cli_commit_ssl_ca(struct cli_run *r) { return commit(r, &cas); }
enum cli_state cli_abort_ssl_ca(struct cli_run *r) { return drop(r, &cas); }
enum cli_state cli_show_ssl_crl(struct cli_run *r) { return show(r, &crls); }
enum cli_state cli_new_ssl_crl(struct cli_run *r) { return make(r, &crls); }
enum cli_state cli_del_ssl_crl(struct cli_run *r) { return del(r, &crls); }
enum cli_state cli_set_ssl_crl(struct cli_run *r) { return set(r, &crls, false); }
enum cli_state cli_commit_ssl_crl(struct cli_run *r) { return commit(r, &crls); }
enum cli_state cli_abort_ssl_crl(struct cli_run *r) { return drop(r, &crls); }
