// SPDX-License-Identifier: GPL-3.0-or-later
/* OCSP responses and ticket keys on the runtime socket. */
#include <openssl/crypto.h>
#include <sluice/base/b64.h>
#include <sluice/base/num.h>
#include <sluice/tls/ocsp.h>
#include <sluice/tls/tickets.h>
#include "cli_cert.h"

/* ---- responses ---------------------------------------------------------------------------------------------------- */

static enum cli_state list(struct cli_run *r)
{
	const struct tls_cert *c = tls_cert_first();

	if (!r->calls)
		sbuf_add(r->out, STR("# Certificate IDs\n"));
	for (uint32_t i = 0; c && i < r->at; i++)
		c = c->next;
	for (; c && !cli_full(r); c = c->next, r->at++) {
		if (!c->ocsp)
			continue;
		sbuf_add(r->out, STR("Certificate ID key : "));
		tls_ocsp_key(c, r->out);
		sbuf_printf(r->out, "\nCertificate path : %s\n", c->path);
		tls_ocsp_describe_id(c, r->out);
	}
	return c ? CLI_AGAIN : CLI_DONE;
}

/* By the key of its response or by its path. */
static const struct tls_cert *find(struct str what)
{
	for (const struct tls_cert *c = tls_cert_first(); c; c = c->next) {
		char hex[512];
		struct sbuf key = SBUF_FIXED(hex);
		if (!c->ocsp)
			continue;
		tls_ocsp_key(c, &key);
		if (str_ieq(what, sbuf_str(&key)) || str_eq(what, str_c(c->path)))
			return c;
	}
	return NULL;
}

enum cli_state cli_show_ssl_ocsp(struct cli_run *r)
{
	const struct tls_cert *c;
	struct sbuf text = { 0 };

	if (!r->n)
		return list(r);
	c = find(r->w[0]);
	if (!c)
		return cli_fail(r, "Certificate ID does not match any certificate.");
	tls_ocsp_describe(str_n((const char *)c->ocsp, c->nocsp), &text);
	cli_lines(r->out, sbuf_str(&text));
	sbuf_free(&text);
	return CLI_DONE;
}

/* Base 64 of a payload may be in lines. */
static bool decode(struct arena *a, struct str in, struct str *out)
{
	struct sbuf flat = { 0 };
	bool ok;

	for (size_t i = 0; i < in.n; i++)
		if ((unsigned char)in.p[i] > ' ')
			sbuf_addc(&flat, in.p[i]);
	ok = flat.n && b64_decode(a, sbuf_str(&flat), false, out);
	sbuf_free(&flat);
	return ok;
}

enum cli_state cli_set_ssl_ocsp(struct cli_run *r)
{
	struct str in = r->payload.n ? r->payload : r->n ? r->w[0] : STR_NULL, der;
	struct tls_cert *c;
	struct tls_err e;
	struct arena a;

	if (!in.n)
		return cli_fail(r, "'set ssl ocsp-response' expects response in base64 encoding.");
	arena_init(&a, 4096);
	if (!decode(&a, in, &der))
		cli_fail(r, "'set ssl ocsp-response' received invalid base64 encoded response.");
	else if (!(c = tls_ocsp_owner(der, &e)) || !cert_change(r->l, TLS_CHANGE_OCSP, str_c(c->path), der, &e))
		cli_fail(r, "%s.", e.text);
	else
		cli_say(r, CLI_NOTICE, "OCSP Response updated!");
	arena_free(&a);
	return CLI_DONE;
}

/* ---- ticket keys -------------------------------------------------------------------------------------------------- */

/* #number, or the path. */
static struct tls_ticket_file *keys_find(struct str what, unsigned *at)
{
	struct tls_ticket_file *f = tls_ticket_file_first();
	uint64_t n = UINT64_MAX;

	if (what.n && what.p[0] == '#' && !num_u64(str_sub(what, 1, what.n), &n))
		return NULL;
	for (*at = 0; f; f = tls_ticket_file_next(f), ++*at)
		if (*at == n || str_eq(what, str_c(tls_ticket_file_path(f))))
			return f;
	return NULL;
}

static void put_keys(struct cli_run *r, const struct tls_ticket_file *f, unsigned at)
{
	char raw[TLS_TICKET_KEY_BYTES], text[B64_ENCODED(TLS_TICKET_KEY_BYTES)];

	sbuf_printf(r->out, "# %u (%s)\n", at, tls_ticket_file_path(f));
	for (unsigned i = 0; i < tls_ticket_file_keys(f); i++) {
		size_t n = tls_ticket_file_key(f, i, raw), len = b64_encode(str_n(raw, n), false, text);
		sbuf_printf(r->out, "%u.%u %.*s\n", at, i, (int)len, text);
	}
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(text, sizeof(text));
}

enum cli_state cli_show_tls_keys(struct cli_run *r)
{
	bool all = r->n && str_eq(r->w[0], STR("*"));
	struct tls_ticket_file *f = r->n && !all ? keys_find(r->w[0], &(unsigned){ 0 }) : NULL;
	unsigned at = 0;

	if (r->n && !all && !f)
		return cli_fail(r, "'show tls-keys' unable to locate referenced filename");
	sbuf_add(r->out, r->n ? STR("# id secret\n") : STR("# id (file)\n"));
	for (struct tls_ticket_file *i = tls_ticket_file_first(); i; i = tls_ticket_file_next(i), at++) {
		if (!r->n)
			sbuf_printf(r->out, "%u (%s)\n", at, tls_ticket_file_path(i));
		else if (all || i == f)
			put_keys(r, i, at);
	}
	return CLI_DONE;
}

enum cli_state cli_set_ssl_tls_key(struct cli_run *r)
{
	struct tls_ticket_file *f = r->n == 2 ? keys_find(r->w[0], &(unsigned){ 0 }) : NULL;
	struct tls_err e;
	struct arena a;
	struct str raw;

	if (r->n != 2)
		return cli_fail(r, "'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.");
	if (!f)
		return cli_fail(r, "'set ssl tls-key' unable to locate referenced filename");
	arena_init(&a, 4096);
	if (!decode(&a, r->w[1], &raw))
		cli_fail(r, "'set ssl tls-key' received invalid base64 encoded TLS key.");
	else if (!cert_change(r->l, TLS_CHANGE_TICKET, str_c(tls_ticket_file_path(f)), raw, &e))
		cli_fail(r, "%s", e.text);
	else
		cli_say(r, CLI_NOTICE, "TLS ticket key updated!");
	arena_free(&a);
	return CLI_DONE;
}
