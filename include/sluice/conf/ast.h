// SPDX-License-Identifier: GPL-3.0-or-later
/* The syntax tree of configuration text: files, sections, lines, words, each with its span. Quotes, escapes, environment and
 * .if blocks are already resolved; words carry the text they mean and where it stood. Leader and tools. */
#ifndef SLUICE_CONF_AST_H
#define SLUICE_CONF_AST_H

#include <sluice/base/vec.h>

struct span { uint32_t file, line, col, len; }; /* file indexes conf_src.files; line and col from 1; len in bytes of source text */

struct word {
	struct str s;          /* resolved text, NUL-terminated behind, no NUL inside */
	struct span at;
	bool quoted;           /* any part was quoted or escaped: never an operator or brace */
	/* For errors inside a word: column of its byte i is at.col + i unless quoted (then the whole span is underlined). */
};

struct line {
	struct word *w; uint32_t n;   /* n >= 1; `no` and `default` prefixes are kept as words */
	uint8_t prefix;               /* enum line_prefix; w then starts behind it */
};
enum line_prefix { LINE_PLAIN, LINE_NO, LINE_DEFAULT };

struct section {
	struct line head;             /* `frontend web from base`: w[0] is the section word */
	VEC(struct line) lines;
};

struct src_file { const char *name; struct str text; };

struct conf_src {
	struct arena *arena;
	VEC(struct src_file) files;
	VEC(struct section) sections;
};

#endif
