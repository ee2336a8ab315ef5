// SPDX-License-Identifier: GPL-3.0-or-later
/* A table's life: layout, creation, mapping, copying what fits into another layout. The layout follows from the
 * configuration alone; whoever maps a table computes it and compares sizes, so that nothing in the file is trusted as
 * an offset. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/hash.h>
#include <sluice/base/rand.h>

#include "stick_priv.h"

#define PAGE  4096u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static uint64_t page_up(uint64_t n) { return (n + PAGE - 1) & ~(uint64_t)(PAGE - 1); }

static size_t data_size(const struct rt_table *s, unsigned d)
{
	return s->store[d].n * (stick_data_descs[d].kind == SD_KIND_RATE ? sizeof(struct stk_rate) : sizeof(uint64_t));
}

/* Half of the buckets or more are empty in a full table. */
static uint32_t bucket_count(uint32_t size)
{
	uint32_t n = 64;

	while (n < size && n < 1u << 30)
		n <<= 1;
	return n;
}

static void layout(struct stick_table *t)
{
	const struct rt_table *s = t->spec;
	struct stk_geo *g = &t->g;
	size_t at = 0;

	for (unsigned d = 0; d < SD_COUNT; d++) {
		t->off[d] = (uint16_t)at;
		at += data_size(s, d);
	}
	g->off_key = (uint32_t)(sizeof(struct stk_entry) + at);
	g->entry_size = (g->off_key + s->key_len + 7u) & ~7u;
	g->nbuckets = bucket_count(s->size);
	g->off_holders = PAGE;
	g->off_buckets = page_up(g->off_holders + (STK_HOLDERS + 1) * sizeof(struct stk_holder));
	g->off_meta = page_up(g->off_buckets + (uint64_t)g->nbuckets * sizeof(struct stk_bucket));
	g->off_entries = page_up(g->off_meta + (uint64_t)s->size * sizeof(struct stk_meta));
	g->off_journals = page_up(g->off_entries + (uint64_t)s->size * g->entry_size);
	g->size = g->off_journals + (uint64_t)STK_HOLDERS * STK_RECORDS * sizeof(uint64_t);
}

static struct stk_desc describe(const struct rt_table *s)
{
	struct stk_desc d;

	memset(&d, 0, sizeof(d));
	d.type = s->type, d.key_len = s->key_len, d.size = s->size;
	for (unsigned i = 0; i < SD_COUNT; i++) {
		if (!s->store[i].n)
			continue;
		d.store[d.n].data = i;
		d.store[d.n].n = s->store[i].n;
		d.store[d.n++].period = s->store[i].period;
	}
	return d;
}

/* The words are part of it, as another build may number data differently. */
static uint64_t desc_hash(const struct stk_desc *d)
{
	uint64_t h = hash_xxh3(str_n((const char *)d, sizeof(*d)), STK_ABI);

	for (unsigned i = 0; i < SD_COUNT; i++)
		h = hash_xxh3(str_c(stick_data_descs[i].word), h);
	return h;
}

uint64_t stick_layout(const struct rt_table *spec)
{
	struct stk_desc d = describe(spec);

	return desc_hash(&d);
}

/* The journals are mapped one at a time, by who needs one. */
static bool attach(struct stick_table *t)
{
	char *base = mmap(NULL, t->g.off_journals, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);

	if (base == MAP_FAILED)
		return false;
	t->base = base;
	t->h = (struct stk_header *)(void *)base;
	t->holders = (struct stk_holder *)(void *)(base + t->g.off_holders);
	t->buckets = (struct stk_bucket *)(void *)(base + t->g.off_buckets);
	t->meta = (struct stk_meta *)(void *)(base + t->g.off_meta);
	return true;
}

static struct stick_table *handle_new(const struct rt_table *spec)
{
	struct stick_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->spec = spec;
	t->fd = -1;
	layout(t);
	return t;
}

static struct stick_table *give_up(struct stick_table *t, int err)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	errno = err;
	return NULL;
}

struct stick_table *stick_create(const struct rt_table *spec)
{
	struct stick_table *t = handle_new(spec);

	if (!t)
		return NULL;
	t->fd = memfd_create("sluice-table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (t->fd < 0 || ftruncate(t->fd, (off_t)t->g.size) < 0 || fcntl(t->fd, F_ADD_SEALS, SEALS) < 0 || !attach(t))
		return give_up(t, errno);
	rand_secret(&t->seed, sizeof(t->seed));
	*t->h = (struct stk_header){
		.magic = STK_MAGIC, .abi = STK_ABI, .spec = stick_layout(spec), .seed = t->seed, .desc = describe(spec)
	};
	return t;
}

struct stick_table *stick_map(const struct rt_table *spec, int fd)
{
	struct stick_table *t = handle_new(spec);
	struct stk_header h;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (!t)
		return NULL;
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 || (uint64_t)st.st_size != t->g.size ||
	    pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic != STK_MAGIC || h.abi != STK_ABI ||
	    h.spec != stick_layout(spec))
		return give_up(t, EPROTO);
	t->fd = fd;
	if (!attach(t)) {
		t->fd = -1;
		return give_up(t, errno);
	}
	t->seed = h.seed;
	return t;
}

void stick_unmap(struct stick_table *t)
{
	if (!t)
		return;
	stick_detach(t);
	munmap(t->base, t->g.off_journals);
	close(t->fd);
	free(t);
}

static bool desc_read(const struct stk_desc *d, struct rt_table *spec)
{
	*spec = (struct rt_table){ .type = (uint8_t)d->type, .key_len = (uint16_t)d->key_len, .size = d->size };
	if (d->type > SK_BINARY || !d->key_len || d->key_len > UINT16_MAX || !d->size || d->n > SD_COUNT)
		return false;
	for (unsigned i = 0; i < d->n; i++) {
		if (d->store[i].data >= SD_COUNT || d->store[i].n > STICK_ARRAY_MAX)
			return false;
		spec->store[d->store[i].data] = (struct rt_store){ (uint16_t)d->store[i].n, d->store[i].period };
	}
	return true;
}

struct stick_table *stick_map_any(struct rt_table *spec, int fd)
{
	struct stk_header h;

	if (pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && h.magic == STK_MAGIC && h.spec == desc_hash(&h.desc) &&
	    desc_read(&h.desc, spec))
		return stick_map(spec, fd);
	errno = EPROTO;
	return NULL;
}

int stick_fd(const struct stick_table *t) { return t->fd; }
const struct rt_table *stick_spec(const struct stick_table *t) { return t->spec; }
uint64_t stick_missed(const struct stick_table *t) { return atomic_load_explicit(&t->h->missed, memory_order_relaxed); }

/* ---- copying ---- */

struct copied {
	char key[1024];
	size_t klen;
	uint64_t v[SD_COUNT][STICK_ARRAY_MAX];
};

typedef bool copied_fn(const struct rt_table *a, const struct rt_table *b, unsigned d);

static bool same_data(const struct rt_table *a, const struct rt_table *b, unsigned d)
{
	return a->store[d].n && b->store[d].n && a->store[d].period == b->store[d].period &&
	       stick_data_descs[d].kind != SD_KIND_GAUGE;
}

/* What two that count would not both count. */
static bool plain_data(const struct rt_table *a, const struct rt_table *b, unsigned d)
{
	return stick_data_descs[d].kind == SD_KIND_VALUE && same_data(a, b, d);
}

static void copy_out(const struct stick_at *at, const struct rt_table *to, copied_fn *wanted, uint32_t now, struct copied *c)
{
	const struct rt_table *s = at->t->spec;
	struct str key = stick_key(at);

	c->klen = MIN(key.n, sizeof(c->key));
	memcpy(c->key, key.p, c->klen);
	for (unsigned d = 0; d < SD_COUNT; d++)
		for (unsigned i = 0; wanted(s, to, d) && i < MIN(s->store[d].n, to->store[d].n); i++)
			c->v[d][i] = stick_value(at, d, i, now);
}

static void copy_in(const struct stick_at *at, const struct rt_table *from, copied_fn *wanted, uint32_t now, const struct copied *c)
{
	const struct rt_table *s = at->t->spec;

	for (unsigned d = 0; d < SD_COUNT; d++)
		for (unsigned i = 0; wanted(from, s, d) && i < MIN(s->store[d].n, from->store[d].n); i++)
			stick_set(at, d, i, c->v[d][i], now);
}

static void copy_entries(struct stick_table *to, struct stick_table *from, copied_fn *wanted, uint32_t now)
{
	static struct copied c;
	struct stick_at at;
	uint32_t cursor = 0;

	while (stick_next(from, &cursor, now, &at)) {
		copy_out(&at, to->spec, wanted, now, &c);
		stick_close(&at);
		if (c.klen > to->spec->key_len || !stick_open(to, str_n(c.key, c.klen), true, now, &at))
			continue;
		copy_in(&at, from->spec, wanted, now, &c);
		stick_touch(&at, now);
		stick_close(&at);
	}
}

void stick_copy(struct stick_table *to, struct stick_table *from, uint32_t now)
{
	if (to->spec->type == from->spec->type)
		copy_entries(to, from, same_data, now);
}

void stick_teach(struct stick_table *to, struct stick_table *from, uint32_t now) { copy_entries(to, from, plain_data, now); }
