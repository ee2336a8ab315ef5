// SPDX-License-Identifier: GPL-3.0-or-later
/* The memory of nghttp2's sessions, of which most would be held for nothing while a connection is idle.
 *
 * A session keeps a buffer of one frame for the frame being sent. What is in it is copied from it before the next call, and calls on two
 * sessions never overlap, so that all sessions of a process share one. It is the first allocation above that size that a new session makes;
 * further ones (a head that takes several frames) are its own.
 *
 * It also keeps a hash table of its streams, 4 KiB of zeros while there are none. That is a page of its own, which an idle connection
 * gives back to the kernel until it is written again. A table that has grown is ordinary memory. */
#include <stdlib.h>
#include <sluice/base/zpage.h>
#include "mux_h2_priv.h"

#define FRAME_MIN 16384u

static void *frame_buffer;
static size_t frame_size;
static bool session_begins;

static void *ng_malloc(size_t n, void *user UNUSED) { return malloc(n); }

static void ng_free(void *p, void *user)
{
	struct mux_h2 *h = user;

	if (p && p == h->table) {
		h->table = NULL;
		zpage_put(p);
	} else if (p != frame_buffer) {
		free(p);
	}
}

static void *ng_calloc(size_t n, size_t size, void *user)
{
	struct mux_h2 *h = user;

	if (session_begins && !h->table && n > 1 && n * size == ZPAGE_SIZE)
		return h->table = zpage_get();
	return calloc(n, size);
}

/* The frame's buffer is made by a realloc of nothing. */
static void *ng_realloc(void *p, size_t n, void *user)
{
	struct mux_h2 *h = user;

	ASSERT(!p || (p != frame_buffer && p != h->table));
	if (p || !session_begins || n < FRAME_MIN)
		return realloc(p, n);
	if (!frame_buffer)
		frame_buffer = malloc(frame_size = n);
	return n == frame_size ? frame_buffer : malloc(n);
}

nghttp2_mem h2_mem_begin(struct mux_h2 *h)
{
	session_begins = true;
	return (nghttp2_mem){ .mem_user_data = h, .malloc = ng_malloc, .free = ng_free, .calloc = ng_calloc, .realloc = ng_realloc };
}

void h2_mem_begun(void) { session_begins = false; }

void h2_mem_trim(struct mux_h2 *h)
{
	if (h->table)
		zpage_trim(h->table);
}
