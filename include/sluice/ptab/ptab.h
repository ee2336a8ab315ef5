// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern tables: the entries of a map or ACL file, in memory that all processes share, and the indexes over them.
 *
 * A table is one sealed memfd, sparse and of a fixed size, without a pointer in it. One process writes (a leader); any number of
 * processes read at the same time, without a lock: what a reader can reach is complete before it is linked, and what is unlinked stays as it
 * is until nobody can be looking at it any more. So a change is seen by all processes at once. Readers check every offset that they follow.
 *
 * A table has versions. One of them is in force, others are being prepared; to put one in force is the store of one word.
 * Of equal keys the entry that was added first counts; a longer prefix or network wins over a shorter one, of other keys the first that matches. */
#ifndef SLUICE_PTAB_PTAB_H
#define SLUICE_PTAB_PTAB_H

#include <sluice/base/addr.h>

#define PTAB_USES 18u           /* ways to look entries of one table up */
#define PTAB_VALUE_MAX 0xffffffu /* bytes of a value, and of a key */

/* How the keys of a use match. SCAN: no index, the caller walks the entries (regular expressions). */
enum ptab_how { PTAB_EXACT, PTAB_PREFIX, PTAB_SUFFIX, PTAB_SUB, PTAB_DIR, PTAB_DOM, PTAB_NET, PTAB_RANGE, PTAB_SCAN };
struct ptab_use { uint8_t how, icase; }; /* enum ptab_how; icase counts for text */

/* A key: its text, and what uses with PTAB_NET or PTAB_RANGE take it for. */
struct ptab_key { struct str text; struct addr_net net; int64_t lo, hi; };

/* What is looked for: text, or ip (PTAB_NET), or i (PTAB_RANGE). */
struct ptab_probe { struct str text; const struct addr *ip; int64_t i; };

/* An entry. Both slices lie in the table: they may be changed after the turn in which they were read. */
struct ptab_entry { struct str key, val; uint64_t ord; uint32_t ref; }; /* ord: grows with each entry added; ref: names it while it exists */

struct ptab;

/* ---- any process ---- */

/* The same version for all lookups until the next call: a worker calls it once in each turn of its loop. In a process that never does,
 * each lookup takes the version of its moment. */
void ptab_next_turn(void);
/* The entry of the version in force that matches; false: none does. */
bool ptab_find(struct ptab *t, unsigned use, const struct ptab_probe *p, struct ptab_entry *out);
/* Changes when entries of the version in force have come or gone: for what is derived from all of them. */
uint64_t ptab_stamp(struct ptab *t);
/* Entries of the version in force in the order in which they were added, 0 = no more. */
uint32_t ptab_first(struct ptab *t);
uint32_t ptab_next(const struct ptab *t, uint32_t ref);
bool ptab_entry(const struct ptab *t, uint32_t ref, struct ptab_entry *out);
unsigned ptab_uses(const struct ptab *t, struct ptab_use *use);
/* Entries in force, and bytes of memory of the whole table. */
uint32_t ptab_count(struct ptab *t);
size_t ptab_bytes(const struct ptab *t);
int ptab_fd(const struct ptab *t);
/* From now on this process cannot write: in a child after fork. */
void ptab_read_only(struct ptab *t);
void ptab_unmap(struct ptab *t);
/* Without delimiters around it: what PTAB_DIR and PTAB_DOM compare. */
bool ptab_is_delim(enum ptab_how how, char c);
struct str ptab_strip(enum ptab_how how, struct str s);

/* ---- the writer ---- */

/* An empty table with room for `room` bytes of text and much more. NULL and errno. */
struct ptab *ptab_create(const struct ptab_use *use, unsigned n, size_t room) MUST_CHECK;
/* A table that another leader has made, takes fd. NULL (fd closed): this build cannot read it. *torn: its writer died in the middle of
 * a change, or it is of another build: entries are whole, indexes may not be; nothing but its entries in force may be looked at: copy it. */
struct ptab *ptab_map(int fd, bool *torn) MUST_CHECK;
/* Around changes: keeps a leader of another generation out, which may still write. */
void ptab_begin(struct ptab *t);
void ptab_end(struct ptab *t);
/* Gives back what was unlinked before `safe_ms` (clock_ms()): all readers have been in another turn since. */
void ptab_reclaim(struct ptab *t, uint64_t safe_ms);
bool ptab_waits(const struct ptab *t, uint64_t safe_ms); /* is there anything to give back? */

/* Versions: `slot` names one as long as it exists, -1 = there is none of that number. */
int ptab_slot(const struct ptab *t, uint32_t version);
int ptab_current(const struct ptab *t);
uint32_t ptab_version(const struct ptab *t); /* in force */
uint32_t ptab_last_version(const struct ptab *t);
uint32_t ptab_entries(const struct ptab *t, int slot);
/* A new empty version; its number, 0 = too many are being prepared. */
uint32_t ptab_prepare(struct ptab *t);
/* Puts a version in force; older ones go. false: there is none of that number. */
bool ptab_commit(struct ptab *t, uint32_t version);
/* The version becomes empty, for all readers at once. */
void ptab_clear(struct ptab *t, int slot);

/* Room for n more entries, with keys and values of so many bytes together, so that they come in quickly; and, when the version is still
 * empty and they are many, so that lookups wait for less. */
void ptab_reserve(struct ptab *t, int slot, uint32_t n, uint64_t bytes);
/* Many entries have come in: puts a large table into huge pages where the kernel can, at the price of a copy. */
void ptab_settle(struct ptab *t);
/* false: there is no room; nothing has changed. */
bool ptab_add(struct ptab *t, int slot, const struct ptab_key *k, struct str val) MUST_CHECK;
/* All entries with exactly this key. Their number; -1 = no room for the value (some may have got it). */
int ptab_set(struct ptab *t, int slot, struct str key, struct str val);
unsigned ptab_del(struct ptab *t, int slot, struct str key);
/* Does ref name an entry of that version? It may come from anybody. */
bool ptab_is_ref(const struct ptab *t, int slot, uint32_t ref);
bool ptab_set_ref(struct ptab *t, int slot, uint32_t ref, struct str val);
void ptab_del_ref(struct ptab *t, int slot, uint32_t ref);
/* The first entry with exactly this key, 0 = none. */
uint32_t ptab_by_key(const struct ptab *t, int slot, struct str key);

/* A walk that outlives changes: an entry that goes is passed over. All zero is closed. */
struct ptab_walk { struct ptab *t; struct ptab_walk *next; uint64_t serial; int slot; uint32_t at; };
void ptab_walk_open(struct ptab_walk *w, struct ptab *t, int slot);
bool ptab_walk_next(struct ptab_walk *w, struct ptab_entry *out); /* false: the end */
void ptab_walk_close(struct ptab_walk *w);

#endif
