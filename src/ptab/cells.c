// SPDX-License-Identifier: GPL-3.0-or-later
/* Cells: room for records at places that follow from their hash. They belong to the table of one index, the one that is asked most. When that
 * has outgrown its table they hold the records they have and take new ones no more. A cell is free when its record has no length. */
#include "ptab_priv.h"

#define SLACK 6u /* bytes over the average */

unsigned cells_index(const struct ptab *t)
{
	if (!t->nuse || t->use[0].how == PTAB_SCAN)
		return PTAB_USES + 1;
	return index_wanted(t, 0) ? 0 : TEXT_INDEX;
}

void cells_make(struct ptab *t, struct version *v, uint32_t bytes)
{
	uint32_t cell = (bytes + SLACK + 7) & ~7u, off;
	unsigned ix = cells_index(t);
	struct slots s;

	if (v->cells || cell > CELL_MAX || ix > PTAB_USES || !index_slots(t, &v->ix[ix], &s))
		return;
	uint64_t size = (cell_groups(s.n) * GROUP + 1) * cell; /* the last one is the mould */

	off = ptab_alloc(t, v, size);
	if (!off)
		return;
	v->cells = off;
	v->cells_end = off + (uint32_t)((size - cell) / 8);
	atomic_store_explicit(&v->ix[ix].cells, (uint64_t)off << 32 | cell, memory_order_release);
}

struct rec *cells_mould(const struct ptab *t, const struct version *v, uint64_t bytes)
{
	uint32_t cell = v->cells ? (uint32_t)atomic_load_explicit(&v->ix[cells_index(t)].cells, memory_order_relaxed) : 0;

	return cell && bytes <= cell ? rec_at(t, v->cells_end) : NULL;
}

uint32_t cells_take(struct ptab *t, struct version *v, const struct keys *k)
{
	struct slots s;
	const uint8_t *p;

	if (!k->n || !index_slots(t, &v->ix[cells_index(t)], &s) || !s.cell)
		return 0;
	p = cell_group(&s, slot_home(&s, k->hash[0]));
	for (unsigned i = 0; i < GROUP; i++, p += s.cell)
		if (!((const struct rec *)(const void *)p)->bytes)
			return off_of(t, p);
	return 0;
}

bool cells_give(struct ptab *t, const struct version *v, uint32_t off)
{
	if (off < v->cells || off >= v->cells_end)
		return false;
	rec_at(t, off)->bytes = 0;
	return true;
}
