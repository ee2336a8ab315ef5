// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern tables as objects: making and mapping them, versions, and the lock that keeps two leaders from writing at once while one
 * generation follows the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/base/rand.h>
#include "ptab_priv.h"

#define SIZE_LEAST (1ull << 30)  /* address space, not memory */
#define SIZE_MOST (15ull << 30)  /* 31 bits of 8-byte words, less one */
#define SIZE_TIGHT (32ull << 20) /* where address space is limited */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; the C library does not know it yet */
#endif
#define HUGE_PAGE (2ul << 20)
#define HUGE_WORTH (4 * HUGE_PAGE) /* less is in the caches anyway */
#define HASHES 1 /* another number when keys hash otherwise */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* What tells builds apart that would read each other wrong. */
static uint32_t layout_of(void)
{
	return (uint32_t)(sizeof(struct header) * 31 + sizeof(struct rec) * 7 + offsetof(struct header, ver)) + HASHES;
}

static uint32_t header_units(uint32_t nunits) { return (uint32_t)((sizeof(struct header) + nunits + UNIT - 1) / UNIT); }

/* At a multiple of what a huge page holds: else none can be used. */
static void *map_aligned(int fd, uint64_t size)
{
	char *room = mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return MAP_FAILED;
	size_t lead = (HUGE_PAGE - (uintptr_t)room % HUGE_PAGE) % HUGE_PAGE;
	void *p = mmap(room + lead, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	if (lead)
		munmap(room, lead);
	if (HUGE_PAGE > lead)
		munmap(room + lead + size, HUGE_PAGE - lead);
	return p;
}

static void ptab_free(struct ptab *t)
{
	if (t)
		free(t->factor);
	free(t);
}

static struct ptab *map_file(int fd, uint64_t size)
{
	struct ptab *t = calloc(1, sizeof(*t));
	void *p = MAP_FAILED;

	if (t && (t->factor = calloc(LENS, sizeof(*t->factor))))
		p = map_aligned(fd, size);
	if (p == MAP_FAILED) {
		ptab_free(t);
		return NULL;
	}
	t->h = p;
	t->base = p;
	t->size = size;
	t->fd = fd;
	return t;
}

static void know(struct ptab *t)
{
	t->seed = t->h->seed;
	t->mult = t->h->mult;
	t->nuse = MIN(t->h->nuse, PTAB_USES);
	memcpy(t->use, t->h->use, sizeof(t->use));
	for (unsigned i = 0; i < LENS; i++)
		t->factor[i] = hash_xxh3(str_n((const char *)&i, sizeof(i)), t->seed);
}

static void version_open(struct ptab *t, uint32_t slot, uint32_t number)
{
	struct version *v = ver_of(t, slot);

	memset(v, 0, sizeof(*v));
	v->state = VER_READY;
	v->number = number;
	v->serial = ++t->h->next_serial;
}

static struct ptab *create_sized(const struct ptab_use *use, unsigned n, uint64_t size)
{
	int fd = memfd_create("patterns", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct ptab *t = NULL;

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		t = map_file(fd, size);
	if (!t) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		errno = err;
		return NULL;
	}
	struct header *h = t->h;

	h->p = (struct portal){ /* the rest is zero, in pages that nobody has touched */
		.magic = PTAB_MAGIC, .size = size, .layout = layout_of(), .rec_form = REC_FORM, .cur = offsetof(struct header, cur),
		.ver = offsetof(struct header, ver), .ver_stride = sizeof(struct version), .ver_first = offsetof(struct version, first)
	};
	h->nunits = (uint32_t)(size / UNIT);
	h->nuse = n;
	rand_secret(&h->seed, sizeof(h->seed));
	rand_secret(&h->mult, sizeof(h->mult));
	h->mult |= 1;
	h->hint = header_units(h->nunits);
	memset(h->owner, OWNER_HEADER, h->hint);
	if (n)
		memcpy(h->use, use, n * sizeof(*use));
	know(t);
	version_open(t, 0, 0);
	return t;
}

struct ptab *ptab_create(const struct ptab_use *use, unsigned n, size_t room)
{
	uint64_t size = MIN(MAX(SIZE_LEAST, (uint64_t)room * 16), SIZE_MOST) & ~(uint64_t)(UNIT - 1), least = MAX(SIZE_TIGHT, (uint64_t)room * 6);
	struct ptab *t;

	while (!(t = create_sized(use, MIN(n, PTAB_USES), size)) && errno == ENOMEM && size / 2 >= least)
		size = size / 2 & ~(uint64_t)(UNIT - 1);
	return t;
}

/* A lock of the process: the kernel drops it with its holder. */
static void lock(const struct ptab *t, short type)
{
	struct flock f = { .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };

	while (fcntl(t->fd, F_SETLKW, &f) < 0 && errno == EINTR)
		;
}

static bool header_ok(const struct header *h, uint64_t size)
{
	return h->p.magic == PTAB_MAGIC && h->p.layout == layout_of() && h->p.size == size && h->nunits == size / UNIT && h->nuse <= PTAB_USES &&
	       atomic_load_explicit(&h->cur, memory_order_relaxed) < VERS;
}

static const _Atomic uint32_t *portal_word(const struct ptab *t, uint64_t at)
{
	return at % 4 == 0 && at + 4 <= t->size ? (const _Atomic uint32_t *)(const void *)(t->base + at) : NULL;
}

uint32_t portal_first(const struct ptab *t)
{
	const struct portal *p = &t->h->p;
	const _Atomic uint32_t *cur = portal_word(t, p->cur), *first;

	if (!cur)
		return 0;
	first = portal_word(t, p->ver + (uint64_t)*cur * p->ver_stride + p->ver_first);
	return first ? atomic_load_explicit(first, memory_order_acquire) : 0;
}

static bool portal_ok(const struct portal *p, uint64_t size)
{
	return p->magic == PTAB_MAGIC && p->size == size && p->rec_form == REC_FORM;
}

struct ptab *ptab_map(int fd, bool *torn)
{
	struct stat st;
	struct ptab *t = NULL;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals >= 0 && (seals & F_SEAL_SHRINK) && fstat(fd, &st) == 0 && (uint64_t)st.st_size >= 2 * UNIT)
		t = map_file(fd, (uint64_t)st.st_size);
	if (!t) {
		close(fd);
		return NULL;
	}
	t->foreign = !header_ok(t->h, t->size);
	if (t->foreign && !portal_ok(&t->h->p, t->size)) {
		ptab_unmap(t);
		return NULL;
	}
	if (t->foreign) {
		*torn = true;
		return t;
	}
	know(t);
	lock(t, F_WRLCK); /* a writer that lives is waited for: only a dead one leaves its mark behind */
	*torn = atomic_load_explicit(&t->h->dirty, memory_order_acquire) != 0;
	lock(t, F_UNLCK);
	return t;
}

void ptab_unmap(struct ptab *t)
{
	if (!t)
		return;
	munmap(t->h, t->size);
	close(t->fd);
	VEC_FREE(&t->later);
	ptab_free(t);
}

void ptab_settle(struct ptab *t)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < t->h->nunits; i++)
		if (t->h->owner[i])
			used = ((uint64_t)i + 1) * UNIT;
	if (used >= HUGE_WORTH)
		(void)madvise(t->h, used & ~(HUGE_PAGE - 1), MADV_COLLAPSE);
}

void ptab_read_only(struct ptab *t)
{
	(void)!mprotect(t->h, t->size, PROT_READ);
	close(t->fd);
	t->fd = -1;
}

int ptab_fd(const struct ptab *t) { return t->fd; }

unsigned ptab_uses(const struct ptab *t, struct ptab_use *use)
{
	memcpy(use, t->use, t->nuse * sizeof(*use));
	return t->nuse;
}

size_t ptab_bytes(const struct ptab *t)
{
	struct stat st;

	return fstat(t->fd, &st) == 0 ? (size_t)st.st_blocks * 512 : 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

void ptab_begin(struct ptab *t)
{
	lock(t, F_WRLCK);
	atomic_store_explicit(&t->h->dirty, 1, memory_order_release);
}

void ptab_end(struct ptab *t)
{
	atomic_store_explicit(&t->h->dirty, 0, memory_order_release);
	lock(t, F_UNLCK);
}

/* ---- versions ----------------------------------------------------------------------------------------------------- */

int ptab_current(const struct ptab *t) { return (int)(atomic_load_explicit(&t->h->cur, memory_order_relaxed) % VERS); }

int ptab_slot(const struct ptab *t, uint32_t version)
{
	for (uint32_t i = 0; i < VERS; i++)
		if (ver_of(t, i)->state == VER_READY && ver_of(t, i)->number == version)
			return (int)i;
	return -1;
}

uint32_t ptab_version(const struct ptab *t) { return ver_of(t, (uint32_t)ptab_current(t))->number; }
uint32_t ptab_last_version(const struct ptab *t) { return t->h->next_ver; }
uint32_t ptab_entries(const struct ptab *t, int slot) { return ver_of(t, (uint32_t)slot)->n; }

static int slot_free(const struct ptab *t)
{
	for (uint32_t i = 0; i < VERS; i++)
		if (ver_of(t, i)->state == VER_FREE)
			return (int)i;
	return -1;
}

/* Its memory goes when the last reader that may be in it is out. */
static void version_leave(struct ptab *t, int slot)
{
	struct version *v = ver_of(t, (uint32_t)slot);

	v->state = VER_LEAVING;
	v->left_ms = clock_read_ns() / 1000000;
}

uint32_t ptab_prepare(struct ptab *t)
{
	int slot = slot_free(t);
	uint32_t spare = 0;

	for (uint32_t i = 0; i < VERS; i++)
		spare += ver_of(t, i)->state == VER_FREE;
	if (spare < 3) /* clear needs one, and so does its next use */
		return 0;
	version_open(t, (uint32_t)slot, ++t->h->next_ver);
	return t->h->next_ver;
}

bool ptab_commit(struct ptab *t, uint32_t version)
{
	int slot = ptab_slot(t, version), was = ptab_current(t);

	if (slot < 0)
		return false;
	if (slot == was)
		return true;
	atomic_store_explicit(&t->h->cur, (uint32_t)slot, memory_order_release);
	for (uint32_t i = 0; i < VERS; i++) {
		struct version *v = ver_of(t, i);

		if (v->state == VER_READY && (int32_t)(v->number - version) < 0)
			version_leave(t, (int)i);
	}
	return true;
}

static void clear_slowly(struct ptab *t, int slot)
{
	for (uint32_t off; (off = atomic_load_explicit(&ver_of(t, (uint32_t)slot)->first, memory_order_relaxed));)
		ptab_del_ref(t, slot, off);
}

void ptab_clear(struct ptab *t, int slot)
{
	uint32_t number = ver_of(t, (uint32_t)slot)->number;
	int new = slot_free(t);

	if (new < 0) {
		clear_slowly(t, slot);
		return;
	}
	version_open(t, (uint32_t)new, number);
	if (slot == ptab_current(t))
		atomic_store_explicit(&t->h->cur, (uint32_t)new, memory_order_release);
	version_leave(t, slot);
}
