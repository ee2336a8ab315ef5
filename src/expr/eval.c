// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs compiled expressions: one fetch, then its converters with a cast before each where the types differ. */
#include <sluice/expr/deps.h>

#include "memo_priv.h"

/* What a fetch needs was checked at compile time; here it is only a question of whether it is there yet. */
static bool input_present(const struct expr *e, struct smp_ctx *c, struct smp *out)
{
	if ((e->needs & NEED_REQ_HEAD && !c->req) || (e->needs & NEED_RES_HEAD && !c->res)) {
		out->may_change = !c->final;
		return false;
	}
	return true;
}

bool expr_convert(const struct expr *e, struct smp_ctx *c, struct smp *s)
{
	for (unsigned i = 0; i < e->nconv; i++) {
		const struct call *k = &e->conv[i];

		if (s->type != k->conv->in && k->conv->in != SMP_ANY && !smp_cast(s, k->conv->in, c->tmp))
			return false;
		if (!k->conv->fn(c, k, s))
			return false;
	}
	return true;
}

/* What an effect has changed, the memo must not keep. */
static inline void note_effect(const struct expr *e, const struct smp_ctx *c)
{
	if (UNLIKELY(e->flags & F_EFFECT) && c->memo)
		memo_touch(c->memo, DEP_ALL);
}

static inline bool kept(uint16_t number, const struct smp_ctx *c) { return number && c->memo && memo_of(c->memo, c); }

bool expr_eval(const struct expr *e, struct smp_ctx *c, struct smp *out)
{
	struct smp_iter it = { 0 };

	*out = (struct smp){ .type = SMP_NONE };
	if (!input_present(e, c, out))
		return false;
	if (kept(e->kept[0], c))
		return memo_eval(e, c, out);
	bool some = e->fetch.fetch->fn(c, &e->fetch, &it, out) && expr_convert(e, c, out);

	note_effect(e, c);
	return some;
}

static inline bool each_from(const struct expr *e, struct smp_ctx *c, struct smp_iter *it, smp_visit_fn *fn, void *ctx)
{
	struct smp s;

	do {
		enum expr_value r = expr_value(e, c, it, &s, NULL);

		note_effect(e, c);
		if (r == VALUE_NONE)
			return !s.may_change;
		if (r == VALUE_SOME && !fn(ctx, &s))
			return true;
		if (s.may_change)
			return false;
	} while (it->more);
	return true;
}

bool expr_each_from(const struct expr *e, struct smp_ctx *c, struct smp_iter *it, smp_visit_fn *fn, void *ctx)
{
	return each_from(e, c, it, fn, ctx);
}

bool expr_each(const struct expr *e, struct smp_ctx *c, smp_visit_fn *fn, void *ctx)
{
	struct smp_iter it = { .all = e->flags & F_ITER };
	struct smp s = { .type = SMP_NONE };

	if (!input_present(e, c, &s))
		return !s.may_change;
	return kept(e->kept[1], c) ? memo_each(e, c, fn, ctx) : each_from(e, c, &it, fn, ctx);
}

bool expr_eval_str(const struct expr *e, struct smp_ctx *c, struct str *out)
{
	struct smp s;

	if (!expr_eval(e, c, &s))
		return false;
	bool bin = s.type == SMP_BIN;

	if (!smp_cast(&s, SMP_STR, c->tmp))
		return false;
	*out = s.s;
	if (bin && s.s.n)
		out->n = strnlen(s.s.p, s.s.n);
	return true;
}

enum smp_type expr_type(const struct expr *e) { return e->type; }
unsigned expr_needs(const struct expr *e) { return e->needs; }
bool expr_const(const struct expr *e) { return e->flags & F_CONST; }
bool expr_pure(const struct expr *e) { return !(e->flags & (F_VOLATILE | F_L6 | F_EFFECT)); }
unsigned expr_convs(const struct expr *e) { return e->nconv; }
bool expr_effect(const struct expr *e) { return e->flags & F_EFFECT; }

/* The canonical text holds everything that distinguishes two expressions. */
bool expr_same(const struct expr *a, const struct expr *b)
{
	return a == b || str_eq(a->text, b->text);
}

void expr_print(const struct expr *e, struct sbuf *out)
{
	sbuf_add(out, e->text);
}
