// SPDX-License-Identifier: GPL-3.0-or-later
/* The two clocks of a loop turn; both reads go through the vdso. */
#include <sluice/base/clock.h>

uint64_t clock_now_ns;
struct timespec clock_real;

uint64_t clock_read_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_update(void)
{
	clock_now_ns = clock_read_ns();
	clock_gettime(CLOCK_REALTIME, &clock_real);
}
