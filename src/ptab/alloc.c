// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory of pattern tables. A version owns units of 64 KiB and cuts small blocks out of them; larger ones are runs of units. So a version
 * goes as a whole, whatever is in it. What readers may still look at waits in a list of the writer; when the writer dies it is lost until
 * its version goes, which costs memory and nothing else. */
#include <fcntl.h>
#include <sluice/base/clock.h>
#include "ptab_priv.h"

static unsigned class_of(uint64_t bytes)
{
	unsigned c = (unsigned)((bytes + 7) / 8);

	if (c <= 32)
		return c ? c - 1 : 0;
	return 31 + (unsigned)(64 - __builtin_clzll(bytes - 1)) - 8;
}

static uint32_t class_words(unsigned c) { return c < 32 ? c + 1 : 32u << (c - 31); }

static uint8_t owner_of(const struct ptab *t, const struct version *v) { return (uint8_t)(v - t->h->ver + 1); }

static uint32_t units_take(struct ptab *t, struct version *v, uint32_t n)
{
	struct header *h = t->h;

	for (int pass = 0; pass < 2; pass++) {
		uint32_t run = 0;

		for (uint32_t i = pass ? 0 : h->hint; i < h->nunits; i++) {
			run = h->owner[i] ? 0 : run + 1;
			if (run < n)
				continue;
			memset(&h->owner[i + 1 - n], owner_of(t, v), n);
			h->hint = i + 1;
			return (i + 1 - n) * UNIT_WORDS;
		}
	}
	return 0;
}

static void punch(const struct ptab *t, uint32_t unit, uint32_t n)
{
	(void)!fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)unit * UNIT, (off_t)n * UNIT);
}

static void units_give(struct ptab *t, uint32_t unit, uint32_t n)
{
	punch(t, unit, n); /* they read as zero when they are taken again */
	memset(&t->h->owner[unit], 0, n);
	t->h->hint = MIN(t->h->hint, unit);
}

void ptab_drop_units(struct ptab *t, uint32_t slot)
{
	const uint8_t *o = t->h->owner;

	for (uint32_t i = 0, run; i < t->h->nunits; i += run + 1) {
		for (run = 0; i + run < t->h->nunits && o[i + run] == slot + 1;)
			run++;
		if (run)
			units_give(t, i, run);
	}
}

static uint32_t units_for(uint64_t bytes) { return (uint32_t)((bytes + UNIT - 1) / UNIT); }

uint32_t ptab_alloc(struct ptab *t, struct version *v, uint64_t bytes)
{
	if (bytes > SMALL_MAX)
		return bytes / UNIT < t->h->nunits ? units_take(t, v, units_for(bytes)) : 0;
	unsigned c = class_of(bytes);
	uint32_t words = class_words(c), off = v->free[c];

	if (off) {
		memcpy(&v->free[c], t->base + (uint64_t)off * 8, sizeof(off));
		memset(t->base + (uint64_t)off * 8, 0, words * 8);
		return off;
	}
	if (v->bump_end - v->bump < words) {
		uint32_t unit = units_take(t, v, 1);

		if (!unit)
			return 0;
		v->bump = unit;
		v->bump_end = unit + UNIT_WORDS;
	}
	off = v->bump;
	v->bump += words;
	return off;
}

static void give(struct ptab *t, struct version *v, uint32_t off, uint64_t bytes)
{
	if (cells_give(t, v, off))
		return;
	if (bytes > SMALL_MAX) {
		units_give(t, off / UNIT_WORDS, units_for(bytes));
		return;
	}
	unsigned c = class_of(bytes);

	memcpy(t->base + (uint64_t)off * 8, &v->free[c], sizeof(off));
	v->free[c] = off;
}

void ptab_free_later(struct ptab *t, struct version *v, uint32_t off, uint64_t bytes)
{
	uint32_t slot = (uint32_t)(v - t->h->ver);

	if (slot != atomic_load_explicit(&t->h->cur, memory_order_relaxed)) {
		give(t, v, off, bytes);
		return;
	}
	struct later l = { off, (uint32_t)bytes, slot, v->serial, clock_read_ns() / 1000000 };

	VEC_PUSH(&t->later, l);
}

static void reclaim_versions(struct ptab *t, uint64_t safe_ms)
{
	for (uint32_t i = 0; i < VERS; i++) {
		struct version *v = ver_of(t, i);

		if (v->state != VER_LEAVING || v->left_ms >= safe_ms)
			continue;
		ptab_drop_units(t, i);
		v->state = VER_FREE;
	}
}

bool ptab_waits(const struct ptab *t, uint64_t safe_ms)
{
	if (t->later_at < t->later.n && t->later.at[t->later_at].ms < safe_ms)
		return true;
	for (uint32_t i = 0; i < VERS; i++)
		if (ver_of(t, i)->state == VER_LEAVING && ver_of(t, i)->left_ms < safe_ms)
			return true;
	return false;
}

void ptab_reclaim(struct ptab *t, uint64_t safe_ms)
{
	for (; t->later_at < t->later.n && t->later.at[t->later_at].ms < safe_ms; t->later_at++) {
		const struct later *l = &t->later.at[t->later_at];
		struct version *v = ver_of(t, l->slot);

		if (v->state == VER_READY && v->serial == l->serial)
			give(t, v, l->off, l->bytes);
	}
	if (t->later_at > t->later.n / 2) {
		t->later.n -= t->later_at;
		memmove(t->later.at, t->later.at + t->later_at, t->later.n * sizeof(*t->later.at));
		t->later_at = 0;
	}
	reclaim_versions(t, safe_ms);
}
