// SPDX-License-Identifier: GPL-3.0-or-later
/* Brotli. Its encoder cannot be reset, so each body makes one; the window is kept small, since a proxy has many at once. */
#include <brotli/encode.h>
#include "comp_priv.h"

#define WINDOW_BITS 18

static void *brotli_open(int variant UNUSED, unsigned level)
{
	BrotliEncoderState *b = BrotliEncoderCreateInstance(NULL, NULL, NULL);

	if (!b)
		return NULL;
	BrotliEncoderSetParameter(b, BROTLI_PARAM_QUALITY, level);
	BrotliEncoderSetParameter(b, BROTLI_PARAM_LGWIN, WINDOW_BITS);
	return b;
}

static enum comp_result brotli_run(void *ctx, struct buf *in, struct buf *out, enum comp_op op)
{
	static const BrotliEncoderOperation ops[] = {
		[COMP_RUN] = BROTLI_OPERATION_PROCESS, [COMP_FLUSH] = BROTLI_OPERATION_FLUSH, [COMP_FINISH] = BROTLI_OPERATION_FINISH,
	};
	BrotliEncoderState *b = ctx;
	size_t avail_in = buf_len(in), avail_out = buf_room(out);
	const uint8_t *next_in = (const uint8_t *)buf_at(in);
	uint8_t *next_out = (uint8_t *)out->mem + out->tail;

	if (!BrotliEncoderCompressStream(b, ops[op], &avail_in, &next_in, &avail_out, &next_out, NULL))
		return COMP_ERROR;
	out->tail = out->cap - (uint32_t)avail_out;
	buf_consume(in, buf_len(in) - (uint32_t)avail_in);
	if (op == COMP_FINISH)
		return BrotliEncoderIsFinished(b) ? COMP_OK : COMP_FULL;
	return avail_in || BrotliEncoderHasMoreOutput(b) ? COMP_FULL : COMP_OK;
}

static void brotli_close(void *ctx) { BrotliEncoderDestroyInstance(ctx); }

const struct comp_ops comp_brotli = { .memory = 1536 << 10, .open = brotli_open, .run = brotli_run, .close = brotli_close };
