// SPDX-License-Identifier: GPL-3.0-or-later
/* Drives the generated parser over one expression text and keeps what it builds in the arena of the compilation. */
#include "parse_priv.h"
#include "expr_priv.h"

void xcall_push(struct xlex *lx, const struct xcall *c)
{
	VEC_PUSH(&lx->calls, *c);
}

void xcall_args(struct xlex *lx, struct xcall *c)
{
	c->narg = (uint32_t)lx->args.n;
	c->arg = VEC_FREEZE(&lx->args, lx->arena);
}

struct xcall *expr_parse(struct arena *a, struct str text, uint32_t *ncalls, size_t *used, struct xerr *err)
{
	struct str copy = arena_str(a, text);
	const unsigned char *p = (const unsigned char *)copy.p;
	struct xlex lx = { .arena = a, .beg = p, .cur = p, .lim = p + copy.n };
	struct xcall *calls = NULL;

	if (xpparse(&lx) == 0) {
		calls = VEC_FREEZE(&lx.calls, a);
		*ncalls = (uint32_t)lx.calls.n;
		*used = (size_t)(lx.cur - lx.beg);
	} else {
		xerr_set(err, lx.err_off, lx.err_len, "%s", lx.err_msg ? lx.err_msg : "not an expression");
	}
	sbuf_free(&lx.text);
	VEC_FREE(&lx.args);
	VEC_FREE(&lx.calls);
	return calls;
}
