// SPDX-License-Identifier: GPL-3.0-or-later
/* Compressed radix tries: over bytes (prefixes; suffixes by inserting and looking up backwards) and over the bits
 * of network addresses. A lookup visits every stored key that is a prefix of the probe, shortest first. */
#ifndef SLUICE_BASE_RADIX_H
#define SLUICE_BASE_RADIX_H

#include <sluice/base/arena.h>
#include <sluice/base/addr.h>

struct radix; /* lives in the arena it was made in */

enum radix_dir { RADIX_FORWARD, RADIX_BACKWARD };

struct radix *radix_new(struct arena *a, enum radix_dir dir, bool icase);
/* The value slot of key, created NULL if new. */
void **radix_at(struct radix *r, struct str key);
/* Calls fn for each stored key that is a prefix (suffix when backward) of probe, shortest first, until fn says
 * false. */
typedef bool radix_visit_fn(void *ctx, void *val);
void radix_walk(const struct radix *r, struct str probe, radix_visit_fn *fn, void *ctx);
/* Value of the longest such key, or NULL. */
void *radix_longest(const struct radix *r, struct str probe);

struct cidr_trie; /* IPv4 and IPv6 networks, IPv4 kept as v4-mapped */
struct cidr_trie *cidr_new(struct arena *a);
void **cidr_at(struct cidr_trie *t, const struct addr *net, unsigned prefix_len);
void cidr_walk(const struct cidr_trie *t, const struct addr *ip, radix_visit_fn *fn, void *ctx);
void *cidr_longest(const struct cidr_trie *t, const struct addr *ip);

#endif
