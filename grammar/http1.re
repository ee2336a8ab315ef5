// SPDX-License-Identifier: GPL-3.0-or-later
/* The scanner of HTTP/1 heads (RFC 9112 sections 3 to 5), one function a kind of line. Strict: CRLF only, no folding,
 * no white space before the colon, nothing but visible ASCII in a target. Every rule stops at a control character, so
 * the LF that the caller has seen behind the cursor is the sentinel and no bound is checked. The shorter rules of a
 * block name the error of a line that the long rule does not match. */
#include <sluice/http/h1_lex.h>

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = c;
	re2c:define:YYMARKER = mark;
	re2c:yyfill:enable = 0;
	re2c:flags:tags = 1;
	re2c:flags:bit-vectors = 1;

	crlf    = "\r\n";
	tchar   = [-!#$%&'*+.^_`|~0-9A-Za-z];
	target  = [\x21-\x7e] \ [#];
	ows     = [ \t]*;
	text    = [\t\x20-\x7e\x80-\xff];
	visible = [\x21-\x7e\x80-\xff];
*/

enum h1_error h1_lex_request(const char **p, struct h1_start *s)
{
	const char *c = *p, *mark, *m, *t, *v, *line = c;
	/*!stags:re2c format = 'const char *@@;'; */

	/*!re2c
	tchar+ @m " " @t target+ @v " HTTP/" [0-9] "." [0-9] crlf {
		s->method = str_n(line, (size_t)(m - line));
		s->target = str_n(t, (size_t)(v - t));
		s->major = (uint8_t)(c[-5] - '0');
		s->minor = (uint8_t)(c[-3] - '0');
		*p = c;
		return H1E_NONE;
	}
	tchar+ " " target+ " HTTP/" { return H1E_BAD_VERSION; }
	tchar+ " " target* "#"      { return H1E_FRAGMENT; }
	tchar+ " "                  { return H1E_BAD_TARGET; }
	tchar+                      { return H1E_BAD_METHOD; }
	*                           { return H1E_BAD_START; }
	*/
}

enum h1_error h1_lex_status(const char **p, struct h1_start *s)
{
	const char *c = *p, *mark, *r, *line = c;
	/*!stags:re2c format = 'const char *@@;'; */

	/*!re2c
	"HTTP/" [0-9] "." [0-9] " " [1-9] [0-9] [0-9] (" " @r text*)? crlf {
		s->major = (uint8_t)(line[5] - '0');
		s->minor = (uint8_t)(line[7] - '0');
		s->status = (unsigned)((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
		s->reason = r ? str_n(r, (size_t)(c - 2 - r)) : STR_NULL;
		*p = c;
		return H1E_NONE;
	}
	* { return H1E_BAD_START; }
	*/
}

enum h1_error h1_lex_field(const char **p, struct h1_field *f)
{
	const char *c = *p, *mark, *n, *v, *line = c;
	/*!stags:re2c format = 'const char *@@;'; */

	/*!re2c
	tchar+ @n ":" ows @v (visible text*)? crlf {
		const char *e = c - 2;
		while (e > v && (e[-1] == ' ' || e[-1] == '\t'))
			e--;
		f->name = str_n(line, (size_t)(n - line));
		f->val = str_n(v, (size_t)(e - v));
		f->end = *p = c;
		return H1E_NONE;
	}
	crlf {
		f->name = f->val = STR_NULL;
		f->end = *p = c;
		return H1E_NONE;
	}
	tchar+ ":"        { return H1E_VALUE_BAD; }
	tchar+ [ \t]+ ":" { return H1E_NAME_SPACE; }
	":"               { return H1E_NAME_EMPTY; }
	[ \t]             { return H1E_FOLD; }
	*                 { return H1E_NAME_BAD; }
	*/
}
