// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the pieces of the condition language of .if and -cc: its lexer (grammar/ccond.re), its grammar
 * (grammar/ccond.y) and its predicates (ccond.c). */
#ifndef CONF_CCOND_PRIV_H
#define CONF_CCOND_PRIV_H

#include "front_priv.h"

#define CCOND_ARGS_MAX 4u /* more than any predicate takes */

struct cval { struct str s; size_t at, len; int v; }; /* text, place in the condition, truth */

struct ccond {
	struct lexer lx;
	const char *text;
	const struct place *place;
	struct ccond_error *err;
	struct arena arena;
	unsigned depth;      /* a quoted condition inside a condition */
	bool poll_only;
	bool in_args;        /* behind `predicate(`: words up to comma and parenthesis */
	bool arg_due;        /* an argument, maybe empty, comes next */
	bool failed;         /* err is filled in; the first message stays */
	struct cval name;    /* the predicate whose arguments are being read */
	struct cval arg[CCOND_ARGS_MAX];
	unsigned nargs;
	int result;
};

/* Operators and operands outside of arguments: a token of the grammar, CCOND_QUOTE at a quote, CCOND_BAD for other
 * bytes. */
enum { CCOND_QUOTE = -1, CCOND_BAD = -2 };
int ccond_lex(struct lexer *lx);

void ccond_fail(struct ccond *c, size_t at, size_t len, const char *fmt, ...) PRINTF_FMT(4, 5);
/* Truth of an operand or a predicate; -1 after ccond_fail(). */
int ccond_int(struct ccond *c, const struct cval *v);
int ccond_text(struct ccond *c, const struct cval *v);
int ccond_call(struct ccond *c, const struct cval *name);
void ccond_arg(struct ccond *c, const struct cval *v);

#endif
