// SPDX-License-Identifier: GPL-3.0-or-later
/* Growth of the VEC() arrays. */
#include <stdlib.h>
#include <sluice/base/panic.h>
#include <sluice/base/vec.h>

void vec_grow(void **at, size_t *cap, size_t elem)
{
	size_t want = *cap ? *cap * 2 : 8;
	void *p = reallocarray(*at, want, elem);
	if (!p)
		die("out of memory");
	*at = p;
	*cap = want;
}

void vec_free(void **at, size_t *n, size_t *cap)
{
	free(*at);
	*at = NULL;
	*n = *cap = 0;
}
