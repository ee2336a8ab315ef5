// SPDX-License-Identifier: GPL-3.0-or-later
/* Object pools. Freed objects carry the free-list link in their first word; under AddressSanitizer the rest is
 * poisoned. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/pool.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#endif

static struct pool *registry;

static void pool_register(struct pool *p)
{
	p->size = (p->size + 15) & ~(size_t)15;
	if (p->max_idle == 0)
		p->max_idle = 1024;
	p->next = registry ? registry : p; /* the last one points at itself: `next` also says "registered" */
	registry = p;
}

struct pool *pool_first(void) { return registry; }
struct pool *pool_next(const struct pool *p) { return p->next == p ? NULL : p->next; }

void *pool_get(struct pool *p)
{
	void *o = p->free;
	if (LIKELY(o)) {
		UNPOISON(o, p->size);
		memcpy(&p->free, o, sizeof p->free);
		p->idle--;
		p->used++;
		return o;
	}
	if (!p->next)
		pool_register(p);
	o = malloc(p->size);
	if (!o) {
		p->failed++;
		return NULL;
	}
	p->used++;
	return o;
}

void *pool_zget(struct pool *p)
{
	void *o = pool_get(p);
	return o ? memset(o, 0, p->size) : NULL;
}

void pool_put(struct pool *p, void *obj)
{
	if (!obj)
		return;
	p->used--;
	if (p->idle >= p->max_idle) {
		free(obj);
		return;
	}
	memcpy(obj, &p->free, sizeof p->free);
	p->free = obj;
	p->idle++;
	/* the link stays readable: leak detection does not follow pointers in poisoned memory */
	POISON((char *)obj + sizeof p->free, p->size - sizeof p->free);
}

void pool_trim(struct pool *p)
{
	while (p->free) {
		void *o = p->free;
		UNPOISON(o, p->size);
		memcpy(&p->free, o, sizeof p->free);
		free(o);
	}
	p->idle = 0;
}
