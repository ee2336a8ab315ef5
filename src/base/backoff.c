// SPDX-License-Identifier: GPL-3.0-or-later
/* Restart delays. Pure: the caller has the clock and the timer. */
#include <sluice/base/backoff.h>

uint32_t backoff_death(struct backoff *b, uint64_t now_ms, uint64_t lived_ms)
{
	uint64_t *slot = &b->died[b->n % BACKOFF_DEATHS];

	*slot = now_ms;
	b->n++;
	if (b->delay && lived_ms < BACKOFF_WINDOW_MS)
		return b->delay = MIN(b->delay * 2, BACKOFF_MAX_MS);
	uint64_t oldest = b->n >= BACKOFF_DEATHS ? b->died[b->n % BACKOFF_DEATHS] : 0;
	b->delay = oldest && now_ms - oldest <= BACKOFF_WINDOW_MS ? BACKOFF_FIRST_MS : 0;
	return b->delay;
}
