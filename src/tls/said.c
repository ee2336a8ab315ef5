// SPDX-License-Identifier: GPL-3.0-or-later
/* A described client instead of a handshake. What a description does not say is answered as a connection without it would. The certificate
 * that it names exists only in memory, has nothing but names, and is signed by nobody. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include <sluice/tls/hello.h>
#include <sluice/tls/said.h>
#include "tls_priv.h"

static struct str said_alpn(struct conn *c) { return ((struct tls_said *)c->xprt_ctx)->alpn; }

const struct xprt_ops xprt_said = { .name = "said", .alpn = said_alpn };

/* "/type=value/type=value" */
static bool name_parse(X509_NAME *n, struct str s)
{
	if (!s.n || s.p[0] != '/')
		return false;
	for (struct str rest = str_sub(s, 1, SIZE_MAX); rest.p;) {
		struct str part = str_split(&rest, '/');
		ptrdiff_t eq = str_chr(part, '=');
		char type[32];

		if (eq < 1 || (size_t)eq >= sizeof(type) || (size_t)eq + 1 == part.n)
			return false;
		memcpy(type, part.p, (size_t)eq);
		type[eq] = '\0';
		if (!X509_NAME_add_entry_by_txt(n, type, MBSTRING_UTF8, (const unsigned char *)part.p + eq + 1, (int)(part.n - (size_t)eq - 1), -1, 0))
			return false;
	}
	return true;
}

bool tls_said_client(struct tls_said *t, struct str subject, struct str issuer)
{
	X509 *x = X509_new();
	bool ok = x && name_parse(X509_get_subject_name(x), subject) && (!issuer.n || name_parse(X509_get_issuer_name(x), issuer));

	ERR_clear_error();
	if (ok)
		t->client = x;
	else
		X509_free(x);
	return ok;
}

static bool list_has(struct str list, struct str name)
{
	while (list.p)
		if (str_eq(str_trim(str_split(&list, ',')), name))
			return true;
	return false;
}

/* The first of ours that the client offers, as SSL_select_next_proto() chooses. */
static struct str choose_alpn(struct str ours, struct str offered)
{
	struct str name;

	while (tls_hello_alpn(&ours, &name))
		if (list_has(offered, name))
			return name;
	return STR_NULL;
}

struct str tls_said_own(struct tls_said *t, const struct tls_front *f, struct str offered)
{
	const struct tls_match *m = t->sni.n ? tls_front_match(f, t->sni) : NULL;

	if (!m && !f->policies->o.strict_sni)
		m = tls_front_default(f);
	for (unsigned i = 0; m && i < TLS_KEY_KINDS; i++) {
		const struct tls_entry *e = m->at[(i + TLS_KEY_EC) % TLS_KEY_KINDS]; /* what clients prefer when they have the choice */

		if (!e)
			continue;
		t->own = e->cert->leaf;
		t->alpn = choose_alpn(e->policy->o.alpn, offered);
		return str_c(e->cert->path);
	}
	return STR_NULL;
}

bool tls_said_refused(const struct tls_said *t, const struct tls_front *f)
{
	return f->policies->o.verify == TLS_VERIFY_REQUIRED && !t->client;
}

void tls_said_free(struct tls_said *t)
{
	X509_free(t->client);
	*t = (struct tls_said){ 0 };
}
