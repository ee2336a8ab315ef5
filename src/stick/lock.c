// SPDX-License-Identifier: GPL-3.0-or-later
/* Bucket locks, undo records, and repair after a death.
 *
 * A holder's number is guarded by a record lock on the file, which dies with the process: who can take it knows that
 * the holder is gone, and is then the only one that repairs. It puts back the words of the undo record, ends what the
 * holder was making or removing, frees the bucket, and takes back the pins of the journal. The repairer may die as
 * well: each step can be done again. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>

#include "stick_priv.h"

#define SPINS	     2000
#define WAIT_NS	     500000000ull /* a holder that does not run must not stop us for longer, and only once */
#define LOOK_NS	     5000000ull   /* a look counts as no more: a machine that stood still has stopped the holder as well */
#define EPOCH_BITS   22
#define RECORDS_PAGE 512u /* records of a page */

static uint32_t lock_word(uint32_t holder, uint32_t epoch)
{
	return holder << EPOCH_BITS | (epoch & ((1u << EPOCH_BITS) - 1));
}

/* ---- record locks ---- */

static bool number_lock(const struct stick_table *t, uint32_t n, short type)
{
	struct flock f = { .l_type = type, .l_whence = SEEK_SET, .l_start = n, .l_len = 1 };

	return fcntl(t->fd, F_SETLK, &f) == 0;
}

/* ---- the locks of buckets ---- */

static bool lock_try(struct stick_table *t, struct stk_bucket *b)
{
	uint32_t nobody = 0;

	return atomic_load_explicit(&b->lock, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_strong_explicit(&b->lock, &nobody, t->word, memory_order_acquire,
						       memory_order_relaxed);
}

static bool recover_one(struct stick_table *t, uint32_t n, uint32_t now);

/* The owner does not run, or not any more. */
static bool lock_wait(struct stick_table *t, uint32_t bucket)
{
	struct stk_bucket *b = &t->buckets[bucket];
	uint32_t word = atomic_load_explicit(&b->lock, memory_order_relaxed);
	uint64_t left = word == t->stuck ? 0 : WAIT_NS, seen = clock_read_ns(), now, spent;

	for (;;) {
		uint32_t owner = atomic_load_explicit(&b->lock, memory_order_relaxed) >> EPOCH_BITS;

		if (owner && owner != t->me && owner <= STK_HOLDERS)
			recover_one(t, owner, (uint32_t)clock_ms());
		atomic_store_explicit(&stk_me(t)->bucket, bucket + 1, memory_order_release);
		if (lock_try(t, b)) {
			t->stuck = 0;
			return true;
		}
		now = clock_read_ns();
		spent = MIN(now - seen, LOOK_NS);
		seen = now;
		if (spent >= left)
			break;
		left -= spent;
		sched_yield();
	}
	t->stuck = word;
	atomic_store_explicit(&stk_me(t)->bucket, 0, memory_order_release);
	atomic_fetch_add_explicit(&t->h->missed, 1, memory_order_relaxed);
	return false;
}

bool stk_lock(struct stick_table *t, uint32_t bucket)
{
	struct stk_bucket *b = &t->buckets[bucket];

	ASSERT_HOT(t->me && bucket < t->g.nbuckets);
	atomic_store_explicit(&stk_me(t)->bucket, bucket + 1, memory_order_release);
	for (unsigned i = 0; i < SPINS; i++) {
		if (lock_try(t, b))
			return true;
		cpu_relax();
	}
	return lock_wait(t, bucket);
}

void stk_unlock(struct stick_table *t, uint32_t bucket)
{
	atomic_store_explicit(&t->buckets[bucket].lock, 0, memory_order_release);
	atomic_store_explicit(&stk_me(t)->bucket, 0, memory_order_release);
}

void stk_undo(struct stick_table *t, unsigned i, uint64_t off, uint64_t old)
{
	stk_me(t)->undo[i] = (struct stk_word){ off, old };
}

void stk_begin(struct stick_table *t, unsigned n)
{
	atomic_store_explicit(&stk_me(t)->nundo, n, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

void stk_done(struct stick_table *t) { atomic_store_explicit(&stk_me(t)->nundo, 0, memory_order_release); }

/* ---- after a death: we have the record lock of number n ---- */

/* Words of the journals are not mapped here, so all of them go through the file. */
static void undo_words(struct stick_table *t, struct stk_holder *d)
{
	uint32_t n = atomic_load(&d->nundo);

	for (uint32_t i = 0; i < n && i < STK_UNDO; i++) {
		struct stk_word w = d->undo[i];

		if (w.off >= t->g.off_meta && w.off % 8 == 0 && w.off + 8 <= t->g.size)
			(void)!pwrite(t->fd, &w.old, 8, (off_t)w.off);
	}
	atomic_store(&d->nundo, 0);
}

/* The entry it was making or removing: what is linked is used, what is not is free. */
static bool finish_entry(struct stick_table *t, struct stk_holder *d, uint32_t n, bool locked, uint32_t bucket,
			 uint32_t now)
{
	uint32_t i = atomic_load(&d->entry) - 1, b;

	if (i >= t->spec->size || meta_state(meta_load(t, i)) != (STK_BUSY | n)) {
		atomic_store(&d->entry, 0);
		return true;
	}
	b = stk_bucket_of(t, stk_entry(t, i)->hash);
	locked = locked && b == bucket;
	if (!locked && !stk_lock(t, b))
		return false;
	if (stk_linked(t, b, i)) {
		atomic_store(&d->net, d->net_used);
		meta_store(t, i, meta_pack(STK_USED, now));
	} else {
		atomic_store(&d->net, d->net_free);
		meta_store(t, i, STK_FREE);
	}
	if (!locked)
		stk_unlock(t, b);
	atomic_store(&d->entry, 0);
	return true;
}

/* Only pages of the journal that were ever written are looked at. */
static bool release_pins(struct stick_table *t, uint32_t n, uint32_t now)
{
	const size_t len = STK_RECORDS * sizeof(uint64_t);
	off_t base = (off_t)stk_off_record(t, n, 0), at = base;
	_Atomic uint64_t *j = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, base);
	bool all = true;

	if (j == MAP_FAILED)
		return false;
	while ((at = lseek(t->fd, at, SEEK_DATA)) >= base && at < base + (off_t)len) {
		uint32_t i = (uint32_t)((at - base) / 8) & ~(RECORDS_PAGE - 1);

		for (uint32_t end = i + RECORDS_PAGE; i < end; i++)
			if (atomic_load_explicit(&j[i], memory_order_relaxed))
				all &= stk_release(t, &j[i], stk_off_record(t, n, i), now);
		at = base + (off_t)i * 8;
	}
	munmap((void *)j, len);
	return all;
}

static bool repair(struct stick_table *t, uint32_t n, uint32_t now)
{
	struct stk_holder *d = &t->holders[n];
	uint32_t b = atomic_load(&d->bucket) - 1, word = lock_word(n, atomic_load(&d->epoch));
	bool locked = b < t->g.nbuckets && atomic_load(&t->buckets[b].lock) == word, whole;

	if (locked)
		undo_words(t, d);
	atomic_store(&d->nundo, 0);
	whole = finish_entry(t, d, n, locked, b, now);
	if (locked)
		atomic_store(&t->buckets[b].lock, 0);
	atomic_store(&d->bucket, 0);
	whole = release_pins(t, n, now) && whole;
	if (!whole)
		return false; /* a bucket stayed locked: another time */
	atomic_fetch_add(&d->epoch, 1);
	atomic_store(&d->used, 0);
	return true;
}

static bool recover_one(struct stick_table *t, uint32_t n, uint32_t now)
{
	if (t->alone || n == t->me || !atomic_load_explicit(&t->holders[n].used, memory_order_acquire) ||
	    !number_lock(t, n, F_WRLCK))
		return false;
	bool dead = atomic_load(&t->holders[n].used) && repair(t, n, now);

	number_lock(t, n, F_UNLCK);
	return dead;
}

unsigned stick_recover(struct stick_table *t, uint32_t now)
{
	uint32_t top = MIN(atomic_load(&t->h->top), STK_HOLDERS);
	unsigned n = 0;

	for (uint32_t i = 1; i <= top; i++)
		n += recover_one(t, i, now);
	return n;
}

/* ---- our own number ---- */

static bool journal_map(struct stick_table *t)
{
	void *j = mmap(NULL, STK_RECORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE, t->alone ? MAP_PRIVATE : MAP_SHARED, t->fd,
		       (off_t)stk_off_record(t, t->me, 0));

	t->journal = j == MAP_FAILED ? NULL : j;
	return t->journal != NULL;
}

static void number_take(struct stick_table *t, uint32_t n)
{
	uint32_t top = atomic_load(&t->h->top);

	t->me = n;
	while (top < n && !atomic_compare_exchange_weak(&t->h->top, &top, n))
		;
	t->word = lock_word(n, atomic_load(&t->holders[n].epoch));
	t->record_top = t->nspare = 0;
}

/* A number whose holder died a moment ago is repaired by whoever comes first, and that may be us: but repairing takes a
 * number of one's own, so it is left to stick_recover() and a fresh one is taken. */
bool stick_attach(struct stick_table *t)
{
	/* what fork copied is the parent's */
	if (t->journal)
		munmap((void *)t->journal, STK_RECORDS * sizeof(uint64_t));
	free(t->spare);
	t->journal = NULL, t->spare = NULL;
	t->me = 0;
	for (uint32_t n = 1; n <= STK_HOLDERS; n++) {
		if (atomic_load(&t->holders[n].used) || !number_lock(t, n, F_WRLCK))
			continue;
		if (!atomic_load(&t->holders[n].used)) {
			number_take(t, n);
			atomic_store(&t->holders[n].used, 1);
			if (journal_map(t))
				return true;
			atomic_store(&t->holders[n].used, 0);
			t->me = 0;
		}
		number_lock(t, n, F_UNLCK);
	}
	return false;
}

void stick_detach(struct stick_table *t)
{
	uint32_t n = t->me;

	if (!n)
		return;
	if (!t->alone)
		(void)!release_pins(t, n, (uint32_t)clock_ms());
	munmap((void *)t->journal, STK_RECORDS * sizeof(uint64_t));
	free(t->spare);
	t->journal = NULL, t->spare = NULL;
	t->nspare = 0;
	atomic_fetch_add(&t->holders[n].epoch, 1);
	atomic_store(&t->holders[n].used, 0);
	t->me = 0;
	number_lock(t, n, F_UNLCK);
}

/* A bucket that somebody had locked in the moment in which its page became ours stays locked for us; it is given up like any that
 * is not freed in time. */
bool stick_make_private(struct stick_table *t)
{
	t->alone = true;
	return mmap(t->base, t->g.off_journals, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, t->fd, 0) != MAP_FAILED;
}
