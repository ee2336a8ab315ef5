// SPDX-License-Identifier: GPL-3.0-or-later
/* Open addressing with linear probing at no more than 2/3 full; slots come from an arena, so growth leaves the old
 * table behind. */
#include <sluice/base/hash.h>
#include <sluice/base/hmap.h>
#include <sluice/base/rand.h>

/* Drawn before the first table, inherited by forked children, who read the tables of their parent. */
static uint64_t seed;

void hmap_init(struct hmap *m, struct arena *a)
{
	while (!seed)
		rand_secret(&seed, sizeof seed);
	*m = (struct hmap){ .arena = a };
}

static struct hmap_slot *hmap_seek(const struct hmap *m, struct str key, uint64_t h)
{
	size_t mask = m->cap - 1;
	for (size_t i = h & mask;; i = (i + 1) & mask) {
		struct hmap_slot *s = &m->slot[i];
		if (!s->val || (s->hash == h && str_eq(s->key, key)))
			return s;
	}
}

static void hmap_grow(struct hmap *m)
{
	struct hmap_slot *old = m->slot;
	size_t oldcap = m->cap;
	m->cap = oldcap ? oldcap * 2 : 16;
	m->slot = ARENA_NEWN(m->arena, struct hmap_slot, m->cap);
	for (size_t i = 0; i < oldcap; i++)
		if (old[i].val)
			*hmap_seek(m, old[i].key, old[i].hash) = old[i];
}

void hmap_reserve(struct hmap *m, size_t n)
{
	size_t cap = 16;

	ASSERT(!m->n);
	while (cap * 2 < (n + 1) * 3)
		cap *= 2;
	m->cap = cap;
	m->slot = ARENA_NEWN(m->arena, struct hmap_slot, cap);
}

void *hmap_put(struct hmap *m, struct str key, void *val)
{
	ASSERT(val);
	if ((m->n + 1) * 3 > m->cap * 2)
		hmap_grow(m);
	uint64_t h = hash_xxh3(key, seed);
	struct hmap_slot *s = hmap_seek(m, key, h);
	void *former = s->val;
	if (!former)
		m->n++;
	*s = (struct hmap_slot){ key, h, val };
	return former;
}

void *hmap_get(const struct hmap *m, struct str key)
{
	return m->cap ? hmap_seek(m, key, hash_xxh3(key, seed))->val : NULL;
}
