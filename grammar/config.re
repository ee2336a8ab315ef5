// SPDX-License-Identifier: GPL-3.0-or-later
/* Lexer of configuration text. It knows how bytes group into fragments of words (quotes, escapes, variables,
 * comments, line ends) and nothing else: which words exist is the business of tables, what a fragment stands for
 * that of word.c. */
#include "conf/front_priv.h"

/*!re2c
	re2c:api:style = free-form;
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = c;
	re2c:define:YYLIMIT = lim;
	re2c:define:YYMARKER = m;
	re2c:yyfill:enable = 0;
	re2c:eof = 0;

	ctrl  = [\x00-\x08\x0b-\x1f\x7f];
	eol   = "\r"? "\n";
	hex   = [0-9a-fA-F];
	name  = "."? [A-Za-z_] [A-Za-z0-9_]*;
*/

static enum frag lex_bare(struct lexer *lx)
{
	const unsigned char *c = (const unsigned char *)lx->cur, *lim = (const unsigned char *)lx->lim, *m;
#define FRAG(f) do { lx->cur = (const char *)c; return (f); } while (0)
	/*!re2c
		$                                 { FRAG(FRAG_EOF); }
		eol                               { FRAG(FRAG_EOL); }
		[ \t]+                            { FRAG(FRAG_BLANK); }
		"#" ([^\n] \ ctrl)*               { FRAG(FRAG_COMMENT); }
		"\\" eol                          { FRAG(FRAG_CONT); }
		"\\" [ \\#'"nrt]                  { FRAG(FRAG_ESC); }
		"\\x00"                           { FRAG(FRAG_BAD_ZERO); }
		"\\x" hex{2}                      { FRAG(FRAG_HEX); }
		"\\x"                             { FRAG(FRAG_BAD_HEX); }
		"\\"                              { FRAG(FRAG_TEXT); }
		"'" ([^'\n] \ ctrl)* "'"          { FRAG(FRAG_STRONG); }
		"'"                               { FRAG(FRAG_BAD_QUOTE); }
		"\""                              { FRAG(FRAG_WEAK); }
		([^ \t\n#\\'"] \ ctrl)+           { FRAG(FRAG_TEXT); }
		*                                 { FRAG(FRAG_BAD_CTRL); }
	*/
}

static enum frag lex_weak(struct lexer *lx)
{
	const unsigned char *c = (const unsigned char *)lx->cur, *lim = (const unsigned char *)lx->lim, *m;
	/*!re2c
		$                                 { FRAG(FRAG_EOF); }
		eol                               { FRAG(FRAG_EOL); }
		"\\" eol                          { FRAG(FRAG_CONT); }
		"\\" [ \\#'"nrt$]                 { FRAG(FRAG_ESC); }
		"\\x00"                           { FRAG(FRAG_BAD_ZERO); }
		"\\x" hex{2}                      { FRAG(FRAG_HEX); }
		"\\x"                             { FRAG(FRAG_BAD_HEX); }
		"\\"                              { FRAG(FRAG_TEXT); }
		"\""                              { FRAG(FRAG_WEAK); }
		"$" name                          { FRAG(FRAG_VAR); }
		"${" name "[*]"? ("-" ([^}"\n] \ ctrl)*)? "}" { FRAG(FRAG_VAR); }
		"${" name                         { FRAG(FRAG_BAD_BRACE); }
		"$"                               { FRAG(FRAG_BAD_NAME); }
		([^"\\$\n] \ ctrl)+               { FRAG(FRAG_TEXT); }
		*                                 { FRAG(FRAG_BAD_CTRL); }
	*/
}

enum frag conf_lex(struct lexer *lx)
{
	enum frag g;

	lx->tok = lx->cur;
	g = lx->weak ? lex_weak(lx) : lex_bare(lx);
	/* The end of the text ends a line like LF does, so a backslash before it joins that line with nothing. */
	return g == FRAG_TEXT && lx->cur == lx->lim && lx->cur - lx->tok == 1 && *lx->tok == '\\' ? FRAG_CONT : g;
}
