// SPDX-License-Identifier: GPL-3.0-or-later
/* Compression of bodies: which coding a client takes, and the compressors behind one interface. The compressors are those of zlib, brotli and
 * zstd; contexts are kept for the next body where the library can reset one. Worker. */
#ifndef SLUICE_FILTER_COMP_H
#define SLUICE_FILTER_COMP_H

#include <sluice/base/buf.h>

enum comp_algo {
#define COMP_ALGO(id, word, coding, sym, variant, help) COMP_##id,
#include <sluice/tbl/comp_algos.def>
#undef COMP_ALGO
	COMP_ALGO_COUNT,
	COMP_NONE = COMP_ALGO_COUNT,
};

/* How far what was taken in has to come out. */
enum comp_op {
	COMP_RUN,     /* as far as it likes */
	COMP_FLUSH,   /* all of it: a reader waits and no more is coming now */
	COMP_FINISH,  /* all of it, and the end of the format */
};
enum comp_result {
	COMP_OK,      /* the input is consumed and the operation complete */
	COMP_FULL,    /* no room in the output: empty it and call again with the same operation */
	COMP_ERROR,
};

struct comp;      /* a body being compressed */

/* Before the first body: bytes that all contexts of this process may take, 0 = no limit. */
void comp_setup(size_t max_bytes);
/* Begins a body. level 1-9 as in zlib, others take what is near. NULL: the memory is used up. */
struct comp *comp_open(enum comp_algo a, unsigned level) MUST_CHECK;
/* Takes from in, appends to out (which has storage). */
enum comp_result comp_run(struct comp *c, struct buf *in, struct buf *out, enum comp_op op) MUST_CHECK;
/* Ends it, complete or not. */
void comp_close(struct comp *c);

struct str comp_coding(enum comp_algo a);
/* COMP_NONE when the configuration has no such word. */
enum comp_algo comp_find(struct str word);

/* Of the algorithms in order of preference the one that Accept-Encoding likes best (RFC 9110, 12.5.3: weights, q=0 refuses, "*"); COMP_NONE when
 * it takes none. value is all its lines joined by commas. Pure. */
enum comp_algo comp_negotiate(struct str value, const uint8_t *algos, unsigned n);

#endif
