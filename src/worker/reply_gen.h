// SPDX-License-Identifier: GPL-3.0-or-later
/* Bodies that are written while they are sent: a generator makes the next piece when the one before has left. So an answer of any size
 * takes the memory of one piece, and a turn of the loop at most GEN_SLICE_NS of its time. */
#ifndef SLUICE_WORKER_REPLY_GEN_H
#define SLUICE_WORKER_REPLY_GEN_H

#include <sluice/base/buf.h>

#define GEN_PIECE 16384u        /* bytes after which a piece goes out */
#define GEN_SLICE_NS 2000000u

struct stream;

struct reply_gen {              /* the head of a malloc'd object that belongs to the stream */
	bool (*step)(struct reply_gen *g, struct sbuf *out); /* appends a bit; false: complete, nothing was added */
	void (*resume)(struct reply_gen *g); /* before the steps of a piece; NULL = nothing to do */
	struct sbuf text;       /* the piece */
	bool done;
};

/* Makes the body of the answer in s->res, whose head stands but for its framing. g belongs to s from here on. */
void reply_generate(struct stream *s, struct reply_gen *g);
/* The next piece into g->text, which is overwritten; may be empty when the body is complete. */
void reply_gen_fill(struct reply_gen *g);
void reply_gen_free(struct stream *s);

#endif
