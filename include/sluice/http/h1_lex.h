// SPDX-License-Identifier: GPL-3.0-or-later
/* Tokens of an HTTP/1 head: the interface of the scanner that re2c makes of grammar/http1.re. One call reads one
 * line. */
#ifndef SLUICE_HTTP_H1_LEX_H
#define SLUICE_HTTP_H1_LEX_H

#include <sluice/http/h1.h>

struct h1_start {
	struct str method, target;  /* request line */
	unsigned status;            /* status line */
	struct str reason;
	uint8_t major, minor;       /* protocol version */
};

struct h1_field {
	struct str name, val;       /* name: empty at the empty line that ends a section; val: no outer white space */
	const char *end;            /* behind the line's CRLF */
};

/* Read the line at *p and advance *p behind its CRLF; H1E_NONE or the reason why the line is refused (then *p is
 * undefined). A line feed must stand somewhere at or behind *p in the same buffer: it bounds the scan, there is no
 * length. */
enum h1_error h1_lex_request(const char **p, struct h1_start *s) MUST_CHECK;
enum h1_error h1_lex_status(const char **p, struct h1_start *s) MUST_CHECK;
enum h1_error h1_lex_field(const char **p, struct h1_field *f) MUST_CHECK;

#endif
