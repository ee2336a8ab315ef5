// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates on the runtime socket: what is loaded, and their replacement, making and removal without a reload. One
 * change is prepared at a time (set), looked at (show, with a * in front), and then made or dropped (commit, abort).
 * Parts of a certificate may come one by one under the names that their files have: FILE.key, FILE.issuer, FILE.ocsp. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <sluice/base/b64.h>
#include <sluice/tls/back.h>
#include <sluice/tls/ocsp.h>
#include "cli_cert.h"

static struct cli_pending pending;
static struct sbuf pending_ocsp;        /* DER that came with it */
static struct cli_empty empty;

static void forget(void)
{
	pending_clear(&pending);
	sbuf_free(&pending_ocsp);
	pending_ocsp = (struct sbuf){ 0 };
}

static struct tls_cert *find(struct str path)
{
	char name[1024];
	struct sbuf b = SBUF_FIXED(name);

	sbuf_add(&b, path);
	return b.cut || path.n >= sizeof(name) ? NULL : tls_cert_find(sbuf_cstr(&b));
}

static bool in_use(const struct tls_cert *c) { return c->refs || tls_back_uses(c); }

/* ---- show --------------------------------------------------------------------------------------------------------- */

static enum cli_state list(struct cli_run *r)
{
	struct tls_cert *c = tls_cert_first();

	if (!r->calls) {
		if (pending.path)
			sbuf_printf(r->out, "# transaction\n*%s\n", pending.path);
		sbuf_add(r->out, STR("# filename\n"));
		for (size_t i = 0; i < empty.at.n; i++)
			sbuf_printf(r->out, "%s\n", empty.at.at[i]);
	}
	for (uint32_t i = 0; c && i < r->at; i++)
		c = c->next;
	for (; c && !cli_full(r); c = c->next, r->at++)
		sbuf_printf(r->out, "%s\n", c->path);
	return c ? CLI_AGAIN : CLI_DONE;
}

static void describe(struct cli_run *r, const struct tls_cert *c, const char *star, bool used)
{
	sbuf_printf(r->out, "Filename: %s%s\nStatus: %s\n", star, c->path, used ? "Used" : "Unused");
	tls_cert_describe(c, r->out);
	sbuf_add(r->out, STR("OCSP Response Key: "));
	if (c->ocsp)
		tls_ocsp_key(c, r->out);
	sbuf_printf(r->out, "\nDays left: %ld\n", tls_cert_days_left(c));
}

static enum cli_state show_pending(struct cli_run *r)
{
	struct tls_err e;
	struct tls_cert *c = tls_cert_parse(pending.path, str_n(pending.text, pending.n), &e);

	if (!c)
		return cli_fail(r, "Can't display the certificate: %s", e.text);
	describe(r, c, "*", find(str_c(pending.path)) && in_use(find(str_c(pending.path))));
	tls_cert_free(c);
	return CLI_DONE;
}

enum cli_state cli_show_ssl_cert(struct cli_run *r)
{
	struct str name = r->n ? r->w[0] : STR_NULL;
	const struct tls_cert *c;

	if (!r->n)
		return list(r);
	if (name.n && name.p[0] == '*' && pending_is(&pending, str_sub(name, 1, name.n)))
		return show_pending(r);
	if (empty_has(&empty, name)) {
		sbuf_printf(r->out, "Filename: " STR_FMT "\nStatus: Empty\nOCSP Response Key: \n", STR_ARG(name));
		return CLI_DONE;
	}
	c = find(name);
	if (!c)
		return cli_fail(r, "Can't display the certificate: Not found or the certificate is a bundle!");
	describe(r, c, "", in_use(c));
	return CLI_DONE;
}

/* ---- new, del ----------------------------------------------------------------------------------------------------- */

enum cli_state cli_new_ssl_cert(struct cli_run *r)
{
	if (r->n != 1)
		return cli_fail(r, "'new ssl cert' expects a filename");
	if (find(r->w[0]) || empty_has(&empty, r->w[0]))
		return cli_fail(r, "Certificate '" STR_FMT "' already exists!", STR_ARG(r->w[0]));
	empty_add(&empty, r->w[0]);
	return cli_say(r, CLI_NOTICE, "New empty certificate store '" STR_FMT "'!", STR_ARG(r->w[0]));
}

enum cli_state cli_del_ssl_cert(struct cli_run *r)
{
	struct tls_cert *c = r->n == 1 ? find(r->w[0]) : NULL;
	struct tls_err e;

	if (r->n != 1)
		return cli_fail(r, "'del ssl cert' expects a certificate name");
	if (!c && !empty_has(&empty, r->w[0]))
		return cli_fail(r, "Can't remove the certificate: certificate '" STR_FMT "' doesn't exist!\n", STR_ARG(r->w[0]));
	if (c && in_use(c))
		return cli_fail(r, "Can't remove the certificate: certificate '" STR_FMT "' in use, can't be deleted!\n", STR_ARG(r->w[0]));
	if (!empty_drop(&empty, r->w[0]) && !cert_change(r->l, TLS_CHANGE_CERT_DEL, r->w[0], STR(""), &e))
		return cli_fail(r, "Can't remove the certificate: %s", e.text);
	if (pending_is(&pending, r->w[0]))
		forget();
	return cli_say(r, CLI_NOTICE, "Certificate '" STR_FMT "' deleted!", STR_ARG(r->w[0]));
}

/* ---- set ---------------------------------------------------------------------------------------------------------- */

/* PEM of a certificate that is loaded, or of its key alone. */
static void put_pem(struct sbuf *out, const struct tls_cert *c, bool key, bool certs)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (b && certs) {
		PEM_write_bio_X509(b, c->leaf);
		for (int i = 0; i < sk_X509_num(c->chain); i++)
			PEM_write_bio_X509(b, sk_X509_value(c->chain, i));
	}
	if (b && key)
		PEM_write_bio_PrivateKey(b, c->key, NULL, NULL, 0, NULL, NULL);
	n = b ? BIO_get_mem_data(b, &p) : 0;
	if (n > 0)
		sbuf_add(out, str_n(p, (size_t)n));
	BIO_free(b);
}

static const char key_mark[] = "PRIVATE KEY-----";

/* The certificates of a text, without its keys. */
static void put_without_keys(struct sbuf *out, struct str pem)
{
	bool in = false;

	while (pem.p) {
		struct str line = str_split(&pem, '\n');
		if (str_starts(line, STR("-----BEGIN")))
			in = str_find(line, STR("CERTIFICATE-----"), false) >= 0;
		if (in)
			sbuf_printf(out, STR_FMT "\n", STR_ARG(line));
		if (str_starts(line, STR("-----END")))
			in = false;
	}
}

/* What the transaction holds once `payload` has come under this suffix; base is what is loaded, NULL = nothing. */
static void compose(struct sbuf *out, const struct tls_cert *base, struct str suffix, struct str payload)
{
	struct str had = str_n(pending.text, pending.path ? pending.n : 0);

	if (str_eq(suffix, STR(".key"))) {
		if (had.n)
			put_without_keys(out, had);
		else if (base)
			put_pem(out, base, false, true);
		sbuf_add(out, payload);
	} else if (!suffix.n) {
		sbuf_add(out, payload);
		if (str_find(payload, STR(key_mark), false) < 0 && base)
			put_pem(out, base, true, false);
	} else if (had.n) {
		sbuf_add(out, had);
	} else if (base) {
		put_pem(out, base, true, true);
	}
	if (str_eq(suffix, STR(".issuer")))
		sbuf_add(out, payload); /* the chain shows it from now on */
	sbuf_addc(out, '\n');
}

/* The certificate that the name is about, and what is behind its path. */
static bool subject_of(struct str name, struct str *path, struct str *suffix)
{
	static const char *const parts[] = { ".key", ".issuer", ".ocsp" };

	*path = name;
	*suffix = STR("");
	if (find(name) || empty_has(&empty, name))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (str_ends(name, str_c(parts[i]))) {
			*suffix = str_c(parts[i]);
			*path = str_sub(name, 0, name.n - suffix->n);
			return find(*path) || empty_has(&empty, *path);
		}
	return false;
}

static bool take_ocsp(struct str payload, struct tls_err *e)
{
	struct arena a;
	struct str der, b64 = str_trim(payload);
	struct sbuf flat = { 0 };
	bool ok;

	for (size_t i = 0; i < b64.n; i++)
		if ((unsigned char)b64.p[i] > ' ')
			sbuf_addc(&flat, b64.p[i]);
	arena_init(&a, 4096);
	ok = b64_decode(&a, sbuf_str(&flat), false, &der);
	tls_err_set(e, "the OCSP response is no base64");
	if (ok) {
		pending_ocsp.n = 0;
		sbuf_add(&pending_ocsp, der);
	}
	sbuf_free(&flat);
	arena_free(&a);
	return ok;
}

/* A whole PEM is looked at now; parts may have to wait for each other until the commit. */
static bool good(const char *path, struct str text, struct str suffix, struct tls_err *e)
{
	struct tls_cert *c = suffix.n ? NULL : tls_cert_parse(path, text, e);

	tls_cert_free(c);
	return suffix.n || c;
}

enum cli_state cli_set_ssl_cert(struct cli_run *r)
{
	bool again = pending.path != NULL, ok;
	struct str path, suffix;
	struct sbuf text = { 0 };
	struct tls_err e;
	char name[1024];

	if (r->n != 1 || !r->payload.n)
		return cli_fail(r, "'set ssl cert' expects a filename and a certificate as a payload");
	if (!subject_of(r->w[0], &path, &suffix) || path.n >= sizeof(name))
		return cli_fail(r, "Can't replace a certificate which is not referenced by the configuration!\nCan't update " STR_FMT "!",
				STR_ARG(r->w[0]));
	snprintf(name, sizeof(name), STR_FMT, STR_ARG(path));
	if (again && !pending_is(&pending, path))
		return cli_fail(r, "The ongoing transaction is about '%s' but you are trying to set '%s'\nCan't update %s!",
				pending.path, name, name);
	compose(&text, tls_cert_find(name), suffix, r->payload);
	ok = good(name, sbuf_str(&text), suffix, &e) && (!str_eq(suffix, STR(".ocsp")) || take_ocsp(r->payload, &e));
	if (ok && !pending_set(&pending, name, sbuf_str(&text))) {
		tls_err_set(&e, "out of memory");
		ok = false;
	}
	OPENSSL_cleanse(text.p, text.n);
	sbuf_free(&text);
	if (!ok)
		return cli_fail(r, "Can't update " STR_FMT ": %s", STR_ARG(r->w[0]), e.text);
	return cli_say(r, CLI_NOTICE, "Transaction %s for certificate %s!", again ? "updated" : "created", name);
}

/* ---- commit, abort ------------------------------------------------------------------------------------------------ */

enum cli_state cli_commit_ssl_cert(struct cli_run *r)
{
	struct tls_err e;

	if (r->n != 1)
		return cli_fail(r, "'commit ssl cert' expects a filename");
	if (!pending_is(&pending, r->w[0]))
		return pending_other(r, &pending, "commit", "Can't commit");
	if (!cert_change(r->l, TLS_CHANGE_CERT, r->w[0], str_n(pending.text, pending.n), &e))
		return cli_fail(r, "Can't commit " STR_FMT ": %s", STR_ARG(r->w[0]), e.text);
	empty_drop(&empty, r->w[0]);
	if (pending_ocsp.n && !cert_change(r->l, TLS_CHANGE_OCSP, r->w[0], sbuf_str(&pending_ocsp), &e))
		cli_say(r, CLI_WARNING, "The OCSP response of " STR_FMT " is left out: %s", STR_ARG(r->w[0]), e.text);
	forget();
	return cli_say(r, CLI_NOTICE, "Committing " STR_FMT ".\nSuccess!", STR_ARG(r->w[0]));
}

enum cli_state cli_abort_ssl_cert(struct cli_run *r)
{
	if (r->n != 1)
		return cli_fail(r, "'abort ssl cert' expects a filename");
	if (!pending_is(&pending, r->w[0]))
		return pending_other(r, &pending, "abort", NULL);
	forget();
	return cli_say(r, CLI_NOTICE, "Transaction aborted for certificate '" STR_FMT "'!", STR_ARG(r->w[0]));
}
