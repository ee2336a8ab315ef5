// SPDX-License-Identifier: GPL-3.0-or-later
/* Log-linear histograms of durations: each power of two of microseconds is cut into 8 equal buckets, so that a value is known to
 * 1/8 of itself from 1 microsecond to 36 minutes in 232 counters. Two histograms are merged by adding their counters. After the
 * HDR histogram of Gil Tene. */
#ifndef SLUICE_IPC_HIST_H
#define SLUICE_IPC_HIST_H

#include <sluice/base/defs.h>

#define HIST_SUB_BITS 3u
#define HIST_SUB (1u << HIST_SUB_BITS)
#define HIST_MAX_EXP 30u              /* the last power of two that has buckets */
#define HIST_BUCKETS ((HIST_MAX_EXP - HIST_SUB_BITS + 2) * HIST_SUB)

/* The bucket of a duration; what is longer than the last bound counts in the last bucket. */
static inline unsigned hist_bucket(uint64_t us)
{
	unsigned e;

	if (us < HIST_SUB)
		return (unsigned)us;
	e = 63u - (unsigned)__builtin_clzll(us);
	if (e > HIST_MAX_EXP)
		return HIST_BUCKETS - 1;
	return (e - HIST_SUB_BITS + 1) * HIST_SUB + ((unsigned)(us >> (e - HIST_SUB_BITS)) & (HIST_SUB - 1));
}
/* Bucket b holds the durations from hist_floor(b) to hist_floor(b + 1) - 1 microseconds. */
uint64_t hist_floor(unsigned b);
uint64_t hist_count(const uint64_t h[HIST_BUCKETS]);
/* Sum of all durations in microseconds, taken at the middle of their buckets. */
uint64_t hist_sum(const uint64_t h[HIST_BUCKETS]);
/* The duration that permille/1000 of all do not exceed: the upper end of its bucket, microseconds; 0 when there is none. */
uint64_t hist_quantile(const uint64_t h[HIST_BUCKETS], unsigned permille);

#endif
