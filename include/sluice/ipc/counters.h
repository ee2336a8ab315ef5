// SPDX-License-Identifier: GPL-3.0-or-later
/* Cumulative counters in the segment: structs of u64 generated from tbl/counters.def, one block per object and worker.
 *
 *   counter area:  column 0 = retired (the dead, folded in by the leader) | column 1 = worker 0 | column 2 = worker 1 | ...
 *   column:        proc_counters | px_counters x npx | srv_counters x nsrv, padded to a page
 *
 * A worker writes its own column alone, so an increment is a plain load, add, store. Columns are sparse: a page that no worker has
 * touched takes no memory, and the sum helpers look for holes before they read, so that a dump does not fill them. */
#ifndef SLUICE_IPC_COUNTERS_H
#define SLUICE_IPC_COUNTERS_H

#include <sluice/ipc/segment.h>

#define CTR_NONE(name, kind, help)
#define CTR_FIELD(name, kind, help) uint64_t name;
#define CTR(scope, name, kind, help) CTR_##scope(name, kind, help)

#define CTR_FE CTR_NONE
#define CTR_BE CTR_NONE
#define CTR_SRV CTR_NONE
#define CTR_PROC CTR_FIELD
struct proc_counters {
#include <sluice/tbl/counters.def>
};
#undef CTR_PROC
#undef CTR_FE
#define CTR_PROC CTR_NONE
#define CTR_FE CTR_FIELD
struct fe_counters {
#include <sluice/tbl/counters.def>
};
#undef CTR_FE
#undef CTR_BE
#define CTR_FE CTR_NONE
#define CTR_BE CTR_FIELD
struct be_counters {
#include <sluice/tbl/counters.def>
};
#undef CTR_BE
#undef CTR_SRV
#define CTR_BE CTR_NONE
#define CTR_SRV CTR_FIELD
struct srv_counters {
#include <sluice/tbl/counters.def>
};
#undef CTR_PROC
#undef CTR_FE
#undef CTR_BE
#undef CTR_SRV
#undef CTR
#undef CTR_NONE
#undef CTR_FIELD

struct px_counters { struct fe_counters fe; struct be_counters be; }; /* a `listen` section uses both halves */

enum ctr_scope { CTR_SCOPE_PROC, CTR_SCOPE_FE, CTR_SCOPE_BE, CTR_SCOPE_SRV };
enum ctr_kind { CTR_KIND_SUM, CTR_KIND_MAX, CTR_KIND_RATE, CTR_KIND_AVG };
struct ctr_desc { enum ctr_scope scope; enum ctr_kind kind; uint32_t off; const char *name, *help; }; /* off: bytes in its struct */
extern const struct ctr_desc ctr_descs[];
extern const unsigned ctr_ndescs;

/* The calling worker's own blocks. */
static inline char *ctr_column(const struct segment *s, unsigned col) { return s->ctr + (size_t)col * s->geo.ctr_column; }
static inline struct proc_counters *proc_ctr(const struct segment *s, unsigned worker)
{
	return (struct proc_counters *)(void *)ctr_column(s, worker + 1);
}
static inline struct px_counters *px_ctr(const struct segment *s, unsigned px, unsigned worker)
{
	ASSERT_HOT(px < s->geo.npx && worker < s->geo.nworkers);
	return (struct px_counters *)(void *)(ctr_column(s, worker + 1) + s->geo.ctr_px_off) + px;
}
static inline struct srv_counters *srv_ctr(const struct segment *s, unsigned srv, unsigned worker)
{
	ASSERT_HOT(srv < s->geo.nsrv && worker < s->geo.nworkers);
	return (struct srv_counters *)(void *)(ctr_column(s, worker + 1) + s->geo.ctr_srv_off) + srv;
}

static inline uint64_t ctr_load(const uint64_t *c) { return __atomic_load_n(c, __ATOMIC_RELAXED); }
static inline void ctr_store(uint64_t *c, uint64_t v) { __atomic_store_n(c, v, __ATOMIC_RELAXED); }
/* SUM. Owner of the block only, as all writers below. */
static inline void ctr_add(uint64_t *c, uint64_t n) { ctr_store(c, ctr_load(c) + n); }
static inline void ctr_inc(uint64_t *c) { ctr_add(c, 1); }
/* MAX. Gauges of all workers: pass the sum over the live row, not the worker's own share. */
static inline void ctr_max(uint64_t *c, uint64_t v)
{
	if (v > ctr_load(c))
		ctr_store(c, v);
}
/* RATE: one word, current second 20 | events of the second before 22 | events of this second 22. now_ms is clock_ms(). */
void ctr_rate_hit(uint64_t *c, uint64_t now_ms, unsigned n);
uint64_t ctr_rate_read(uint64_t word, uint64_t now_ms);
/* AVG: one word, sum 52 | samples 12 (at most 512, the oldest fade out). */
void ctr_avg_add(uint64_t *c, uint64_t v);
static inline uint64_t ctr_avg_read(uint64_t word) { return (word & 0xfff) ? (word >> 12) / (word & 0xfff) : 0; }

/* Sums over all workers, living and dead, into *out. RATE and AVG fields come out as plain numbers. Any process. */
void proc_ctr_sum(const struct segment *s, uint64_t now_ms, struct proc_counters *out);
void px_ctr_sum(const struct segment *s, unsigned px, uint64_t now_ms, struct px_counters *out);
void srv_ctr_sum(const struct segment *s, unsigned srv, uint64_t now_ms, struct srv_counters *out);
/* Folds column `from` into column `to` and zeroes it, raw words (RATE and AVG stay words). Leader, writer of both by then. */
void ctr_fold_column(const struct segment *s, unsigned from, unsigned to);

#endif
