// SPDX-License-Identifier: GPL-3.0-or-later
/* How long to wait before a dead process is started again: not at all, until it has died 5 times in 10 s; then 0.1 s, doubling
 * up to 5 s for as long as it does not live 10 s. */
#ifndef SLUICE_BASE_BACKOFF_H
#define SLUICE_BASE_BACKOFF_H

#include <sluice/base/defs.h>

#define BACKOFF_DEATHS 5
#define BACKOFF_WINDOW_MS 10000u
#define BACKOFF_FIRST_MS 100u
#define BACKOFF_MAX_MS 5000u

struct backoff {
	uint64_t died[BACKOFF_DEATHS]; /* ring of the last deaths, ms */
	unsigned n;                    /* deaths in all */
	uint32_t delay;                /* last delay given, 0 = none */
};

/* A process that had lived lived_ms died at now_ms (any monotonic clock, > 0): ms to wait before the next start. Zeroed = new. */
uint32_t backoff_death(struct backoff *b, uint64_t now_ms, uint64_t lived_ms);

#endif
