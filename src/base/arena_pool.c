// SPDX-License-Identifier: GPL-3.0-or-later
/* The stack of spare arenas. What does not fit on it goes back to the system. */
#include <sluice/base/arena_pool.h>
#include <sluice/base/pool.h>

#define SPARE_MAX 1024
#define CHUNK 8192

struct pooled { struct arena a; };
static struct pool pooled_pool = POOL("arena", struct pooled);
static struct { struct arena *at[SPARE_MAX]; unsigned n; } spare;

struct arena *arena_take(void)
{
	struct pooled *p;

	if (spare.n)
		return spare.at[--spare.n];
	p = pool_get(&pooled_pool);
	if (!p)
		return NULL;
	arena_init(&p->a, CHUNK);
	return &p->a;
}

void arena_give(struct arena *a)
{
	if (!a)
		return;
	if (spare.n < SPARE_MAX) {
		if (a->total)
			arena_reset(a);
		spare.at[spare.n++] = a;
		return;
	}
	arena_free(a);
	pool_put(&pooled_pool, a);
}
