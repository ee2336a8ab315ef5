// SPDX-License-Identifier: GPL-3.0-or-later
/* Two kinds of buffer: `struct buf` holds bytes on their way through a connection (linear, fixed capacity,
 * storage from a pool and returned when empty), `struct sbuf` builds text of any length.
 *
 *    mem            head             tail           cap
 *     |   consumed   |   readable     |   room       |
 */
#ifndef SLUICE_BASE_BUF_H
#define SLUICE_BASE_BUF_H

#include <stdarg.h>
#include <sluice/base/str.h>

struct buf {
	char *mem;
	uint32_t head, tail, cap; /* head <= tail <= cap; cap is 0 while there is no storage */
};

/* Process-wide size of a connection buffer (tune.bufsize), bytes; set once before the first connection. */
void buf_set_size(uint32_t bytes);
uint32_t buf_size(void);

/* Gives b storage of buf_size() bytes if it has none; false when memory is short. */
bool buf_acquire(struct buf *b) MUST_CHECK;
/* Returns the storage to the pool; readable bytes are lost. */
void buf_release(struct buf *b);
/* Moves readable bytes to the front so that the room is in one piece. Slices into the buffer move with it. */
void buf_compact(struct buf *b);

static inline uint32_t buf_len(const struct buf *b) { return b->tail - b->head; }
static inline uint32_t buf_room(const struct buf *b) { return b->cap - b->tail; }
static inline char *buf_at(const struct buf *b) { return b->mem + b->head; }
static inline struct str buf_str(const struct buf *b) { return (struct str){ b->mem + b->head, b->tail - b->head }; }
static inline void buf_consume(struct buf *b, uint32_t n)
{
	b->head += n;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}
/* Appends as much of s as there is room for; returns the number of bytes taken. */
uint32_t buf_append(struct buf *b, struct str s);

struct sbuf {
	char *p;
	size_t n, cap;
	bool fixed; /* storage is the caller's; text beyond cap is cut and `cut` set */
	bool cut;
};

#define SBUF_FIXED(arr) { .p = (arr), .cap = sizeof(arr), .fixed = true }
void sbuf_add(struct sbuf *b, struct str s);
void sbuf_addc(struct sbuf *b, char c);
void sbuf_printf(struct sbuf *b, const char *fmt, ...) PRINTF_FMT(2, 3);
void sbuf_vprintf(struct sbuf *b, const char *fmt, va_list ap) PRINTF_FMT(2, 0);
void sbuf_free(struct sbuf *b);
const char *sbuf_cstr(struct sbuf *b); /* NUL-terminated view, valid until the next add */
static inline struct str sbuf_str(const struct sbuf *b) { return (struct str){ b->p, b->n }; }

#endif
