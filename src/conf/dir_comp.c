// SPDX-License-Identifier: GPL-3.0-or-later
/* compression: what is compressed, how, and how much it may cost. */
#include <sluice/filter/comp.h>

#include "sema_priv.h"

/* The settings of a section; a copy of its own when they are inherited. */
static struct rt_comp *comp_own(struct sema *s)
{
	struct rt_comp *c = ARENA_NEW(s->a, struct rt_comp);

	if (s->px->p->comp)
		*c = *s->px->p->comp;
	s->px->p->comp = c;
	return c;
}

static void comp_algos(struct sema *s, struct rt_comp *c, const struct line *l)
{
	c->nalgos = 0;
	for (uint32_t i = 2; i < l->n; i++) {
		enum comp_algo a = comp_find(l->w[i].s);

		if (word_is(&l->w[i], "identity"))
			continue;
		if (a == COMP_NONE)
			sema_err(s, &l->w[i], "unknown compression algorithm '" STR_FMT "': gzip, deflate, raw-deflate, br, zstd or identity", STR_ARG(l->w[i].s));
		else if (c->nalgos < COMP_ALGO_COUNT)
			c->algos[c->nalgos++] = (uint8_t)a;
	}
}

static void comp_types(struct sema *s, struct rt_comp *c, const struct line *l)
{
	c->types = ARENA_NEWN(s->a, struct str, l->n);
	c->ntypes = 0;
	for (uint32_t i = 2; i < l->n; i++)
		c->types[c->ntypes++] = arena_str(s->a, l->w[i].s);
}

static void comp_direction(struct sema *s, const struct word *w)
{
	static const char *const words[] = { "response", "request", "both" };

	if (arg_word(s, w, words, 3, "direction of compression") > 0)
		sema_err(s, w, "compression of requests is not supported by sluice yet");
}

void dir_compression(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "algo", "algo-res", "type", "type-res", "minsize-res", "offload", "direction", "algo-req", "type-req", "minsize-req" };
	int what = arg_word(s, &l->w[1], words, ARRAY_LEN(words), "parameter of compression");
	struct rt_comp *c;

	if (what < 0)
		return;
	c = comp_own(s);
	if (what != 5 && l->n < 3) {
		sema_err(s, &l->w[1], "'compression " STR_FMT "' expects a value", STR_ARG(l->w[1].s));
		return;
	}
	switch (what) {
	case 0: case 1: comp_algos(s, c, l); break;
	case 2: case 3: comp_types(s, c, l); break;
	case 4: (void)!arg_size(s, &l->w[2], 0, UINT32_MAX, &c->minsize); break;
	case 5: c->offload = s->sect != SECT_DEFAULTS; break;
	case 6: comp_direction(s, &l->w[2]); break;
	default: sema_err(s, &l->w[1], "compression of requests is not supported by sluice yet"); break;
	}
}

void dir_maxcomprate(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, UINT32_MAX, &s->rt->g.comp_max_rate); }
void dir_maxcompcpuusage(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 100, &s->rt->g.comp_max_cpu); }
void dir_maxzlibmem(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 1u << 20, &s->rt->g.comp_max_mem); }
void dir_tune_comp_maxlevel(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 9, &s->rt->g.comp_level); }
