// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters of numbers and addresses, and hashes. Arithmetic saturates at the ends of 64 bits. */
#include <arpa/inet.h>

#include <sluice/base/hash.h>
#include "rows_priv.h"

static int64_t saturate(bool negative)
{
	return negative ? INT64_MIN : INT64_MAX;
}

static int64_t arith_div(int64_t a, int64_t b)
{
	if (b == 0 || (a == INT64_MIN && b == -1))
		return INT64_MAX;
	return a / b;
}

static int64_t arith_mod(int64_t a, int64_t b)
{
	return b == 0 || b == -1 ? 0 : a % b;
}

bool conv_arith(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t a = s->i, b, r;

	if (!arg_int(c, &k->arg[0], &b))
		return false;
	switch (k->aux) {
	case '+': r = __builtin_add_overflow(a, b, &r) ? saturate(b < 0) : r; break;
	case '-': r = __builtin_sub_overflow(a, b, &r) ? saturate(b > 0) : r; break;
	case '*': r = __builtin_mul_overflow(a, b, &r) ? saturate((a < 0) != (b < 0)) : r; break;
	case '/': r = arith_div(a, b); break;
	case '%': r = arith_mod(a, b); break;
	case '&': r = a & b; break;
	case '|': r = a | b; break;
	default: r = a ^ b; break;
	}
	s->i = r;
	return true;
}

bool conv_unary(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	s->i = k->aux == '~' ? ~s->i : s->i == INT64_MIN ? INT64_MAX : -s->i;
	return true;
}

bool conv_predicate(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	switch (k->aux) {
	case 'b': return smp_set_bool(s, s->i != 0);
	case '!': return smp_set_bool(s, s->i == 0);
	case 'e': return smp_set_bool(s, s->i % 2 == 0);
	default: return smp_set_bool(s, s->i % 2 != 0);
	}
}

/* Clears all but the first `keep` bits, or applies a mask written as an address. */
static void mask_bytes(uint8_t *p, size_t n, unsigned keep)
{
	for (size_t i = 0; i < n; i++, keep = keep > 8 ? keep - 8 : 0)
		p[i] &= keep >= 8 ? 0xff : (uint8_t)(0xff00 >> keep);
}

bool conv_ipmask(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	if (s->ip.family == AF_INET) {
		mask_bytes((uint8_t *)&s->ip.in4, 4, k->arg[0].bits);
		return true;
	}
	if (s->ip.family != AF_INET6 || !k->arg[1].set)
		return false;
	mask_bytes((uint8_t *)&s->ip.in6, 16, k->arg[1].bits);
	return true;
}

bool conv_htonl(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	uint32_t v = htonl((uint32_t)s->i);

	(void)k;
	s->type = SMP_BIN;
	s->s = str_n(arena_dup(c->tmp, &v, sizeof(v)), sizeof(v));
	return true;
}

bool conv_hash(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	uint32_t h;

	(void)c;
	switch (k->aux) {
	case 'c': h = hash_crc32(s->s); break;
	case 'C': h = hash_crc32c(s->s); break;
	case 'd': h = hash_djb2(s->s); break;
	case 's': h = hash_sdbm(s->s); break;
	default: h = hash_wt6(s->s); break;
	}
	return smp_set_int(s, k->arg[0].set && k->arg[0].i ? hash_avalanche(h) : h);
}

bool conv_seeded(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	uint64_t seed = k->arg[0].set ? (uint64_t)k->arg[0].i : 0;

	(void)c;
	switch (k->aux) {
	case 'x': return smp_set_int(s, hash_xxh32(s->s, (uint32_t)seed));
	case 'X': return smp_set_int(s, (int64_t)hash_xxh64(s->s, seed));
	default: return smp_set_int(s, (int64_t)hash_xxh3(s->s, seed));
	}
}
