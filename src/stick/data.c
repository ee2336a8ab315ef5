// SPDX-License-Identifier: GPL-3.0-or-later
/* The data of an entry. Counters are atomic adds; rates are sliding averages over two periods as HAProxy computes them,
 * with the present and the last count told apart by where an ever-growing total stood when they began. */
#include "stick_priv.h"

static const struct {
	uint8_t cnt, rate;
} events[SE_COUNT] = {
	[SE_CONN] = { SD_CONN_CNT, SD_CONN_RATE },
	[SE_SESS] = { SD_SESS_CNT, SD_SESS_RATE },
	[SE_HTTP_REQ] = { SD_HTTP_REQ_CNT, SD_HTTP_REQ_RATE },
	[SE_HTTP_ERR] = { SD_HTTP_ERR_CNT, SD_HTTP_ERR_RATE },
	[SE_HTTP_FAIL] = { SD_HTTP_FAIL_CNT, SD_HTTP_FAIL_RATE },
	[SE_BYTES_IN] = { SD_BYTES_IN_CNT, SD_BYTES_IN_RATE },
	[SE_BYTES_OUT] = { SD_BYTES_OUT_CNT, SD_BYTES_OUT_RATE },
	[SE_GLITCH] = { SD_GLITCH_CNT, SD_GLITCH_RATE },
};

#define BEGUN (1ull << 32)

static _Atomic uint64_t *number_at(const struct stick_at *at, enum stick_data d, unsigned elem)
{
	return (_Atomic uint64_t *)(void *)(stk_data(at->t, at->idx) + at->t->off[d]) + elem;
}

static struct stk_rate *rate_at(const struct stick_at *at, enum stick_data d, unsigned elem)
{
	return (struct stk_rate *)(void *)(stk_data(at->t, at->idx) + at->t->off[d]) + elem;
}

/* ---- rates ---- */

/* Clocks of two processes differ by a turn of their loops: what seems to lie ahead is now. */
static uint32_t rate_elapsed(uint64_t start, uint32_t now)
{
	int32_t e = (int32_t)(now - (uint32_t)start);

	return e < 0 ? 0 : (uint32_t)e;
}

static bool rate_due(const struct stk_rate *r, uint32_t period, uint32_t now)
{
	uint64_t start = atomic_load_explicit(&r->start, memory_order_acquire);

	return !(start & BEGUN) || rate_elapsed(start, now) >= period;
}

/* Locked. */
static void rate_rotate(struct stick_table *t, struct stk_rate *r, uint32_t period, uint32_t now)
{
	uint64_t start = atomic_load_explicit(&r->start, memory_order_relaxed);
	uint64_t bases = atomic_load_explicit(&r->bases, memory_order_relaxed);
	uint32_t total = atomic_load_explicit(&r->total, memory_order_relaxed);
	bool far = !(start & BEGUN) || rate_elapsed(start, now) / 2 >= period;

	if (!rate_due(r, period, now))
		return;
	stk_undo(t, 0, stk_off(t, &r->start), start);
	stk_undo(t, 1, stk_off(t, &r->bases), bases);
	stk_begin(t, 2);
	atomic_store_explicit(&r->start, (far ? now : (uint32_t)start + period) | BEGUN, memory_order_release);
	atomic_store_explicit(&r->bases, total | (far ? (uint64_t)total : bases & UINT32_MAX) << 32,
			      memory_order_release);
	stk_done(t);
}

static void rate_hit(const struct stick_at *at, struct stk_rate *r, uint32_t period, uint32_t n, uint32_t now)
{
	if (rate_due(r, period, now) && (at->locked || stk_lock(at->t, at->bucket))) {
		rate_rotate(at->t, r, period, now);
		if (!at->locked)
			stk_unlock(at->t, at->bucket);
	}
	atomic_fetch_add_explicit(&r->total, n, memory_order_relaxed);
}

static uint64_t rate_read(const struct stk_rate *r, uint32_t period, uint32_t now)
{
	uint64_t start = atomic_load_explicit(&r->start, memory_order_relaxed);
	uint64_t bases = atomic_load_explicit(&r->bases, memory_order_relaxed);
	uint64_t cur = (uint32_t)(atomic_load_explicit(&r->total, memory_order_relaxed) - (uint32_t)bases);
	uint64_t past = (uint32_t)((uint32_t)bases - (uint32_t)(bases >> 32)), left, elapsed = rate_elapsed(start, now);

	if (!(start & BEGUN) || !period)
		return 0;
	left = elapsed < period ? period - elapsed : 0;
	if (elapsed >= period) {
		left = elapsed < 2ull * period ? 2ull * period - elapsed : 0;
		past = cur, cur = 0;
	}
	/* one lonely event does not fade in steps of less than itself */
	if (!cur && past <= 1)
		return left ? past : 0;
	return (past * left + cur * period) / period;
}

static void rate_set(struct stk_rate *r, uint32_t v, uint32_t now)
{
	uint32_t base = atomic_load_explicit(&r->total, memory_order_relaxed) - v;

	atomic_store_explicit(&r->start, now | BEGUN, memory_order_relaxed);
	atomic_store_explicit(&r->bases, base | (uint64_t)base << 32, memory_order_relaxed);
}

/* ---- any data ---- */

uint64_t stick_value(const struct stick_at *at, enum stick_data d, unsigned elem, uint32_t now)
{
	const struct rt_store *s = &at->t->spec->store[d];
	uint64_t v;

	if (elem >= s->n)
		return 0;
	switch (stick_data_descs[d].kind) {
	case SD_KIND_GAUGE:
		return (uint32_t)(stick_pins(at) + atomic_load_explicit(number_at(at, d, 0), memory_order_relaxed));
	case SD_KIND_RATE:
		if (!at->locked && !stk_lock(at->t, at->bucket))
			return 0;
		v = rate_read(rate_at(at, d, elem), s->period, now);
		if (!at->locked)
			stk_unlock(at->t, at->bucket);
		return v;
	default:
		return atomic_load_explicit(number_at(at, d, elem), memory_order_relaxed);
	}
}

void stick_add(const struct stick_at *at, enum stick_data d, unsigned elem, uint32_t n, uint32_t now)
{
	const struct rt_store *s = &at->t->spec->store[d];

	if (elem >= s->n)
		return;
	if (stick_data_descs[d].kind == SD_KIND_RATE)
		rate_hit(at, rate_at(at, d, elem), s->period, n, now);
	else
		atomic_fetch_add_explicit(number_at(at, d, elem), n, memory_order_relaxed);
}

void stick_set(const struct stick_at *at, enum stick_data d, unsigned elem, uint64_t v, uint32_t now)
{
	if (elem >= at->t->spec->store[d].n)
		return;
	if (stick_data_descs[d].kind == SD_KIND_RATE)
		rate_set(rate_at(at, d, elem), (uint32_t)v, now);
	else if (stick_data_descs[d].kind == SD_KIND_GAUGE) /* a correction on top of the pins */
		atomic_store_explicit(number_at(at, d, 0), v - stick_pins(at), memory_order_relaxed);
	else
		atomic_store_explicit(number_at(at, d, elem), v, memory_order_relaxed);
}

void stick_event(const struct stick_at *at, enum stick_event e, uint32_t n, uint32_t now)
{
	if (e == SE_NONE)
		return;
	stick_add(at, events[e].cnt, 0, n, now);
	stick_add(at, events[e].rate, 0, n, now);
}
