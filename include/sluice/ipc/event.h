// SPDX-License-Identifier: GPL-3.0-or-later
/* The last changes of state of servers, with their reasons: a ring that the checker writes and the leader collects. */
#ifndef SLUICE_IPC_EVENT_H
#define SLUICE_IPC_EVENT_H

#include <sluice/ipc/segment.h>

#define SEG_EVENTS 1024u
#define EVENT_INFO 40

struct seg_event {                 /* 64 bytes */
	int64_t wall_ms;          /* since 1970 */
	uint32_t srv;
	uint8_t from, to;         /* enum srv_op */
	uint8_t status;           /* enum check_status */
	uint8_t ordered;          /* by `set server … health` */
	uint16_t code;            /* of the protocol, 0 = none */
	uint16_t ms;              /* duration of the check, at most 65535 */
	uint32_t via;             /* the server that is followed, UINT32_MAX = none */
	char info[EVENT_INFO];    /* NUL-padded, printable */
};

/* Checker: appends. */
void event_push(const struct segment *s, const struct seg_event *e);
/* The event with this number (the first is 0). 1 = *e holds it, 0 = not written yet, -1 = overwritten. Any process. */
int event_read(const struct segment *s, uint64_t number, struct seg_event *e) MUST_CHECK;
static inline uint64_t event_count(const struct segment *s) { return atomic_load_explicit(&s->h->ev_head, memory_order_acquire); }

#endif
