// SPDX-License-Identifier: GPL-3.0-or-later
/* Hash table from byte strings to pointers (open addressing, XXH3 with a per-process seed).
 * Keys are not copied: they live at least as long as the table. Built at configuration time, read anywhere. */
#ifndef SLUICE_BASE_HMAP_H
#define SLUICE_BASE_HMAP_H

#include <sluice/base/arena.h>

struct hmap_slot {
	struct str key;
	uint64_t hash;
	void *val; /* NULL = free slot */
};

struct hmap {
	struct hmap_slot *slot;
	size_t n, cap;
	struct arena *arena; /* storage of the slots */
};

void hmap_init(struct hmap *m, struct arena *a);
/* Room for n keys in an empty map, so that it never grows on the way there. */
void hmap_reserve(struct hmap *m, size_t n);
/* Inserts or replaces; val is not NULL. Returns the former value or NULL. */
void *hmap_put(struct hmap *m, struct str key, void *val);
void *hmap_get(const struct hmap *m, struct str key);

#endif
