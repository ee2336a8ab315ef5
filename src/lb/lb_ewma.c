// SPDX-License-Identifier: GPL-3.0-or-later
/* Peak EWMA: of two servers drawn by weight take the one with the lower expected cost, latency x (in flight + 1) / weight.
 *
 * The average is one shared word a server: microseconds and the time of the last sample. A slower sample replaces it at once, a faster one
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

static uint64_t word(uint32_t us, uint32_t ms)
{
	return (uint64_t)us << 32 | ms;
}

static float keep(uint32_t stamp_ms)
{
	int32_t age = (int32_t)((uint32_t)clock_ms() - stamp_ms);

	return age > 0 ? expf(-(float)age / TAU_MS) : 1.0f; /* another worker's clock may be a turn ahead */
}

static float cost(const struct lb *lb, const struct lb_cand *c)
{
	uint64_t w = atomic_load_explicit(&lb->seg->srv[c->srv].ewma, memory_order_relaxed);
	uint32_t load = lb_load(lb, c);
	float us;

	if (!w)
		us = load ? (float)PENALTY_US : 0.0f;
	else
		us = fmaxf((float)(w >> 32) * keep((uint32_t)w), 1.0f);
	return us * (float)(load + 1) / (float)c->weight;
}

static bool ewma_build(struct lb *lb)
{
	lb->state = lb_draw_new(lb);
	return lb->state != NULL;
}

static int ewma_pick(struct lb *lb, const struct lb_req *r)
{
	uint32_t a, b;

	if (!lb_draw_two(lb, lb->state, r, &a, &b))
		return -1;
	return a == b || cost(lb, &lb->cand[a]) <= cost(lb, &lb->cand[b]) ? (int)a : (int)b;
}

static void ewma_done(struct lb *lb, const struct lb_done *d)
{
	_Atomic uint64_t *word_at;
	uint32_t sample = d->rtt_us, now = (uint32_t)clock_ms(), us;
	uint64_t w;

	if ((!sample && !d->failed) || d->srv >= lb->seg->h->nsrv)
		return;
	word_at = &lb->seg->srv[d->srv].ewma;
	w = atomic_load_explicit(word_at, memory_order_relaxed);
	us = (uint32_t)(w >> 32);
	if (d->failed)
		sample = MAX(sample, MAX(PENALTY_US, 2 * MIN(us, MAX_US)));
	sample = MIN(sample, MAX_US);
	if (w && sample < us) {
		float k = keep((uint32_t)w);

		sample = (uint32_t)((float)us * k + (float)sample * (1.0f - k) + 0.5f);
		if (sample >= us)
			return; /* too little time for a change of 1 us: keep the stamp, so that frequent samples add up to time */
	}
	atomic_store_explicit(word_at, word(MAX(sample, 1u), now), memory_order_relaxed);
}

static void ewma_drop(struct lb *lb)
{
	free(lb->state);
}

const struct lb_algo lb_ewma = { .name = "ewma", .build = ewma_build, .pick = ewma_pick, .done = ewma_done, .drop = ewma_drop };
