// SPDX-License-Identifier: GPL-3.0-or-later
/* Diagnostics: errors and warnings with file:line:col, the source line, a caret span and a hint; all of one run, up to 20 errors and 100 warnings. */
#ifndef SLUICE_CONF_DIAG_H
#define SLUICE_CONF_DIAG_H

#include <stdio.h>
#include <sluice/conf/ast.h>

enum diag_level { DIAG_NOTE, DIAG_WARN, DIAG_ERROR };

struct diag_entry { enum diag_level level; struct span at; struct str msg, hint; };
struct diags {
	struct arena *arena;
	const struct conf_src *src;
	VEC(struct diag_entry) at;
	unsigned errors, warnings;
};

void diags_init(struct diags *d, struct arena *a, const struct conf_src *src);
/* Message and hint are copied into the arena. hint: the nearest known word, printed as (did you mean 'x'?), or NULL. */
void diag(struct diags *d, enum diag_level l, struct span at, const char *hint, const char *fmt, ...) PRINTF_FMT(5, 6);
/* Prints sorted by file, line, column:
 *   web.cfg:12:11: error: unknown algorithm 'leastcon' (did you mean 'leastconn'?)
 *      12 |   balance leastcon
 *         |           ^~~~~~~~
 * Tabs are printed as they are, long lines are cut around the span, control bytes become '?'. A span with line 0 has no
 * place in its file: only the name is printed. Errors beyond 20 and warnings beyond 100 are counted ("N more errors"); notes and warnings need
 * with_warnings. */
void diags_print(const struct diags *d, FILE *out, bool with_warnings);
/* The nearest of n words to w by edit distance, NULL when none is near (more than a third of its length). */
const char *diag_nearest(struct str w, const char *const *words, size_t n);

#endif
