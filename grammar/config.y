// SPDX-License-Identifier: GPL-3.0-or-later
/* Grammar of configuration text: sections of lines of words. It knows shapes only. A rule that ends in EOL reduces
 * before the next line is read (its state has one reduction, so no lookahead is fetched): `setenv` depends on that
 * order. A line with a lexical error arrives as `error EOL`; the lexer has reported it and parsing goes on with the
 * next line. */
%code requires {
#include "conf/front_priv.h"
}
%code {
int confyylex(struct word *v, struct front *f);
static void confyyerror(struct front *f, const char *msg);
}
%define api.pure full
%define api.prefix {confyy}
%define api.value.type {struct word}
%param {struct front *f}

%token SECTION "section" NO "no" DEFAULT "default" WORD "word" EOL "end of line"

%%

text:
	%empty
	| text item
	;

item:
	head EOL                { front_section_open(f); }
	| head error EOL        { front_section_open(f); yyerrok; }
	| words EOL             { front_line_add(f, LINE_PLAIN); }
	| NO words EOL          { front_line_add(f, LINE_NO); }
	| DEFAULT words EOL     { front_line_add(f, LINE_DEFAULT); }
	| NO EOL                { front_bare_prefix(f, &$1); }
	| DEFAULT EOL           { front_bare_prefix(f, &$1); }
	| error EOL             { front_line_drop(f); yyerrok; }
	;

head:
	SECTION                 { front_word(f, &$1); }
	| head WORD             { front_word(f, &$2); }
	;

words:
	WORD                    { front_word(f, &$1); }
	| words WORD            { front_word(f, &$2); }
	;

%%

/* Every line of words has a rule, so what comes here is the memory of the parser running out. */
static void confyyerror(struct front *f, const char *msg)
{
	diag(f->d, DIAG_ERROR, front_span(f, f->bol, f->bol), NULL, "%s", msg);
}
