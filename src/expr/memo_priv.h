// SPDX-License-Identifier: GPL-3.0-or-later
/* Between evaluation and the memo. */
#ifndef SLUICE_EXPR_MEMO_PRIV_H
#define SLUICE_EXPR_MEMO_PRIV_H

#include <sluice/expr/memo.h>

#include "expr_priv.h"

/* eval.c: all converters; false: one could not take it. */
bool expr_convert(const struct expr *e, struct smp_ctx *c, struct smp *s);

/* The next value of an iteration, behind all converters. *fetched: bytes taken from c->tmp when the fetch was through; may be NULL. */
enum expr_value { VALUE_NONE /* the iteration ends */, VALUE_SKIPPED /* no converter could take it */, VALUE_SOME };
static inline enum expr_value expr_value(const struct expr *e, struct smp_ctx *c, struct smp_iter *it, struct smp *s, size_t *fetched)
{
	*s = (struct smp){ .type = SMP_NONE };
	it->more = false;
	bool found = e->fetch.fetch->fn(c, &e->fetch, it, s);

	if (fetched)
		*fetched = c->tmp->total;
	if (!found)
		return VALUE_NONE;
	if (!e->nconv)
		return VALUE_SOME;
	bool unsure = s->may_change, some = expr_convert(e, c, s);

	s->may_change = unsure;
	return some ? VALUE_SOME : VALUE_SKIPPED;
}

/* eval.c: expr_each() without a memo, from where `it` stands. */
bool expr_each_from(const struct expr *e, struct smp_ctx *c, struct smp_iter *it, smp_visit_fn *fn, void *ctx);

/* What a memo begins with: whose window is open; was the last. */
struct memo_window { const struct smp_ctx *of, *last; };

/* Is a window open for c? Then these are expr_each() and expr_eval() of what has a number. */
static inline bool memo_of(const struct smp_memo *m, const struct smp_ctx *c)
{
	return ((const struct memo_window *)(const void *)m)->of == c;
}
bool memo_each(const struct expr *e, struct smp_ctx *c, smp_visit_fn *fn, void *ctx);
bool memo_eval(const struct expr *e, struct smp_ctx *c, struct smp *out);

#endif
