// SPDX-License-Identifier: GPL-3.0-or-later
/* Cumulative counters in the segment: structs of u64 generated from tbl/counters.def, one block per object and worker.
 *
 *   counter area:  column 0 = retired (the dead, folded in by the leader) | column 1 = worker 0 | column 2 = worker 1 | ...
 *   column:        proc_counters | px_counters x npx | srv_counters x nsrv | lst_counters x nlst | px_hists x npx, padded to a page
 *
 * A worker writes its own column alone, so an increment is a plain load, add, store. Columns are sparse: a page that no worker has
 * touched takes no memory, and the sum helpers look for holes before they read, so that a dump does not fill them. */
#ifndef SLUICE_IPC_COUNTERS_H
#define SLUICE_IPC_COUNTERS_H

#include <sluice/ipc/hist.h>
#include <sluice/ipc/segment.h>

#define CTR_NONE(name, kind, help)
#define CTR_FIELD_SUM(name) uint64_t name;
#define CTR_FIELD_MAX(name) uint64_t name;
#define CTR_FIELD_RATE(name) uint64_t name;
#define CTR_FIELD_AVG(name) uint64_t name;
#define CTR_FIELD_HIST(name) uint64_t name[HIST_BUCKETS];
#define CTR_FIELD(name, kind, help) CTR_FIELD_##kind(name)
#define CTR(scope, name, kind, help) CTR_##scope(name, kind, help)

#define CTR_FE CTR_NONE
#define CTR_BE CTR_NONE
#define CTR_SRV CTR_NONE
#define CTR_LST CTR_NONE
#define CTR_FEH CTR_NONE
#define CTR_BEH CTR_NONE
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
#undef CTR_SRV
#undef CTR_LST
#define CTR_SRV CTR_NONE
#define CTR_LST CTR_FIELD
struct lst_counters {
#include <sluice/tbl/counters.def>
};
#undef CTR_LST
#undef CTR_FEH
#define CTR_LST CTR_NONE
#define CTR_FEH CTR_FIELD
struct fe_hists {
#include <sluice/tbl/counters.def>
};
#undef CTR_FEH
#undef CTR_BEH
#define CTR_FEH CTR_NONE
#define CTR_BEH CTR_FIELD
struct be_hists {
#include <sluice/tbl/counters.def>
};
#undef CTR_PROC
#undef CTR_FE
#undef CTR_BE
#undef CTR_SRV
#undef CTR_LST
#undef CTR_FEH
#undef CTR_BEH
#undef CTR
#undef CTR_NONE
#undef CTR_FIELD
#undef CTR_FIELD_SUM
#undef CTR_FIELD_MAX
#undef CTR_FIELD_RATE
#undef CTR_FIELD_AVG
#undef CTR_FIELD_HIST

struct px_counters { struct fe_counters fe; struct be_counters be; }; /* a `listen` section uses both halves */
struct px_hists { struct fe_hists fe; struct be_hists be; };          /* apart from the counters: most of it is never touched */

enum ctr_scope { CTR_SCOPE_PROC, CTR_SCOPE_FE, CTR_SCOPE_BE, CTR_SCOPE_SRV, CTR_SCOPE_LST, CTR_SCOPE_FEH, CTR_SCOPE_BEH };
enum ctr_kind { CTR_KIND_SUM, CTR_KIND_MAX, CTR_KIND_RATE, CTR_KIND_AVG, CTR_KIND_HIST };
/* off: bytes in its struct; n: words, each of them a SUM in a HIST, 1 for all other kinds */
struct ctr_desc { enum ctr_scope scope; enum ctr_kind kind; uint32_t off, n; const char *name, *help; };
extern const struct ctr_desc ctr_descs[];
extern const unsigned ctr_ndescs;
/* Row of a counter by its name; NULL: there is none of that name in that scope. */
const struct ctr_desc *ctr_find(enum ctr_scope scope, const char *name);

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

static inline struct lst_counters *lst_ctr(const struct segment *s, unsigned lst, unsigned worker)
{
	ASSERT_HOT(lst < s->geo.nlst && worker < s->geo.nworkers);
	return (struct lst_counters *)(void *)(ctr_column(s, worker + 1) + s->geo.ctr_lst_off) + lst;
}
static inline struct px_hists *px_hist(const struct segment *s, unsigned px, unsigned worker)
{
	ASSERT_HOT(px < s->geo.npx && worker < s->geo.nworkers);
	return (struct px_hists *)(void *)(ctr_column(s, worker + 1) + s->geo.ctr_hist_off) + px;
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

/* Sums over all workers, living and dead, and over the older generations in s->older, into *out. RATE and AVG fields come out as plain numbers. Any process. */
void proc_ctr_sum(const struct segment *s, uint64_t now_ms, struct proc_counters *out);
void px_ctr_sum(const struct segment *s, unsigned px, uint64_t now_ms, struct px_counters *out);
void srv_ctr_sum(const struct segment *s, unsigned srv, uint64_t now_ms, struct srv_counters *out);
void lst_ctr_sum(const struct segment *s, unsigned lst, uint64_t now_ms, struct lst_counters *out);
void px_hist_sum(const struct segment *s, unsigned px, struct px_hists *out);
/* The sum of one counter of object idx (0 for the process); of a HIST: of its bucket `word`. Remembers in x, one for each column and
 * zeroed before the first call, where the holes are: a walk over neighbouring objects asks the kernel rarely. x is stale once the
 * workers have run. */
struct ctr_extent { int64_t data, hole, from; }; /* from: where the search for it began */
struct ctr_walk { struct ctr_extent x[SEG_MAX_WORKERS + 1]; };
uint64_t ctr_sum_one(const struct segment *s, const struct ctr_desc *d, unsigned idx, uint64_t now_ms, struct ctr_walk *x);
/* The word of one counter, of a HIST its bucket k, in a column: 0 = retired. Whoever writes that column. */
uint64_t *ctr_word_at(const struct segment *s, const struct ctr_desc *d, unsigned idx, unsigned k, unsigned col);
/* Adds the raw word of a dead writer to another: counts add up, maxima compete, averages mix; a rate
 * describes the last moments of its writer and ends with it. */
void ctr_merge(uint64_t *to, enum ctr_kind kind, uint64_t word);
/* Zeroes highest values, or with `all` everything, in column col: of one server, or of everything when srv is UINT32_MAX. The writer of the
 * column alone. */
void ctr_clear_column(const struct segment *s, unsigned col, bool all, uint32_t srv);
/* Folds column `from` into column `to` and zeroes it, raw words (RATE and AVG stay words). Leader, writer of both by then. */
void ctr_fold_column(const struct segment *s, unsigned from, unsigned to);

#endif
