// SPDX-License-Identifier: GPL-3.0-or-later
/* Indexes of a pattern table, the writer's side: open addressing over 32-bit hashes. A hash stands in one slot only; entries that share it are
 * a chain in the order in which they were added. A table that gets full is built anew beside the old one and then takes its place. */
#include "ptab_priv.h"

#define SLOTS_LEAST 16u

/* ---- what a record is found by ------------------------------------------------------------------------------------ */

struct ptab_use index_use(const struct ptab *t, unsigned ix)
{
	return ix == TEXT_INDEX ? (struct ptab_use){ PTAB_EXACT, false } : t->use[ix];
}

bool index_wanted(const struct ptab *t, unsigned ix)
{
	struct ptab_use u = index_use(t, ix);

	return ix == TEXT_INDEX || (ix < t->nuse && u.how != PTAB_SCAN && !(u.how == PTAB_EXACT && !u.icase));
}

static void key_put(struct keys *k, uint32_t hash, unsigned len)
{
	k->hash[k->n] = hash;
	k->len[k->n++] = (uint16_t)len;
}

static void text_keys(const struct ptab *t, struct ptab_use u, struct str s, struct keys *k)
{
	bool word = u.how == PTAB_DIR || u.how == PTAB_DOM;
	uint64_t h = t->seed;

	if (word)
		s = ptab_strip((enum ptab_how)u.how, s);
	if (word && !s.n)
		return; /* matches nothing */
	unsigned n = len_class(s.n);

	for (unsigned i = 0; i < n; i++) {
		char c = u.how == PTAB_SUFFIX ? s.p[s.n - 1 - i] : s.p[i];

		h += hash_term(t, i, u.icase ? ascii_lower(c) : c);
	}
	key_put(k, hash_end(h, n), n);
}

/* A range is a few aligned blocks. */
static void range_keys(const struct ptab *t, const struct rec_range *r, struct keys *k)
{
	uint64_t lo = range_word(r->lo), hi = range_word(r->hi);

	while (lo <= hi && k->n < KEYS_MAX) {
		unsigned size = lo ? (unsigned)__builtin_ctzll(lo) : 64;

		while (size && (size == 64 ? hi != UINT64_MAX : hi - lo < (1ull << size) - 1))
			size--;
		key_put(k, hash_block(t, lo, size), size);
		if (size == 64 || hi - lo == (1ull << size) - 1)
			return;
		lo += 1ull << size;
	}
}

void rec_keys(const struct ptab *t, unsigned ix, const struct rec *r, struct keys *k)
{
	struct ptab_use u = index_use(t, ix);

	k->n = 0;
	if (u.how == PTAB_EXACT) {
		key_put(k, hash_text(t, rec_key(t, r), u.icase), 0);
	} else if (u.how == PTAB_NET) {
		const struct rec_net *n = rec_net(r);

		key_put(k, hash_net(t, (struct addr_bits){ n->hi, n->lo }, (unsigned)n->len), (unsigned)n->len);
	} else if (u.how == PTAB_RANGE) {
		range_keys(t, rec_range(r), k);
	} else {
		text_keys(t, u, rec_key(t, r), k);
	}
}

/* ---- slots -------------------------------------------------------------------------------------------------------- */

static uint64_t slots_bytes(uint64_t n) { return n * 8 + n / 16 * 8; }

bool index_slots(const struct ptab *t, const struct pindex *x, struct slots *s)
{
	uint64_t w = atomic_load_explicit(&x->table, memory_order_acquire);

	s->n = (uint32_t)w & ~15u;
	s->at = at_off(t, w >> 32, slots_bytes(s->n));
	s->filter = s->at + s->n;
	uint64_t c = atomic_load_explicit(&x->cells, memory_order_relaxed);

	s->cell = (uint32_t)c <= CELL_MAX ? (uint32_t)c : 0;
	s->cells = t->base + (c >> 32) * 8;
	return s->at && s->n;
}

static void filter_add(const struct slots *s, uint32_t hash)
{
	_Atomic uint64_t *f = (_Atomic uint64_t *)(uintptr_t)&s->filter[filter_at(s, hash)];

	atomic_store_explicit(f, atomic_load_explicit(f, memory_order_relaxed) | filter_bits(hash), memory_order_relaxed);
}

static void slot_put(const struct slots *s, uint32_t i, uint32_t hash, uint32_t ref)
{
	atomic_store_explicit((_Atomic uint64_t *)(uintptr_t)&s->at[i], (uint64_t)hash << 32 | ref, memory_order_release);
}

/* The slot of a hash, or the one that it may take. */
static uint32_t slot_of(const struct slots *s, uint32_t hash)
{
	uint32_t i = slot_home(s, hash), dead = UINT32_MAX;

	for (;; i = i + 1 == s->n ? 0 : i + 1) {
		uint64_t w = atomic_load_explicit(&s->at[i], memory_order_relaxed);

		if (!(uint32_t)w)
			return dead != UINT32_MAX ? dead : i;
		if ((uint32_t)w == REF_DEAD && dead == UINT32_MAX)
			dead = i;
		if (w >> 32 == hash && (uint32_t)w != REF_DEAD)
			return i;
	}
}

static uint32_t slot_ref(const struct slots *s, uint32_t i)
{
	return (uint32_t)atomic_load_explicit(&s->at[i], memory_order_relaxed);
}

static void copy_slots(const struct slots *from, const struct slots *to)
{
	for (uint32_t i = 0; i < from->n; i++) {
		uint64_t w = atomic_load_explicit(&from->at[i], memory_order_relaxed);
		uint32_t hash = (uint32_t)(w >> 32);

		if ((uint32_t)w <= REF_DEAD)
			continue;
		slot_put(to, slot_of(to, hash), hash, (uint32_t)w);
		filter_add(to, hash);
	}
}

bool index_grow(struct ptab *t, struct version *v, unsigned ix, uint64_t entries)
{
	struct pindex *x = &v->ix[ix];
	struct slots old, new;
	bool any = index_slots(t, x, &old);
	uint64_t n = MAX((entries * 4 / 3 + 15) & ~15ull, (uint64_t)SLOTS_LEAST);
	uint32_t off = n < 1u << 31 ? ptab_alloc(t, v, slots_bytes(n)) : 0;

	if (!off)
		return false;
	struct pindex tmp = { .table = (uint64_t)off << 32 | n };

	(void)index_slots(t, &tmp, &new);
	if (any)
		copy_slots(&old, &new);
	x->dead = 0;
	atomic_store_explicit(&x->cells, 0, memory_order_relaxed);
	atomic_store_explicit(&x->table, tmp.table, memory_order_release);
	if (any)
		ptab_free_later(t, v, off_of(t, old.at), slots_bytes(old.n));
	return true;
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static uint32_t node_new(struct ptab *t, struct version *v, uint32_t rec)
{
	uint32_t off = ptab_alloc(t, v, sizeof(struct node));
	struct node *n = at_off(t, off, sizeof(*n));

	if (n)
		*n = (struct node){ .rec = rec, .tail = off };
	return off;
}

static struct node *node_at(const struct ptab *t, uint32_t ref) { return at_off(t, ref & ~REF_CHAIN, sizeof(struct node)); }

static bool chain_add(struct ptab *t, struct version *v, const struct slots *s, uint32_t at, uint32_t hash, uint32_t rec)
{
	uint32_t ref = slot_ref(s, at), new = node_new(t, v, rec), first;
	struct node *head, *tail;

	if (!new)
		return false;
	if (!(ref & REF_CHAIN)) {
		first = node_new(t, v, ref);
		if (!first) {
			ptab_free_later(t, v, new, sizeof(struct node));
			return false;
		}
		node_at(t, first)->tail = new;
		atomic_store_explicit(&node_at(t, first)->next, new, memory_order_relaxed);
		slot_put(s, at, hash, first | REF_CHAIN);
		return true;
	}
	head = node_at(t, ref);
	tail = head ? node_at(t, head->tail) : NULL;
	if (!tail)
		return false;
	head->tail = new;
	atomic_store_explicit(&tail->next, new, memory_order_release);
	return true;
}

static bool hash_add(struct ptab *t, struct version *v, unsigned ix, uint32_t hash, unsigned len, uint32_t rec)
{
	struct pindex *x = &v->ix[ix];
	struct slots s;

	if (!index_slots(t, x, &s) || ((uint64_t)x->used + x->dead + 1) * 5 > (uint64_t)s.n * 4)
		if (!index_grow(t, v, ix, ((uint64_t)x->used + 1) * 2) || !index_slots(t, x, &s))
			return false;
	uint32_t at = slot_of(&s, hash), ref = slot_ref(&s, at);

	atomic_store_explicit(&x->lens[len / 64], atomic_load_explicit(&x->lens[len / 64], memory_order_relaxed) | 1ull << len % 64,
			      memory_order_relaxed);
	filter_add(&s, hash);
	if (ref > REF_DEAD)
		return chain_add(t, v, &s, at, hash, rec);
	x->used++;
	x->dead -= ref == REF_DEAD;
	slot_put(&s, at, hash, rec);
	return true;
}

/* Takes a node out of its chain; false: the chain is empty then. */
static bool chain_del(struct ptab *t, struct version *v, const struct slots *s, uint32_t at, uint32_t hash, uint32_t rec)
{
	uint32_t ref = slot_ref(s, at) & ~REF_CHAIN, cur = ref, before = 0;
	struct node *head = node_at(t, ref), *n = head;

	for (; n && n->rec != rec; n = node_at(t, cur)) {
		before = cur;
		cur = atomic_load_explicit(&n->next, memory_order_relaxed);
	}
	if (!n)
		return true;
	uint32_t next = atomic_load_explicit(&n->next, memory_order_relaxed);

	if (before) {
		atomic_store_explicit(&node_at(t, before)->next, next, memory_order_release);
		if (head->tail == cur)
			head->tail = before;
	} else if (next) {
		node_at(t, next)->tail = head->tail;
		slot_put(s, at, hash, next | REF_CHAIN);
	} else {
		slot_put(s, at, 0, REF_DEAD);
	}
	ptab_free_later(t, v, cur, sizeof(struct node));
	return before || next;
}

static void hash_del(struct ptab *t, struct version *v, unsigned ix, uint32_t hash, uint32_t rec)
{
	struct pindex *x = &v->ix[ix];
	struct slots s;

	if (!index_slots(t, x, &s))
		return;
	uint32_t at = slot_of(&s, hash), ref = slot_ref(&s, at);

	if (ref <= REF_DEAD || (!(ref & REF_CHAIN) && ref != rec))
		return;
	if (ref & REF_CHAIN && chain_del(t, v, &s, at, hash, rec))
		return;
	slot_put(&s, at, 0, REF_DEAD);
	x->used--;
	x->dead++;
}

bool index_add(struct ptab *t, struct version *v, unsigned ix, uint32_t rec)
{
	struct keys k;

	rec_keys(t, ix, rec_at(t, rec), &k);
	for (unsigned i = 0; i < k.n; i++) {
		if (hash_add(t, v, ix, k.hash[i], k.len[i], rec))
			continue;
		while (i--)
			hash_del(t, v, ix, k.hash[i], rec);
		return false;
	}
	return true;
}

void index_del(struct ptab *t, struct version *v, unsigned ix, uint32_t rec)
{
	struct keys k;

	rec_keys(t, ix, rec_at(t, rec), &k);
	for (unsigned i = 0; i < k.n; i++)
		hash_del(t, v, ix, k.hash[i], rec);
}
