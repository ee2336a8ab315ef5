// SPDX-License-Identifier: GPL-3.0-or-later
/* Arenas that wait for their next user with their first chunk kept: one stack a process, so that the warm one is used. */
#ifndef SLUICE_BASE_ARENA_POOL_H
#define SLUICE_BASE_ARENA_POOL_H

#include <sluice/base/arena.h>

/* An empty arena with chunks of 8 KiB; NULL when memory is short. */
struct arena *arena_take(void) MUST_CHECK;
/* Gives it back; everything in it dies. NULL is ignored. */
void arena_give(struct arena *a);

#endif
