// SPDX-License-Identifier: GPL-3.0-or-later
/* Hash functions: XXH3 for tables (seeded), HAProxy's choice for balancing keys. */
#ifndef SLUICE_BASE_HASH_H
#define SLUICE_BASE_HASH_H

#include <sluice/base/str.h>

uint64_t hash_xxh3(struct str s, uint64_t seed);
uint32_t hash_xxh32(struct str s, uint32_t seed);
uint64_t hash_xxh64(struct str s, uint64_t seed);
uint32_t hash_sdbm(struct str s);  /* h = c + h*65599 */
uint32_t hash_djb2(struct str s);  /* h = h*33 + c, from 5381 */
uint32_t hash_wt6(struct str s);   /* the hash of thread "wt6": mixes by shift and xor per byte */
uint32_t hash_crc32(struct str s); /* IEEE 802.3 */
uint32_t hash_crc32c(struct str s);
/* Full avalanche of a 32-bit value (Jenkins): every input bit moves half of the output bits. */
uint32_t hash_avalanche(uint32_t h);

#endif
