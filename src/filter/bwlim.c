// SPDX-License-Identifier: GPL-3.0-or-later
/* Sliding rates of bandwidth limits. */
#include <sluice/base/defs.h>
#include <sluice/filter/bwlim.h>

static void rotate(struct bw_rate *r, uint32_t period, uint64_t now)
{
	uint64_t elapsed = now - r->start;

	if (elapsed < period)
		return;
	r->past = elapsed < 2ull * period ? r->cur : 0;
	r->start = elapsed < 2ull * period ? r->start + period : now;
	r->cur = 0;
}

uint32_t bw_left(struct bw_rate *r, uint32_t limit, uint32_t period, uint64_t now)
{
	uint64_t used;

	rotate(r, period, now);
	used = r->cur + (r->past * (period - (now - r->start)) + period - 1) / period;
	return used < limit ? (uint32_t)(limit - used) : 0;
}

void bw_add(struct bw_rate *r, uint32_t n) { r->cur += n; }

/* Ms of a period after which only `may` of the `past` bytes of the one before still count. */
static uint64_t faded(uint64_t past, uint64_t may, uint32_t period) { return past <= may ? 0 : period - may * period / past; }

uint64_t bw_wait(struct bw_rate *r, uint32_t limit, uint32_t period, uint32_t want, uint64_t now)
{
	uint64_t may, elapsed, at;

	if (bw_left(r, limit, period, now) >= want)
		return 0;
	may = limit - want;
	elapsed = now - r->start;
	at = r->cur <= may ? faded(r->past, may - r->cur, period) : period + faded(r->cur, may, period);
	return at > elapsed ? at - elapsed : 1;
}

uint32_t bw_slice(uint32_t limit, uint32_t period, uint32_t min_size, uint32_t have)
{
	uint64_t n = (uint64_t)limit * BW_SLICE_MS / (period ? period : 1);

	n = MAX(MAX(n, min_size), 1u);
	return (uint32_t)MIN(MIN(n, limit), have);
}
