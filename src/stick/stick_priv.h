// SPDX-License-Identifier: GPL-3.0-or-later
/* The layout of a table's shared memory and a process's handle on it. */
#ifndef SLUICE_STICK_STICK_PRIV_H
#define SLUICE_STICK_STICK_PRIV_H

#include <stdatomic.h>
#include <sluice/base/buf.h>
#include <sluice/stick/stick.h>

#define STK_MAGIC     0x7374696bu
#define STK_ABI	      1u
#define STK_HOLDERS   1023u	    /* numbers 1..1023; 0 in a lock word is nobody */
#define STK_RECORDS   (256u * 1024) /* pins of a holder */
#define STK_UNDO      3
#define STK_CHAIN_MAX 65536u /* steps along a chain before it is taken for broken */

/* What the table was made for, so that a process with another configuration can read it. */
struct stk_desc {
	uint32_t type, key_len, size, n;
	struct { uint32_t data, n, period; } store[SD_COUNT];
};

struct stk_header {
	uint32_t magic, abi;
	uint64_t spec;	       /* hash of type, key length, size, data types */
	uint64_t seed;	       /* of the key hash */
	_Atomic uint32_t hand; /* where the search for a free entry goes on */
	_Atomic uint32_t top;  /* highest holder number ever used */
	_Atomic uint64_t missed;
	struct stk_desc desc;          /* written once; its hash is `spec` */
};

struct stk_word {
	uint64_t off, old;
}; /* offset in the file, value before */

/* What a process is in the middle of. Written by its owner, then, when that is dead, by who holds the record lock. */
struct stk_holder {
	_Alignas(128) _Atomic uint32_t used;
	_Atomic uint32_t epoch;
	_Atomic uint32_t bucket;    /* +1: locked or about to be */
	_Atomic uint32_t entry;	    /* +1: being made or removed */
	_Atomic uint32_t nundo;	    /* words of undo that count */
	_Atomic int64_t net;	    /* entries made less entries removed */
	int64_t net_free, net_used; /* what net is once `entry` has ended as free, as used */
	struct stk_word undo[STK_UNDO];
};

struct stk_bucket {
	_Atomic uint32_t lock, first;
}; /* first: entry + 1 */

/* state: FREE, USED + pins, BUSY + holder number. One word with the stamp, so that an undo record covers both. */
#define STK_FREE 0u
#define STK_USED 0x40000000u
#define STK_BUSY 0x80000000u
#define STK_PINS 0x3fffffffu
struct stk_meta {
	_Atomic uint64_t w;
}; /* state 32 | stamp 32 */
static inline uint32_t meta_state(uint64_t w) { return (uint32_t)w; }
static inline uint32_t meta_stamp(uint64_t w) { return (uint32_t)(w >> 32); }
static inline uint64_t meta_pack(uint32_t state, uint32_t stamp) { return state | (uint64_t)stamp << 32; }

struct stk_entry {
	_Atomic uint32_t next; /* +1 */
	uint32_t hash;
	_Atomic uint32_t tag; /* changes when the entry is freed */
	uint32_t klen;
	/* data, then the key */
};

/* Events since the beginning in `total`, which only grows; the bases say where the present and the last period began.
 * Who rotates has the bucket's lock; who adds needs none. All modulo 2^32. */
struct stk_rate {
	_Atomic uint32_t total;
	uint32_t pad;
	_Atomic uint64_t start; /* ms when the present period began 32 | 1 once it has */
	_Atomic uint64_t bases; /* total when the present period began 32 | ... the last one 32 */
};

struct stk_geo {
	uint64_t size, off_holders, off_buckets, off_meta, off_entries, off_journals;
	uint32_t nbuckets, entry_size, off_key;
};

struct stick_table {
	const struct rt_table *spec;
	int fd;
	struct stk_geo g;
	uint16_t off[SD_COUNT]; /* of each data type behind struct stk_entry; only where stored */
	char *base;
	struct stk_header *h;
	struct stk_holder *holders;
	struct stk_bucket *buckets;
	struct stk_meta *meta;
	uint32_t me;			     /* our number, 0 = not attached */
	uint32_t word;			     /* of our locks */
	_Atomic uint64_t *journal;	     /* our pins: entry+1 32 | tag 32; 0 = unused */
	uint32_t *spare, nspare, record_top; /* unused records of it */
	uint32_t stuck;			     /* lock word that was waited for in vain */
	uint32_t sweep;			     /* where the next slice begins */
	uint64_t seed;
	bool alone;			     /* a copy of our own: nobody sees what we write, nobody is repaired */
};

static inline struct stk_holder *stk_me(const struct stick_table *t) { return &t->holders[t->me]; }
static inline struct stk_entry *stk_entry(const struct stick_table *t, uint32_t i)
{
	return (struct stk_entry *)(void *)(t->base + t->g.off_entries + (uint64_t)i * t->g.entry_size);
}
static inline char *stk_data(const struct stick_table *t, uint32_t i) { return (char *)(stk_entry(t, i) + 1); }
static inline uint32_t stk_bucket_of(const struct stick_table *t, uint32_t hash) { return hash & (t->g.nbuckets - 1); }
static inline uint64_t meta_load(const struct stick_table *t, uint32_t i)
{
	return atomic_load_explicit(&t->meta[i].w, memory_order_acquire);
}
static inline void meta_store(struct stick_table *t, uint32_t i, uint64_t w)
{
	atomic_store_explicit(&t->meta[i].w, w, memory_order_release);
}
static inline bool stk_expired(const struct stick_table *t, uint64_t w, uint32_t now)
{
	return t->spec->expire && meta_state(w) == STK_USED && (int32_t)(now - meta_stamp(w) - t->spec->expire) >= 0;
}

/* lock.c */
bool stk_lock(struct stick_table *t, uint32_t bucket) MUST_CHECK;
void stk_unlock(struct stick_table *t, uint32_t bucket);
/* Notes words before they change. The caller has a bucket's lock, changes them, and calls stk_done(). */
void stk_undo(struct stick_table *t, unsigned i, uint64_t off, uint64_t old);
void stk_begin(struct stick_table *t, unsigned n);
void stk_done(struct stick_table *t);
static inline uint64_t stk_off(const struct stick_table *t, const void *p)
{
	return (uint64_t)((const char *)p - t->base);
}
static inline uint64_t stk_off_record(const struct stick_table *t, uint32_t holder, uint32_t record)
{
	return t->g.off_journals + ((uint64_t)(holder - 1) * STK_RECORDS + record) * sizeof(uint64_t);
}

/* entry.c */
bool stk_linked(const struct stick_table *t, uint32_t bucket, uint32_t i);
/* Takes the pin of a journal's record back and clears that. false: the bucket stayed locked. */
bool stk_release(struct stick_table *t, _Atomic uint64_t *record, uint64_t record_off, uint32_t now) MUST_CHECK;

#endif
