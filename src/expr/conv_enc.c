// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters between encodings: hexadecimal, base 64, URL encoding. */
#include <sluice/http/msg.h>
#include "rows_priv.h"

static const char hex_upper[] = "0123456789ABCDEF";

bool conv_hex(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char *p = arena_bytes(c->tmp, s->s.n * 2);

	(void)k;
	for (size_t i = 0; i < s->s.n; i++) {
		p[2 * i] = hex_upper[(unsigned char)s->s.p[i] >> 4];
		p[2 * i + 1] = hex_upper[s->s.p[i] & 15];
	}
	return smp_set_str(s, str_n(p, s->s.n * 2));
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* At most 16 digits; 64 bits are read as two's complement. */
bool conv_hex2i(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	uint64_t v = 0;

	(void)c, (void)k;
	if (!s->s.n || s->s.n > 16)
		return false;
	for (size_t i = 0; i < s->s.n; i++) {
		int d = hex_value(s->s.p[i]);

		if (d < 0)
			return false;
		v = v << 4 | (unsigned)d;
	}
	return smp_set_int(s, (int64_t)v);
}

bool conv_base64(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char *p = arena_bytes(c->tmp, B64_ENCODED(s->s.n));

	return smp_set_str(s, str_n(p, b64_encode(s->s, k->aux, p)));
}

bool conv_b64dec(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str in = s->s;

	s->type = SMP_BIN;
	return b64_decode(c->tmp, in, k->aux, &s->s);
}

/* Chunks of the input as numbers or digits with a separator between them. */
static bool be_chunks(struct smp_ctx *c, const struct call *k, struct smp *s, size_t chunk, bool decimal)
{
	struct str sep = k->arg[0].set ? k->arg[0].s : STR_NULL;
	bool whole = k->arg[2].set && k->arg[2].i;
	size_t n = s->s.n, cap = (n / chunk + 1) * ((decimal ? 20 : 2 * chunk) + sep.n);
	struct sbuf out = { .p = arena_bytes(c->tmp, cap), .cap = cap, .fixed = true };

	for (size_t i = 0; i < n && (!whole || i + chunk <= n); i += chunk) {
		uint64_t v = 0;

		if (out.n)
			sbuf_add(&out, sep);
		for (size_t j = i; j < MIN(i + chunk, n); j++) {
			unsigned char b = (unsigned char)s->s.p[j];

			v = v << 8 | b;
			if (!decimal) {
				sbuf_addc(&out, hex_upper[b >> 4]);
				sbuf_addc(&out, hex_upper[b & 15]);
			}
		}
		if (decimal)
			sbuf_printf(&out, "%llu", (unsigned long long)v);
	}
	return smp_set_str(s, sbuf_str(&out));
}

bool conv_be2dec(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	return be_chunks(c, k, s, (size_t)k->arg[1].i, true);
}

bool conv_be2hex(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	size_t chunk = k->arg[1].set && k->arg[1].i > 0 ? (size_t)k->arg[1].i : MAX(s->s.n, 1);

	return be_chunks(c, k, s, MIN(chunk, MAX(s->s.n, 1)), false);
}

bool conv_url_dec(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char *p = arena_bytes(c->tmp, s->s.n);
	ptrdiff_t n = uri_unescape(s->s, k->arg[0].set && k->arg[0].i, p);

	if (n < 0)
		return false;
	s->s = str_n(p, (size_t)n);
	return true;
}

static bool url_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

bool conv_url_enc(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char *p = arena_bytes(c->tmp, s->s.n * 3);
	size_t o = 0;

	(void)k;
	for (size_t i = 0; i < s->s.n; i++) {
		char ch = s->s.p[i];

		if (url_plain(ch)) {
			p[o++] = ch;
			continue;
		}
		p[o++] = '%';
		p[o++] = hex_upper[(unsigned char)ch >> 4];
		p[o++] = hex_upper[ch & 15];
	}
	s->s = str_n(p, o);
	return true;
}
