// SPDX-License-Identifier: GPL-3.0-or-later
/* Which expressions get a number in the memo: those whose canonical text stands in two places that one exchange may pass. All
 * expressions of that text get the number then, wherever they stand. */
#include <sluice/expr/deps.h>

#include "memo_priv.h"

struct planned { uint32_t group, number; };

struct memo_plan {
	struct arena *arena;
	struct hmap by_text[2];      /* of one value, of all */
	uint32_t n;                  /* numbers given; 0 is none */
	uint64_t deps[MEMO_MAX];
};

struct memo_plan *memo_plan_new(struct arena *scratch)
{
	struct memo_plan *p = ARENA_NEW(scratch, struct memo_plan);

	p->arena = scratch;
	hmap_init(&p->by_text[0], scratch);
	hmap_init(&p->by_text[1], scratch);
	p->n = 1;
	return p;
}

/* A fetch that never has several values has the same one either way. */
static struct hmap *map_of(struct memo_plan *p, const struct expr *e, bool all) { return &p->by_text[all || !(e->flags & F_ITER)]; }

static bool worth_keeping(const struct expr *e)
{
	return expr_pure(e) && !(e->flags & (F_CONST | F_FIELD) && !e->nconv) && !(e->needs & (unsigned)(NEED_L6 | NEED_RES_L6 | NEED_REQ_BODY));
}

void memo_plan_count(struct memo_plan *p, uint32_t group, const struct expr *e, bool all)
{
	if (!worth_keeping(e))
		return;
	struct hmap *texts = map_of(p, e, all);
	struct planned *k = hmap_get(texts, e->text);

	if (!k) {
		k = ARENA_NEW(p->arena, struct planned);
		k->group = group;
		hmap_put(texts, e->text, k);
	} else if (k->group != group) {
		k->group = group;
	} else if (!k->number && p->n < MEMO_MAX) {
		p->deps[p->n] = expr_deps(e);
		k->number = p->n++;
	}
}

void memo_plan_number(struct memo_plan *p, const struct expr *e, bool all)
{
	const struct planned *k = worth_keeping(e) ? hmap_get(map_of(p, e, all), e->text) : NULL;
	struct expr *open = (struct expr *)(uintptr_t)e; /* the tables are not frozen yet */

	if (!k)
		return;
	if (all || !(e->flags & F_ITER))
		open->kept[1] = (uint16_t)k->number;
	if (!all || !(e->flags & F_ITER))
		open->kept[0] = (uint16_t)k->number;
}

struct memo_slots memo_plan_slots(const struct memo_plan *p, struct arena *a)
{
	if (p->n == 1)
		return (struct memo_slots){ 0 };
	return (struct memo_slots){ arena_dup(a, p->deps, p->n * sizeof(p->deps[0])), p->n };
}
