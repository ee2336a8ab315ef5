// SPDX-License-Identifier: GPL-3.0-or-later
/* Timers: a 4-ary heap of (deadline, timer) pairs, flat in memory. Keys are `queued_at`; a deadline that moved later
 * is noticed when the timer surfaces, so pushing it costs one store. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/panic.h>

#include "loop_priv.h"

struct entry {
	uint64_t key;
	struct timer *t;
};

static struct entry *heap;
static uint32_t count, cap;

static void place(uint32_t i, struct entry e)
{
	heap[i] = e;
	e.t->pos = i + 1;
}

static void sift_up(uint32_t i, struct entry e)
{
	while (i > 0) {
		uint32_t up = (i - 1) / 4;
		if (heap[up].key <= e.key)
			break;
		place(i, heap[up]);
		i = up;
	}
	place(i, e);
}

static void sift_down(uint32_t i, struct entry e)
{
	for (;;) {
		uint32_t best = 4 * i + 1, end = MIN(best + 4, count);
		if (best >= count)
			break;
		for (uint32_t k = best + 1; k < end; k++)
			if (heap[k].key < heap[best].key)
				best = k;
		if (heap[best].key >= e.key)
			break;
		place(i, heap[best]);
		i = best;
	}
	place(i, e);
}

static void heap_remove(uint32_t i)
{
	struct entry last = heap[--count];
	heap[i < count ? i : count].t->pos = 0;
	if (i >= count)
		return;
	if (i > 0 && last.key < heap[(i - 1) / 4].key)
		sift_up(i, last);
	else
		sift_down(i, last);
}

static void heap_grow(void)
{
	uint32_t want = cap ? cap * 2 : 256;
	struct entry *p = reallocarray(heap, want, sizeof *heap);
	if (!p)
		die("out of memory for timers");
	heap = p;
	cap = want;
}

void timer_set(struct timer *t, uint64_t deadline)
{
	t->deadline = deadline ? deadline : 1;
	if (t->pos) {
		if (t->deadline >= t->queued_at)
			return;
		t->queued_at = t->deadline;
		sift_up(t->pos - 1, (struct entry){ t->deadline, t });
		return;
	}
	if (count == cap)
		heap_grow();
	t->queued_at = t->deadline;
	sift_up(count++, (struct entry){ t->deadline, t });
}

void timer_stop(struct timer *t)
{
	t->deadline = 0;
	if (t->pos)
		heap_remove(t->pos - 1);
}

int timers_wait(void)
{
	if (count == 0)
		return -1;
	uint64_t now = clock_ms(), at = heap[0].key;
	return at <= now ? 0 : (int)MIN(at - now, (uint64_t)60000);
}

unsigned timers_run(void)
{
	uint64_t now = clock_ms();
	unsigned fired = 0;
	/* at most as many as there are now: one that starts itself again for now waits for the next turn */
	for (uint32_t budget = count; budget && count && heap[0].key <= now; budget--) {
		struct timer *t = heap[0].t;
		if (t->deadline > now) {
			t->queued_at = t->deadline;
			sift_down(0, (struct entry){ t->deadline, t });
			continue;
		}
		heap_remove(0);
		t->deadline = 0;
		fired++;
		t->fn(t);
	}
	return fired;
}

void timers_free(void)
{
	free(heap);
	heap = NULL;
	count = cap = 0;
}
