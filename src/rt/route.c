// SPDX-License-Identifier: GPL-3.0-or-later
/* Routing as a decision program. This file scans; the indexes that spare the scan are in route_index.c. */
#include <sluice/expr/cond.h>
#include <sluice/rt/route.h>

struct route {
	struct cond *const *conds;
	unsigned n;
};

struct route *route_compile(struct arena *a, struct cond *const *conds, unsigned n)
{
	struct route *r = ARENA_NEW(a, struct route);

	r->conds = arena_dup(a, conds, n * sizeof(*conds));
	r->n = n;
	return r;
}

int route_first_linear(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	for (unsigned i = from; i < r->n; i++)
		if (cond_true(r->conds[i], ctx))
			return (int)i;
	return -1;
}

int route_first(const struct route *r, struct smp_ctx *ctx, unsigned from)
{
	return route_first_linear(r, ctx, from);
}

void route_print(const struct route *r, struct sbuf *out)
{
	for (unsigned i = 0; i < r->n; i++) {
		sbuf_printf(out, "%u ", i);
		if (r->conds[i])
			cond_print(r->conds[i], out);
		sbuf_addc(out, '\n');
	}
}
