// SPDX-License-Identifier: GPL-3.0-or-later
/* See pack.h. Options travel as the structure itself, and behind it each text that is there. */
#include <stddef.h>

#include "pack.h"

static const uint16_t texts[] = {
#define TEXT(field) offsetof(struct tls_opts, field)
	TEXT(ciphers),	      TEXT(ciphersuites), TEXT(curves),	  TEXT(sigalgs), TEXT(client_sigalgs), TEXT(ca_file),
	TEXT(ca_verify_file), TEXT(crl_file),	  TEXT(dh_file), TEXT(ticket_keys), TEXT(crt), TEXT(verify_host),
#undef TEXT
};

static const char **text_at(const struct tls_opts *o, size_t i)
{
	return (const char **)((uintptr_t)o + texts[i]);
}

void pack_u32(struct sbuf *out, uint32_t n) { sbuf_add(out, str_n((const char *)&n, sizeof(n))); }

void pack_str(struct sbuf *out, struct str s)
{
	pack_u32(out, (uint32_t)s.n);
	sbuf_add(out, s);
}

void pack_opts(struct sbuf *out, const struct tls_opts *o)
{
	sbuf_add(out, str_n((const char *)o, sizeof(*o)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *t = *text_at(o, i);
		pack_u32(out, t != NULL);
		pack_str(out, str_c(t));
	}
	pack_u32(out, o->alpn.p != NULL);
	pack_str(out, o->alpn);
}

static struct str take(struct unpack *u, size_t n)
{
	struct str s = str_sub(u->rest, 0, n);

	if (u->bad || s.n != n) {
		u->bad = true;
		return STR_NULL;
	}
	u->rest = str_sub(u->rest, n, u->rest.n - n);
	return s;
}

uint32_t unpack_u32(struct unpack *u)
{
	struct str s = take(u, sizeof(uint32_t));
	uint32_t n = 0;

	if (s.n)
		memcpy(&n, s.p, sizeof(n));
	return n;
}

struct str unpack_str(struct unpack *u) { return take(u, unpack_u32(u)); }

void unpack_opts(struct unpack *u, struct arena *a, struct tls_opts *o)
{
	struct str raw = take(u, sizeof(*o)), s;

	*o = (struct tls_opts){ 0 };
	if (raw.n)
		memcpy(o, raw.p, sizeof(*o));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		bool there = unpack_u32(u);
		s = unpack_str(u);
		*text_at(o, i) = there && !u->bad ? arena_cstr(a, s) : NULL;
	}
	bool there = unpack_u32(u);
	s = unpack_str(u);
	o->alpn = there && !u->bad ? arena_str(a, s) : STR_NULL;
}
