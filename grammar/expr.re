// SPDX-License-Identifier: GPL-3.0-or-later
/* Tokens of a sample expression: names, parentheses, commas and arguments. What a byte means depends on where it
 * stands, so the lexer keeps one state: before a name, behind a name, inside an argument list, behind one. Quotes
 * follow HAProxy: in "weak" quotes and outside of quotes a backslash takes the next byte where that byte is a quote,
 * a backslash or a letter of \n \r \t, 'strong' quotes keep everything; commas and closing parentheses in arguments
 * need quotes. */
#include "../../src/expr/parse_priv.h"
#include "expr.tab.h"

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = lx->cur;
	re2c:define:YYMARKER = lx->mark;
	re2c:define:YYLIMIT = lx->lim;
	re2c:yyfill:enable = 0;
	re2c:eof = 0;

	name = [A-Za-z0-9_.] [A-Za-z0-9_.+-]*;
*/

static int lex_fail(struct xlex *lx, const unsigned char *at, size_t len, const char *msg)
{
	if (!lx->err_msg) {
		lx->err_msg = msg;
		lx->err_off = (size_t)(at - lx->beg);
		lx->err_len = len;
	}
	return XT_BAD;
}

static int lex_name(struct xlex *lx, XLEX_VALUE *v)
{
	const unsigned char *tok = lx->cur;

	/*!re2c
	name { goto got; }
	$    { return lex_fail(lx, tok, 0, "expected a name, found the end"); }
	*    { return lex_fail(lx, tok, 1, "expected a name"); }
	*/
got:
	v->call = (struct xcall){ .off = (uint32_t)(tok - lx->beg) };
	v->call.name = str_n((const char *)tok, (size_t)(lx->cur - tok));
	lx->state = XL_AFTER_NAME;
	return XT_NAME;
}

static int lex_between(struct xlex *lx)
{
	const unsigned char *tok = lx->cur;

	/*!re2c
	"(" {
		if (lx->state == XL_AFTER_NAME) {
			lx->state = XL_ARG;
			return XT_OPEN;
		}
		lx->cur = tok;
		return 0;
	}
	"," {
		lx->state = XL_NAME;
		return XT_COMMA;
	}
	$   { return 0; }
	*   { lx->cur = tok; return 0; }
	*/
}

static void lex_unescape(struct xlex *lx, unsigned char c)
{
	switch (c) {
	case 'n': sbuf_addc(&lx->text, '\n'); break;
	case 'r': sbuf_addc(&lx->text, '\r'); break;
	case 't': sbuf_addc(&lx->text, '\t'); break;
	default: sbuf_addc(&lx->text, (char)c); break;
	}
}

static int lex_quoted(struct xlex *lx, unsigned char quote)
{
	const unsigned char *open = lx->cur - 1, *tok;

again:
	tok = lx->cur;
	/*!re2c
	[^"'\\\x00]+ { sbuf_add(&lx->text, str_n((const char *)tok, (size_t)(lx->cur - tok))); goto again; }
	["'] {
		if (*tok == quote)
			return 0;
		sbuf_addc(&lx->text, (char)*tok);
		goto again;
	}
	"\\" ["'\\nrt,] {
		if (quote == '\'') {
			sbuf_addc(&lx->text, '\\');
			lx->cur = tok + 1;
		} else {
			lex_unescape(lx, tok[1]);
		}
		goto again;
	}
	"\x00" { return lex_fail(lx, tok, 1, "NUL byte in an argument"); }
	$      { return lex_fail(lx, open, 1, "quote is never closed"); }
	*      { sbuf_addc(&lx->text, (char)*tok); goto again; }
	*/
}

static int lex_arg(struct xlex *lx, XLEX_VALUE *v)
{
	const unsigned char *start = lx->cur, *tok;

	lx->text.n = 0;
	v->arg = (struct xarg){ .off = (uint32_t)(start - lx->beg) };
again:
	tok = lx->cur;
	/*!re2c
	[^,)"'\\\x00]+ { sbuf_add(&lx->text, str_n((const char *)tok, (size_t)(lx->cur - tok))); goto again; }
	["'] {
		v->arg.quoted = true;
		if (lex_quoted(lx, *tok))
			return XT_BAD;
		goto again;
	}
	"\\" ["'\\nrt ] { lex_unescape(lx, tok[1]); goto again; }
	"\x00" { return lex_fail(lx, tok, 1, "NUL byte in an argument"); }
	[,)]   { lx->cur = tok; goto done; }
	$      { return lex_fail(lx, start, (size_t)(lx->lim - start), "missing ')' behind the arguments"); }
	*      { sbuf_addc(&lx->text, (char)*tok); goto again; }
	*/
done:
	v->arg.len = (uint32_t)(lx->cur - start);
	v->arg.s = arena_str(lx->arena, sbuf_str(&lx->text));
	lx->state = XL_ARG_END;
	return XT_ARG;
}

int xlex_next(XLEX_VALUE *v, struct xlex *lx)
{
	switch (lx->state) {
	case XL_NAME:
		return lex_name(lx, v);
	case XL_ARG:
		return lex_arg(lx, v);
	case XL_ARG_END:
		lx->state = *lx->cur == ',' ? XL_ARG : XL_AFTER_ARGS;
		return *lx->cur++ == ',' ? XT_COMMA : XT_CLOSE;
	default:
		return lex_between(lx);
	}
}
