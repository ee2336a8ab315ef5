// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables: keys with counters in shared memory, one memfd a table, mapped by every process that uses it and by the next generation.
 *
 *   header | holders | buckets | meta | entries | journals
 *
 *   holders   one a process (1023 at most): what it is in the middle of, so that somebody else can finish or undo it when it dies
 *   buckets   {lock, first entry}; the lock word is {holder 10, epoch 22}
 *   meta      {state and pins, stamp of the last use} of each entry, 8 bytes, scanned when a free or the oldest entry is wanted
 *   entries   {next, hash, tag, key, data}; fixed size, linked by index
 *   journals  one a holder: the pins it has
 *
 * There is no pointer in it, every index is range-checked, and everything is exact after kill -9 of any process at any instruction: a
 * process says what it is about to do before it does it (an undo record of two words at most), all linking and pinning happens under one
 * bucket's lock, and whoever finds a holder dead repairs what it left. That a holder is alive is known from a record lock (fcntl(2)) on
 * the byte of its number, which the kernel drops with the process.
 *
 * Any process may call these functions on its own handle; one handle a table and process. Times are ms, clock_ms() cut to 32 bits. Pages
 * are allocated when they are first used: a large table that is empty costs its address space. */
#ifndef SLUICE_STICK_STICK_H
#define SLUICE_STICK_STICK_H

#include <sluice/expr/sample.h>
#include <sluice/rt/rt.h>

#define STICK_NONE UINT32_MAX

struct stick_table; /* a process's view of a table */

/* A pin: an entry that stays as long as somebody counts on it, and is one of its conn_cur. */
struct stick_ref {
	uint32_t idx, tag, record;
};
#define STICK_REF_NONE ((struct stick_ref){ .idx = STICK_NONE })

/* An entry at hand. `locked`: its bucket is ours until stick_close(), which must follow within a microsecond: no system
 * call, no allocation, no second entry meanwhile. Otherwise it is pinned by a stick_ref that outlives this. */
struct stick_at {
	struct stick_table *t;
	uint32_t idx, bucket;
	bool locked;
};

/* ---- tables ---- */

/* A new, empty table. NULL and errno on failure. Leader. */
struct stick_table *stick_create(const struct rt_table *spec) MUST_CHECK;
/* Maps the table behind fd, which the handle takes over on success. NULL and errno: EPROTO when it is not of this
 * layout (type, key length, size, data types, build). `spec` must live as long as the handle. */
struct stick_table *stick_map(const struct rt_table *spec, int fd) MUST_CHECK;
/* Maps a table of whatever layout, whose description goes to *spec. NULL and errno as above; EPROTO also when another build made it. */
struct stick_table *stick_map_any(struct rt_table *spec, int fd) MUST_CHECK;
/* Tells layouts apart: two tables of one number can be mapped as each other. */
uint64_t stick_layout(const struct rt_table *spec);
void stick_unmap(struct stick_table *t);
int stick_fd(const struct stick_table *t);
const struct rt_table *stick_spec(const struct stick_table *t);
/* Takes a holder number: before any of the functions below, in each process, after fork. false: no number is free. */
bool stick_attach(struct stick_table *t) MUST_CHECK;
/* From here on this process sees the table as it is and changes only a copy of its own. After fork, before stick_attach(). false
 * and errno: as it was. */
bool stick_make_private(struct stick_table *t) MUST_CHECK;
/* Gives back every pin and the number. */
void stick_detach(struct stick_table *t);
/* Repairs what dead holders left: unfinished changes, locks, pins. Called after a death and now and then. Returns how
 * many. */
unsigned stick_recover(struct stick_table *t, uint32_t now);
/* Frees expired entries among the next n. The leader calls it in slices; besides, expired entries are found when they
 * are met. */
void stick_sweep(struct stick_table *t, uint32_t n, uint32_t now);
/* Entries in use. */
uint32_t stick_used(const struct stick_table *t);
/* Operations given up because a bucket stayed locked or a table full of pinned entries had no room. */
uint64_t stick_missed(const struct stick_table *t);
/* Copies what fits from a table of another layout: same key type, data types that both have. */
void stick_copy(struct stick_table *to, struct stick_table *from, uint32_t now);
/* As a table learns what a peer says of another: entries are made or used anew, and get what is nobody's count (servers, tags). The manual,
 * "write-to". */
void stick_teach(struct stick_table *to, struct stick_table *from, uint32_t now);

/* ---- entries ---- */

/* The entry of a key, made when there is none and `create`. false: there is none and none could be made. */
bool stick_open(struct stick_table *t, struct str key, bool create, uint32_t now, struct stick_at *at) MUST_CHECK;
/* The entry behind a pin, not locked. */
struct stick_at stick_at_ref(struct stick_table *t, const struct stick_ref *r);
/* Locks it, where what follows needs the lock. */
bool stick_open_ref(struct stick_table *t, const struct stick_ref *r, struct stick_at *at) MUST_CHECK;
/* The entry at a place (stick_at.idx), when there is one. */
bool stick_open_place(struct stick_table *t, uint32_t idx, uint32_t now, struct stick_at *at) MUST_CHECK;
/* The next used entry from *cursor on (0 to begin), locked; *cursor moves behind it. */
bool stick_next(struct stick_table *t, uint32_t *cursor, uint32_t now, struct stick_at *at) MUST_CHECK;
void stick_close(struct stick_at *at);
/* Removes a locked entry that nobody has pinned, and closes it. false: pinned; still open. */
bool stick_drop(struct stick_at *at) MUST_CHECK;
/* Pins a locked entry. false: more pins than a process may have (262,144). */
bool stick_pin(struct stick_at *at, struct stick_ref *r) MUST_CHECK;
/* Gives a pin back: counts as a use. */
void stick_unpin(struct stick_table *t, struct stick_ref *r, uint32_t now);
/* A use: the entry expires later. Locked. */
void stick_touch(const struct stick_at *at, uint32_t now);

struct str stick_key(const struct stick_at *at);
uint32_t stick_pins(const struct stick_at *at);
/* Ms until it expires, 0 when it never does. */
uint32_t stick_expires_in(const struct stick_at *at, uint32_t now);

/* ---- data ---- */

static inline bool stick_has(const struct rt_table *s, enum stick_data d) { return s->store[d].n > 0; }
/* Number of element `elem`; a rate is events over its period: the present count and the share of the last period that
 * is not over. 0 for data the table does not keep. Rates want a locked entry. */
uint64_t stick_value(const struct stick_at *at, enum stick_data d, unsigned elem, uint32_t now);
/* Adds to a counter or rate that the table keeps; nothing otherwise. */
void stick_add(const struct stick_at *at, enum stick_data d, unsigned elem, uint32_t n, uint32_t now);
void stick_set(const struct stick_at *at, enum stick_data d, unsigned elem, uint64_t v, uint32_t now);
/* Adds n to every row of an event. */
void stick_event(const struct stick_at *at, enum stick_event e, uint32_t n, uint32_t now);

/* ---- keys ---- */

/* The key that a sample is in a table of this type; false when it is none (text that is no address). Lives in tmp or
 * the sample. */
bool stick_key_of(const struct rt_table *spec, struct smp *s, struct arena *tmp, struct str *key) MUST_CHECK;
/* What an entry keeps of a server, so that it is found again under another number: hash of its name, or address (srvkey addr). */
uint64_t stick_server_key(const struct rt_table *spec, const struct rt_server *srv, const struct addr *at); /* at: where it is now */
/* A key as text: addresses, numbers, text, hexadecimal. */
void stick_key_text(const struct rt_table *spec, struct str key, struct sbuf *out);

#endif
