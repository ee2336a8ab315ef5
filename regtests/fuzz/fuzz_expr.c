// SPDX-License-Identifier: GPL-3.0-or-later
/* Expressions, conditions and log formats from arbitrary text, evaluated on one canned request. What compiles must print, and its
 * canonical text must compile to the same expression. */
#include "../unit/expr/canned.h"

#include <sluice/log/logfmt.h>
#include <sluice/rt/route.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_expr(struct canned *t, struct str text)
{
	struct xerr err;
	struct expr *e = expr_compile(&t->env, text, &err);
	struct sbuf b = { 0 };
	struct str out;

	if (!e)
		return;
	(void)expr_eval_str(e, &t->ctx, &out);
	expr_print(e, &b);
	struct expr *again = expr_compile(&t->env, arena_str(&t->mem, sbuf_str(&b)), &err);

	ASSERT(again && expr_same(e, again));
	sbuf_free(&b);
}

/* Chance and time may answer two evaluations differently. */
static bool repeatable(const struct cond *c)
{
	for (uint32_t i = 0; i < c->nconj; i++)
		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			for (uint32_t k = 0; k < c->conj[i].term[j].acl->ntest; k++)
				if (!expr_pure(c->conj[i].term[j].acl->test[k]->expr))
					return false;
	return true;
}

static void try_cond(struct canned *t, struct str text)
{
	struct str words[128], rest = text;
	struct xerr err;
	struct sbuf b = { 0 };
	int n = 0;

	while (rest.p && n < (int)ARRAY_LEN(words))
		words[n++] = arena_str(&t->mem, str_split(&rest, ' '));
	struct cond *c = cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, n, false, &err);

	if (!c)
		return;
	struct route *r = route_compile(&t->mem, &c, NULL, 1);

	int got = route_first(r, &t->ctx, 0);

	ASSERT(!repeatable(c) || got == route_first_linear(r, &t->ctx, 0));
	cond_print(c, &b);
	sbuf_free(&b);
}

static void try_format(struct canned *t, struct str text)
{
	struct log_data d = { .http = true, .method = STR("GET"), .uri = STR("/x"), .fe_name = STR("f") };
	struct xerr err;
	struct sbuf b = { 0 };
	struct logfmt *f = logfmt_compile_log(&t->env, text, &err);

	if (f)
		logfmt_render(f, &t->ctx, &d, &b);
	sbuf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct canned t;

	if (size < 1 || size > 4096)
		return 0;
	canned_init(&t);
	struct str text = arena_str(&t.mem, str_n((const char *)data + 1, size - 1));

	switch (data[0] % 3) {
	case 0: try_expr(&t, text); break;
	case 1: try_cond(&t, text); break;
	default: try_format(&t, text); break;
	}
	canned_free(&t);
	return 0;
}
