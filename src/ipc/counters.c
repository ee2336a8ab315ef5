// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading and folding of the counter area: what needs to know the kind of each counter. The writers are inline in the header.
 * Sums look for holes in the memfd first, because reading a hole through the mapping would allocate it. */
#include <limits.h>
#include <unistd.h>
#include <fcntl.h>
#include <sluice/ipc/state.h>

#define AVG_SAMPLES 512u
#define RATE_MASK 0x3fffffu

#define STRUCT_PROC struct proc_counters
#define STRUCT_FE struct fe_counters
#define STRUCT_BE struct be_counters
#define STRUCT_SRV struct srv_counters
#define STRUCT_LST struct lst_counters
#define STRUCT_FEH struct fe_hists
#define STRUCT_BEH struct be_hists
#define WORDS(type, field) (uint32_t)(sizeof(((type *)0)->field) / sizeof(uint64_t))
const struct ctr_desc ctr_descs[] = {
#define CTR(scope, field, kind, help) \
	{ CTR_SCOPE_##scope, CTR_KIND_##kind, offsetof(STRUCT_##scope, field), WORDS(STRUCT_##scope, field), #field, help },
#include <sluice/tbl/counters.def>
#undef CTR
};
const unsigned ctr_ndescs = ARRAY_LEN(ctr_descs);

/* One block of counters in every column: its offset in a column, its size, which descriptors describe it. */
struct block { size_t off, size; enum ctr_scope scope; unsigned idx; };

const struct ctr_desc *ctr_find(enum ctr_scope scope, const char *name)
{
	for (unsigned i = 0; i < ctr_ndescs; i++)
		if (ctr_descs[i].scope == scope && !strcmp(ctr_descs[i].name, name))
			return &ctr_descs[i];
	return NULL;
}

static struct block block_proc(void)
{
	return (struct block){ 0, sizeof(struct proc_counters), CTR_SCOPE_PROC, 0 };
}

static struct block block_fe(const struct segment *s, unsigned px)
{
	size_t at = s->geo.ctr_px_off + px * sizeof(struct px_counters);
	return (struct block){ at + offsetof(struct px_counters, fe), sizeof(struct fe_counters), CTR_SCOPE_FE, px };
}

static struct block block_be(const struct segment *s, unsigned px)
{
	size_t at = s->geo.ctr_px_off + px * sizeof(struct px_counters);
	return (struct block){ at + offsetof(struct px_counters, be), sizeof(struct be_counters), CTR_SCOPE_BE, px };
}

static struct block block_lst(const struct segment *s, unsigned lst)
{
	size_t at = s->geo.ctr_lst_off + lst * sizeof(struct lst_counters);
	return (struct block){ at, sizeof(struct lst_counters), CTR_SCOPE_LST, lst };
}

static struct block block_feh(const struct segment *s, unsigned px)
{
	size_t at = s->geo.ctr_hist_off + px * sizeof(struct px_hists);
	return (struct block){ at + offsetof(struct px_hists, fe), sizeof(struct fe_hists), CTR_SCOPE_FEH, px };
}

static struct block block_beh(const struct segment *s, unsigned px)
{
	size_t at = s->geo.ctr_hist_off + px * sizeof(struct px_hists);
	return (struct block){ at + offsetof(struct px_hists, be), sizeof(struct be_hists), CTR_SCOPE_BEH, px };
}

static struct block block_srv(const struct segment *s, unsigned srv)
{
	size_t at = s->geo.ctr_srv_off + srv * sizeof(struct srv_counters);
	return (struct block){ at, sizeof(struct srv_counters), CTR_SCOPE_SRV, srv };
}

/* Has any byte of [off, off + len) of the column been written? Without a descriptor the answer is a safe yes. */
static bool column_has_data(const struct segment *s, unsigned col, size_t off, size_t len, struct ctr_extent *x)
{
	off_t from = (off_t)(s->geo.off_ctr + col * s->geo.ctr_column + off), to = from + (off_t)len;

	if (s->fd < 0)
		return true;
	if (x->hole <= from || from < x->from) { /* a walk may go back: listeners lie behind proxies */
		x->from = from;
		x->data = lseek(s->fd, from, SEEK_DATA);
		if (x->data < 0)
			x->data = LONG_MAX, x->hole = LONG_MAX;
		else
			x->hole = lseek(s->fd, x->data, SEEK_HOLE);
	}
	return x->data < to;
}

void ctr_rate_hit(uint64_t *c, uint64_t now_ms, unsigned n)
{
	uint64_t w = ctr_load(c), sec = (now_ms / 1000) & 0xfffff;
	uint64_t cur = w & RATE_MASK, prev = (w >> 22) & RATE_MASK, age = (sec - (w >> 44)) & 0xfffff;

	if (age) {
		prev = age == 1 ? cur : 0;
		cur = 0;
	}
	cur = MIN(cur + n, RATE_MASK);
	ctr_store(c, sec << 44 | prev << 22 | cur);
}

uint64_t ctr_rate_read(uint64_t w, uint64_t now_ms)
{
	uint64_t sec = (now_ms / 1000) & 0xfffff, left = 1000 - now_ms % 1000;
	uint64_t cur = w & RATE_MASK, prev = (w >> 22) & RATE_MASK, age = (sec - (w >> 44)) & 0xfffff;

	if (age > 1)
		return 0;
	if (age == 1)
		prev = cur, cur = 0;
	return cur + (prev * left + 500) / 1000;
}

void ctr_avg_add(uint64_t *c, uint64_t v)
{
	uint64_t w = ctr_load(c), n = w & 0xfff, sum = w >> 12;

	if (n < AVG_SAMPLES)
		n++;
	else
		sum -= (sum + AVG_SAMPLES - 1) / AVG_SAMPLES;
	ctr_store(c, (sum + v) << 12 | n);
}

/* A sum in the making. Averages: of how many samples, and what comes from writers that have ended or are older than this generation: that
 * only fills up what the living have not measured yet, so it fades out. */
struct acc { uint64_t total, samples, old_total, old_samples; };

static void acc_add(struct acc *a, enum ctr_kind kind, uint64_t v, uint64_t now_ms, bool old)
{
	switch (kind) {
	case CTR_KIND_SUM: case CTR_KIND_HIST: a->total += v; break;
	case CTR_KIND_MAX: a->total = MAX(a->total, v); break;
	case CTR_KIND_RATE: a->total += ctr_rate_read(v, now_ms); break;
	case CTR_KIND_AVG:
		*(old ? &a->old_total : &a->total) += v >> 12;
		*(old ? &a->old_samples : &a->samples) += v & 0xfff;
		break;
	}
}

static uint64_t acc_value(const struct acc *a)
{
	uint64_t fill = a->samples < AVG_SAMPLES ? MIN(AVG_SAMPLES - a->samples, a->old_samples) : 0;
	uint64_t total = a->total + (fill ? a->old_total / a->old_samples * fill + a->old_total % a->old_samples * fill / a->old_samples : 0);

	return a->samples + fill ? total / (a->samples + fill) : total;
}

/* The columns in which a block has data; retired: the first is column 0. */
struct cols { const char *at[SEG_MAX_WORKERS + 1]; unsigned n; bool retired; };

static void cols_add(struct cols *c, const struct segment *s, unsigned col, size_t off)
{
	c->retired |= col == 0;
	c->at[c->n++] = ctr_column(s, col) + off;
}

/* What is counted: word k of the counter d of object idx. */
struct counted { const struct ctr_desc *d; unsigned idx, k; uint64_t now_ms; };

static void acc_older(struct acc *a, const struct segment *s, const struct counted *c)
{
	uint64_t v;

	for (struct state_view *o = s->older; o; o = o->next)
		for (unsigned col = 0; col <= o->h.nworkers; col++)
			if (state_ctr_word(o, c->d, c->idx, c->k, col, &v))
				acc_add(a, c->d->kind, v, c->now_ms, true);
}

static void older_refresh(const struct segment *s)
{
	for (struct state_view *o = s->older; o; o = o->next)
		state_refresh(o);
}

static uint64_t sum_one(const struct segment *s, const struct cols *cols, const struct counted *c)
{
	struct acc a = { 0 };

	for (unsigned i = 0; i < cols->n; i++)
		acc_add(&a, c->d->kind, ctr_load((const uint64_t *)(const void *)(cols->at[i] + c->d->off) + c->k), c->now_ms,
			cols->retired && i == 0);
	if (s->older)
		acc_older(&a, s, c);
	return acc_value(&a);
}

static void sum_block_once(const struct segment *s, struct block b, uint64_t now_ms, char *out)
{
	struct cols cols = { .n = 0 };

	for (unsigned i = 0; i <= s->geo.nworkers; i++) {
		struct ctr_extent x = { 0 };
		if (column_has_data(s, i, b.off, b.size, &x))
			cols_add(&cols, s, i, b.off);
	}
	older_refresh(s);
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		struct counted c = { &ctr_descs[i], b.idx, 0, now_ms };
		for (; c.d->scope == b.scope && c.k < c.d->n; c.k++)
			((uint64_t *)(void *)(out + c.d->off))[c.k] = sum_one(s, &cols, &c);
	}
}

/* A fold in another process moves counts from one column to another: a sum that overlaps it is taken again. */
static void sum_block(const struct segment *s, struct block b, uint64_t now_ms, void *out)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		uint32_t before = atomic_load_explicit(&s->h->fold_seq, memory_order_acquire);
		sum_block_once(s, b, now_ms, out);
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) && atomic_load_explicit(&s->h->fold_seq, memory_order_relaxed) == before)
			return;
	}
}

void proc_ctr_sum(const struct segment *s, uint64_t now_ms, struct proc_counters *out)
{
	sum_block(s, block_proc(), now_ms, out);
}

void px_ctr_sum(const struct segment *s, unsigned px, uint64_t now_ms, struct px_counters *out)
{
	ASSERT(px < s->geo.npx);
	sum_block(s, block_fe(s, px), now_ms, &out->fe);
	sum_block(s, block_be(s, px), now_ms, &out->be);
}

void srv_ctr_sum(const struct segment *s, unsigned srv, uint64_t now_ms, struct srv_counters *out)
{
	ASSERT(srv < s->geo.nsrv);
	sum_block(s, block_srv(s, srv), now_ms, out);
}

void lst_ctr_sum(const struct segment *s, unsigned lst, uint64_t now_ms, struct lst_counters *out)
{
	ASSERT(lst < s->geo.nlst);
	sum_block(s, block_lst(s, lst), now_ms, out);
}

void px_hist_sum(const struct segment *s, unsigned px, struct px_hists *out)
{
	ASSERT(px < s->geo.npx);
	sum_block(s, block_feh(s, px), 0, &out->fe);
	sum_block(s, block_beh(s, px), 0, &out->be);
}

static struct block block_of(const struct segment *s, enum ctr_scope scope, unsigned idx)
{
	switch (scope) {
	case CTR_SCOPE_FE: return block_fe(s, idx);
	case CTR_SCOPE_BE: return block_be(s, idx);
	case CTR_SCOPE_SRV: return block_srv(s, idx);
	case CTR_SCOPE_LST: return block_lst(s, idx);
	case CTR_SCOPE_FEH: return block_feh(s, idx);
	case CTR_SCOPE_BEH: return block_beh(s, idx);
	case CTR_SCOPE_PROC: break;
	}
	return block_proc();
}

uint64_t ctr_sum_one(const struct segment *s, const struct ctr_desc *d, unsigned idx, uint64_t now_ms, struct ctr_walk *x)
{
	struct block b = block_of(s, d->scope, idx);
	struct cols cols = { .n = 0 };
	struct counted c = { d, idx, 0, now_ms };

	if (!x->x[0].hole)
		older_refresh(s);
	for (unsigned i = 0; i <= s->geo.nworkers; i++)
		if (column_has_data(s, i, b.off + d->off, sizeof(uint64_t), &x->x[i]))
			cols_add(&cols, s, i, b.off);
	return sum_one(s, &cols, &c);
}

uint64_t *ctr_word_at(const struct segment *s, const struct ctr_desc *d, unsigned idx, unsigned k, unsigned col)
{
	return (uint64_t *)(void *)(ctr_column(s, col) + block_of(s, d->scope, idx).off + d->off) + k;
}

/* Two averages of at most 512 samples each make one of at most 512. */
static uint64_t avg_mix(uint64_t a, uint64_t b)
{
	uint64_t n = (a & 0xfff) + (b & 0xfff), sum = (a >> 12) + (b >> 12);

	if (n > AVG_SAMPLES)
		sum = sum / n * AVG_SAMPLES + sum % n * AVG_SAMPLES / n, n = AVG_SAMPLES;
	return sum << 12 | n;
}

void ctr_merge(uint64_t *to, enum ctr_kind kind, uint64_t word)
{
	switch (kind) {
	case CTR_KIND_SUM: case CTR_KIND_HIST: ctr_add(to, word); break;
	case CTR_KIND_MAX: ctr_max(to, word); break;
	case CTR_KIND_AVG: ctr_store(to, avg_mix(ctr_load(to), word)); break;
	case CTR_KIND_RATE: break;
	}
}

static void fold_block(const struct segment *s, struct block b, unsigned from, unsigned to, struct ctr_extent *x)
{
	if (!column_has_data(s, from, b.off, b.size, x))
		return;
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		const struct ctr_desc *d = &ctr_descs[i];
		for (unsigned k = 0; d->scope == b.scope && k < d->n; k++) {
			uint64_t v = ctr_load((uint64_t *)(void *)(ctr_column(s, from) + b.off + d->off) + k);
			if (v)
				ctr_merge((uint64_t *)(void *)(ctr_column(s, to) + b.off + d->off) + k, d->kind, v);
		}
	}
}

/* Gives the pages back as well; the mapping then reads zero. */
static void column_clear(const struct segment *s, unsigned col)
{
	off_t at = (off_t)(s->geo.off_ctr + col * s->geo.ctr_column);

	if (s->fd < 0 || fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)s->geo.ctr_column) < 0)
		memset(ctr_column(s, col), 0, s->geo.ctr_column);
}

static void clear_block(const struct segment *s, struct block b, unsigned col, bool all, struct ctr_extent *x)
{
	if (!column_has_data(s, col, b.off, b.size, x))
		return;
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		const struct ctr_desc *d = &ctr_descs[i];
		for (unsigned k = 0; d->scope == b.scope && (all || d->kind == CTR_KIND_MAX) && k < d->n; k++)
			ctr_store((uint64_t *)(void *)(ctr_column(s, col) + b.off + d->off) + k, 0);
	}
}

void ctr_clear_column(const struct segment *s, unsigned col, bool all, uint32_t srv)
{
	struct ctr_extent x = { 0 };

	if (srv != UINT32_MAX) {
		clear_block(s, block_srv(s, srv), col, all, &x);
		return;
	}
	if (all) {
		column_clear(s, col);
		return;
	}
	clear_block(s, block_proc(), col, all, &x);
	for (unsigned i = 0; i < s->geo.npx; i++) {
		clear_block(s, block_fe(s, i), col, all, &x);
		clear_block(s, block_be(s, i), col, all, &x);
	}
	for (unsigned i = 0; i < s->geo.nsrv; i++)
		clear_block(s, block_srv(s, i), col, all, &x);
	for (unsigned i = 0; i < s->geo.nlst; i++)
		clear_block(s, block_lst(s, i), col, all, &x);
}

void ctr_fold_column(const struct segment *s, unsigned from, unsigned to)
{
	struct ctr_extent x = { 0 };

	atomic_fetch_add_explicit(&s->h->fold_seq, 1, memory_order_acq_rel);
	fold_block(s, block_proc(), from, to, &x);
	for (unsigned i = 0; i < s->geo.npx; i++) {
		fold_block(s, block_fe(s, i), from, to, &x);
		fold_block(s, block_be(s, i), from, to, &x);
	}
	for (unsigned i = 0; i < s->geo.nsrv; i++)
		fold_block(s, block_srv(s, i), from, to, &x);
	for (unsigned i = 0; i < s->geo.nlst; i++)
		fold_block(s, block_lst(s, i), from, to, &x);
	for (unsigned i = 0; i < s->geo.npx; i++) {
		fold_block(s, block_feh(s, i), from, to, &x);
		fold_block(s, block_beh(s, i), from, to, &x);
	}
	column_clear(s, from);
	atomic_fetch_add_explicit(&s->h->fold_seq, 1, memory_order_acq_rel);
}
