// SPDX-License-Identifier: GPL-3.0-or-later
/* The memo of a process: an entry for each numbered expression, valid when its stamp is that of the window. A change is noted and
 * acted upon when a value is wanted next, so a row of rewrites costs one look at what is kept.
 *
 * Of several values those are kept that somebody has wanted, and the place where to go on. In debug builds whatever is found
 * here is evaluated once more and has to be the same: the end-to-end tests then are a test of what actions say they change. Entries of maps
 * are changed by another process at any time, so they are left out of that. */
#include <stdlib.h>

#include <sluice/expr/deps.h>

#include "memo_priv.h"

enum { MEMO_VALUES = 4, MEMO_ROOM = 4096 };

struct memo_entry {
	uint32_t stamp;
	uint8_t n;
	bool done;                   /* there are no more */
	bool copied;                 /* the text of a value lies in the room */
	struct smp_iter it;          /* where to go on */
	struct smp v[MEMO_VALUES];
};

struct smp_memo {
	struct memo_window w;
	uint32_t edits, stamp;
	uint64_t dirty, live_deps;   /* changed and not acted upon; what the live entries depend on */
	struct memo_slots slots;
	struct memo_count count;
	uint16_t *live;              /* numbers of valid entries */
	uint32_t nlive, used;        /* bytes of the room */
	char room[MEMO_ROOM];
	struct memo_entry at[];      /* by number */
};

struct smp_memo *memo_new(const struct memo_slots *slots)
{
	uint32_t n = slots->n;

	if (!n)
		return NULL;
	struct smp_memo *m = calloc(1, sizeof(*m) + n * sizeof(m->at[0]));
	uint16_t *live = calloc(n, sizeof(*live));

	if (!m || !live) { /* values are evaluated each time then */
		free(m);
		free(live);
		return NULL;
	}
	m->slots = *slots;
	m->live = live;
	return m;
}

void memo_free(struct smp_memo *m)
{
	if (m)
		free(m->live);
	free(m);
}

void memo_open(struct smp_memo *m, const struct smp_ctx *c, bool go_on, uint32_t edits)
{
	m->w.of = c;
	if (go_on && m->w.last == c && m->edits == edits)
		return;
	if (++m->stamp == 0) {
		for (uint32_t i = 0; i < m->slots.n; i++)
			m->at[i].stamp = 0;
		m->stamp = 1;
	}
	m->w.last = c;
	m->dirty = m->live_deps = 0;
	m->nlive = m->used = 0;
}

void memo_close(struct smp_memo *m, const struct smp_ctx *c, uint32_t edits)
{
	if (m->w.of != c)
		m->w.last = NULL;
	m->w.of = NULL;
	m->edits = edits;
}

void memo_forget(struct smp_memo *m) { m->w.of = m->w.last = NULL; }

void memo_touch(struct smp_memo *m, uint64_t changes) { m->dirty |= changes; }

struct memo_count memo_counted(const struct smp_memo *m) { return m->count; }

/* Drops what depends on what has changed. */
static void settle(struct smp_memo *m)
{
	uint64_t dirty = m->dirty, left = 0;

	m->dirty = 0;
	if (!(m->live_deps & dirty))
		return;
	for (uint32_t i = 0; i < m->nlive;) {
		uint16_t k = m->live[i];

		if (m->slots.deps[k] & dirty) {
			m->at[k].stamp = 0;
			m->live[i] = m->live[--m->nlive];
			continue;
		}
		left |= m->slots.deps[k];
		i++;
	}
	m->live_deps = left;
}

static inline struct memo_entry *entry_of(struct smp_memo *m, uint16_t k, bool all)
{
	struct memo_entry *x = &m->at[k];

	if (UNLIKELY(m->dirty))
		settle(m);
	if (x->stamp == m->stamp)
		return x;
	x->stamp = m->stamp;
	x->n = 0, x->done = x->copied = false;
	x->it = (struct smp_iter){ .all = all };
	m->live[m->nlive++] = k;
	m->live_deps |= m->slots.deps[k];
	return x;
}

static bool is_text(const struct smp *s) { return s->type == SMP_STR || s->type == SMP_BIN || s->type == SMP_METH; }

/* The text of v lies in memory that is rewound: it moves into the room. */
static bool move_text(struct smp_memo *m, struct memo_entry *x, struct smp *v)
{
	if (!is_text(v) || !v->s.n)
		return true;
	if (v->s.n > MEMO_ROOM - m->used)
		return false;
	memcpy(&m->room[m->used], v->s.p, v->s.n);
	v->s.p = &m->room[m->used];
	m->used += (uint32_t)v->s.n;
	return x->copied = true;
}

static bool keep_value(struct smp_memo *m, struct memo_entry *x, const struct smp *s, bool made)
{
	if (x->n == MEMO_VALUES)
		return false;
	x->v[x->n] = *s;
	if (made && !move_text(m, x, &x->v[x->n]))
		return false;
	x->n++;
	return true;
}

/* ---- is it still so? ---- */

#ifdef SLUICE_DEBUG
struct comparing { const struct memo_entry *x; unsigned n; bool same; };

static bool same_value(void *ctx, const struct smp *s)
{
	struct comparing *k = ctx;
	const struct smp *v = &k->x->v[k->n];

	if (k->n++ == k->x->n)
		return false;
	k->same = s->type == v->type && (is_text(s) ? str_eq(s->s, v->s) : s->type == SMP_IP ? addr_eq(&s->ip, &v->ip, true) : s->i == v->i);
	return k->same;
}

static bool entry_true(const struct memo_entry *x, const struct expr *e, struct smp_ctx *c)
{
	struct arena_mark mark = arena_mark(c->tmp);
	struct smp_iter it = { .all = x->it.all };
	struct comparing k = { x, 0, true };

	if (c->memo->slots.deps[x - c->memo->at] & DEP_PAT)
		return true;
	expr_each_from(e, c, &it, same_value, &k);
	arena_rewind(c->tmp, mark);
	return k.same && (x->done ? k.n == x->n : k.n >= x->n);
}
#endif

/* ---- evaluating ---- */

/* Goes on behind what is kept. */
static bool each_more(const struct expr *e, struct smp_ctx *c, struct memo_entry *x, smp_visit_fn *fn, void *ctx)
{
	struct smp_iter it = x->it;
	bool keep = true, go_on = true;

	c->memo->count.evaluated++;
	do {
		size_t before = c->tmp->total, fetched;
		struct smp s;
		enum expr_value r = expr_value(e, c, &it, &s, &fetched);

		/* what an iteration has made lies in memory that is rewound */
		keep = keep && !s.may_change && (fetched == before || !it.all);
		if (r == VALUE_NONE && s.may_change)
			return false;
		if (r == VALUE_SOME) {
			keep = keep && keep_value(c->memo, x, &s, c->tmp->total != before);
			go_on = fn(ctx, &s);
		}
		if (keep)
			x->it = it, x->done = r == VALUE_NONE || !it.more;
		if (s.may_change)
			return !go_on;
	} while (go_on && it.more);
	return true;
}

/* The only value there is, straight into its place. */
static bool fill(const struct expr *e, struct smp_ctx *c, struct memo_entry *x)
{
	size_t before = c->tmp->total;
	enum expr_value r = expr_value(e, c, &x->it, &x->v[0], NULL);

	c->memo->count.evaluated++;
	if (x->v[0].may_change || (c->tmp->total != before && r == VALUE_SOME && !move_text(c->memo, x, &x->v[0])))
		return false;
	x->n = r == VALUE_SOME;
	return x->done = true;
}

bool memo_each(const struct expr *e, struct smp_ctx *c, smp_visit_fn *fn, void *ctx)
{
	struct memo_entry *x = entry_of(c->memo, e->kept[1], e->flags & F_ITER);

	ASSERT_HOT(entry_true(x, e, c));
	if (x->n | x->done)
		c->memo->count.spared++;
	else if (!(e->flags & F_ITER) && !fill(e, c, x))
		return expr_each_from(e, c, &(struct smp_iter){ 0 }, fn, ctx);
	for (unsigned i = 0; i < x->n; i++)
		if (!fn(ctx, &x->v[i]))
			return true;
	return x->done || each_more(e, c, x, fn, ctx);
}

static bool take_value(void *ctx, const struct smp *s)
{
	*(struct smp *)ctx = *s;
	return false;
}

/* The value lives as long as the context's memory, not only as long as the window. */
bool memo_eval(const struct expr *e, struct smp_ctx *c, struct smp *out)
{
	struct memo_entry *x = entry_of(c->memo, e->kept[0], false);

	ASSERT_HOT(entry_true(x, e, c));
	if (x->n | x->done)
		c->memo->count.spared++;
	else if (!fill(e, c, x))
		return !expr_each_from(e, c, &(struct smp_iter){ 0 }, take_value, out) || out->type != SMP_NONE;
	if (!x->n)
		return false;
	*out = x->v[0];
	if (x->copied && is_text(out))
		out->s = arena_str(c->tmp, out->s);
	return true;
}
