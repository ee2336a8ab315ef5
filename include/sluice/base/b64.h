// SPDX-License-Identifier: GPL-3.0-or-later
/* Base 64 (RFC 4648), both alphabets. */
#ifndef SLUICE_BASE_B64_H
#define SLUICE_BASE_B64_H

#include <sluice/base/arena.h>

#define B64_ENCODED(n) (((n) + 2) / 3 * 4) /* bytes at most of n encoded */

/* Returns the length. url: the URL-safe alphabet, without padding. */
size_t b64_encode(struct str in, bool url, char *out);
/* Into memory of a; false: not base 64. The standard kind comes in whole groups of four with padding, the URL-safe one without. */
bool b64_decode(struct arena *a, struct str in, bool url, struct str *out) MUST_CHECK;

#endif
