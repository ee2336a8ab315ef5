// SPDX-License-Identifier: GPL-3.0-or-later
/* Slots of 4 KiB: pages that nobody sets anything in take no memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/expr/vars_shared.h>

#include "expr_priv.h"

#define SHARED_NAME 64u   /* bytes of a name; longer ones are told apart by their hash alone */
#define LOCK_TRIES 20000u /* a holder needs less than a microsecond: who waits longer waits for a process that has died or is stopped */
#define READ_TRIES 8u

enum { SV_CREATED = 1, SV_SET = 2, SV_RUNTIME = 4 /* by a rule or an operator, not by the configuration */ };

struct shared_var {
	_Alignas(64) _Atomic uint32_t holder; /* pid, 0 = nobody */
	_Atomic uint32_t seq;                 /* odd while it is written; 0 = never was */
	uint32_t flags, n;
	uint64_t name_hash, init_hash;
	struct smp smp;                       /* the slice of a text means nothing */
	char name[SHARED_NAME];
	char text[VAR_SHARED_TEXT];
};
_Static_assert(sizeof(struct shared_var) <= 4096, "a slot is a page");

struct var_area { struct shared_var *at; uint32_t n; int fd; };

static bool has_text(const struct smp *s) { return s->type == SMP_STR || s->type == SMP_BIN || s->type == SMP_METH; }

/* ---- the memory ------------------------------------------------------------------------------------------------- */

static uint64_t smp_hash(const struct smp *s)
{
	switch (s->type) {
	case SMP_NONE: return 0;
	case SMP_IP: return addr_hash(&s->ip);
	case SMP_INT:
	case SMP_BOOL: return hash_xxh3(str_n((const char *)&s->i, sizeof(s->i)), s->type);
	default: return hash_xxh3(s->s, s->type);
	}
}

/* The last value that the global section gives. */
static const struct smp *init_of(const struct var_table *t, unsigned slot)
{
	const struct smp *v = NULL;

	for (uint32_t i = 0; i < t->ninit; i++)
		if (t->init[i].ref.scope == VAR_PROC && t->init[i].ref.slot == slot)
			v = &t->init[i].val;
	return v;
}

/* Names of scope proc to their slots. */
static void each_name(const struct var_table *t, void (*fn)(void *ctx, unsigned slot, struct str name), void *ctx)
{
	for (size_t i = 0; i < t->by_name.cap; i++) {
		const struct var_ref *ref = t->by_name.slot[i].val;
		if (ref && ref->scope == VAR_PROC)
			fn(ctx, ref->slot, t->by_name.slot[i].key);
	}
}

static void put_name(void *ctx, unsigned slot, struct str name)
{
	struct var_area *a = ctx;
	struct shared_var *v = &a->at[slot];

	v->name_hash = hash_xxh3(name, 0);
	memcpy(v->name, name.p, MIN(name.n, sizeof(v->name) - 1));
}

struct layout { const struct var_table *t; uint64_t sum; };

/* A sum, because the map gives names in no order that means something. */
static void add_name(void *ctx, unsigned slot, struct str name)
{
	struct layout *l = ctx;
	const struct smp *v = init_of(l->t, slot);

	l->sum += hash_xxh3(name, slot) ^ (v ? smp_hash(v) : 0);
}

uint64_t var_area_layout(const struct var_table *t)
{
	struct layout l = { .t = t, .sum = sizeof(struct shared_var) + sizeof(struct smp) };

	each_name(t, add_name, &l);
	return l.sum;
}

static struct var_area *area_new(int fd, uint32_t n)
{
	struct var_area *a = malloc(sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct var_area){ .n = n, .fd = fd };
	a->at = mmap(NULL, MAX(n, 1u) * sizeof(*a->at), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (a->at != MAP_FAILED)
		return a;
	free(a);
	return NULL;
}

static void publish(struct shared_var *v, const struct smp *s, uint32_t flags)
{
	uint32_t seq = atomic_load_explicit(&v->seq, memory_order_relaxed);

	atomic_store_explicit(&v->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	v->flags = flags;
	if (s) {
		v->smp = *s;
		v->n = has_text(s) ? (uint32_t)s->s.n : 0;
		memcpy(v->text, v->n ? s->s.p : "", v->n);
	}
	atomic_store_explicit(&v->seq, seq + 2 ? seq + 2 : 2, memory_order_release);
}

struct var_area *var_area_create(const struct var_table *t)
{
	uint32_t n = t->n[VAR_PROC];
	int fd = memfd_create("sluice-variables", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct var_area *a = NULL;

	if (fd >= 0 && ftruncate(fd, (off_t)(MAX(n, 1u) * sizeof(struct shared_var))) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		a = area_new(fd, n);
	if (!a) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	each_name(t, put_name, a);
	for (uint32_t i = 0; i < n; i++) {
		const struct smp *v = init_of(t, i);
		if (!v || (has_text(v) && v->s.n > VAR_SHARED_TEXT))
			continue;
		a->at[i].init_hash = smp_hash(v);
		publish(&a->at[i], v, SV_CREATED | SV_SET);
	}
	return a;
}

struct var_area *var_area_map(const struct var_table *t, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != MAX(t->n[VAR_PROC], 1u) * sizeof(struct shared_var)) {
		close(fd);
		errno = EPROTO;
		return NULL;
	}
	struct var_area *a = area_new(fd, t->n[VAR_PROC]);

	if (!a)
		close(fd);
	return a;
}

void var_area_close(struct var_area *a)
{
	if (!a)
		return;
	munmap(a->at, MAX(a->n, 1u) * sizeof(*a->at));
	close(a->fd);
	free(a);
}

bool var_area_make_private(struct var_area *a)
{
	return !a || mmap(a->at, MAX(a->n, 1u) * sizeof(*a->at), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, a->fd, 0) != MAP_FAILED;
}

int var_area_fd(const struct var_area *a) { return a->fd; }

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A consistent copy; false: it is being written all the time, or its writer has died in the middle. */
static bool snapshot(const struct shared_var *v, struct shared_var *out)
{
	for (unsigned i = 0; i < READ_TRIES; i++) {
		uint32_t seq = atomic_load_explicit(&v->seq, memory_order_acquire);

		if (seq & 1)
			continue;
		out->flags = v->flags;
		out->smp = v->smp;
		out->n = MIN(v->n, VAR_SHARED_TEXT);
		memcpy(out->text, v->text, out->n);
		atomic_thread_fence(memory_order_acquire);
		atomic_store_explicit(&out->seq, seq, memory_order_relaxed);
		if (atomic_load_explicit(&v->seq, memory_order_relaxed) == seq)
			return out->smp.type < SMP_ANY;
	}
	return false;
}

static void take_in(struct var_store *st, struct var_val *mine, struct shared_var *got)
{
	if (has_text(&got->smp))
		got->smp.s = str_n(got->text, got->n);
	if (got->flags & SV_SET)
		(void)!var_store_value(st, mine, &got->smp);
	mine->created = got->flags & SV_CREATED;
	mine->set = mine->set && got->flags & SV_SET;
	mine->seen = atomic_load_explicit(&got->seq, memory_order_relaxed);
}

static struct var_val *look(struct var_store *st, unsigned slot, bool again)
{
	struct var_val *mine;
	struct shared_var got;

	if (slot >= st->shared->n || !var_store_open(st) || slot >= st->n)
		return NULL;
	mine = &st->at[slot];
	if (mine->looked_ns == clock_now_ns && !again)
		return mine;
	mine->looked_ns = clock_now_ns;
	if (mine->seen != atomic_load_explicit(&st->shared->at[slot].seq, memory_order_relaxed) && snapshot(&st->shared->at[slot], &got))
		take_in(st, mine, &got);
	return mine;
}

const struct smp *var_shared_get(struct var_store *st, unsigned slot)
{
	const struct var_val *v = look(st, slot, false);

	return v && v->set ? &v->smp : NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static bool lock(struct shared_var *v)
{
	uint32_t nobody = 0, me = (uint32_t)getpid();

	for (unsigned i = 0; i < LOCK_TRIES; i++, nobody = 0) {
		if (atomic_compare_exchange_weak_explicit(&v->holder, &nobody, me, memory_order_acquire, memory_order_relaxed))
			return true;
		cpu_relax();
	}
	return false;
}

static void unlock(struct shared_var *v) { atomic_store_explicit(&v->holder, 0, memory_order_release); }

bool var_shared_set(struct smp_ctx *c, struct var_store *st, unsigned slot, const struct smp *val, unsigned conds)
{
	struct smp s = *val;
	bool done = false;

	if (has_text(&s) && s.s.n > VAR_SHARED_TEXT)
		return false;
	if (has_text(&s))
		s.s = arena_str(c->tmp, s.s); /* it may be a slice of what is about to be read anew */
	if (slot >= st->shared->n || !lock(&st->shared->at[slot]))
		return false;
	struct shared_var *v = &st->shared->at[slot];
	struct var_val *mine = look(st, slot, true);

	if (mine && var_conds_hold(mine, &s, conds) && var_store_value(st, mine, &s)) {
		publish(v, &s, SV_CREATED | SV_SET | SV_RUNTIME);
		mine->seen = atomic_load_explicit(&v->seq, memory_order_relaxed);
		done = true;
	}
	unlock(v);
	return done;
}

void var_shared_unset(struct var_store *st, unsigned slot)
{
	if (slot >= st->shared->n || !lock(&st->shared->at[slot]))
		return;
	struct shared_var *v = &st->shared->at[slot];
	struct var_val *mine = look(st, slot, true);

	publish(v, NULL, (v->flags & SV_CREATED) | SV_RUNTIME);
	if (mine)
		mine->set = false, mine->seen = atomic_load_explicit(&v->seq, memory_order_relaxed);
	unlock(v);
}

void var_store_share(struct var_store *proc, struct var_area *a)
{
	var_store_drop(proc);
	proc->shared = a;
}

/* ---- upkeep ----------------------------------------------------------------------------------------------------- */

void var_area_repair(struct var_area *a, uint32_t pid)
{
	for (uint32_t i = 0; a && i < a->n; i++) {
		struct shared_var *v = &a->at[i];

		if (atomic_load_explicit(&v->holder, memory_order_acquire) != pid)
			continue;
		if (atomic_load_explicit(&v->seq, memory_order_relaxed) & 1) {
			v->flags &= SV_CREATED;
			atomic_fetch_add_explicit(&v->seq, 1, memory_order_release);
		}
		unlock(v);
	}
}

static const struct shared_var *named(const struct var_area *a, const struct shared_var *like)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->at[i].name_hash == like->name_hash && !memcmp(a->at[i].name, like->name, SHARED_NAME))
			return &a->at[i];
	return NULL;
}

void var_area_copy(struct var_area *to, int fd)
{
	struct stat st;
	struct shared_var got;

	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size % sizeof(got))
		return;
	struct var_area *from = area_new(fd, (uint32_t)((uint64_t)st.st_size / sizeof(got)));

	for (uint32_t i = 0; from && i < to->n; i++) {
		const struct shared_var *old = named(from, &to->at[i]);
		if (!old || old->init_hash != to->at[i].init_hash || !snapshot(old, &got) || !(got.flags & SV_RUNTIME))
			continue;
		if (has_text(&got.smp))
			got.smp.s = str_n(got.text, got.n);
		publish(&to->at[i], &got.smp, got.flags);
	}
	if (from)
		munmap(from->at, MAX(from->n, 1u) * sizeof(*from->at));
	free(from);
}
