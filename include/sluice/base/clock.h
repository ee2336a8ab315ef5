// SPDX-License-Identifier: GPL-3.0-or-later
/* Time is read once per turn of the event loop and cached. */
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include <time.h>
#include <sluice/base/defs.h>

extern uint64_t clock_now_ns;   /* CLOCK_MONOTONIC of this loop turn, ns */
extern struct timespec clock_real; /* CLOCK_REALTIME of this loop turn */

void clock_update(void);        /* reads both clocks; the loop calls it after each wait */
static inline uint64_t clock_ms(void) { return clock_now_ns / 1000000u; }
static inline uint64_t clock_us(void) { return clock_now_ns / 1000u; }
uint64_t clock_read_ns(void);   /* CLOCK_MONOTONIC right now, not cached */

#endif
