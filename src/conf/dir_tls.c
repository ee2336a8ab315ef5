// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS in the global section: base directories, and what listeners and servers do that say nothing themselves. */
#include <sluice/tls/cert.h>
#include "tls_priv.h"

#define DIR_TEXT(name, field) void dir_##name(struct sema *s, const struct line *l) { s->field = keep(s, l->w[1].s).p; }
DIR_TEXT(crt_base, crt_base)
DIR_TEXT(key_base, key_base)
DIR_TEXT(ca_base, ca_base)
DIR_TEXT(ssl_bind_ciphers, tls_bind_dflt.ciphers)
DIR_TEXT(ssl_bind_ciphersuites, tls_bind_dflt.ciphersuites)
DIR_TEXT(ssl_bind_curves, tls_bind_dflt.curves)
DIR_TEXT(ssl_bind_sigalgs, tls_bind_dflt.sigalgs)
DIR_TEXT(ssl_bind_client_sigalgs, tls_bind_dflt.client_sigalgs)
DIR_TEXT(ssl_server_ciphers, tls_srv_dflt.ciphers)
DIR_TEXT(ssl_server_ciphersuites, tls_srv_dflt.ciphersuites)
DIR_TEXT(ssl_server_curves, tls_srv_dflt.curves)
DIR_TEXT(ssl_server_sigalgs, tls_srv_dflt.sigalgs)
DIR_TEXT(ssl_server_client_sigalgs, tls_srv_dflt.client_sigalgs)
DIR_TEXT(ssl_dh_param_file, tls_bind_dflt.dh_file)

static void options(struct sema *s, const struct line *l, enum tls_where where, struct tls_opts *to)
{
	struct tls_words t = { .o = *to };
	bool known;

	for (uint32_t i = 1; i < l->n; i++) {
		if (!tls_word(s, &t, where, l->w, l->n, &i, &known))
			return;
		if (!known)
			sema_err(s, &l->w[i], "'" STR_FMT "' is no option of " STR_FMT, STR_ARG(l->w[i].s), STR_ARG(l->w[0].s));
	}
	*to = t.o;
}

void dir_ssl_bind_options(struct sema *s, const struct line *l) { options(s, l, TLS_AT_BIND_DFLT, &s->tls_bind_dflt); }
void dir_ssl_server_options(struct sema *s, const struct line *l) { options(s, l, TLS_AT_SRV_DFLT, &s->tls_srv_dflt); }

void dir_ssl_server_verify(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "none", "required" };
	int i = arg_word(s, &l->w[1], words, 2, "way to verify servers");

	if (i < 0)
		return;
	s->tls_srv_dflt.verify = i ? TLS_VERIFY_REQUIRED : TLS_VERIFY_NONE;
	s->tls_srv_dflt.verify_set = true;
}

void dir_tune_ssl_dh(struct sema *s, const struct line *l)
{
	uint32_t n;

	if (arg_u32(s, &l->w[1], 1024, 16384, &n))
		s->tls_bind_dflt.dh_bits = (uint16_t)n;
}

void dir_tune_ssl_lifetime(struct sema *s, const struct line *l)
{
	uint32_t ms;

	if (!arg_time(s, &l->w[1], 1000, &ms))
		return;
	s->tls_bind_dflt.lifetime = MAX(ms / 1000, 1u);
	s->rt->g.tls_lifetime = s->tls_bind_dflt.lifetime;
}

void dir_ssl_watch(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "off", "on" };
	int i = arg_word(s, &l->w[1], words, 2, "setting");

	if (i >= 0)
		s->rt->g.ssl_watch = i == 1;
}

void dir_tune_ssl_cache(struct sema *s, const struct line *l)
{
	uint32_t n;

	if (arg_u32(s, &l->w[1], 0, 10000000, &n))
		s->rt->g.tls_cache = n;
}

static void seconds(struct sema *s, const struct line *l, uint32_t *to)
{
	uint32_t n;

	if (arg_u32(s, &l->w[1], 1, 86400 * 7, &n))
		*to = n;
}

void dir_ocsp_mindelay(struct sema *s, const struct line *l) { seconds(s, l, &s->rt->g.ocsp_mindelay); }
void dir_ocsp_maxdelay(struct sema *s, const struct line *l) { seconds(s, l, &s->rt->g.ocsp_maxdelay); }

void dir_ocsp_mode(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "off", "on" };
	int i = arg_word(s, &l->w[1], words, 2, "setting");

	if (i >= 0)
		s->tls_bind_dflt.ocsp_update = i == 1 ? TLS_OCSP_ON : TLS_OCSP_UNSET;
}

void dir_http_resolvers(struct sema *s, const struct line *l)
{
	int i = sema_resolvers(s, l->w[1].s);

	if (i < 0)
		sema_err(s, &l->w[1], "unknown resolvers '" STR_FMT "'", STR_ARG(l->w[1].s));
	else
		s->rt->g.http_resolvers = (uint32_t)i + 1;
}

void dir_http_prefer(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "ipv4", "ipv6" };
	int i = arg_word(s, &l->w[1], words, 2, "family");

	if (i >= 0)
		s->rt->g.http_prefer = i ? 6 : 4;
}

/* ---- how certificates are completed ------------------------------------------------------------------------------- */

void dir_ssl_del_ext(struct sema *s UNUSED, const struct line *l UNUSED) { tls_completion()->del_ext = true; }
void dir_ssl_skip_self(struct sema *s UNUSED, const struct line *l UNUSED) { tls_completion()->skip_self_issued = true; }

void dir_ssl_extra(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "none", "all", "bundle", "sctl", "ocsp", "issuer", "key" };
	static const uint8_t bits[] = { 0, TLS_EXTRA_ALL, TLS_EXTRA_BUNDLE, TLS_EXTRA_SCTL, TLS_EXTRA_OCSP, TLS_EXTRA_ISSUER, TLS_EXTRA_KEY };

	tls_completion()->extra = 0;
	for (uint32_t i = 1; i < l->n; i++) {
		int k = arg_word(s, &l->w[i], words, ARRAY_LEN(words), "kind of file");
		if (k < 0)
			return;
		tls_completion()->extra |= bits[k];
	}
}

void dir_issuers_chain_path(struct sema *s, const struct line *l)
{
	struct tls_err e;

	if (!tls_chains_load(l->w[1].s.p, &e))
		sema_err(s, &l->w[1], "%s", e.text);
}
