// SPDX-License-Identifier: GPL-3.0-or-later
/* Connection buffers from one pool of the process, and growing text. */
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/panic.h>
#include <sluice/base/pool.h>

static struct pool buf_pool = { .name = "buffer", .size = 16384 };

void buf_set_size(uint32_t bytes)
{
	pool_trim(&buf_pool);
	buf_pool.size = (bytes + 15u) & ~(size_t)15; /* as the pool rounds it: buf_size() is what a buffer holds */
}

uint32_t buf_size(void) { return (uint32_t)buf_pool.size; }

bool buf_acquire(struct buf *b)
{
	if (b->cap)
		return true;
	b->mem = pool_get(&buf_pool);
	if (!b->mem)
		return false;
	b->head = b->tail = 0;
	b->cap = (uint32_t)buf_pool.size;
	return true;
}

void buf_release(struct buf *b)
{
	if (b->cap)
		pool_put(&buf_pool, b->mem);
	*b = (struct buf){ 0 };
}

void buf_compact(struct buf *b)
{
	uint32_t n = buf_len(b);
	if (b->head == 0)
		return;
	memmove(b->mem, b->mem + b->head, n);
	b->head = 0;
	b->tail = n;
}

uint32_t buf_append(struct buf *b, struct str s)
{
	uint32_t n = (uint32_t)MIN((size_t)buf_room(b), s.n);
	if (n)
		memcpy(b->mem + b->tail, s.p, n);
	b->tail += n;
	return n;
}

/* Makes room for n more bytes; returns how many there is room for. */
static size_t sbuf_room(struct sbuf *b, size_t n)
{
	if (LIKELY(b->cap - b->n >= n))
		return n;
	if (b->fixed) {
		b->cut = true;
		return b->cap - b->n;
	}
	size_t cap = MAX(b->cap * 2, b->n + n + 64);
	char *p = realloc(b->p, cap);
	if (!p)
		die("out of memory");
	b->p = p;
	b->cap = cap;
	return n;
}

void sbuf_add(struct sbuf *b, struct str s)
{
	size_t n = sbuf_room(b, s.n);
	if (n)
		memcpy(b->p + b->n, s.p, n);
	b->n += n;
}

void sbuf_addc(struct sbuf *b, char c)
{
	if (sbuf_room(b, 1))
		b->p[b->n++] = c;
}

void sbuf_vprintf(struct sbuf *b, const char *fmt, va_list ap)
{
	char text[512];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	ASSERT(n >= 0);
	if ((size_t)n < sizeof text) {
		sbuf_add(b, str_n(text, (size_t)n));
	} else {
		char *big = malloc((size_t)n + 1);
		if (!big)
			die("out of memory");
		vsnprintf(big, (size_t)n + 1, fmt, again);
		sbuf_add(b, str_n(big, (size_t)n));
		free(big);
	}
	va_end(again);
}

void sbuf_printf(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	sbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

void sbuf_free(struct sbuf *b)
{
	if (!b->fixed)
		free(b->p);
	*b = (struct sbuf){ 0 };
}

const char *sbuf_cstr(struct sbuf *b)
{
	if (b->fixed && b->n == b->cap) { /* the NUL takes the last byte */
		b->n--;
		b->cut = true;
	}
	sbuf_room(b, 1);
	b->p[b->n] = 0;
	return b->p;
}
