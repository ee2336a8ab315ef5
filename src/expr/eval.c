// SPDX-License-Identifier: GPL-3.0-or-later
/* Runs compiled expressions: one fetch, then its converters with a cast before each where the types differ. */
#include "expr_priv.h"

/* What a fetch needs was checked at compile time; here it is only a question of whether it is there yet. */
static bool input_present(const struct expr *e, struct smp_ctx *c, struct smp *out)
{
	if ((e->needs & NEED_REQ_HEAD && !c->req) || (e->needs & NEED_RES_HEAD && !c->res)) {
		out->may_change = !c->final;
		return false;
	}
	return true;
}

static bool run_convs(const struct expr *e, struct smp_ctx *c, struct smp *s)
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

bool expr_eval(const struct expr *e, struct smp_ctx *c, struct smp *out)
{
	struct smp_iter it = { 0 };

	*out = (struct smp){ .type = SMP_NONE };
	return input_present(e, c, out) && e->fetch.fetch->fn(c, &e->fetch, &it, out) && run_convs(e, c, out);
}

bool expr_each(const struct expr *e, struct smp_ctx *c, smp_visit_fn *fn, void *ctx)
{
	struct smp_iter it = { .all = e->flags & F_ITER };
	struct smp s = { .type = SMP_NONE };

	if (!input_present(e, c, &s))
		return !s.may_change;
	do {
		s = (struct smp){ .type = SMP_NONE };
		it.more = false;
		if (!e->fetch.fetch->fn(c, &e->fetch, &it, &s))
			return !s.may_change;
		bool unsure = s.may_change;

		if (run_convs(e, c, &s) && !fn(ctx, &s))
			return true;
		if (unsure)
			return false;
	} while (it.more);
	return true;
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
