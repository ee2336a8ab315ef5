// SPDX-License-Identifier: GPL-3.0-or-later
/* Bump allocator: everything allocated from an arena lives exactly as long as the arena. */
#ifndef SLUICE_BASE_ARENA_H
#define SLUICE_BASE_ARENA_H

#include <stdarg.h>
#include <sluice/base/str.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* newest chunk */
	char *cur, *end;          /* free space of the newest chunk */
	size_t chunk_size;        /* size of the next chunk, bytes */
	size_t total;             /* bytes handed out */
	char *start;              /* of the space of the only chunk; NULL: there are more, or none */
};

/* chunk_size 0 takes 64 KiB. Chunks are page-aligned mmaps so that arena_freeze() can protect them. */
void arena_init(struct arena *a, size_t chunk_size);
/* Frees every chunk; all pointers handed out die. */
void arena_free(struct arena *a);
/* Forgets all allocations but keeps the first chunk. */
void arena_reset(struct arena *a);
/* A place to go back to: arena_rewind() forgets what was handed out since the mark, which must be the latest still
 * standing. The newest chunk is kept, so a loop of mark and rewind maps memory once. */
struct arena_mark { struct arena_chunk *head; char *cur; size_t total; };
static inline struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ a->head, a->cur, a->total };
}
void arena_rewind(struct arena *a, struct arena_mark m);
/* Makes every chunk read-only (mprotect); no allocation is allowed afterwards. Leader only. */
void arena_freeze(struct arena *a);

/* 16-byte aligned, zeroed. Never NULL: out of memory is fatal (configuration time only). */
void *arena_alloc(struct arena *a, size_t n);
/* n bytes without alignment and without zeroing, for text. */
char *arena_bytes(struct arena *a, size_t n);
void *arena_dup(struct arena *a, const void *p, size_t n);
struct str arena_str(struct arena *a, struct str s);         /* copies, NUL-terminated behind the slice */
char *arena_cstr(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_FMT(2, 3);
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_FMT(2, 0);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_NEWN(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif
