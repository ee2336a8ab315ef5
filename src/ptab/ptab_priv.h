// SPDX-License-Identifier: GPL-3.0-or-later
/* Layout of a pattern table. Offsets are numbers of 8-byte words from its beginning, 0 = nothing.
 *
 *   header, owners of units | units of 64 KiB: records, index tables, value blocks of a version
 *
 *   index ── slots, open addressing: { hash 32, ref 32 } ── record, or a chain of nodes with records of the same hash, in order
 *
 * A lookup waits for two places in memory, one after the other: the slot, and the record that it names. A large version that is loaded at once
 * has cells, room for a few records at a place that follows from the hash alone: both are waited for at the same time. A record that finds its
 * cells taken, or is too long for one, lies anywhere. Readers know cells as something to prefetch and nothing more.
 *
 * A prefix, a network or a range is found by hashing: one probe for each length that occurs, kept cheap by a filter that
 * says which lengths are worth one. Equality of hashes decides nothing: records are compared. */
#ifndef SLUICE_PTAB_PTAB_PRIV_H
#define SLUICE_PTAB_PTAB_PRIV_H

#include <stdatomic.h>
#include <sluice/base/vec.h>
#include <sluice/ptab/ptab.h>

#define PTAB_MAGIC 0x7074616230303032ull
#define UNIT 65536u
#define UNIT_WORDS (UNIT / 8)
#define VERS 64u
#define CLASSES 40u
#define SMALL_MAX 32768u          /* bytes; more takes whole units */
#define LENS 1024u                /* lengths that are told apart; longer keys count as LENS - 1 */
#define TEXT_INDEX PTAB_USES      /* by exact text: for changes, and for uses that are exact anyway */
#define OWNER_HEADER 255u

#define CHAIN_MAX (1u << 24)     /* steps of a walk */

#define REF_DEAD 1u               /* of a slot: there was something */
#define REF_CHAIN 0x80000000u     /* node, not record */

enum ver_state { VER_FREE, VER_READY, VER_LEAVING };
enum rec_flags { REC_NET = 1, REC_RANGE = 2 };

struct rec {
	_Atomic uint32_t next;
	uint32_t prev;
	uint64_t ord;
	_Atomic uint64_t val;     /* offset in bytes << 24 | length */
	uint32_t klen : 24;
	uint32_t flags : 8;       /* enum rec_flags: struct rec_net, then struct rec_range lie in front of the key */
	uint32_t bytes;           /* of all of it; a value that was set later is a block of its own */
};
struct rec_net { uint64_t hi, lo; uint64_t len; };
struct rec_range { int64_t lo, hi; };
struct node { uint32_t rec; _Atomic uint32_t next; uint32_t tail, pad; }; /* tail: of the first one */

struct pindex {
	_Atomic uint64_t table;   /* offset << 32 | slots, a multiple of 16; 0 = empty. Behind the slots: filter words, one for 16 slots */
	_Atomic uint64_t cells;   /* for this table: offset << 32 | bytes of a cell; 0 = none */
	uint32_t used, dead;      /* slots */
	_Atomic uint64_t lens[LENS / 64];
};

struct version {
	uint32_t state, number;   /* enum ver_state */
	uint64_t serial;          /* another one for each use of this slot */
	uint64_t left_ms;
	_Atomic uint64_t changes;
	uint32_t n;
	_Atomic uint32_t first;
	uint32_t last;
	uint32_t bump, bump_end;
	uint32_t cells, cells_end; /* where they are, also when the index has outgrown them */
	uint32_t free[CLASSES];
	struct pindex ix[PTAB_USES + 1];
};

/* At the beginning, the same in all builds: how to walk the entries in force of a table whose header is of another layout. The offsets are of
 * header.cur, of the first version, from one to the next, and of version.first inside of it. */
#define REC_FORM 1u /* another number when struct rec and what lies behind it changes */
struct portal { uint64_t magic, size; uint32_t layout, rec_form, cur, ver, ver_stride, ver_first; };

struct header {
	struct portal p;
	uint32_t nunits, nuse, hint, pad0;
	uint64_t seed, mult;
	_Atomic uint32_t cur, dirty;
	uint32_t next_ver, pad;
	uint64_t next_ord, next_serial;
	struct ptab_use use[PTAB_USES];
	struct version ver[VERS];
	uint8_t owner[];          /* of each unit: slot + 1, 0 = free */
};

struct later { uint32_t off, bytes, slot; uint64_t serial, ms; };

struct ptab {                     /* of one process */
	struct header *h;
	uint8_t *base;
	bool foreign;             /* of another layout: only its entries can be walked */
	uint64_t size, seed, mult;
	uint64_t *factor;         /* LENS of them */
	unsigned nuse;
	struct ptab_use use[PTAB_USES];
	int fd;
	uint64_t turn;
	uint32_t pinned;
	VEC(struct later) later;
	size_t later_at;
	struct ptab_walk *walks;
};

/* n bytes at an offset; NULL when they do not lie in the table. */
static inline void *at_off(const struct ptab *t, uint64_t off, uint64_t n)
{
	return off && off < t->size / 8 && off * 8 + n <= t->size ? t->base + off * 8 : NULL;
}
static inline struct rec *rec_at(const struct ptab *t, uint32_t off) { return at_off(t, off, sizeof(struct rec)); }
static inline uint32_t rec_aux(const struct rec *r)
{
	return (r->flags & REC_NET ? (uint32_t)sizeof(struct rec_net) : 0) + (r->flags & REC_RANGE ? (uint32_t)sizeof(struct rec_range) : 0);
}
static inline struct rec_net *rec_net(const struct rec *r) { return (struct rec_net *)(r + 1); }
static inline struct rec_range *rec_range(const struct rec *r)
{
	return (struct rec_range *)((char *)(r + 1) + (r->flags & REC_NET ? sizeof(struct rec_net) : 0));
}
static inline struct str rec_key(const struct ptab *t, const struct rec *r)
{
	const char *p = (const char *)(r + 1) + rec_aux(r);

	return p + r->klen <= (const char *)t->base + t->size ? str_n(p, r->klen) : STR_NULL;
}
struct str rec_val(const struct ptab *t, const struct rec *r);
uint32_t portal_first(const struct ptab *t); /* of a foreign table */
static inline struct version *ver_of(const struct ptab *t, uint32_t slot) { return &t->h->ver[slot % VERS]; }
static inline uint32_t off_of(const struct ptab *t, const void *p) { return (uint32_t)(((const uint8_t *)p - t->base) / 8); }

/* alloc.c: memory of a version; 0 = the table is full. */
uint32_t ptab_alloc(struct ptab *t, struct version *v, uint64_t bytes);
/* Gives back what has been unlinked, when no reader can see it any more: at once in a version that is not in force yet. */
void ptab_free_later(struct ptab *t, struct version *v, uint32_t off, uint64_t bytes);
void ptab_drop_units(struct ptab *t, uint32_t slot);

/* hash.c */
struct addr_bits { uint64_t hi, lo; };
bool bits_of(const struct addr *a, struct addr_bits *out);
static inline struct addr_bits bits_mask(struct addr_bits b, unsigned len)
{
	b.hi = len == 0 ? 0 : len >= 64 ? b.hi : b.hi & ~0ull << (64 - len);
	b.lo = len <= 64 ? 0 : len >= 128 ? b.lo : b.lo & ~0ull << (128 - len);
	return b;
}
uint32_t hash_text(const struct ptab *t, struct str s, bool icase);
uint32_t hash_net(const struct ptab *t, struct addr_bits net, unsigned len);
uint32_t hash_block(const struct ptab *t, uint64_t v, unsigned size); /* aligned block of 2^size integers that v lies in */
static inline uint64_t range_word(int64_t v) { return (uint64_t)v ^ 1ull << 63; }
/* Of text from its beginning, or its end: one sum holds the hashes of all lengths, and its terms do not wait for each other (multilinear
 * hashing: universal as long as the factors are secret). */
static inline uint64_t hash_term(const struct ptab *t, unsigned i, char c) { return ((uint64_t)(uint8_t)c + 1) * t->factor[i]; }
static inline uint32_t hash_end(uint64_t h, size_t len)
{
	h += (len + 1) * 0x9e3779b97f4a7c15ull;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ull;
	return (uint32_t)(h >> 32);
}
/* hash_net() in two steps: networks that differ behind bit 64 alone, as those of IPv4 do, share the first. */
static inline uint64_t hash_net_high(const struct ptab *t, uint64_t hi) { return (hi ^ t->seed) * t->mult ^ hi >> 32; }
static inline uint32_t hash_net_low(const struct ptab *t, uint64_t high, uint64_t lo, unsigned len)
{
	return hash_end((high ^ lo) * t->mult ^ lo >> 32, len);
}
static inline unsigned len_class(size_t n) { return n < LENS ? (unsigned)n : LENS - 1; }

/* index.c: what a record is found by in one index; at most KEYS_MAX hashes. */
#define KEYS_MAX 128u
struct keys { uint32_t hash[KEYS_MAX]; uint16_t len[KEYS_MAX]; unsigned n; };
void rec_keys(const struct ptab *t, unsigned ix, const struct rec *r, struct keys *k);
bool index_wanted(const struct ptab *t, unsigned ix); /* does the table keep this one? */
struct ptab_use index_use(const struct ptab *t, unsigned ix);
bool index_add(struct ptab *t, struct version *v, unsigned ix, uint32_t rec);
void index_del(struct ptab *t, struct version *v, unsigned ix, uint32_t rec);
bool index_grow(struct ptab *t, struct version *v, unsigned ix, uint64_t entries);
/* cells.c: the index whose hashes say where a record is looked for, PTAB_USES + 1 = none; cells for a version that is to get n records
 * of about so many bytes; where a record of so many bytes is made to know its keys, NULL = it goes into no cell; a free one for a record
 * with these keys of that index, 0 = none; is this a cell (then it is free now)? */
unsigned cells_index(const struct ptab *t);
void cells_make(struct ptab *t, struct version *v, uint32_t bytes);
struct rec *cells_mould(const struct ptab *t, const struct version *v, uint64_t bytes);
uint32_t cells_take(struct ptab *t, struct version *v, const struct keys *k);
bool cells_give(struct ptab *t, const struct version *v, uint32_t off);

/* A table as a reader sees it. The place of a hash is its share of the range: tables of any size, no wider than they have to be, because
 * how much of them is in a cache decides what a lookup costs. */
struct slots { const _Atomic uint64_t *at; uint32_t n, cell; const _Atomic uint64_t *filter; const uint8_t *cells; };

/* GROUP cells lie side by side; there are fewer of them than slots, for slots are never all taken. */
#define GROUP 4u
#define CELL_MAX 160u
static inline uint64_t cell_groups(uint32_t slots) { return (uint64_t)slots * 5 / 24 + 1; }
static inline const uint8_t *cell_group(const struct slots *s, uint32_t home) { return s->cells + (uint64_t)home * 5 / 24 * GROUP * s->cell; }

bool index_slots(const struct ptab *t, const struct pindex *x, struct slots *s);
static inline uint32_t slot_home(const struct slots *s, uint32_t hash) { return (uint32_t)((uint64_t)hash * s->n >> 32); }
static inline uint64_t filter_bits(uint32_t hash) { return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63) | 1ull << (hash >> 12 & 63); }
static inline uint32_t filter_at(const struct slots *s, uint32_t hash)
{
	return (uint32_t)((uint64_t)(hash * 0x9e3779b1u) * (s->n / 16) >> 32);
}
static inline bool filter_has(const struct slots *s, uint32_t hash)
{
	uint64_t b = filter_bits(hash);

	return (atomic_load_explicit(&s->filter[filter_at(s, hash)], memory_order_relaxed) & b) == b;
}
/* Has the cells of a hash on their way while its slot is. */
static inline void cells_prefetch(const struct slots *s, uint32_t hash)
{
	const uint8_t *p = s->cell ? cell_group(s, slot_home(s, hash)) : NULL;

	for (uint32_t i = 0; p && i < GROUP * s->cell; i += CACHE_LINE)
		__builtin_prefetch(p + i);
}
/* What stands in the slot of that hash, 0 = nothing. */
static inline uint32_t slots_get(const struct slots *s, uint32_t hash)
{
	for (uint32_t i = slot_home(s, hash), n = 0; n < s->n; i = i + 1 == s->n ? 0 : i + 1, n++) {
		uint64_t w = atomic_load_explicit(&s->at[i], memory_order_acquire);

		if (!(uint32_t)w)
			return 0;
		if (w >> 32 == hash && (uint32_t)w != REF_DEAD)
			return (uint32_t)w;
	}
	return 0;
}

#endif
