// SPDX-License-Identifier: GPL-3.0-or-later
/* Peak EWMA: of two servers drawn by weight take the one with the lower expected cost, latency x (in flight + 1) / weight.
 *
 * The average is one shared word a server: 1/64 microseconds, so that small steps survive rounding, and the time of the last sample. A slower sample replaces it at once, a faster one
 * pulls it down with time constant TAU, however many samples come. On reading it decays with the same constant, so a server that was slow and
 * has been left alone since is tried again. A failure is a sample of at least PENALTY_US. Workers race on the word: a lost sample is made
 * good by the next. A server never measured costs nothing while idle and PENALTY_US while its first request is out, so one request probes it.
 * After Finagle's PeakEwma load balancer. */
#include <math.h>
#include <stdlib.h>
#include <sluice/base/clock.h>
#include "lb_priv.h"

#define TAU_MS 10000.0f
#define PENALTY_US 1000000u
#define MAX_US 60000000u
#define UNITS 64u /* of the stored average, a microsecond */

static float keep(uint32_t stamp_ms)
{
	int32_t age = (int32_t)((uint32_t)clock_ms() - stamp_ms);

	return age > 0 ? expf(-(float)age / TAU_MS) : 1.0f; /* another worker's clock may be a turn ahead */
}

static float cost(const struct lb *lb, const struct lb_cand *c)
{
	uint64_t w = atomic_load_explicit(&lb->seg->srv[c->srv].ewma, memory_order_relaxed);
	uint32_t load = lb_load(lb, c);
	float avg;

	if (!w)
		avg = load ? (float)PENALTY_US * UNITS : 0.0f;
	else
		avg = fmaxf((float)(w >> 32) * keep((uint32_t)w), 1.0f);
	return avg * (float)(load + 1) / (float)c->weight;
}

static bool ewma_build(struct lb *lb)
{
	lb->state = lb_draw_new(lb);
	return lb->state != NULL;
}

/* Expected milliseconds at a weight of 1. */
static double in_ms(float c) { return (double)c * LB_WEIGHT_SCALE / UNITS / 1000.0; }

static int ewma_pick(struct lb *lb, const struct lb_req *r)
{
	uint32_t a, b;

	if (!lb_draw_two(lb, lb->state, r, &a, &b))
		return -1;
	float ca = cost(lb, &lb->cand[a]), cb = a == b ? ca : cost(lb, &lb->cand[b]);

	if (UNLIKELY(r->drawn != NULL)) {
		lb_drew(r, &lb->cand[a], in_ms(ca));
		lb_drew(r, &lb->cand[b], in_ms(cb));
	}
	return ca <= cb ? (int)a : (int)b;
}

static void ewma_done(struct lb *lb, const struct lb_done *d)
{
	uint32_t sample = d->rtt_us, avg;
	_Atomic uint64_t *at;
	uint64_t w;

	if ((!sample && !d->failed) || d->srv >= lb->seg->geo.nsrv)
		return;
	at = &lb->seg->srv[d->srv].ewma;
	w = atomic_load_explicit(at, memory_order_relaxed);
	avg = (uint32_t)(w >> 32);
	if (d->failed)
		sample = MAX(sample, MAX(PENALTY_US, avg / UNITS * 2));
	sample = MIN(sample, MAX_US) * UNITS;
	if (w && sample < avg) {
		float k = keep((uint32_t)w);

		sample += (uint32_t)((float)(avg - sample) * k + 0.5f);
		if (sample >= avg)
			return; /* too little time for a change: keep the stamp, so that frequent samples add up to time */
	}
	atomic_store_explicit(at, (uint64_t)sample << 32 | (uint32_t)clock_ms(), memory_order_relaxed);
}

static void ewma_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_ewma = { .name = "ewma", .build = ewma_build, .pick = ewma_pick, .done = ewma_done, .drop = ewma_drop };
