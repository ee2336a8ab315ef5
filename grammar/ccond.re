// SPDX-License-Identifier: GPL-3.0-or-later
/* Lexer of conditions outside of the arguments of predicates: operators, integers and names. Quoted text and
 * arguments are made of the fragments of grammar/config.re. */
#include "conf/ccond_priv.h"
#include "ccond.tab.h"

int ccond_lex(struct lexer *lx)
{
	const unsigned char *c = (const unsigned char *)lx->cur, *lim = (const unsigned char *)lx->lim, *m;

	for (;;) {
		lx->tok = (const char *)c;
#define TOKEN(t) do { lx->cur = (const char *)c; return (t); } while (0)
		/*!re2c
			re2c:api:style = free-form;
			re2c:define:YYCTYPE = "unsigned char";
			re2c:define:YYCURSOR = c;
			re2c:define:YYLIMIT = lim;
			re2c:define:YYMARKER = m;
			re2c:yyfill:enable = 0;
			re2c:eof = 0;

			$                               { TOKEN(0); }
			[ \t]+ | "\\" "\r"? "\n"        { continue; }
			"&&"                            { TOKEN(AND); }
			"||"                            { TOKEN(OR); }
			"!"                             { TOKEN(NOT); }
			"("                             { TOKEN(LPAREN); }
			")"                             { TOKEN(RPAREN); }
			[+-]? [0-9]+                    { TOKEN(INT); }
			[A-Za-z_] [A-Za-z0-9_]*         { TOKEN(NAME); }
			[A-Za-z_] [A-Za-z0-9_]* "("     { c--; TOKEN(PRED); }
			["']                            { c--; TOKEN(CCOND_QUOTE); }
			*                               { TOKEN(CCOND_BAD); }
		*/
	}
}
