// SPDX-License-Identifier: GPL-3.0-or-later
/* Compression of responses (filter/comp.h) on the way from a server to a client: what may be compressed, what its headers say then, and the
 * bytes themselves, through one buffer an exchange. */
#ifndef SLUICE_WORKER_COMPRESS_H
#define SLUICE_WORKER_COMPRESS_H

#include <sluice/filter/comp.h>
#include "steps.h"

struct comp_body {
	struct comp *c;
	struct buf out;        /* compressed, not yet sent */
	bool done;             /* everything is in out, the end included */
	bool hidden;           /* the compressor holds output that had no room */
	bool broken;
};

/* Once, before the first request: limits of the configuration. */
void compress_setup(void);
/* The request is about to leave: chooses the coding its client likes best, and hides the client's wishes from the server when told to. */
void compress_request(struct stream *s);
/* The response's rules have run: decides, and adapts its headers. */
void compress_response(struct stream *s);
/* Compresses what has been received, as far as there is room. */
void compress_fill(struct stream *s);
/* As fwd_move(), server to client, through the compressor. */
enum fwd_result compress_move(struct stream *s);
void compress_end(struct stream *s);

#endif
