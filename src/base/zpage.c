// SPDX-License-Identifier: GPL-3.0-or-later
/* Pages come from the kernel in slabs, which are kept; free ones are a stack of pointers outside of them, for a pointer inside would make the
 * page exist. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sluice/base/zpage.h>

#define SLAB_PAGES 64u

static void **spare;
static size_t nspare, capacity; /* capacity: all pages, so that giving back never needs memory */

static bool grow(void)
{
	void **more = realloc(spare, (capacity + SLAB_PAGES) * sizeof(*spare));
	char *slab;

	if (!more)
		return false;
	spare = more;
	slab = mmap(NULL, SLAB_PAGES * ZPAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slab == MAP_FAILED)
		return false;
	(void)!madvise(slab, SLAB_PAGES * ZPAGE_SIZE, MADV_NOHUGEPAGE);
	capacity += SLAB_PAGES;
	for (size_t i = SLAB_PAGES; i--;)
		spare[nspare++] = slab + i * ZPAGE_SIZE;
	return true;
}

static bool all_zero(const void *p)
{
	const uint64_t *w = p;
	uint64_t any = 0;

	for (size_t i = 0; i < ZPAGE_SIZE / sizeof(*w); i++)
		any |= w[i];
	return !any;
}

void *zpage_get(void)
{
	return nspare || grow() ? spare[--nspare] : NULL;
}

void zpage_put(void *p)
{
	if (!all_zero(p))
		memset(p, 0, ZPAGE_SIZE);
	spare[nspare++] = p;
}

bool zpage_trim(void *p)
{
	return all_zero(p) && madvise(p, ZPAGE_SIZE, MADV_DONTNEED) == 0;
}

size_t zpage_used(void) { return capacity - nspare; }
