// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of a pattern table. A record is complete before it is linked, first into the list of its version, which is the truth, then into
 * the indexes; it leaves them in the opposite order. */
#include <sluice/base/clock.h>
#include "ptab_priv.h"

#define CELLS_WORTH 16384u /* entries; fewer are in the caches anyway */

/* ---- records ------------------------------------------------------------------------------------------------------ */

static unsigned flags_of(const struct ptab *t)
{
	unsigned f = 0;

	for (unsigned i = 0; i < t->nuse; i++)
		f |= t->use[i].how == PTAB_NET ? REC_NET : t->use[i].how == PTAB_RANGE ? REC_RANGE : 0;
	return f;
}

static uint64_t val_word(const struct ptab *t, const void *p, size_t n)
{
	return (uint64_t)((const uint8_t *)p - t->base) << 24 | n;
}

/* The value lies behind the key until another takes its place. */
static char *own_value(const struct ptab *t, const struct rec *r)
{
	struct str key = rec_key(t, r);

	return (char *)(uintptr_t)key.p + key.n;
}

static void rec_fill(const struct ptab *t, struct rec *r, uint32_t bytes, const struct ptab_key *k, struct str val)
{
	*r = (struct rec){ .ord = t->h->next_ord, .klen = (uint32_t)k->text.n & PTAB_VALUE_MAX, .flags = flags_of(t) & 3, .bytes = bytes };
	if (r->flags & REC_NET) {
		struct addr_bits b;

		if (!bits_of(&k->net.ip, &b))
			b = (struct addr_bits){ 0 };
		unsigned len = k->net.len + (k->net.ip.family == AF_INET ? 96u : 0);

		b = bits_mask(b, len);
		*rec_net(r) = (struct rec_net){ b.hi, b.lo, len };
	}
	if (r->flags & REC_RANGE)
		*rec_range(r) = (struct rec_range){ k->lo, k->hi };
	char *p = (char *)(r + 1) + rec_aux(r);

	memcpy(p, k->text.p ? k->text.p : "", k->text.n);
	memcpy(p + k->text.n, val.p ? val.p : "", val.n);
	atomic_store_explicit(&r->val, val_word(t, p + k->text.n, val.n), memory_order_relaxed);
}

/* Where a record goes: into a cell, if one is free for it. What it is found by follows from the record, so that is made in the mould first. */
static uint32_t rec_room(struct ptab *t, struct version *v, uint64_t bytes, const struct ptab_key *k, struct str val)
{
	struct rec *mould = cells_mould(t, v, bytes);
	uint32_t off = 0;
	struct keys keys;

	if (mould) {
		rec_fill(t, mould, (uint32_t)bytes, k, val);
		rec_keys(t, cells_index(t), mould, &keys);
		off = cells_take(t, v, &keys);
	}
	return off ? off : ptab_alloc(t, v, bytes);
}

static void list_add(struct ptab *t, struct version *v, uint32_t off)
{
	struct rec *r = rec_at(t, off), *last = rec_at(t, v->last);

	r->prev = v->last;
	if (last)
		atomic_store_explicit(&last->next, off, memory_order_release);
	else
		atomic_store_explicit(&v->first, off, memory_order_release);
	v->last = off;
	v->n++;
}

static void list_del(struct ptab *t, struct version *v, uint32_t off)
{
	struct rec *r = rec_at(t, off), *prev = rec_at(t, r->prev);
	uint32_t next = atomic_load_explicit(&r->next, memory_order_relaxed);

	if (prev)
		atomic_store_explicit(&prev->next, next, memory_order_release);
	else
		atomic_store_explicit(&v->first, next, memory_order_release);
	if (next)
		rec_at(t, next)->prev = r->prev;
	else
		v->last = r->prev;
	v->n--;
	for (struct ptab_walk *w = t->walks; w; w = w->next)
		if (w->at == off)
			w->at = next;
}

static void value_free(struct ptab *t, struct version *v, const struct rec *r, struct str val)
{
	if (val.p != own_value(t, r) && val.n)
		ptab_free_later(t, v, off_of(t, val.p), val.n);
}

static void touch(struct version *v)
{
	atomic_store_explicit(&v->changes, atomic_load_explicit(&v->changes, memory_order_relaxed) + 1, memory_order_release);
}

bool ptab_add(struct ptab *t, int slot, const struct ptab_key *k, struct str val)
{
	struct version *v = ver_of(t, (uint32_t)slot);
	const struct rec shape = { .flags = flags_of(t) & 3 };
	uint64_t bytes = sizeof(struct rec) + rec_aux(&shape) + k->text.n + val.n;
	uint32_t off = k->text.n > PTAB_VALUE_MAX || val.n > PTAB_VALUE_MAX ? 0 : rec_room(t, v, bytes, k, val);

	if (!off)
		return false;
	t->h->next_ord++;
	rec_fill(t, rec_at(t, off), (uint32_t)bytes, k, val);
	list_add(t, v, off);
	for (unsigned i = 0; i <= TEXT_INDEX; i++) {
		if (!index_wanted(t, i) || index_add(t, v, i, off))
			continue;
		while (i--)
			if (index_wanted(t, i))
				index_del(t, v, i, off);
		list_del(t, v, off);
		ptab_free_later(t, v, off, bytes);
		return false;
	}
	touch(v);
	return true;
}

static void remove_entry(struct ptab *t, struct version *v, uint32_t off)
{
	struct rec *r = rec_at(t, off);

	for (unsigned i = TEXT_INDEX + 1; i--;)
		if (index_wanted(t, i))
			index_del(t, v, i, off);
	list_del(t, v, off);
	value_free(t, v, r, rec_val(t, r));
	ptab_free_later(t, v, off, r->bytes);
}

static bool put_value(struct ptab *t, struct version *v, struct rec *r, struct str val)
{
	uint32_t off = !val.n || val.n > PTAB_VALUE_MAX ? 0 : ptab_alloc(t, v, val.n);
	void *to = val.n ? at_off(t, off, val.n) : own_value(t, r);

	if (!to)
		return false;
	if (val.n)
		memcpy(to, val.p, val.n);
	struct str old = rec_val(t, r);

	atomic_store_explicit(&r->val, val_word(t, to, val.n), memory_order_release);
	value_free(t, v, r, old);
	return true;
}

/* ---- by key ------------------------------------------------------------------------------------------------------- */

/* Calls fn for each entry with exactly this key, in order, until it says false. */
typedef bool entry_fn(struct ptab *t, struct version *v, uint32_t off, void *arg);
static void each_of_key(const struct ptab *t, int slot, struct str key, entry_fn *fn, void *arg)
{
	struct version *v = ver_of(t, (uint32_t)slot);
	uint32_t hash = hash_text(t, key, false), ref = 0, next;
	struct slots s;
	bool more = true;

	if (index_slots(t, &v->ix[TEXT_INDEX], &s))
		ref = slots_get(&s, hash);
	for (uint32_t i = 0; ref && more && i < CHAIN_MAX; ref = next, i++) {
		const struct node *n = ref & REF_CHAIN ? at_off(t, ref & ~REF_CHAIN, sizeof(*n)) : NULL;
		uint32_t off = n ? n->rec : ref;
		uint32_t after = n ? atomic_load_explicit(&n->next, memory_order_relaxed) : 0;

		next = after ? after | REF_CHAIN : 0;
		if (rec_at(t, off) && str_eq(rec_key(t, rec_at(t, off)), key))
			more = fn((struct ptab *)(uintptr_t)t, v, off, arg);
	}
}

static bool take_first(struct ptab *t UNUSED, struct version *v UNUSED, uint32_t off, void *arg)
{
	*(uint32_t *)arg = off;
	return false;
}

uint32_t ptab_by_key(const struct ptab *t, int slot, struct str key)
{
	uint32_t off = 0;

	each_of_key(t, slot, key, take_first, &off);
	return off;
}

struct set { struct str val; int n; };

static bool set_one(struct ptab *t, struct version *v, uint32_t off, void *arg)
{
	struct set *s = arg;
	bool ok = put_value(t, v, rec_at(t, off), s->val);

	s->n = ok ? s->n + 1 : -1;
	return ok;
}

int ptab_set(struct ptab *t, int slot, struct str key, struct str val)
{
	struct set s = { val, 0 };

	each_of_key(t, slot, key, set_one, &s);
	return s.n;
}

/* Those that hash alike come after each other, so each round takes the first: chains change under a walk. */
unsigned ptab_del(struct ptab *t, int slot, struct str key)
{
	struct version *v = ver_of(t, (uint32_t)slot);
	unsigned n = 0;

	for (uint32_t off; (off = ptab_by_key(t, slot, key)); n++)
		remove_entry(t, v, off);
	if (n)
		touch(v);
	return n;
}

struct find_ref { uint32_t ref; bool found; };

static bool is_that(struct ptab *t UNUSED, struct version *v UNUSED, uint32_t off, void *arg)
{
	struct find_ref *f = arg;

	f->found |= off == f->ref;
	return !f->found;
}

bool ptab_is_ref(const struct ptab *t, int slot, uint32_t ref)
{
	const struct rec *r = ref & REF_CHAIN ? NULL : rec_at(t, ref);
	struct find_ref f = { ref, false };

	if (!r || !at_off(t, ref, sizeof(*r) + rec_aux(r) + r->klen))
		return false;
	each_of_key(t, slot, rec_key(t, r), is_that, &f);
	return f.found;
}

bool ptab_set_ref(struct ptab *t, int slot, uint32_t ref, struct str val)
{
	return put_value(t, ver_of(t, (uint32_t)slot), rec_at(t, ref), val);
}

void ptab_del_ref(struct ptab *t, int slot, uint32_t ref)
{
	struct version *v = ver_of(t, (uint32_t)slot);

	remove_entry(t, v, ref);
	touch(v);
}

void ptab_reserve(struct ptab *t, int slot, uint32_t n, uint64_t bytes)
{
	struct version *v = ver_of(t, (uint32_t)slot);
	const struct rec shape = { .flags = flags_of(t) & 3 };

	for (unsigned i = 0; i <= TEXT_INDEX; i++)
		if (index_wanted(t, i) && (uint64_t)n + v->n > 16)
			(void)index_grow(t, v, i, (uint64_t)n + v->n);
	if (n >= CELLS_WORTH && !v->n)
		cells_make(t, v, (uint32_t)MIN(sizeof(shape) + rec_aux(&shape) + bytes / n, (uint64_t)CELL_MAX));
}

/* ---- walks -------------------------------------------------------------------------------------------------------- */

void ptab_walk_open(struct ptab_walk *w, struct ptab *t, int slot)
{
	const struct version *v = ver_of(t, (uint32_t)slot);

	*w = (struct ptab_walk){ .t = t, .next = t->walks, .serial = v->serial, .slot = slot,
				 .at = atomic_load_explicit(&v->first, memory_order_relaxed) };
	t->walks = w;
}

bool ptab_walk_next(struct ptab_walk *w, struct ptab_entry *out)
{
	const struct version *v = ver_of(w->t, (uint32_t)w->slot);

	if (!w->at || v->serial != w->serial || v->state == VER_FREE || !ptab_entry(w->t, w->at, out))
		return false;
	w->at = ptab_next(w->t, w->at);
	return true;
}

void ptab_walk_close(struct ptab_walk *w)
{
	for (struct ptab_walk **p = w->t ? &w->t->walks : NULL; p && *p; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	w->t = NULL;
}
