// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the generated lexer and parser of expressions (grammar/expr.re, expr.y) and parse.c: the syntax tree
 * is a list of calls, each a name with argument texts and where they stood. */
#ifndef SLUICE_EXPR_PARSE_PRIV_H
#define SLUICE_EXPR_PARSE_PRIV_H

#include <sluice/base/vec.h>
#include <sluice/base/buf.h>
#include <sluice/expr/expr.h>

struct xarg { struct str s; uint32_t off, len; bool quoted; };
struct xcall { struct str name; uint32_t off; struct xarg *arg; uint32_t narg; };
struct xvalue { struct xcall call; struct xarg arg; };
#define XLEX_VALUE struct xvalue

enum xlex_state { XL_NAME, XL_AFTER_NAME, XL_ARG, XL_ARG_END, XL_AFTER_ARGS };

struct xlex {
	struct arena *arena;
	const unsigned char *beg, *cur, *mark, *lim; /* *lim is NUL */
	enum xlex_state state;
	struct sbuf text;                /* argument under construction */
	VEC(struct xarg) args;           /* of the call under construction */
	VEC(struct xcall) calls;
	const char *err_msg;             /* first error, or NULL */
	size_t err_off, err_len;
};

int xlex_next(XLEX_VALUE *v, struct xlex *lx);
int xpparse(struct xlex *lx);
void xcall_push(struct xlex *lx, const struct xcall *c);
void xcall_args(struct xlex *lx, struct xcall *c);

/* The calls of an expression at the start of text, in the arena; *used = bytes taken. NULL with err filled when
 * it is none. */
struct xcall *expr_parse(struct arena *a, struct str text, uint32_t *ncalls, size_t *used, struct xerr *err);

#endif
