// SPDX-License-Identifier: GPL-3.0-or-later
/* Arenas over anonymous mappings, so that a frozen one can be made read-only page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sluice/base/arena.h>
#include <sluice/base/panic.h>

#define PAGE 4096u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* of the mapping */
};

void arena_init(struct arena *a, size_t chunk_size)
{
	size_t size = chunk_size ? chunk_size : 65536;
	*a = (struct arena){ .chunk_size = (size + PAGE - 1) & ~(size_t)(PAGE - 1) };
}

static void arena_grow(struct arena *a, size_t need)
{
	size_t size = a->chunk_size;
	if (need + sizeof(struct arena_chunk) + 16 > size)
		size = (need + sizeof(struct arena_chunk) + 16 + PAGE - 1) & ~(size_t)(PAGE - 1);
	struct arena_chunk *c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		die("out of memory");
	c->size = size;
	c->next = a->head;
	a->start = a->head ? NULL : (char *)(c + 1);
	a->head = c;
	a->cur = (char *)(c + 1);
	a->end = (char *)c + size;
}

void arena_free(struct arena *a)
{
	for (struct arena_chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		munmap(c, c->size);
	}
	*a = (struct arena){ .chunk_size = a->chunk_size };
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->head;

	a->total = 0;
	if (a->start) { /* without a look at the chunk, which may be cold */
		a->cur = a->start;
		return;
	}
	if (!c)
		return;
	while (c->next) {
		struct arena_chunk *next = c->next;
		munmap(c, c->size);
		c = next;
	}
	a->head = c;
	a->start = a->cur = (char *)(c + 1);
	a->end = (char *)c + c->size;
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
	a->total = m.total;
	if (a->head == m.head) {
		a->cur = m.cur;
		return;
	}
	while (a->head->next != m.head) {
		struct arena_chunk *c = a->head->next;

		a->head->next = c->next;
		munmap(c, c->size);
	}
	a->cur = (char *)(a->head + 1);
}

void arena_freeze(struct arena *a)
{
	for (struct arena_chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		if (mprotect(c, c->size, PROT_READ))
			die("cannot protect the configuration: out of mappings");
	}
	a->cur = a->end = a->start = NULL;
}

/* Room for n bytes at the given alignment; chunks are fresh mappings, hence zero, but reset ones are not. */
static char *arena_take(struct arena *a, size_t n, size_t align)
{
	uintptr_t at = ((uintptr_t)a->cur + align - 1) & ~(uintptr_t)(align - 1);
	if (UNLIKELY(!a->cur || at > (uintptr_t)a->end || n > (uintptr_t)a->end - at)) {
		ASSERT(a->cur || !a->head); /* not frozen */
		arena_grow(a, n + align);
		at = ((uintptr_t)a->cur + align - 1) & ~(uintptr_t)(align - 1);
	}
	a->cur = (char *)at + n;
	a->total += n;
	return (char *)at;
}

void *arena_alloc(struct arena *a, size_t n) { return memset(arena_take(a, n, 16), 0, n); }
char *arena_bytes(struct arena *a, size_t n) { return arena_take(a, n, 1); }

void *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *d = arena_take(a, n ? n : 1, 16);
	if (n)
		memcpy(d, p, n);
	return d;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *d = arena_take(a, s.n + 1, 1);
	if (s.n)
		memcpy(d, s.p, s.n);
	d[s.n] = 0;
	return str_n(d, s.n);
}

char *arena_cstr(struct arena *a, struct str s) { return (char *)arena_str(a, s).p; }

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	ASSERT(fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	ASSERT(n >= 0);
	char *d = arena_take(a, (size_t)n + 1, 1);
	vsnprintf(d, (size_t)n + 1, fmt, ap);
	return str_n(d, (size_t)n);
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct str s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}
