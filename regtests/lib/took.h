// SPDX-License-Identifier: GPL-3.0-or-later
/* Times of answers in the load clients: 64 steps a power of two of microseconds. */
#ifndef TOOK_H
#define TOOK_H

#include <time.h>

#define TOOK_STEPS 4096
static unsigned took[TOOK_STEPS];

static inline long now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline long now_ms(void) { return now_us() / 1000; }

static inline unsigned step_of(unsigned long us)
{
	unsigned p = 0;
	while (us >> p >= 128)
		p++;
	return us < 64 ? (unsigned)us : p * 64 + (unsigned)(us >> p);
}

static inline unsigned long us_of(unsigned step)
{
	return step < 128 ? step : (64ul + step % 64) << (step / 64 - 1);
}

/* Microseconds within which permille of the answers were there. */
static inline unsigned long percentile(unsigned permille)
{
	unsigned long total = 0, seen = 0;
	for (unsigned i = 0; i < TOOK_STEPS; i++)
		total += took[i];
	for (unsigned i = 0; i < TOOK_STEPS; i++)
		if (total && (seen += took[i]) * 1000 >= total * permille)
			return us_of(i);
	return 0;
}

#endif
