// SPDX-License-Identifier: GPL-3.0-or-later
/* Intrusive doubly linked circular lists; an element that is in no list points at itself. */
#ifndef SLUICE_BASE_LIST_H
#define SLUICE_BASE_LIST_H

#include <sluice/base/defs.h>

struct list { struct list *next, *prev; };

#define LIST_INIT(name) { &(name), &(name) }
#define LIST_ENTRY(l, type, member) CONTAINER_OF(l, type, member)
#define LIST_EACH(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
#define LIST_EACH_SAFE(pos, nxt, head) \
	for (struct list *pos = (head)->next, *nxt = pos->next; pos != (head); pos = nxt, nxt = pos->next)

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline void list_insert(struct list *after, struct list *e)
{
	e->next = after->next, e->prev = after;
	after->next->prev = e, after->next = e;
}
static inline void list_push(struct list *head, struct list *e) { list_insert(head->prev, e); }   /* at the end */
static inline void list_unshift(struct list *head, struct list *e) { list_insert(head, e); }      /* at the front */
static inline void list_del(struct list *e)
{
	e->next->prev = e->prev, e->prev->next = e->next;
	list_init(e);
}

#endif
