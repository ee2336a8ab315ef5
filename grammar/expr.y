// SPDX-License-Identifier: GPL-3.0-or-later
/* The shape of a sample expression: a fetch followed by converters, each with optional arguments. Builds a list of
 * calls and nothing more; which names exist and what they take is in the tables. */
%define api.pure full
%define api.prefix {xp}
%define api.value.type {struct xvalue}
%param { struct xlex *lx }

%code requires {
#include "../../src/expr/parse_priv.h"
}

%code {
static int xplex(struct xvalue *v, struct xlex *lx)
{
	return xlex_next(v, lx);
}
static void xperror(struct xlex *lx, const char *msg);
}

%token XT_NAME "a name" XT_ARG "an argument" XT_OPEN "(" XT_CLOSE ")" XT_COMMA "," XT_BAD "invalid text"

%%

expr:	  call			{ xcall_push(lx, &$1.call); }
	| expr XT_COMMA call	{ xcall_push(lx, &$3.call); }
	;

call:	  XT_NAME		{ $$.call = $1.call; }
	| XT_NAME XT_OPEN { lx->args.n = 0; } args XT_CLOSE {
		$$.call = $1.call;
		xcall_args(lx, &$$.call);
	}
	;

args:	  XT_ARG		{ VEC_PUSH(&lx->args, $1.arg); }
	| args XT_COMMA XT_ARG	{ VEC_PUSH(&lx->args, $3.arg); }
	;

%%

/* Mostly the lexer has said already what is wrong: its states admit what the grammar admits. */
static void xperror(struct xlex *lx, const char *msg)
{
	if (lx->err_msg)
		return;
	lx->err_msg = msg;
	lx->err_off = (size_t)(lx->cur - lx->beg);
	lx->err_len = 0;
}
