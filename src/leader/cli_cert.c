// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates on the runtime socket: what is loaded, which name gets which, and their replacement without a reload. One
 * change is prepared at a time (set), looked at (show, with a * in front), and then made or dropped (commit, abort). */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sluice/tls/front.h>
#include <sluice/tls/live.h>
#include "cli_priv.h"

static struct { struct tls_cert *next; char *pem; size_t n; unsigned at; } txn;

static void txn_clear(void)
{
	if (txn.pem)
		OPENSSL_cleanse(txn.pem, txn.n);
	free(txn.pem);
	tls_cert_free(txn.next);
	txn.next = NULL;
	txn.pem = NULL;
}

static struct tls_cert *find(struct str path, unsigned *at)
{
	struct tls_cert *c = tls_cert_first();

	for (*at = 0; c; c = c->next, ++*at)
		if (str_eq(path, str_c(c->path)))
			return c;
	return NULL;
}

static bool txn_is(struct str path) { return txn.next && str_eq(path, str_c(txn.next->path)); }

/* ---- show ssl cert ------------------------------------------------------------------------------------------------ */

static enum cli_state list(struct cli_run *r)
{
	struct tls_cert *c;

	if (!r->calls) {
		if (txn.next)
			sbuf_printf(r->out, "# transaction\n*%s\n", txn.next->path);
		sbuf_add(r->out, STR("# filename\n"));
	}
	for (c = tls_cert_at(r->at); c && !cli_full(r); c = c->next, r->at++)
		sbuf_printf(r->out, "%s\n", c->path);
	return c ? CLI_AGAIN : CLI_DONE;
}

static bool in_use(const struct tls_cert *c)
{
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		for (unsigned i = 0; i < tls_front_entries(f); i++)
			if (tls_front_entry(f, i)->cert == c)
				return true;
	return false;
}

enum cli_state cli_show_ssl_cert(struct cli_run *r)
{
	struct str name = r->n ? r->w[0] : STR_NULL;
	const struct tls_cert *c;
	bool prepared = name.n && name.p[0] == '*';
	unsigned at;

	if (!r->n)
		return list(r);
	if (prepared)
		name = str_sub(name, 1, name.n);
	c = prepared ? (txn_is(name) ? txn.next : NULL) : find(name, &at);
	if (!c)
		return cli_fail(r, "Can't display the certificate: Not found or the certificate is a bundle!");
	sbuf_printf(r->out, "Filename: %s%s\nStatus: %s\n", prepared ? "*" : "", c->path,
		    prepared || in_use(c) ? "Used" : "Unused");
	tls_cert_describe(c, r->out);
	sbuf_printf(r->out, "Days left: %ld\n", tls_cert_days_left(c));
	return CLI_DONE;
}

/* ---- set, commit, abort ------------------------------------------------------------------------------------------- */

enum cli_state cli_set_ssl_cert(struct cli_run *r)
{
	bool again = txn.next != NULL;
	struct tls_cert *c, *next;
	struct tls_err e;
	unsigned at;

	if (r->n != 1 || !r->payload.n)
		return cli_fail(r, "'set ssl cert' expects a filename and a certificate as a payload");
	c = find(r->w[0], &at);
	if (!c)
		return cli_fail(r, "Can't replace a certificate which is not referenced by the configuration!");
	if (again && !txn_is(r->w[0]))
		return cli_fail(r, "The ongoing transaction is about '%s' but you are trying to set '%s'", txn.next->path, c->path);
	next = tls_cert_parse(c->path, r->payload, &e);
	if (next && next->kind != c->kind) {
		tls_err_set(&e, "the key is of another kind than the one it replaces");
		tls_cert_free(next);
		next = NULL;
	}
	if (!next)
		return cli_fail(r, "Can't update %s: %s", c->path, e.text);
	txn_clear();
	txn.next = next;
	txn.pem = malloc(r->payload.n);
	txn.n = r->payload.n;
	txn.at = at;
	if (!txn.pem) {
		txn_clear();
		return cli_fail(r, "Can't update %s: out of memory", c->path);
	}
	memcpy(txn.pem, r->payload.p, txn.n);
	return cli_say(r, CLI_NOTICE, "Transaction %s for certificate %s!", again ? "updated" : "created", c->path);
}

static enum cli_state no_transaction(struct cli_run *r, const char *verb)
{
	if (!txn.next)
		return cli_fail(r, "No ongoing transaction!");
	return cli_fail(r, "The ongoing transaction is about '%s' but you are trying to %s '" STR_FMT "'", txn.next->path, verb,
			STR_ARG(r->w[0]));
}

static void hand_out(struct leader *l, int fd)
{
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].role == ROLE_WORKER && l->child[i].pid)
			(void)ipc_send(l->child[i].io.fd, IPC_CERT, txn.at, txn.n, NULL, 0, fd);
}

enum cli_state cli_commit_ssl_cert(struct cli_run *r)
{
	struct tls_err e;
	char path[1024];
	int fd;

	if (r->n != 1)
		return cli_fail(r, "'commit ssl cert' expects a filename");
	if (!txn_is(r->w[0]))
		return no_transaction(r, "commit");
	fd = tls_live_pack(str_n(txn.pem, txn.n));
	if (fd < 0)
		return cli_fail(r, "Can't commit %s: %s", txn.next->path, strerror(errno));
	if (!tls_live_apply(txn.at, fd, txn.n, &e)) {
		close(fd);
		return cli_fail(r, "Can't commit %s: %s", txn.next->path, e.text);
	}
	hand_out(r->l, fd);
	close(fd);
	certs_look();
	snprintf(path, sizeof(path), "%s", txn.next->path);
	txn_clear();
	return cli_say(r, CLI_NOTICE, "Committing %s.\nSuccess!", path);
}

enum cli_state cli_abort_ssl_cert(struct cli_run *r)
{
	char path[1024];

	if (r->n != 1)
		return cli_fail(r, "'abort ssl cert' expects a filename");
	if (!txn_is(r->w[0]))
		return no_transaction(r, "abort");
	snprintf(path, sizeof(path), "%s", txn.next->path);
	txn_clear();
	return cli_say(r, CLI_NOTICE, "Transaction aborted for certificate '%s'!", path);
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

enum cli_state cli_show_ssl_sni(struct cli_run *r)
{
	struct tls_front *f = tls_front_first();

	if (!r->calls)
		sbuf_add(r->out, STR("# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\tDaysLeft\n"));
	for (uint32_t i = 0; f && i < r->px; i++)
		f = tls_front_next(f);
	for (; f && !cli_full(r); f = tls_front_next(f), r->px++, r->at = 0) {
		for (; r->at < tls_front_entries(f) && !cli_full(r); r->at++)
			put_entry(r->out, tls_front_entry(f, r->at));
		if (r->at < tls_front_entries(f))
			return CLI_AGAIN;
	}
	return f ? CLI_AGAIN : CLI_DONE;
}
