// SPDX-License-Identifier: GPL-3.0-or-later
/* The arithmetic of bandwidth limits: a sliding rate over one period, as HAProxy's freq_ctr computes it. What passed in the period before
 * fades evenly while the present one runs, so a limit may be used up at once by who was silent, and is exact from then on. Pure; times are
 * ms of any clock that does not go back. */
#ifndef SLUICE_FILTER_BWLIM_H
#define SLUICE_FILTER_BWLIM_H

#include <stdint.h>

struct bw_rate { uint64_t start; uint64_t cur, past; }; /* zeroed: nothing has passed */

/* Bytes that may pass now. */
uint32_t bw_left(struct bw_rate *r, uint32_t limit, uint32_t period, uint64_t now);
/* n bytes, of those that were left, have passed. */
void bw_add(struct bw_rate *r, uint32_t n);
/* Ms until want bytes (at most limit) may pass; 0 = now. */
uint64_t bw_wait(struct bw_rate *r, uint32_t limit, uint32_t period, uint32_t want, uint64_t now);
/* Bytes that are worth waking up for: what the limit gives in BW_SLICE_MS, at least min_size, at most what there is. */
#define BW_SLICE_MS 20
uint32_t bw_slice(uint32_t limit, uint32_t period, uint32_t min_size, uint32_t have);

#endif
