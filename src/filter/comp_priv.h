// SPDX-License-Identifier: GPL-3.0-or-later
/* What a compression library has to offer. */
#ifndef SLUICE_FILTER_COMP_PRIV_H
#define SLUICE_FILTER_COMP_PRIV_H

#include <sluice/filter/comp.h>

struct comp_ops {
	size_t memory;                              /* bytes that a context holds, about */
	void *(*open)(int variant, unsigned level); /* NULL = no memory */
	bool (*reset)(void *ctx, unsigned level);   /* makes it fit for another body; NULL: it cannot be reused */
	enum comp_result (*run)(void *ctx, struct buf *in, struct buf *out, enum comp_op op);
	void (*close)(void *ctx);
};

extern const struct comp_ops comp_zlib, comp_brotli, comp_zstd;

#endif
