// SPDX-License-Identifier: GPL-3.0-or-later
/* The ring of changes. One writer; a reader that was lapped while it copied is told so. */
#include <sluice/ipc/event.h>

void event_push(const struct segment *s, const struct seg_event *e)
{
	uint64_t n = atomic_load_explicit(&s->h->ev_head, memory_order_relaxed);

	memcpy(&s->ev[n % SEG_EVENTS], e, sizeof(*e));
	atomic_store_explicit(&s->h->ev_head, n + 1, memory_order_release);
}

int event_read(const struct segment *s, uint64_t number, struct seg_event *e)
{
	uint64_t head = event_count(s);

	if (number >= head)
		return 0;
	if (head - number >= SEG_EVENTS)
		return -1;
	memcpy(e, &s->ev[number % SEG_EVENTS], sizeof(*e));
	atomic_thread_fence(memory_order_acquire);
	head = atomic_load_explicit(&s->h->ev_head, memory_order_relaxed);
	if (head - number >= SEG_EVENTS)
		return -1;
	e->from &= 3, e->to &= 3;
	e->info[EVENT_INFO - 1] = '\0';
	return 1;
}
