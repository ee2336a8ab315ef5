// SPDX-License-Identifier: GPL-3.0-or-later
/* Free lists of fixed-size objects, one per process: no malloc on the path of a request once warm. */
#ifndef SLUICE_BASE_POOL_H
#define SLUICE_BASE_POOL_H

#include <sluice/base/defs.h>

struct pool {
	const char *name;
	size_t size;      /* of one object, bytes; rounded up to 16 */
	void *free;       /* singly linked free objects */
	uint32_t used;    /* objects handed out */
	uint32_t idle;    /* objects on the free list */
	uint32_t max_idle; /* more than this goes back to malloc; 0 = 1024 */
	uint32_t failed;  /* allocations refused */
	struct pool *next; /* private: registry of all pools */
};

#define POOL(nm, type) { .name = (nm), .size = sizeof(type) }

/* Not zeroed. NULL when the system is out of memory: the caller drops that connection only. */
void *pool_get(struct pool *p) MUST_CHECK;
void *pool_zget(struct pool *p) MUST_CHECK; /* zeroed */
void pool_put(struct pool *p, void *obj);   /* NULL is ignored; poisoned under ASan */
void pool_trim(struct pool *p);             /* gives idle objects back to the system */
/* The registry, newest first: pools register at first use. Both return NULL at the end. */
struct pool *pool_first(void);
struct pool *pool_next(const struct pool *p);

#endif
