// SPDX-License-Identifier: GPL-3.0-or-later
/* Table hashes come from xxHash; the balancing hashes are the classic ones that HAProxy offers under the same names. */
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <sluice/base/hash.h>

uint64_t hash_xxh3(struct str s, uint64_t seed) { return XXH3_64bits_withSeed(s.p, s.n, seed); }
uint32_t hash_xxh32(struct str s, uint32_t seed) { return XXH32(s.p, s.n, seed); }
uint64_t hash_xxh64(struct str s, uint64_t seed) { return XXH64(s.p, s.n, seed); }

uint32_t hash_sdbm(struct str s)
{
	uint32_t h = 0;
	for (size_t i = 0; i < s.n; i++)
		h = (unsigned char)s.p[i] + (h << 6) + (h << 16) - h;
	return h;
}

uint32_t hash_djb2(struct str s)
{
	uint32_t h = 5381;
	for (size_t i = 0; i < s.n; i++)
		h = (h << 5) + h + (unsigned char)s.p[i];
	return h;
}

static uint32_t rotl32(uint32_t v, unsigned n)
{
	return n & 31 ? v << (n & 31) | v >> (32 - (n & 31)) : v;
}

/* Two words, each turned by a distance that the other one sets: results equal HAProxy's, so that maps of keys stay
 * where they are. */
uint32_t hash_wt6(struct str s)
{
	uint32_t h0 = 0xa53c965au, h1 = 0x5ca6953au;
	unsigned turn0 = 6, turn1 = 18;

	for (size_t i = 0; i < s.n; i++) {
		uint32_t a = ~(h0 ^ (unsigned char)s.p[i]), b = ~(h1 + (unsigned char)s.p[i]);

		h0 = rotl32(b, turn0);
		h1 = rotl32(a, turn1);
		uint32_t mix = (h0 >> 16 ^ h1) & 0xffff;

		turn0 = mix & 31;
		turn1 = mix >> 11;
	}
	return h0 ^ h1;
}

/* One table-free bitwise step per bit is slow but these run once a request at most; eight bytes a step for longer
 * keys is not worth a table. */
static uint32_t crc_bits(struct str s, uint32_t poly)
{
	uint32_t h = ~0u;
	for (size_t i = 0; i < s.n; i++) {
		h ^= (unsigned char)s.p[i];
		for (int b = 0; b < 8; b++)
			h = h >> 1 ^ (poly & (0u - (h & 1u)));
	}
	return ~h;
}

uint32_t hash_crc32(struct str s) { return crc_bits(s, 0xedb88320u); }
uint32_t hash_crc32c(struct str s) { return crc_bits(s, 0x82f63b78u); }

uint32_t hash_avalanche(uint32_t h)
{
	h = (h + 0x7ed55d16u) + (h << 12);
	h = (h ^ 0xc761c23cu) ^ (h >> 19);
	h = (h + 0x165667b1u) + (h << 5);
	h = (h + 0xd3a2646cu) ^ (h << 9);
	h = (h + 0xfd7046c5u) + (h << 3);
	return (h ^ 0xb55a4f09u) ^ (h >> 16);
}
