// SPDX-License-Identifier: GPL-3.0-or-later
/* The segment's life: layout, creation, mapping, and what the leader does to it when a worker has died.
 * The layout is computed from three numbers (workers, proxies, servers); whoever maps a segment recomputes it and compares, so that
 * nothing in the file is trusted as an offset. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/ipc/counters.h>
#include <sluice/ipc/event.h>
#include <sluice/ipc/note.h>
#include <sluice/ipc/place.h>

#define ADMIT_TRIES 8

#define PAGE 4096u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* ---- layout ---- */

static uint64_t page_up(uint64_t n) { return (n + PAGE - 1) & ~(uint64_t)(PAGE - 1); }

static void layout_counters(struct seg_geometry *g)
{
	g->ctr_px_off = sizeof(struct proc_counters);
	g->ctr_srv_off = g->ctr_px_off + (uint64_t)g->npx * sizeof(struct px_counters);
	g->ctr_lst_off = g->ctr_srv_off + (uint64_t)g->nsrv * sizeof(struct srv_counters);
	g->ctr_hist_off = page_up(g->ctr_lst_off + (uint64_t)g->nlst * sizeof(struct lst_counters));
	g->ctr_column = page_up(g->ctr_hist_off + (uint64_t)g->npx * sizeof(struct px_hists));
}

static uint64_t rows_count(const struct seg_geometry *g) { return 2 + 3ul * g->npx + 5ul * g->nsrv + g->nlst; }

static void layout(struct seg_geometry *g, unsigned nworkers, unsigned npx, unsigned nsrv, unsigned nlst)
{
	g->nworkers = nworkers, g->npx = npx, g->nsrv = nsrv, g->nlst = nlst;
	g->row_stride = CACHE_LINE * ((nworkers + 15) / 16);
	g->off_srv = page_up(SEG_OFF_SLOT + nworkers * sizeof(struct seg_slot));
	g->off_rows = page_up(g->off_srv + nsrv * sizeof(struct seg_srv));
	g->off_be = page_up(g->off_rows + rows_count(g) * g->row_stride);
	g->off_ev = page_up(g->off_be + npx * sizeof(struct seg_be));
	g->off_ctr = page_up(g->off_ev + SEG_EVENTS * sizeof(struct seg_event));
	layout_counters(g);
	g->off_place = page_up(g->off_ctr + (nworkers + 1) * g->ctr_column);
	g->off_note = page_up(g->off_place + nsrv * sizeof(struct seg_place));
	g->size = page_up(g->off_note + (uint64_t)nsrv * NOTE_COUNT * sizeof(struct seg_note));
}

static uint32_t fnv1a(uint32_t hash, const void *p, size_t n)
{
	for (const unsigned char *c = p; n--; c++)
		hash = (hash ^ *c) * 16777619u;
	return hash;
}

uint32_t segment_abi(void)
{
#define AT(type, field) (uint32_t)offsetof(struct type, field)
	static const uint32_t shape[] = {
		sizeof(struct seg_header), sizeof(struct seg_slot), sizeof(struct seg_srv), sizeof(struct seg_be),
		SEG_OFF_SLOT, SEG_MAX_WORKERS,
		AT(seg_header, state), AT(seg_header, geo.nworkers), AT(seg_header, geo.row_stride), AT(seg_header, geo.off_srv),
		AT(seg_header, geo.off_ctr), AT(seg_header, geo.ctr_column), AT(seg_header, fold_seq), AT(seg_header, checker_beat),
		AT(seg_slot, epoch), AT(seg_slot, pid), AT(seg_slot, beat), AT(seg_slot, started),
		AT(seg_srv, op), AT(seg_srv, check), AT(seg_srv, chk_fail), AT(seg_srv, admin), AT(seg_srv, ewma),
		AT(seg_srv, fail_hint), AT(seg_srv, passive_seq), AT(seg_srv, down_s), AT(seg_be, rr_cursor), AT(seg_be, first_hint),
		sizeof(struct seg_event), SEG_EVENTS, sizeof(struct seg_place), AT(seg_srv, order), AT(seg_srv, foreign),
		AT(seg_be, fe_state), AT(seg_be, fe_maxconn),
		AT(seg_header, ev_head), AT(seg_header, busy_pct), AT(seg_header, maxconn), AT(seg_header, geo.off_ev), AT(seg_header, geo.off_place),
		AT(seg_be, chk_down), AT(seg_be, state), AT(seg_header, started_s), AT(seg_header, geo.ctr_hist_off),
		AT(seg_srv, agent), sizeof(struct seg_note), AT(seg_header, geo.off_note),
	};
#undef AT
	uint32_t hash = fnv1a(2166136261u, shape, sizeof(shape));

	for (unsigned i = 0; i < ctr_ndescs; i++) {
		const struct ctr_desc *d = &ctr_descs[i];
		uint32_t row[] = { d->scope, d->kind, d->off, d->n };
		hash = fnv1a(fnv1a(hash, row, sizeof(row)), d->name, strlen(d->name));
	}
	return hash;
}

/* ---- creating and mapping ---- */

static struct segment *segment_attach(int fd, const struct seg_geometry *g)
{
	struct segment *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	char *base = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		free(s);
		return NULL;
	}
	s->fd = fd;
	s->geo = *g;
	s->h = (struct seg_header *)(void *)base;
	s->slot = (struct seg_slot *)(void *)(base + SEG_OFF_SLOT);
	s->srv = (struct seg_srv *)(void *)(base + g->off_srv);
	s->rows = base + g->off_rows;
	s->be = (struct seg_be *)(void *)(base + g->off_be);
	s->ev = (struct seg_event *)(void *)(base + g->off_ev);
	s->ctr = base + g->off_ctr;
	s->place = (struct seg_place *)(void *)(base + g->off_place);
	s->note = (struct seg_note *)(void *)(base + g->off_note);
	return s;
}

static int memfd_sized(const struct seg_geometry *g)
{
	int fd = memfd_create("sluice-segment", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	int err = ftruncate(fd, (off_t)g->size) < 0 ? errno : posix_fallocate(fd, 0, (off_t)g->off_ctr);
	if (!err && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		err = errno;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

struct segment *segment_create(uint64_t generation, unsigned nworkers, unsigned npx, unsigned nsrv, unsigned nlst)
{
	struct seg_header h = { .magic = SEG_MAGIC, .abi = segment_abi(), .generation = generation, .state = SEG_STARTING };

	if (nworkers < 1 || nworkers > SEG_MAX_WORKERS) {
		errno = EINVAL;
		return NULL;
	}
	layout(&h.geo, nworkers, npx, nsrv, nlst);
	int fd = memfd_sized(&h.geo);
	if (fd < 0)
		return NULL;
	struct segment *s = segment_attach(fd, &h.geo);
	if (!s) {
		close(fd);
		return NULL;
	}
	memcpy(s->h, &h, sizeof(h));
	return s;
}

/* Everything derived must equal what this build would lay out. */
static bool geometry_is_ours(const struct seg_geometry *got, uint64_t file_size)
{
	struct seg_geometry want = { 0 };

	if (got->nworkers < 1 || got->nworkers > SEG_MAX_WORKERS)
		return false;
	layout(&want, got->nworkers, got->npx, got->nsrv, got->nlst);
	return want.size == file_size && !memcmp(&want, got, sizeof(want));
}

/* The header is copied once and judged from the copy; *h is that copy. */
static bool segment_file_ok(int fd, struct seg_header *h)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &st) == 0 &&
	       pread(fd, h, sizeof(*h), 0) == (ssize_t)sizeof(*h) && h->magic == SEG_MAGIC && h->abi == segment_abi() &&
	       geometry_is_ours(&h->geo, (uint64_t)st.st_size);
}

struct segment *segment_map(int fd)
{
	struct seg_header h;

	if (!segment_file_ok(fd, &h)) {
		errno = EPROTO;
		return NULL;
	}
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return NULL;
	struct segment *s = segment_attach(own, &h.geo);
	if (!s)
		close(own);
	return s;
}

void segment_unmap(struct segment *s)
{
	if (!s)
		return;
	munmap(s->h, s->geo.size);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

bool segment_make_private(struct segment *s)
{
	return mmap(s->h, s->geo.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, s->fd, 0) != MAP_FAILED;
}

/* ---- after a death ---- */

static void rows_clear_column(struct segment *s, unsigned w)
{
	for (char *row = s->rows, *end = row + rows_count(&s->geo) * s->geo.row_stride; row < end; row += s->geo.row_stride)
		atomic_store_explicit((_Atomic uint32_t *)(void *)row + w, 0, memory_order_relaxed);
}

void segment_reap(struct segment *s, unsigned w)
{
	ASSERT(w < s->geo.nworkers);
	struct seg_slot *sl = &s->slot[w];

	atomic_store_explicit(&sl->state, SLOT_DEAD, memory_order_release);
	rows_clear_column(s, w);
	ctr_fold_column(s, w + 1, 0);
	atomic_fetch_add_explicit(&sl->epoch, 1, memory_order_release);
	atomic_store_explicit(&sl->pid, 0, memory_order_relaxed);
	atomic_store_explicit(&sl->beat, 0, memory_order_relaxed);
	atomic_store_explicit(&sl->started, 0, memory_order_relaxed);
	atomic_store_explicit(&sl->state, SLOT_FREE, memory_order_release);
}

/* seq_cst on both sides: of two workers that add and then look, one sees the other. */
static void column_add(_Atomic uint32_t *c, int32_t d)
{
	atomic_store(c, atomic_load_explicit(c, memory_order_relaxed) + (uint32_t)d);
}

static uint32_t row_sum(const _Atomic uint32_t *row, unsigned n)
{
	uint32_t t = 0;

	for (unsigned i = 0; i < n; i++)
		t += atomic_load(row + i);
	return t;
}

/* The last of several that collide sees the others gone and tries again; which it is, nobody needs to know. */
bool live_admit(const struct segment *s, enum live_kind k, unsigned idx, unsigned worker, uint32_t limit, uint32_t extra)
{
	_Atomic uint32_t *row = live_row(s, k, idx);

	if (!limit) {
		live_add(s, k, idx, worker, 1);
		return true;
	}
	for (unsigned tries = 0; tries < ADMIT_TRIES; tries++) {
		column_add(row + worker, 1);
		if (row_sum(row, s->geo.nworkers) + extra <= limit)
			return true;
		column_add(row + worker, -1);
		if (row_sum(row, s->geo.nworkers) + extra >= limit)
			return false;
	}
	return false;
}
