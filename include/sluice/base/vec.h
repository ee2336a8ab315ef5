// SPDX-License-Identifier: GPL-3.0-or-later
/* Growing arrays for configuration time: VEC(type) v; VEC_PUSH(&v, x); v.at[i], v.n. Out of memory is fatal. */
#ifndef SLUICE_BASE_VEC_H
#define SLUICE_BASE_VEC_H

#include <sluice/base/arena.h>

#define VEC(type) struct { type *at; size_t n, cap; }
#define VEC_PUSH(v, x) \
	((v)->n == (v)->cap ? vec_grow((void **)&(v)->at, &(v)->cap, sizeof(*(v)->at)) : (void)0, \
	 (v)->at[(v)->n++] = (x))
#define VEC_LAST(v) ((v)->at[(v)->n - 1])
#define VEC_FREE(v) vec_free((void **)&(v)->at, &(v)->n, &(v)->cap)
/* Copies the elements into an arena: the frozen form. */
#define VEC_FREEZE(v, a) arena_dup((a), (v)->at, (v)->n * sizeof(*(v)->at))

void vec_grow(void **at, size_t *cap, size_t elem);
void vec_free(void **at, size_t *n, size_t *cap);

#endif
