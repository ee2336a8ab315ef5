// SPDX-License-Identifier: GPL-3.0-or-later
/* Grammar of the conditions of .if, .elif and -cc. Operands are evaluated as they are read: no predicate has a side
 * effect, and an error counts even where the value would not. */
%code requires {
#include "conf/ccond_priv.h"
}
%code {
int condyylex(struct cval *v, struct ccond *c);
static void condyyerror(struct ccond *c, const char *msg);
#define TRUTH(lhs, e) do { (lhs) = (struct cval){ .v = (e) }; if ((lhs).v < 0) YYABORT; } while (0)
}
%define api.pure full
%define api.prefix {condyy}
%define api.value.type {struct cval}
%define parse.error custom
%param {struct ccond *c}

%token INT TEXT NAME PRED ARG COMMA "," AND "&&" OR "||" NOT "!" LPAREN "(" RPAREN ")"
%left OR
%left AND
%precedence NOT

%%

condition:
	%empty                    { c->result = 0; }
	| expr                    { c->result = $1.v; }
	;

expr:
	expr OR expr              { TRUTH($$, $1.v || $3.v); }
	| expr AND expr           { TRUTH($$, $1.v && $3.v); }
	| NOT expr                { TRUTH($$, !$2.v); }
	| LPAREN expr RPAREN      { $$ = $2; }
	| INT                     { TRUTH($$, ccond_int(c, &$1)); }
	| TEXT                    { TRUTH($$, ccond_text(c, &$1)); }
	| NAME                    { c->nargs = 0; TRUTH($$, ccond_call(c, &$1)); }
	| PRED LPAREN args RPAREN { TRUTH($$, ccond_call(c, &$1)); }
	;

args:
	ARG                       { c->nargs = 0; ccond_arg(c, &$1); }
	| args COMMA ARG          { ccond_arg(c, &$3); }
	;

%%

static void condyyerror(struct ccond *c, const char *msg)
{
	ccond_fail(c, (size_t)(c->lx.tok - c->text), 1, "%s", msg);
}

static int yyreport_syntax_error(const yypcontext_t *ctx, struct ccond *c)
{
	size_t at = (size_t)(c->lx.tok - c->text), len = (size_t)(c->lx.cur - c->lx.tok);
	yysymbol_kind_t want[8];
	int n = yypcontext_expected_tokens(ctx, want, 8);

	if (yypcontext_token(ctx) == YYSYMBOL_YYEOF) {
		bool paren = false;

		for (int i = 0; i < n; i++)
			paren |= want[i] == YYSYMBOL_RPAREN;
		ccond_fail(c, at, 1, paren ? "condition ends before ')'" : "condition ends too early");
	} else {
		ccond_fail(c, at, len, "unexpected '" STR_FMT "' in condition", (int)len, c->lx.tok);
	}
	return 0;
}
