// SPDX-License-Identifier: GPL-3.0-or-later
/* zlib: gzip, zlib and raw deflate are one compressor with three wrappings; the variant is zlib's windowBits. */
#include <stdlib.h>
#include <zlib.h>
#include "comp_priv.h"

#define MEM_LEVEL 8

static void *zlib_open(int variant, unsigned level)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (!z || deflateInit2(z, (int)level, Z_DEFLATED, variant, MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static bool zlib_reset(void *ctx, unsigned level)
{
	z_stream *z = ctx;

	z->next_in = z->next_out = NULL;
	z->avail_in = z->avail_out = 0;
	return deflateReset(z) == Z_OK && deflateParams(z, (int)level, Z_DEFAULT_STRATEGY) == Z_OK;
}

static enum comp_result zlib_run(void *ctx, struct buf *in, struct buf *out, enum comp_op op)
{
	static const int flush[] = { [COMP_RUN] = Z_NO_FLUSH, [COMP_FLUSH] = Z_SYNC_FLUSH, [COMP_FINISH] = Z_FINISH };
	z_stream *z = ctx;
	int r;

	if (!buf_room(out))
		return COMP_FULL;
	z->next_in = (Bytef *)buf_at(in);
	z->avail_in = buf_len(in);
	z->next_out = (Bytef *)out->mem + out->tail;
	z->avail_out = buf_room(out);
	r = deflate(z, flush[op]);
	out->tail = out->cap - z->avail_out;
	buf_consume(in, buf_len(in) - z->avail_in);
	if (r == Z_STREAM_ERROR)
		return COMP_ERROR;
	if (op == COMP_FINISH)
		return r == Z_STREAM_END ? COMP_OK : COMP_FULL;
	return z->avail_out ? COMP_OK : COMP_FULL; /* a full output may hide more of it */
}

static void zlib_close(void *ctx)
{
	deflateEnd(ctx);
	free(ctx);
}

const struct comp_ops comp_zlib = { .memory = 268 << 10, .open = zlib_open, .reset = zlib_reset, .run = zlib_run, .close = zlib_close };
