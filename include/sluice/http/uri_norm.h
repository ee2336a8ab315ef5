// SPDX-License-Identifier: GPL-3.0-or-later
/* Normal forms of a request target (RFC 3986 section 6.2), each on its own. Pure. */
#ifndef SLUICE_HTTP_URI_NORM_H
#define SLUICE_HTTP_URI_NORM_H

#include <sluice/base/arena.h>

enum uri_norm {
	NORM_FRAGMENT_ENCODE,      /* '#' becomes %23 */
	NORM_FRAGMENT_STRIP,       /* what follows '#' goes, and it */
	NORM_MERGE_SLASHES,        /* "//" in the path becomes "/" */
	NORM_STRIP_DOT,            /* "/./" in the path becomes "/" */
	NORM_STRIP_DOTDOT,         /* "/x/../" in the path becomes "/"; `full`: also at its beginning */
	NORM_DECODE_UNRESERVED,    /* %41 becomes A where RFC 3986 gives the byte no other meaning; `strict`: a broken %XX fails */
	NORM_TO_UPPERCASE,         /* %2f becomes %2F; `strict` as above */
	NORM_SORT_QUERY,           /* parameters by name; those of one name keep their order */
	NORM_COUNT
};

/* The normal form of target in a, or target itself when it has that form. false: `strict` and broken. */
bool uri_normalize(struct arena *a, enum uri_norm how, bool flag, struct str target, struct str *out) MUST_CHECK;

#endif
