// SPDX-License-Identifier: GPL-3.0-or-later
/* Byte slices: a pointer and a length, never owning, never NUL-terminated unless said so. */
#ifndef SLUICE_BASE_STR_H
#define SLUICE_BASE_STR_H

#include <string.h>
#include <sluice/base/defs.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_NULL ((struct str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_c(const char *c) { return (struct str){ c, c ? strlen(c) : 0 }; }
static inline struct str str_n(const char *p, size_t n) { return (struct str){ p, n }; }
static inline bool str_eq(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

/* ASCII lower case of one byte; no locale. */
static inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

bool str_ieq(struct str a, struct str b);                    /* equal, ASCII case ignored */
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);
int str_cmp(struct str a, struct str b);                     /* memcmp order, shorter first */
ptrdiff_t str_chr(struct str s, char c);                     /* index of the first c, or -1 */
ptrdiff_t str_find(struct str s, struct str needle, bool icase); /* index of the first needle, or -1 */
struct str str_sub(struct str s, size_t from, size_t n);     /* clipped to s */
struct str str_trim(struct str s);                           /* without leading and trailing SP and HTAB */

/* Splits at the first sep: returns the part before it and advances *rest past it; *rest gets p == NULL at the end. */
struct str str_split(struct str *rest, char sep);

/* Damerau-Levenshtein distance, capped at 255: for did-you-mean. */
unsigned str_distance(struct str a, struct str b);

#endif
