// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading histograms. Counting is inline in the header. */
#include <sluice/ipc/hist.h>

uint64_t hist_floor(unsigned b)
{
	if (b < HIST_SUB)
		return b;
	return (uint64_t)(HIST_SUB + b % HIST_SUB) << (b / HIST_SUB - 1);
}

uint64_t hist_count(const uint64_t h[HIST_BUCKETS])
{
	uint64_t n = 0;

	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		n += h[b];
	return n;
}

uint64_t hist_sum(const uint64_t h[HIST_BUCKETS])
{
	uint64_t us = 0;

	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		us += h[b] * (hist_floor(b) + hist_floor(b + 1) - 1) / 2;
	return us;
}

uint64_t hist_quantile(const uint64_t h[HIST_BUCKETS], unsigned permille)
{
	uint64_t n = hist_count(h), want = (n * permille + 999) / 1000, seen = 0;

	for (unsigned b = 0; n && b < HIST_BUCKETS; b++) {
		seen += h[b];
		if (seen >= MAX(want, (uint64_t)1))
			return hist_floor(b + 1) - 1;
	}
	return 0;
}
