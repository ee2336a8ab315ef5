// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of a TLS hello that passes by: in mode tcp, while tcp-request inspect-delay holds the connection. */
#include <sluice/tls/hello.h>
#include "rows_priv.h"

/* false: no hello, or not yet (may_change). */
static bool hello(struct smp_ctx *c, const struct call *k, struct smp *out, struct tls_hello *h)
{
	enum tls_hello_verdict v = tls_hello_parse(k->aux & 0x100 ? c->l6_res : c->l6_req, c->tmp, h);

	if (v == TLS_HELLO_MORE)
		out->may_change = !c->final;
	return v == TLS_HELLO_OK;
}

bool fetch_hello_type(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_hello h;

	(void)it;
	return hello(c, k, out, &h) && smp_set_int(out, h.type);
}

/* Major version times 65536 plus minor version. */
bool fetch_hello_ver(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_hello h;

	(void)it;
	return hello(c, k, out, &h) && smp_set_int(out, (int64_t)(h.version >> 8) << 16 | (h.version & 0xff));
}

bool fetch_hello_has(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_hello h;

	(void)it;
	if (!hello(c, k, out, &h))
		return false;
	if (k->aux == 'e')
		return smp_set_bool(out, h.groups.p != NULL);
	return smp_set_int(out, !h.ticket.p ? 0 : h.ticket.n ? 2 : 1);
}

static bool alpn_list(struct smp_ctx *c, const struct tls_hello *h, struct smp *out)
{
	struct str rest = h->alpn, name;
	char *p = arena_bytes(c->tmp, rest.n + 1);
	size_t n = 0;

	while (tls_hello_alpn(&rest, &name)) {
		if (n)
			p[n++] = ',';
		memcpy(p + n, name.p, name.n);
		n += name.n;
	}
	return n && smp_set_str(out, str_n(p, n));
}

static bool fingerprint(struct smp_ctx *c, const struct tls_hello *h, bool ja4, struct smp *out)
{
	char *p = arena_bytes(c->tmp, TLS_JA4_LEN);

	if (!(ja4 ? tls_hello_ja4(h, p) : tls_hello_ja3(h, p)))
		return false;
	return smp_set_str(out, str_n(p, ja4 ? TLS_JA4_LEN : TLS_JA3_LEN));
}

bool fetch_hello_text(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_hello h;

	(void)it;
	if (!hello(c, k, out, &h) || h.type != 1)
		return false;
	switch (k->aux) {
	case 's': return h.sni.n && smp_set_str(out, h.sni);
	case 'a': return alpn_list(c, &h, out);
	default: return fingerprint(c, &h, k->aux == '4', out);
	}
}

/* Lists as they stand in the hello. */
bool fetch_hello_bin(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_hello h;

	(void)it;
	if (!hello(c, k, out, &h) || h.type != 1)
		return false;
	out->type = SMP_BIN;
	out->s = k->aux == 'c' ? h.ciphers : k->aux == 's' ? h.sigalgs : h.groups;
	return out->s.n > 0;
}
