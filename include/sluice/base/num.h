// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers in text: strict, overflow is an error, the whole slice must be consumed. */
#ifndef SLUICE_BASE_NUM_H
#define SLUICE_BASE_NUM_H

#include <sluice/base/str.h>

bool num_u64(struct str s, uint64_t *out) MUST_CHECK;   /* digits only */
bool num_i64(struct str s, int64_t *out) MUST_CHECK;    /* optional sign, digits */
bool num_hex64(struct str s, uint64_t *out) MUST_CHECK; /* 1 to 16 hex digits */
/* "10", "10ms", "1m30s" is not a time: one number, one unit out of us ms s m h d. Result in ms, rounded up;
 * unit_ms is the unit of a bare number in ms (1, or 1000 where HAProxy counts seconds). */
bool num_duration(struct str s, uint64_t unit_ms, uint64_t *ms) MUST_CHECK;
bool num_size(struct str s, uint64_t *bytes) MUST_CHECK; /* k m g = 2^10 2^20 2^30, either case */
size_t num_fmt_u64(char *out, uint64_t v); /* decimal, at most 20 bytes, no NUL; returns the length */
size_t num_fmt_i64(char *out, int64_t v);

#endif
