// SPDX-License-Identifier: GPL-3.0-or-later
/* Hashes of keys, with the secret of their table: what a client sends cannot be chosen so that lookups get slow. */
#include <endian.h>
#include <sluice/base/hash.h>
#include "ptab_priv.h"

bool bits_of(const struct addr *a, struct addr_bits *out)
{
	uint64_t w[2];

	if (a->family == AF_INET) {
		*out = (struct addr_bits){ 0, 0xffff00000000ull | ntohl(a->in4.s_addr) };
		return true;
	}
	if (a->family != AF_INET6)
		return false;
	memcpy(w, &a->in6, sizeof(w));
	*out = (struct addr_bits){ be64toh(w[0]), be64toh(w[1]) };
	return true;
}

uint32_t hash_text(const struct ptab *t, struct str s, bool icase)
{
	uint64_t h = t->seed;

	if (!icase)
		return (uint32_t)(hash_xxh3(s, t->seed) >> 32);
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)ascii_lower(s.p[i])) * t->mult;
	return hash_end(h, s.n);
}

uint32_t hash_net(const struct ptab *t, struct addr_bits net, unsigned len)
{
	return hash_net_low(t, hash_net_high(t, net.hi), net.lo, len);
}

uint32_t hash_block(const struct ptab *t, uint64_t v, unsigned size)
{
	uint64_t x = size < 64 ? v >> size : 0;

	x = (x ^ t->seed) * t->mult;
	return hash_end(x ^ x >> 32, size);
}
