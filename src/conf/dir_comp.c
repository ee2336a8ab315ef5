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
	else
		c->dirs = COMP_RES;
	s->px->p->comp = c;
	return c;
}

static void comp_algos(struct sema *s, struct rt_comp_what *c, const struct line *l)
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

static void comp_types(struct sema *s, struct rt_comp_what *c, const struct line *l)
{
	c->types = ARENA_NEWN(s->a, struct str, l->n);
	c->ntypes = 0;
	for (uint32_t i = 2; i < l->n; i++)
		c->types[c->ntypes++] = arena_str(s->a, l->w[i].s);
}

static void comp_direction(struct sema *s, struct rt_comp *c, const struct word *w)
{
	static const char *const words[] = { "response", "request", "both" };
	int k = arg_word(s, w, words, 3, "direction of compression");

	if (k >= 0)
		c->dirs = (uint8_t)(k + 1);
}

/* A server cannot say what it accepts: there is nothing to choose by. */
static void comp_algo_req(struct sema *s, struct rt_comp *c, const struct line *l)
{
	if (l->n > 3)
		sema_err(s, &l->w[3], "'compression algo-req' takes one algorithm");
	else
		comp_algos(s, &c->req, l);
}

void dir_compression(struct sema *s, const struct line *l)
{
	enum { ALGO, ALGO_RES, ALGO_REQ, TYPE, TYPE_RES, TYPE_REQ, MIN_RES, MIN_REQ, DIRECTION, OFFLOAD, WORDS };
	static const char *const words[WORDS] = { "algo", "algo-res", "algo-req", "type", "type-res", "type-req", "minsize-res", "minsize-req", "direction", "offload" };
	int what = arg_word(s, &l->w[1], words, WORDS, "parameter of compression");
	struct rt_comp *c;

	if (what < 0)
		return;
	c = comp_own(s);
	if (what != OFFLOAD && l->n < 3) {
		sema_err(s, &l->w[1], "'compression " STR_FMT "' expects a value", STR_ARG(l->w[1].s));
		return;
	}
	switch (what) {
	case ALGO: case ALGO_RES: comp_algos(s, &c->res, l); break;
	case ALGO_REQ: comp_algo_req(s, c, l); break;
	case TYPE: case TYPE_RES: comp_types(s, &c->res, l); break;
	case TYPE_REQ: comp_types(s, &c->req, l); break;
	case MIN_RES: (void)!arg_size(s, &l->w[2], 0, UINT32_MAX, &c->res.minsize); break;
	case MIN_REQ: (void)!arg_size(s, &l->w[2], 0, UINT32_MAX, &c->req.minsize); break;
	case DIRECTION: comp_direction(s, c, &l->w[2]); break;
	default: c->offload = s->sect != SECT_DEFAULTS; break;
	}
}

void dir_maxcomprate(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, UINT32_MAX, &s->rt->g.comp_max_rate); }
void dir_maxcompcpuusage(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 100, &s->rt->g.comp_max_cpu); }
void dir_maxzlibmem(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 1u << 20, &s->rt->g.comp_max_mem); }
void dir_tune_comp_maxlevel(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 0, 9, &s->rt->g.comp_level); }
