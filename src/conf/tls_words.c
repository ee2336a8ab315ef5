// SPDX-License-Identifier: GPL-3.0-or-later
/* The TLS words of bind, crt-list, server and the defaults of both: each row of tbl/tls_opts.def sets its field. */
#include <sluice/base/num.h>

#include "tls_priv.h"

#define OPT(name)                                                                                                      \
	static bool tls_##name(struct sema *s UNUSED, struct tls_words *t UNUSED, const struct word *k UNUSED,         \
			       const struct word *v UNUSED)
#define OPT_BIT(name, field, value) OPT(name) { t->field = (value); return true; }
#define OPT_TEXT(name, field) OPT(name) { t->o.field = keep(s, v->s).p; return true; }

OPT_BIT(ssl, ssl, true)
OPT_BIT(no_ssl, ssl, false)
OPT_BIT(strict_sni, o.strict_sni, true)
OPT_BIT(no_strict_sni, o.strict_sni, false)
OPT_BIT(no_ca_names, o.no_ca_names, true)
OPT_BIT(client_ciphers, o.client_ciphers, true)
OPT_BIT(early_data, o.early_data, true)
OPT_BIT(no_tickets, o.no_tickets, true)
OPT_BIT(tickets, o.no_tickets, false)
OPT_BIT(reuse, o.no_reuse, false)
OPT_BIT(no_reuse, o.no_reuse, true)
OPT_BIT(no_verifyhost, o.verify_host, NULL)
OPT_BIT(check_ssl, check_ssl, 1)
OPT_BIT(no_check_ssl, check_ssl, -1)
OPT_TEXT(ca_file, ca_file)
OPT_TEXT(ca_verify_file, ca_verify_file)
OPT_TEXT(crl_file, crl_file)
OPT_TEXT(ciphers, ciphers)
OPT_TEXT(ciphersuites, ciphersuites)
OPT_TEXT(curves, curves)
OPT_TEXT(sigalgs, sigalgs)
OPT_TEXT(client_sigalgs, client_sigalgs)
OPT_TEXT(ticket_keys, ticket_keys)
OPT_TEXT(verifyhost, verify_host)

OPT(silent) { return true; }

OPT(inert)
{
	sema_warn_inert(s, k);
	return true;
}

OPT(sni_auto)
{
	t->no_sni_auto = false;
	t->sni = NULL;
	return true;
}

OPT(no_sni_auto)
{
	t->no_sni_auto = true;
	return true;
}

OPT(sni)
{
	t->sni = v;
	return true;
}

OPT(check_sni)
{
	t->check_sni = keep(s, v->s);
	return true;
}

OPT(check_alpn) { return tls_alpn_parse(s, v, &t->check_alpn); }

static bool crt_push(struct sema *s, struct tls_words *t, const struct word *v, enum tls_crt_kind kind)
{
	struct tls_crt *c = ARENA_NEW(&s->scratch, struct tls_crt), **at = &t->crts;

	*c = (struct tls_crt){ .w = v, .kind = kind };
	while (*at)
		at = &(*at)->next;
	*at = c;
	t->o.crt = keep(s, v->s).p;
	return true;
}

OPT(crt) { return crt_push(s, t, v, TLS_CRT_FILE); }
OPT(default_crt) { return crt_push(s, t, v, TLS_CRT_DEFAULT); }
OPT(crt_list) { return crt_push(s, t, v, TLS_CRT_LIST); }

OPT(verify)
{
	static const char *const words[] = { "none", "optional", "required" };
	int i = arg_word(s, v, words, ARRAY_LEN(words), "way to verify");

	if (i < 0)
		return false;
	t->o.verify = (uint8_t)i;
	return t->o.verify_set = true;
}

OPT(ocsp_update)
{
	static const char *const words[] = { "off", "on" };
	int i = arg_word(s, v, words, ARRAY_LEN(words), "setting");

	if (i < 0)
		return false;
	t->o.ocsp_update = i ? TLS_OCSP_ON : TLS_OCSP_OFF;
	return true;
}

/* ---- versions --------------------------------------------------------------------------------------------------- */

static bool version_arg(struct sema *s, const struct word *v, uint16_t *out)
{
	*out = tls_version_parse(v->s);
	if (*out)
		return true;
	sema_err(s, v, "'" STR_FMT "' is not one of SSLv3, TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3", STR_ARG(v->s));
	return false;
}

OPT(min_ver) { return version_arg(s, v, &t->o.min_ver); }
OPT(max_ver) { return version_arg(s, v, &t->o.max_ver); }

/* The last digit of the word: sslv3 0, tlsv10 1 ... tlsv13 4. */
static unsigned version_index(const struct word *k)
{
	return str_ends(k->s, STR("sslv3")) ? 0 : (unsigned)(k->s.p[k->s.n - 1] - '0') + 1;
}

OPT(no_version)
{
	t->o.without |= (uint8_t)(1u << version_index(k));
	return true;
}

OPT(force_version)
{
	t->o.min_ver = t->o.max_ver = (uint16_t)(0x0300 + version_index(k));
	return true;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

bool tls_alpn_parse(struct sema *s, const struct word *v, struct str *wire)
{
	struct str rest = v->s, name;
	char *p = arena_bytes(s->a, v->s.n + 2);
	size_t n = 0;

	while (rest.p) {
		name = str_split(&rest, ',');
		if (!name.n || name.n > 255) {
			sema_err(s, v, "'" STR_FMT "' is not a list of protocol names by comma", STR_ARG(v->s));
			return false;
		}
		p[n++] = (char)name.n;
		memcpy(p + n, name.p, name.n);
		n += name.n;
	}
	*wire = str_n(p, n);
	return true;
}

OPT(alpn) { return tls_alpn_parse(s, v, &t->o.alpn); }

OPT(no_alpn)
{
	t->o.alpn = STR("");
	return true;
}

static const struct { const char *name; uint8_t code; } error_names[] = {
	{ "UNABLE_TO_GET_ISSUER_CERT", 2 },	{ "UNABLE_TO_GET_CRL", 3 },
	{ "CERT_SIGNATURE_FAILURE", 7 },	{ "CERT_NOT_YET_VALID", 9 },
	{ "CERT_HAS_EXPIRED", 10 },		{ "CRL_NOT_YET_VALID", 11 },
	{ "CRL_HAS_EXPIRED", 12 },		{ "DEPTH_ZERO_SELF_SIGNED_CERT", 18 },
	{ "SELF_SIGNED_CERT_IN_CHAIN", 19 },	{ "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", 20 },
	{ "UNABLE_TO_VERIFY_LEAF_SIGNATURE", 21 }, { "CERT_CHAIN_TOO_LONG", 22 },
	{ "CERT_REVOKED", 23 },			{ "INVALID_CA", 24 },
	{ "PATH_LENGTH_EXCEEDED", 25 },		{ "INVALID_PURPOSE", 26 },
	{ "CERT_UNTRUSTED", 27 },		{ "CERT_REJECTED", 28 },
};

static bool error_code(struct str w, unsigned *code)
{
	uint64_t n;

	if (num_u64(w, &n) && n < TLS_MAX_VERIFY_CODE) {
		*code = (unsigned)n;
		return true;
	}
	if (!str_starts(w, STR("X509_V_ERR_")))
		return false;
	w = str_sub(w, 11, w.n);
	for (size_t i = 0; i < ARRAY_LEN(error_names); i++)
		if (str_eq(w, str_c(error_names[i].name))) {
			*code = error_names[i].code;
			return true;
		}
	return false;
}

static bool errset_parse(struct sema *s, const struct word *v, struct tls_errset *set)
{
	struct str rest = v->s, one;
	unsigned code;

	*set = (struct tls_errset){ 0 };
	if (word_is(v, "all")) {
		memset(set, 0xff, sizeof(*set));
		return true;
	}
	while (rest.p) {
		one = str_split(&rest, ',');
		if (!error_code(one, &code)) {
			sema_err_at(s, v, one, "'" STR_FMT "' is no verification error: a number or X509_V_ERR_...",
				    STR_ARG(one));
			return false;
		}
		tls_errset_add(set, code);
	}
	return true;
}

OPT(crt_ignore) { return errset_parse(s, v, &t->o.crt_ignore); }
OPT(ca_ignore) { return errset_parse(s, v, &t->o.ca_ignore); }

/* ---- table ------------------------------------------------------------------------------------------------------ */

static const struct tls_row rows[] = {
#define TLS_OPT(word, nargs, fn, where, help) { word, nargs, tls_##fn, where },
#include <sluice/tbl/tls_opts.def>
#undef TLS_OPT
};

const struct tls_row *tls_row_find(struct str word, enum tls_where where)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(word, str_c(rows[i].word)) && strchr(rows[i].where, where))
			return &rows[i];
	return NULL;
}

bool tls_word(struct sema *s, struct tls_words *t, enum tls_where where, const struct word *w, uint32_t n, uint32_t *i,
	      bool *known)
{
	const struct tls_row *r = tls_row_find(w[*i].s, where);
	const struct word *k = &w[*i], *v = NULL;

	*known = r != NULL;
	if (!r)
		return true;
	if (r->nargs && !(v = arg_next(s, w, n, i)))
		return false;
	return r->run(s, t, k, v);
}

/* ---- inheritance ------------------------------------------------------------------------------------------------- */

void tls_opts_inherit(struct tls_opts *o, const struct tls_opts *d)
{
#define TAKE(field) (o->field = o->field ? o->field : d->field)
	TAKE(ciphers);
	TAKE(ciphersuites);
	TAKE(curves);
	TAKE(sigalgs);
	TAKE(client_sigalgs);
	TAKE(dh_file);
	TAKE(dh_bits);
	TAKE(ocsp_update);
	TAKE(lifetime);
	if (!o->min_ver && !o->max_ver) {
		o->min_ver = d->min_ver;
		o->max_ver = d->max_ver;
	}
	TAKE(without);
	TAKE(no_tickets);
	TAKE(strict_sni);
	TAKE(client_ciphers);
#undef TAKE
	if (!o->alpn.p)
		o->alpn = d->alpn;
	if (!o->verify_set) {
		o->verify = d->verify;
		o->verify_set = d->verify_set;
	}
}

const char *tls_path(struct sema *s, const char *base, const char *path)
{
	if (!path || !base || *path == '/' || *path == '@')
		return path;
	return arena_printf(s->a, "%s/%s", base, path).p;
}

void tls_opts_paths(struct sema *s, struct tls_opts *o)
{
	o->ca_file = tls_path(s, s->ca_base, o->ca_file);
	o->ca_verify_file = tls_path(s, s->ca_base, o->ca_verify_file);
	o->crl_file = tls_path(s, s->ca_base, o->crl_file);
}

void tls_finish(struct sema *s)
{
	tls_binds_finish(s);
	tls_servers_finish(s);
}
