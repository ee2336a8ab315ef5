// SPDX-License-Identifier: GPL-3.0-or-later
/* A clock that takes the place of base/clock.c in a test program whose testers and tested share one loop. It follows CLOCK_MONOTONIC, but
 * a turn that had work to do costs at most a millisecond and an idle one at most what it was allowed to wait, so a machine that stands
 * still for seconds between two turns lets no deadline pass: what is due is what the tested code has had the turns for. */
#ifndef SLUICE_SIM_CLOCK_H
#define SLUICE_SIM_CLOCK_H

#include <stdint.h>
#include <sluice/base/clock.h>
#include <sluice/net/loop.h>

#define SIM_BUSY_NS 1000000u

uint64_t clock_now_ns;
struct timespec clock_real;
static uint64_t sim_ns, sim_seen_ns, sim_left_ns;

/* Charges what has passed up to most; sim_left_ns remembers the rest. */
static void sim_charge(uint64_t most)
{
	struct timespec t;
	uint64_t now, passed;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	passed = sim_seen_ns ? now - sim_seen_ns : 0;
	if (!sim_ns)
		sim_ns = now;
	sim_seen_ns = now;
	sim_left_ns = passed > most ? passed - most : 0;
	sim_ns += passed - sim_left_ns;
}

uint64_t clock_read_ns(void)
{
	sim_charge(SIM_BUSY_NS);
	return sim_ns;
}

void clock_update(void)
{
	clock_now_ns = clock_read_ns();
	clock_gettime(CLOCK_REALTIME, &clock_real);
}

static inline void sim_pass_ms(uint64_t ms) { sim_ns += ms * 1000000u; }

/* One turn of the loop; what an idle one has waited becomes due in the next. */
static inline void sim_turn(int max_ms)
{
	uint64_t idle = loop_stats()->waits_empty;

	loop_turn(max_ms);
	if (loop_stats()->waits_empty != idle)
		sim_ns += sim_left_ns < (uint64_t)max_ms * 1000000u ? sim_left_ns : (uint64_t)max_ms * 1000000u;
}

#endif
