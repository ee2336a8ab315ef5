// SPDX-License-Identifier: GPL-3.0-or-later
/* Zstandard, with a window that every client has to accept (RFC 8878 asks for 8 MiB at most; less memory is better here). */
#include <zstd.h>
#include "comp_priv.h"

#define WINDOW_LOG 18

static bool zstd_params(ZSTD_CCtx *z, unsigned level)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, (int)level)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, WINDOW_LOG));
}

static void *zstd_open(int variant UNUSED, unsigned level)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (z && zstd_params(z, level))
		return z;
	ZSTD_freeCCtx(z);
	return NULL;
}

static bool zstd_reset(void *ctx, unsigned level)
{
	return !ZSTD_isError(ZSTD_CCtx_reset(ctx, ZSTD_reset_session_only)) && zstd_params(ctx, level);
}

static enum comp_result zstd_run(void *ctx, struct buf *in, struct buf *out, enum comp_op op)
{
	static const ZSTD_EndDirective ends[] = { [COMP_RUN] = ZSTD_e_continue, [COMP_FLUSH] = ZSTD_e_flush, [COMP_FINISH] = ZSTD_e_end };
	ZSTD_inBuffer i = { buf_at(in), buf_len(in), 0 };
	ZSTD_outBuffer o = { out->mem + out->tail, buf_room(out), 0 };
	size_t left = ZSTD_compressStream2(ctx, &o, &i, ends[op]);

	if (ZSTD_isError(left))
		return COMP_ERROR;
	out->tail += (uint32_t)o.pos;
	buf_consume(in, (uint32_t)i.pos);
	if (op == COMP_RUN)
		return buf_len(in) ? COMP_FULL : COMP_OK;
	return left ? COMP_FULL : COMP_OK;
}

static void zstd_close(void *ctx) { ZSTD_freeCCtx(ctx); }

const struct comp_ops comp_zstd = { .memory = 1024 << 10, .open = zstd_open, .reset = zstd_reset, .run = zstd_run, .close = zstd_close };
