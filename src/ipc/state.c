// SPDX-License-Identifier: GPL-3.0-or-later
/* Writing, opening and reading the description of a segment. The form is in state.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/ipc/state.h>

#define SEALS_SIZE (F_SEAL_SHRINK | F_SEAL_GROW)
#define OBJECTS_MAX 4000000u
#define COUNTERS_MAX 4096u
/* Builds without notes wrote as much. What a head lacks is zero, and so not looked at. */
#define HEAD_MIN (offsetof(struct state_head, srv_agent) + 4)

/* ---- writing ---- */

static void head_words(struct state_head *h)
{
	h->srv_op = offsetof(struct seg_srv, op);
	h->srv_check = offsetof(struct seg_srv, check);
	h->srv_chk_fail = offsetof(struct seg_srv, chk_fail);
	h->srv_chk_down = offsetof(struct seg_srv, chk_down);
	h->srv_admin = offsetof(struct seg_srv, admin);
	h->srv_ewma = offsetof(struct seg_srv, ewma);
	h->srv_down_s = offsetof(struct seg_srv, down_s);
	h->srv_agent = offsetof(struct seg_srv, agent);
	h->be_chk_down = offsetof(struct seg_be, chk_down);
	h->be_down_s = offsetof(struct seg_be, down_s);
	h->be_state = offsetof(struct seg_be, state);
	h->be_fe_state = offsetof(struct seg_be, fe_state);
	h->be_fe_maxconn = offsetof(struct seg_be, fe_maxconn);
	h->off_ev_head = offsetof(struct seg_header, ev_head);
	h->off_limits[0] = offsetof(struct seg_header, maxconn);
	h->off_limits[1] = offsetof(struct seg_header, conn_rate);
	h->off_limits[2] = offsetof(struct seg_header, sess_rate);
	h->off_limits[3] = offsetof(struct seg_header, ssl_rate);
	h->off_state = offsetof(struct seg_header, state);
	h->off_fold_seq = offsetof(struct seg_header, fold_seq);
	h->off_epoch_checker = offsetof(struct seg_header, epoch_checker);
	h->off_epoch_leader = offsetof(struct seg_header, epoch_leader);
}

static void head_counters(struct state_head *h, const struct seg_geometry *g)
{
	h->off_ctr = g->off_ctr;
	h->ctr_column = g->ctr_column;
	h->scope[CTR_SCOPE_PROC] = (struct state_part){ 0, sizeof(struct proc_counters) };
	h->scope[CTR_SCOPE_FE] = (struct state_part){ g->ctr_px_off + offsetof(struct px_counters, fe), sizeof(struct px_counters) };
	h->scope[CTR_SCOPE_BE] = (struct state_part){ g->ctr_px_off + offsetof(struct px_counters, be), sizeof(struct px_counters) };
	h->scope[CTR_SCOPE_SRV] = (struct state_part){ g->ctr_srv_off, sizeof(struct srv_counters) };
	h->scope[CTR_SCOPE_LST] = (struct state_part){ g->ctr_lst_off, sizeof(struct lst_counters) };
	h->scope[CTR_SCOPE_FEH] = (struct state_part){ g->ctr_hist_off + offsetof(struct px_hists, fe), sizeof(struct px_hists) };
	h->scope[CTR_SCOPE_BEH] = (struct state_part){ g->ctr_hist_off + offsetof(struct px_hists, be), sizeof(struct px_hists) };
}

static void head_fill(struct state_head *h, const struct segment *s, const struct state_names *names)
{
	const struct seg_geometry *g = &s->geo;

	*h = (struct state_head){
		.magic = STATE_MAGIC, .version = STATE_VERSION, .head_size = sizeof(*h), .ctr_size = sizeof(struct state_ctr),
		.obj_size = sizeof(struct state_obj), .nctr = ctr_ndescs, .generation = s->h->generation, .seg_size = g->size,
		.nworkers = g->nworkers, .npx = g->npx, .nsrv = g->nsrv, .nlst = g->nlst,
		.srv = { g->off_srv, sizeof(struct seg_srv) }, .be = { g->off_be, sizeof(struct seg_be) },
		.place = { g->off_place, sizeof(struct seg_place) }, .events = { g->off_ev, sizeof(struct seg_event) },
		.note = { g->off_note, sizeof(struct seg_note) },
		.nevents = SEG_EVENTS,
		.rows_srv = { (uint64_t)((const char *)live_row(s, LIVE_SRV, 0) - (const char *)s->h), g->row_stride },
	};
	memcpy(h->cfg_limits, names->limits, sizeof(h->cfg_limits));
	head_words(h);
	head_counters(h, g);
}

static bool write_all(int fd, const void *p, size_t n)
{
	for (const char *c = p; n;) {
		ssize_t w = write(fd, c, n);
		if (w < 0)
			return false;
		c += w, n -= (size_t)w;
	}
	return true;
}

static bool write_counters(int fd)
{
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		const struct ctr_desc *d = &ctr_descs[i];
		struct state_ctr c = { d->scope, d->kind, d->off, d->n, "" };
		size_t n = strlen(d->name);
		ASSERT(n < sizeof(c.name));
		memcpy(c.name, d->name, n);
		if (!write_all(fd, &c, sizeof(c)))
			return false;
	}
	return true;
}

/* A writable view that was there before the seals stays. */
static bool map_live(int fd, const struct state_head *h, struct state_obj **live)
{
	size_t at = h->head_size + (size_t)h->nctr * h->ctr_size + (size_t)h->npx * h->obj_size, size = at + (size_t)h->nsrv * h->obj_size;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return false;
	(void)madvise(p, size, MADV_DONTFORK);
	*live = (struct state_obj *)(void *)(p + at);
	return true;
}

void state_set_srv(struct state_obj *live, uint32_t i, const struct state_obj *o)
{
	struct state_obj *at = live + i;

	__atomic_store_n(&at->key, 0, __ATOMIC_RELEASE);
	if (!o)
		return;
	at->key2 = o->key2, at->identity = o->identity, at->cfg = o->cfg;
	__atomic_store_n(&at->key, o->key, __ATOMIC_RELEASE);
}

int state_describe(const struct segment *s, const struct state_names *names, struct state_obj **live)
{
	struct state_head h;
	int fd = memfd_create("sluice-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	head_fill(&h, s, names);
	if (write_all(fd, &h, sizeof(h)) && write_counters(fd) && write_all(fd, names->px, h.npx * sizeof(*names->px)) &&
	    write_all(fd, names->srv, h.nsrv * sizeof(*names->srv)) && write_all(fd, names->lst, h.nlst * sizeof(*names->lst)) &&
	    (!live || map_live(fd, &h, live)) && fcntl(fd, F_ADD_SEALS, SEALS_SIZE | F_SEAL_FUTURE_WRITE) == 0)
		return fd;
	int err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* ---- checking ---- */

/* n strides from off lie within limit, and a word of `word` bytes at `at` within a stride, all aligned for 64-bit loads. */
static bool part_ok(const struct state_part *p, uint64_t n, uint64_t limit)
{
	return p->off <= limit && p->off % 8 == 0 && p->stride % 8 == 0 && p->stride <= limit && n * p->stride <= limit - p->off;
}

static bool field_ok(uint32_t at, uint32_t size, uint64_t stride) { return at % size == 0 && (uint64_t)at + size <= stride; }

static bool words_ok(const struct state_head *h)
{
	const uint32_t wide[] = { h->srv_op, h->srv_check, h->srv_admin, h->srv_ewma };
	const uint32_t narrow[] = { h->srv_chk_fail, h->srv_chk_down, h->srv_down_s, h->srv_agent };
	const uint64_t own[] = { h->off_state, h->off_fold_seq, h->off_epoch_checker, h->off_epoch_leader };

	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		if (!field_ok(wide[i], 8, h->srv.stride))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
		if (!field_ok(narrow[i], 4, h->srv.stride))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (own[i] % 4 || own[i] > SEG_OFF_SLOT - 8)
			return false;
	for (size_t i = 0; i < ARRAY_LEN(h->off_limits); i++)
		if (h->off_limits[i] % 4 || h->off_limits[i] > SEG_OFF_SLOT - 4)
			return false;
	return h->off_ev_head % 8 == 0 && h->off_ev_head <= SEG_OFF_SLOT - 8 && field_ok(h->be_fe_state, 4, h->be.stride) &&
	       field_ok(h->be_fe_maxconn, 4, h->be.stride) && !(h->off_epoch_checker % 8) && !(h->off_epoch_leader % 8) && field_ok(h->be_chk_down, 4, h->be.stride) &&
	       field_ok(h->be_down_s, 4, h->be.stride) && field_ok(h->be_state, 8, h->be.stride);
}

static uint32_t scope_count(const struct state_head *h, unsigned scope)
{
	switch ((enum ctr_scope)scope) {
	case CTR_SCOPE_PROC: return 1;
	case CTR_SCOPE_SRV: return h->nsrv;
	case CTR_SCOPE_LST: return h->nlst;
	default: return h->npx;
	}
}

static bool head_ok(const struct state_head *h)
{
	uint64_t size = h->seg_size;

	if (h->magic != STATE_MAGIC || h->version != STATE_VERSION || h->head_size < HEAD_MIN || h->ctr_size != sizeof(struct state_ctr) ||
	    h->obj_size != sizeof(struct state_obj) || h->nctr > COUNTERS_MAX)
		return false;
	if (h->nworkers < 1 || h->nworkers > SEG_MAX_WORKERS || h->npx > OBJECTS_MAX || h->nsrv > OBJECTS_MAX || h->nlst > OBJECTS_MAX)
		return false;
	if (size < SEG_OFF_SLOT || size > 1ull << 46 || h->ctr_column > size || h->off_ctr > size || h->off_ctr % 8 || h->ctr_column % 8 ||
	    (h->nworkers + 1) * h->ctr_column > size - h->off_ctr)
		return false;
	for (unsigned i = 0; i < STATE_SCOPES; i++)
		if (!part_ok(&h->scope[i], MAX(scope_count(h, i), 1u) - 1, h->ctr_column))
			return false;
	return part_ok(&h->srv, h->nsrv, size) && part_ok(&h->be, h->npx, size) && part_ok(&h->rows_srv, h->nsrv, size) &&
	       part_ok(&h->place, h->nsrv, size) && part_ok(&h->events, h->nevents, size) &&
	       part_ok(&h->note, (uint64_t)h->nsrv * NOTE_COUNT, size) &&
	       h->rows_srv.stride >= 4ull * h->nworkers && words_ok(h);
}

static uint64_t dir_size(const struct state_head *h)
{
	return h->head_size + (uint64_t)h->nctr * h->ctr_size + ((uint64_t)h->npx + h->nsrv + h->nlst) * h->obj_size;
}

static bool counter_ok(const struct state_head *h, const struct state_ctr *c)
{
	if (c->scope >= STATE_SCOPES || c->off % 8 || !c->n || c->n > 65536 || !memchr(c->name, 0, sizeof(c->name)))
		return false;
	const struct state_part *p = &h->scope[c->scope];
	uint32_t n = scope_count(h, c->scope);
	/* the last block may end before the next stride would: a proxy's two halves share one */
	return !n || p->off + (n - 1) * p->stride + c->off + 8ull * c->n <= h->ctr_column;
}

static bool counters_ok(const struct state_view *v)
{
	for (uint32_t i = 0; i < v->h.nctr; i++)
		if (!counter_ok(&v->h, &v->ctr[i]))
			return false;
	return true;
}

/* ---- opening ---- */

static bool map_files(struct state_view *v, int dir_fd, int seg_fd)
{
	struct stat dir, seg;
	int seals = fcntl(dir_fd, F_GET_SEALS), seg_seals = fcntl(seg_fd, F_GET_SEALS);

	errno = EPROTO;
	if (seals < 0 || (seals & SEALS_SIZE) != SEALS_SIZE || !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) || seg_seals < 0 || !(seg_seals & F_SEAL_SHRINK) || fstat(dir_fd, &dir) < 0 ||
	    fstat(seg_fd, &seg) < 0 || pread(dir_fd, &v->h, sizeof(v->h), 0) != (ssize_t)sizeof(v->h))
		return false;
	errno = EPROTO;
	if (v->h.head_size < sizeof(v->h))
		memset((char *)&v->h + v->h.head_size, 0, sizeof(v->h) - v->h.head_size);
	if (!head_ok(&v->h) || (uint64_t)dir.st_size < dir_size(&v->h) || (uint64_t)seg.st_size < v->h.seg_size)
		return false;
	v->dir_size = (size_t)dir.st_size;
	char *d = mmap(NULL, v->dir_size, PROT_READ, MAP_SHARED, dir_fd, 0);
	if (d == MAP_FAILED)
		return false;
	v->dir = d;
	char *s = mmap(NULL, v->h.seg_size, PROT_READ, MAP_SHARED, seg_fd, 0);
	if (s == MAP_FAILED)
		return false;
	v->seg = s;
	return true;
}

struct state_view *state_open(int dir_fd, int seg_fd)
{
	struct state_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->fd = v->dir_fd = -1;
	bool ok = map_files(v, dir_fd, seg_fd) && (v->fd = fcntl(seg_fd, F_DUPFD_CLOEXEC, 0)) >= 0 &&
		  (v->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0)) >= 0;
	if (ok) {
		v->ctr = (const struct state_ctr *)(const void *)(v->dir + v->h.head_size);
		v->px = (const struct state_obj *)(const void *)(v->ctr + v->h.nctr);
		v->srv = v->px + v->h.npx;
		v->lst = v->srv + v->h.nsrv;
		ok = v->h.head_size % 8 == 0 && counters_ok(v);
		errno = EPROTO;
	}
	if (ok)
		return v;
	int err = errno;
	state_close(v);
	errno = err;
	return NULL;
}

void state_close(struct state_view *v)
{
	if (!v)
		return;
	if (v->dir)
		munmap((void *)(uintptr_t)v->dir, v->dir_size);
	if (v->seg)
		munmap((void *)(uintptr_t)v->seg, v->h.seg_size);
	if (v->fd >= 0)
		close(v->fd);
	if (v->dir_fd >= 0)
		close(v->dir_fd);
	free(v->of_fe);
	free(v->of_be);
	free(v->of_srv);
	free(v->of_lst);
	free(v->of_ctr);
	free(v);
}

/* ---- matching ---- */

struct ref { uint64_t key; uint32_t i; };

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct ref *)a)->key, y = ((const struct ref *)b)->key;
	return (x > y) - (x < y);
}

static const struct ref *ref_find(const struct ref *r, uint32_t n, uint64_t key)
{
	struct ref want = { .key = key };
	return bsearch(&want, r, n, sizeof(*r), by_key);
}

static uint64_t key_of(const struct state_obj *o, bool second) { return second ? o->key2 : o->key; }

/* Our n objects in their m: by name, and by identity too where it counts. A name that stands there twice is nobody's. */
static uint32_t *match(const struct state_obj *ours, uint32_t n, const struct state_obj *theirs, uint32_t m, bool second)
{
	uint32_t *of = malloc(MAX(n, 1u) * sizeof(*of));
	struct ref *r = malloc(MAX(m, 1u) * sizeof(*r));

	for (uint32_t i = 0; r && i < m; i++)
		r[i] = (struct ref){ key_of(&theirs[i], second), i };
	if (r)
		qsort(r, m, sizeof(*r), by_key);
	for (uint32_t i = 0; r && of && i < n; i++) {
		uint64_t key = key_of(&ours[i], second);
		const struct ref *hit = key ? ref_find(r, m, key) : NULL;
		bool twice = hit && ((hit > r && hit[-1].key == key) || (hit < r + m - 1 && hit[1].key == key));
		of[i] = hit && !twice && theirs[hit->i].identity == ours[i].identity ? hit->i : STATE_NONE;
	}
	if (!r) {
		free(of);
		of = NULL;
	}
	free(r);
	return of;
}

static int64_t find_counter(const struct state_view *v, const struct ctr_desc *d)
{
	for (uint32_t i = 0; i < v->h.nctr; i++) {
		const struct state_ctr *c = &v->ctr[i];
		if (c->scope == (uint32_t)d->scope && c->kind == (uint32_t)d->kind && c->n == d->n && !strcmp(c->name, d->name))
			return c->off;
	}
	return -1;
}

bool state_match(struct state_view *v, const struct segment *ours, const struct state_names *names)
{
	const struct seg_geometry *g = &ours->geo;

	v->of_fe = match(names->px, g->npx, v->px, v->h.npx, false);
	v->of_be = match(names->px, g->npx, v->px, v->h.npx, true);
	v->of_srv = match(names->srv, g->nsrv, v->srv, v->h.nsrv, false);
	v->of_lst = match(names->lst, g->nlst, v->lst, v->h.nlst, false);
	v->of_ctr = malloc(ctr_ndescs * sizeof(*v->of_ctr));
	for (unsigned i = 0; v->of_ctr && i < ctr_ndescs; i++)
		v->of_ctr[i] = find_counter(v, &ctr_descs[i]);
	return v->of_fe && v->of_be && v->of_srv && v->of_lst && v->of_ctr;
}

void state_forget_srv(struct state_view *list, uint32_t i)
{
	for (struct state_view *v = list; v; v = v->next)
		v->of_srv[i] = STATE_NONE;
}

bool state_same_srv(const struct state_view *v, uint32_t j, const struct state_obj *o)
{
	return __atomic_load_n(&v->srv[j].key, __ATOMIC_ACQUIRE) == o->key && v->srv[j].identity == o->identity;
}

/* ---- reading ---- */

static uint64_t load64(const char *p) { return __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_ACQUIRE); }
static uint32_t load32(const char *p) { return __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE); }

enum seg_state state_phase(const struct state_view *v) { return (enum seg_state)load32(v->seg + v->h.off_state); }

uint64_t state_epochs(const struct state_view *v)
{
	return load64(v->seg + v->h.off_epoch_checker) + load64(v->seg + v->h.off_epoch_leader);
}

void state_read_srv(const struct state_view *v, uint32_t i, struct state_srv *out)
{
	ASSERT(i < v->h.nsrv);
	const char *p = v->seg + v->h.srv.off + i * v->h.srv.stride;
	*out = (struct state_srv){
		.op = load64(p + v->h.srv_op), .check = load64(p + v->h.srv_check), .admin = load64(p + v->h.srv_admin),
		.ewma = load64(p + v->h.srv_ewma), .chk_fail = load32(p + v->h.srv_chk_fail), .chk_down = load32(p + v->h.srv_chk_down),
		.down_s = load32(p + v->h.srv_down_s), .agent = v->h.srv_agent ? load32(p + v->h.srv_agent) : 0,
	};
}

void state_read_be(const struct state_view *v, uint32_t i, struct state_be *out)
{
	ASSERT(i < v->h.npx);
	const char *p = v->seg + v->h.be.off + i * v->h.be.stride;
	*out = (struct state_be){ .state = load64(p + v->h.be_state), .chk_down = load32(p + v->h.be_chk_down),
				  .down_s = load32(p + v->h.be_down_s), .fe_state = load32(p + v->h.be_fe_state),
				  .fe_maxconn = load32(p + v->h.be_fe_maxconn) };
}

bool state_read_place(const struct state_view *v, uint32_t i, struct srv_place *out)
{
	ASSERT(i < v->h.nsrv);
	const char *at = v->seg + v->h.place.off + i * v->h.place.stride;
	return v->h.place.stride == sizeof(struct seg_place) && v->h.place.off % _Alignof(struct seg_place) == 0 &&
	       place_copy((const struct seg_place *)(const void *)at, out);
}

size_t state_read_note(const struct state_view *v, uint32_t i, enum note_kind k, char *out)
{
	ASSERT(i < v->h.nsrv && k < NOTE_COUNT);
	const char *at = v->seg + v->h.note.off + ((uint64_t)i * NOTE_COUNT + k) * v->h.note.stride;
	return v->h.note.stride == sizeof(struct seg_note) && v->h.note.off % _Alignof(struct seg_note) == 0
		       ? note_copy((const struct seg_note *)(const void *)at, out) : 0;
}

uint32_t state_read_limit(const struct state_view *v, unsigned i)
{
	ASSERT(i < ARRAY_LEN(v->h.off_limits));
	return load32(v->seg + v->h.off_limits[i]);
}

uint64_t state_event_count(const struct state_view *v) { return load64(v->seg + v->h.off_ev_head); }

bool state_read_event(const struct state_view *v, uint64_t n, struct seg_event *out)
{
	uint64_t head = state_event_count(v);

	if (v->h.events.stride != sizeof(*out) || !v->h.nevents || n >= head || head - n >= v->h.nevents)
		return false;
	memcpy(out, v->seg + v->h.events.off + n % v->h.nevents * sizeof(*out), sizeof(*out));
	out->from &= 3, out->to &= 3;
	out->info[EVENT_INFO - 1] = '\0';
	head = state_event_count(v);
	return head - n < v->h.nevents;
}

uint32_t state_srv_load(const struct state_view *v, uint32_t i)
{
	ASSERT(i < v->h.nsrv);
	const char *row = v->seg + v->h.rows_srv.off + i * v->h.rows_srv.stride;
	return live_sum_row((const _Atomic uint32_t *)(const void *)row, v->h.nworkers);
}

static uint32_t their_index(const struct state_view *v, enum ctr_scope scope, unsigned idx)
{
	switch (scope) {
	case CTR_SCOPE_PROC: return 0;
	case CTR_SCOPE_FE: case CTR_SCOPE_FEH: return v->of_fe[idx];
	case CTR_SCOPE_BE: case CTR_SCOPE_BEH: return v->of_be[idx];
	case CTR_SCOPE_SRV: return v->of_srv[idx];
	case CTR_SCOPE_LST: return v->of_lst[idx];
	}
	return STATE_NONE;
}

/* A hole would be filled by being read: it counts as zero without a look. */
static bool has_data(const struct state_view *v, uint64_t from, struct ctr_extent *x)
{
	if (x->hole <= (int64_t)from || (int64_t)from < x->from) {
		x->from = (int64_t)from;
		x->data = lseek(v->fd, (off_t)from, SEEK_DATA);
		if (x->data < 0)
			x->data = x->hole = LONG_MAX;
		else
			x->hole = lseek(v->fd, (off_t)x->data, SEEK_HOLE);
	}
	return x->data < (int64_t)from + 8;
}

void state_refresh(struct state_view *v) { memset(&v->walk, 0, sizeof(v->walk)); }

bool state_ctr_word(struct state_view *v, const struct ctr_desc *d, unsigned idx, unsigned k, unsigned col, uint64_t *out)
{
	int64_t off = v->of_ctr[d - ctr_descs];
	uint32_t i = off < 0 ? STATE_NONE : their_index(v, d->scope, idx);

	if (i == STATE_NONE || col > v->h.nworkers)
		return false;
	const struct state_part *p = &v->h.scope[d->scope];
	uint64_t at = v->h.off_ctr + col * v->h.ctr_column + p->off + i * p->stride + (uint64_t)off + 8ull * k;
	if (!has_data(v, at, &v->walk.x[col]))
		return false;
	*out = load64(v->seg + at);
	return true;
}

/* ---- taking over ---- */

static void absorb_object(const struct segment *s, struct state_view *v, enum ctr_scope scope, unsigned idx, unsigned col)
{
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		const struct ctr_desc *d = &ctr_descs[i];
		uint64_t w;

		for (unsigned k = 0; d->scope == scope && k < d->n; k++)
			if (state_ctr_word(v, d, idx, k, col, &w) && w)
				ctr_merge(ctr_word_at(s, d, idx, k, 0), d->kind, w);
	}
}

void state_absorb(const struct segment *s, struct state_view *v)
{
	const struct seg_geometry *g = &s->geo;
	const unsigned n[STATE_SCOPES] = { 1, g->npx, g->npx, g->nsrv, g->nlst, g->npx, g->npx };

	for (unsigned col = 0; col <= v->h.nworkers; col++)
		for (unsigned scope = 0; scope < STATE_SCOPES; scope++) {
			state_refresh(v);
			for (unsigned i = 0; i < n[scope]; i++)
				absorb_object(s, v, (enum ctr_scope)scope, i, col);
		}
}
