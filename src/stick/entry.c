// SPDX-License-Identifier: GPL-3.0-or-later
/* Entries: chains, making, removing, pins. Everything here but the search for room runs under one bucket's lock. */
#include <stdlib.h>
#include <sluice/base/hash.h>

#include "stick_priv.h"

#define OLDEST_MAX 17
#define TAKE_TRIES 64	 /* others may be faster at what was just freed */
#define WINDOW	   4096u /* entries looked at for the oldest; smaller tables are looked at whole */

/* ---- chains ---- */

bool stk_linked(const struct stick_table *t, uint32_t bucket, uint32_t i)
{
	uint32_t at = atomic_load_explicit(&t->buckets[bucket].first, memory_order_acquire);

	for (uint32_t n = 0; at && at <= t->spec->size && n < STK_CHAIN_MAX; n++) {
		if (at - 1 == i)
			return true;
		at = atomic_load_explicit(&stk_entry(t, at - 1)->next, memory_order_acquire);
	}
	return false;
}

/* One store takes it out, so there is no moment at which the chain is broken. */
static bool chain_unlink(struct stick_table *t, uint32_t bucket, uint32_t i)
{
	_Atomic uint32_t *link = &t->buckets[bucket].first;

	for (uint32_t n = 0; n < STK_CHAIN_MAX; n++) {
		uint32_t at = atomic_load_explicit(link, memory_order_acquire);

		if (!at || at > t->spec->size)
			return false;
		if (at - 1 == i) {
			uint32_t next = atomic_load_explicit(&stk_entry(t, i)->next, memory_order_relaxed);

			atomic_store_explicit(link, next, memory_order_release);
			return true;
		}
		link = &stk_entry(t, at - 1)->next;
	}
	return false;
}

static uint32_t chain_find(const struct stick_table *t, uint32_t bucket, uint32_t hash, struct str key)
{
	uint32_t at = atomic_load_explicit(&t->buckets[bucket].first, memory_order_acquire);

	for (uint32_t n = 0; at && at <= t->spec->size && n < STK_CHAIN_MAX; n++) {
		const struct stk_entry *e = stk_entry(t, at - 1);

		if (e->hash == hash && e->klen == key.n && memcmp((const char *)e + t->g.off_key, key.p, key.n) == 0)
			return at - 1;
		at = atomic_load_explicit(&e->next, memory_order_acquire);
	}
	return STICK_NONE;
}

/* ---- making and removing ---- */

static void entry_intent(struct stick_table *t, uint32_t i, int64_t if_free, int64_t if_used)
{
	struct stk_holder *h = stk_me(t);
	int64_t net = atomic_load_explicit(&h->net, memory_order_relaxed);

	h->net_free = net + if_free;
	h->net_used = net + if_used;
	atomic_store_explicit(&h->entry, i + 1, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

static void entry_settled(struct stick_table *t) { atomic_store_explicit(&stk_me(t)->entry, 0, memory_order_release); }

static void net_store(struct stick_table *t, int64_t v)
{
	atomic_store_explicit(&stk_me(t)->net, v, memory_order_release);
}

/* Locked, unpinned. */
static void entry_remove(struct stick_table *t, uint32_t bucket, uint32_t i)
{
	struct stk_entry *e = stk_entry(t, i);

	entry_intent(t, i, -1, 0);
	meta_store(t, i, meta_pack(STK_BUSY | t->me, meta_stamp(meta_load(t, i))));
	chain_unlink(t, bucket, i);
	atomic_store_explicit(&e->tag, atomic_load_explicit(&e->tag, memory_order_relaxed) + 1, memory_order_release);
	net_store(t, stk_me(t)->net_free);
	meta_store(t, i, STK_FREE);
	entry_settled(t);
}

/* Removes entry i if it is unpinned and `w` still describes it. */
static void entry_evict(struct stick_table *t, uint32_t i, uint64_t w)
{
	uint32_t b = stk_bucket_of(t, stk_entry(t, i)->hash);

	if (meta_state(w) != STK_USED || !stk_lock(t, b))
		return;
	if (meta_load(t, i) == w && stk_bucket_of(t, stk_entry(t, i)->hash) == b)
		entry_remove(t, b, i);
	stk_unlock(t, b);
}

static bool entry_claim(struct stick_table *t, uint32_t i)
{
	uint64_t w = meta_load(t, i);

	if (meta_state(w) != STK_FREE)
		return false;
	entry_intent(t, i, 0, 1);
	if (atomic_compare_exchange_strong_explicit(&t->meta[i].w, &w, STK_BUSY | t->me, memory_order_acq_rel,
						    memory_order_relaxed)) {
		atomic_store_explicit(&t->h->hand, i + 1, memory_order_relaxed);
		return true;
	}
	entry_settled(t);
	return false;
}

static void entry_abandon(struct stick_table *t, uint32_t i)
{
	meta_store(t, i, STK_FREE);
	entry_settled(t);
}

/* The oldest of `n` entries from `from` on, oldest first; returns how many. */
struct old {
	uint32_t i;
	uint64_t w;
};
static unsigned oldest(struct stick_table *t, uint32_t from, uint32_t n, uint32_t now, struct old *out, unsigned max)
{
	unsigned k = 0;

	for (uint32_t s = 0; s < n; s++) {
		uint32_t i = from + s < t->spec->size ? from + s : from + s - t->spec->size;
		uint64_t w = meta_load(t, i);
		unsigned at = k;

		if (meta_state(w) != STK_USED || (k == max && now - meta_stamp(w) <= now - meta_stamp(out[k - 1].w)))
			continue;
		if (k < max)
			k++;
		else
			at--;
		while (at > 0 && now - meta_stamp(w) > now - meta_stamp(out[at - 1].w))
			out[at] = out[at - 1], at--;
		out[at] = (struct old){ i, w };
	}
	return k;
}

/* A full table forgets a 256th of the window at once, so that the next ones find room quickly. false: all of it is
 * pinned. That others took the same entries meanwhile is no failure: there is room then. */
static bool purge(struct stick_table *t, uint32_t from, uint32_t now)
{
	struct old old[OLDEST_MAX];
	uint32_t window = MIN(t->spec->size, WINDOW);
	unsigned n = oldest(t, from, window, now, old, window / 256 + 1);

	for (unsigned i = 0; i < n; i++)
		entry_evict(t, old[i].i, old[i].w);
	return n > 0;
}

/* From the hand on: free entries, and expired ones on the way. Nearly full tables are not searched to the end for the
 * last free one, unless they may not purge. */
static uint32_t search(struct stick_table *t, uint32_t from, uint32_t now)
{
	uint32_t size = t->spec->size, n = size;

	if (!t->spec->nopurge && size > WINDOW && size - MIN(stick_used(t), size) < size / 64)
		n = WINDOW;
	for (uint32_t s = 0; s < n; s++) {
		uint32_t i = from + s < size ? from + s : from + s - size;
		uint64_t w = meta_load(t, i);

		if (stk_expired(t, w, now))
			entry_evict(t, i, w);
		if (entry_claim(t, i))
			return i;
	}
	return STICK_NONE;
}

static uint32_t entry_take(struct stick_table *t, uint32_t now)
{
	for (unsigned tries = 0; tries < TAKE_TRIES; tries++) {
		uint32_t from = atomic_load_explicit(&t->h->hand, memory_order_relaxed) % t->spec->size;
		uint32_t i = search(t, from, now);

		if (i != STICK_NONE)
			return i;
		if (t->spec->nopurge || !purge(t, from, now))
			break;
	}
	atomic_fetch_add_explicit(&t->h->missed, 1, memory_order_relaxed);
	return STICK_NONE;
}

/* A taken entry gets its key and becomes visible with one store. Locked. */
static void entry_publish(struct stick_table *t, uint32_t bucket, uint32_t i, uint32_t hash, struct str key,
			  uint32_t now)
{
	struct stk_entry *e = stk_entry(t, i);
	struct stk_bucket *b = &t->buckets[bucket];

	memset(e + 1, 0, t->g.off_key - sizeof(*e));
	memcpy((char *)e + t->g.off_key, key.p, key.n);
	e->hash = hash;
	e->klen = (uint32_t)key.n;
	atomic_store_explicit(&e->next, atomic_load_explicit(&b->first, memory_order_relaxed), memory_order_relaxed);
	atomic_store_explicit(&b->first, i + 1, memory_order_release);
	net_store(t, stk_me(t)->net_used);
	meta_store(t, i, meta_pack(STK_USED, now));
	entry_settled(t);
}

/* ---- opening ---- */

static bool find_live(struct stick_table *t, uint32_t bucket, uint32_t hash, struct str key, uint32_t now, uint32_t *i)
{
	*i = chain_find(t, bucket, hash, key);
	if (*i == STICK_NONE)
		return false;
	if (!stk_expired(t, meta_load(t, *i), now))
		return true;
	entry_remove(t, bucket, *i);
	return false;
}

/* One that somebody else made meanwhile counts, unless it has expired since: then all over again. at->idx is STICK_NONE
 * when there was no room. */
static bool open_fresh(struct stick_table *t, uint32_t hash, struct str key, uint32_t now, struct stick_at *at)
{
	uint32_t fresh = entry_take(t, now);

	at->idx = STICK_NONE;
	if (fresh == STICK_NONE)
		return false;
	if (!stk_lock(t, at->bucket)) {
		entry_abandon(t, fresh);
		return false;
	}
	at->idx = chain_find(t, at->bucket, hash, key);
	if (at->idx == STICK_NONE)
		entry_publish(t, at->bucket, at->idx = fresh, hash, key, now);
	else
		entry_abandon(t, fresh);
	if (!stk_expired(t, meta_load(t, at->idx), now))
		return true;
	stk_unlock(t, at->bucket);
	return false;
}

bool stick_open(struct stick_table *t, struct str key, bool create, uint32_t now, struct stick_at *at)
{
	uint32_t hash = (uint32_t)hash_xxh3(key, t->seed);

	if (!t->me || key.n > t->spec->key_len)
		return false;
	for (unsigned tries = 0; tries < 3; tries++) {
		*at = (struct stick_at){ .t = t, .bucket = stk_bucket_of(t, hash), .locked = true };
		if (!stk_lock(t, at->bucket))
			return false;
		if (find_live(t, at->bucket, hash, key, now, &at->idx))
			return true;
		stk_unlock(t, at->bucket);
		if (!create)
			return false;
		if (open_fresh(t, hash, key, now, at))
			return true;
		if (at->idx == STICK_NONE)
			return false;
	}
	return false;
}

struct stick_at stick_at_ref(struct stick_table *t, const struct stick_ref *r)
{
	ASSERT_HOT(r->idx < t->spec->size);
	return (struct stick_at){ .t = t, .idx = r->idx, .bucket = stk_bucket_of(t, stk_entry(t, r->idx)->hash) };
}

bool stick_open_ref(struct stick_table *t, const struct stick_ref *r, struct stick_at *at)
{
	*at = stick_at_ref(t, r);
	return t->me && (at->locked = stk_lock(t, at->bucket));
}

bool stick_open_place(struct stick_table *t, uint32_t idx, uint32_t now, struct stick_at *at)
{
	uint64_t w;

	if (!t->me || idx >= t->spec->size || !(meta_state(meta_load(t, idx)) & STK_USED))
		return false;
	*at = (struct stick_at){ t, idx, stk_bucket_of(t, stk_entry(t, idx)->hash), true };
	if (!stk_lock(t, at->bucket))
		return false;
	w = meta_load(t, idx);
	if (meta_state(w) & STK_USED && !stk_expired(t, w, now) && stk_bucket_of(t, stk_entry(t, idx)->hash) == at->bucket)
		return true;
	stick_close(at);
	return false;
}

bool stick_next(struct stick_table *t, uint32_t *cursor, uint32_t now, struct stick_at *at)
{
	while (*cursor < t->spec->size)
		if (stick_open_place(t, (*cursor)++, now, at))
			return true;
	return false;
}

void stick_close(struct stick_at *at)
{
	if (at->locked)
		stk_unlock(at->t, at->bucket);
	at->locked = false;
}

bool stick_drop(struct stick_at *at)
{
	if (meta_state(meta_load(at->t, at->idx)) != STK_USED)
		return false;
	entry_remove(at->t, at->bucket, at->idx);
	stick_close(at);
	return true;
}

void stick_touch(const struct stick_at *at, uint32_t now)
{
	ASSERT_HOT(at->locked);
	meta_store(at->t, at->idx, meta_pack(meta_state(meta_load(at->t, at->idx)), now));
}

uint32_t stick_pins(const struct stick_at *at) { return meta_state(meta_load(at->t, at->idx)) & STK_PINS; }

struct str stick_key(const struct stick_at *at)
{
	const struct stk_entry *e = stk_entry(at->t, at->idx);

	return str_n((const char *)e + at->t->g.off_key, MIN(e->klen, at->t->spec->key_len));
}

uint32_t stick_expires_in(const struct stick_at *at, uint32_t now)
{
	uint32_t expire = at->t->spec->expire, age = now - meta_stamp(meta_load(at->t, at->idx));

	return !expire ? 0 : age < expire ? expire - age : 1;
}

/* ---- pins ---- */

static bool record_take(struct stick_table *t, uint32_t *r)
{
	if (!t->spare) /* as large as the journal, touched as far as it is used */
		t->spare = malloc(STK_RECORDS * sizeof(*t->spare));
	if (!t->spare || (!t->nspare && t->record_top == STK_RECORDS)) {
		atomic_fetch_add_explicit(&t->h->missed, 1, memory_order_relaxed);
		return false;
	}
	*r = t->nspare ? t->spare[--t->nspare] : t->record_top++;
	return true;
}

bool stick_pin(struct stick_at *at, struct stick_ref *r)
{
	struct stick_table *t = at->t;
	uint64_t w = meta_load(t, at->idx);

	ASSERT_HOT(at->locked);
	if ((meta_state(w) & STK_PINS) == STK_PINS || !record_take(t, &r->record))
		return false;
	r->idx = at->idx;
	r->tag = atomic_load_explicit(&stk_entry(t, at->idx)->tag, memory_order_relaxed);
	stk_undo(t, 0, stk_off(t, &t->meta[at->idx]), w);
	stk_undo(t, 1, stk_off_record(t, t->me, r->record), 0);
	stk_begin(t, 2);
	meta_store(t, at->idx, w + 1);
	atomic_store_explicit(&t->journal[r->record], (uint64_t)(r->idx + 1) | (uint64_t)r->tag << 32,
			      memory_order_release);
	stk_done(t);
	return true;
}

bool stk_release(struct stick_table *t, _Atomic uint64_t *record, uint64_t record_off, uint32_t now)
{
	uint64_t w, rec = atomic_load_explicit(record, memory_order_relaxed);
	uint32_t b, i = (uint32_t)rec - 1, tag = (uint32_t)(rec >> 32);

	if (i >= t->spec->size) {
		atomic_store(record, 0);
		return true;
	}
	b = stk_bucket_of(t, stk_entry(t, i)->hash);
	if (!stk_lock(t, b))
		return false;
	w = meta_load(t, i);
	if (meta_state(w) & STK_USED && meta_state(w) & STK_PINS &&
	    atomic_load_explicit(&stk_entry(t, i)->tag, memory_order_relaxed) == tag) {
		stk_undo(t, 0, stk_off(t, &t->meta[i]), w);
		stk_undo(t, 1, record_off, rec);
		stk_begin(t, 2);
		meta_store(t, i, meta_pack(meta_state(w) - 1, now));
	}
	atomic_store_explicit(record, 0, memory_order_release);
	stk_done(t);
	stk_unlock(t, b);
	return true;
}

void stick_unpin(struct stick_table *t, struct stick_ref *r, uint32_t now)
{
	if (r->idx == STICK_NONE)
		return;
	/* one that could not be given back stays ours until we end */
	if (stk_release(t, &t->journal[r->record], stk_off_record(t, t->me, r->record), now))
		t->spare[t->nspare++] = r->record;
	*r = STICK_REF_NONE;
}

/* ---- upkeep ---- */

uint32_t stick_used(const struct stick_table *t)
{
	uint32_t top = MIN(atomic_load_explicit(&t->h->top, memory_order_relaxed), STK_HOLDERS);
	int64_t n = 0;

	for (uint32_t i = 1; i <= top; i++)
		n += atomic_load_explicit(&t->holders[i].net, memory_order_relaxed);
	return (uint32_t)MIN(MAX(n, 0), (int64_t)t->spec->size);
}

void stick_sweep(struct stick_table *t, uint32_t n, uint32_t now)
{
	for (n = MIN(n, t->spec->size); t->me && n--;) {
		uint64_t w = meta_load(t, t->sweep);

		if (stk_expired(t, w, now))
			entry_evict(t, t->sweep, w);
		t->sweep = t->sweep + 1 < t->spec->size ? t->sweep + 1 : 0;
	}
}
