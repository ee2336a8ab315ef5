// SPDX-License-Identifier: GPL-3.0-or-later
/* Compressors in use and those that wait for the next body. The memory of all of them is bounded: who comes when it is used up is
 * not compressed, which costs bandwidth and nothing else. */
#include <stdlib.h>
#include "comp_priv.h"

#define KEPT 8 /* idle contexts of each algorithm */

struct comp {
	uint8_t algo;
	void *ctx;
};

static const struct { struct str word, coding; const struct comp_ops *ops; int variant; } algos[COMP_ALGO_COUNT] = {
#define COMP_ALGO(id, word, coding, sym, variant, help) [COMP_##id] = { { word, sizeof(word) - 1 }, { coding, sizeof(coding) - 1 }, &sym, variant },
#include <sluice/tbl/comp_algos.def>
#undef COMP_ALGO
};

static struct {
	size_t used, max;
	struct comp *idle[COMP_ALGO_COUNT][KEPT];
	unsigned nidle[COMP_ALGO_COUNT];
} kept;

void comp_setup(size_t max_bytes) { kept.max = max_bytes; }

struct str comp_coding(enum comp_algo a) { return algos[a].coding; }

enum comp_algo comp_find(struct str word)
{
	for (unsigned i = 0; i < COMP_ALGO_COUNT; i++)
		if (str_eq(algos[i].word, word))
			return (enum comp_algo)i;
	return COMP_NONE;
}

static void comp_free(struct comp *c)
{
	algos[c->algo].ops->close(c->ctx);
	kept.used -= algos[c->algo].ops->memory;
	free(c);
}

/* Room for one more, at the cost of idle ones of other algorithms. */
static bool make_room(size_t need)
{
	for (unsigned a = 0; a < COMP_ALGO_COUNT && kept.max; a++)
		while (kept.used + need > kept.max && kept.nidle[a])
			comp_free(kept.idle[a][--kept.nidle[a]]);
	return !kept.max || kept.used + need <= kept.max;
}

static struct comp *comp_new(enum comp_algo a, unsigned level)
{
	struct comp *c;

	if (!make_room(algos[a].ops->memory) || !(c = malloc(sizeof(*c))))
		return NULL;
	*c = (struct comp){ .algo = (uint8_t)a, .ctx = algos[a].ops->open(algos[a].variant, level) };
	if (!c->ctx) {
		free(c);
		return NULL;
	}
	kept.used += algos[a].ops->memory;
	return c;
}

struct comp *comp_open(enum comp_algo a, unsigned level)
{
	while (kept.nidle[a]) {
		struct comp *c = kept.idle[a][--kept.nidle[a]];

		if (algos[a].ops->reset(c->ctx, level))
			return c;
		comp_free(c);
	}
	return comp_new(a, level);
}

enum comp_result comp_run(struct comp *c, struct buf *in, struct buf *out, enum comp_op op)
{
	return algos[c->algo].ops->run(c->ctx, in, out, op);
}

void comp_close(struct comp *c)
{
	if (algos[c->algo].ops->reset && kept.nidle[c->algo] < KEPT)
		kept.idle[c->algo][kept.nidle[c->algo]++] = c;
	else
		comp_free(c);
}
