// SPDX-License-Identifier: GPL-3.0-or-later
/* How often each rule's condition held: a column of 64-bit counts a worker in memory that leader and workers share by fork. A worker
 * writes its own column with plain stores; what a dead one counted stays, and its successor counts on. Of one generation: rules have no
 * names by which counts could follow them. */
#ifndef SLUICE_IPC_HITS_H
#define SLUICE_IPC_HITS_H

#include <sluice/base/defs.h>

struct hits { uint64_t *at; uint32_t nrules, nworkers; size_t stride; }; /* stride: counts a column */

/* All zero; pages that nobody touches take no memory. false and errno. Leader, before it forks. */
bool hits_open(struct hits *h, uint32_t nrules, uint32_t nworkers) MUST_CHECK;
void hits_close(struct hits *h);
static inline uint64_t *hits_column(const struct hits *h, unsigned worker) { return h->at + worker * h->stride; }
/* The worker's own column only. */
static inline void hits_add(uint64_t *column, uint32_t rule)
{
	__atomic_store_n(column + rule, __atomic_load_n(column + rule, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}
uint64_t hits_sum(const struct hits *h, uint32_t rule);

#endif
