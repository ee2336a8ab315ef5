// SPDX-License-Identifier: GPL-3.0-or-later
/* Compression of bodies (filter/comp.h) on their way, responses to clients and requests to servers: what may be compressed, what its headers
 * say then, and the bytes themselves, through one buffer a body. */
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
	bool whole;            /* a request that is here in full is in out in full, for every attempt */
	bool request;
};

/* Once, before the first request: limits of the configuration. */
void compress_setup(void);
/* The request is about to leave: chooses the coding its client likes best, and hides the client's wishes from the server when told to. */
void compress_request(struct stream *s);
/* The response's rules have run: decides, and adapts its headers. */
void compress_response(struct stream *s);
/* A request is about to leave for the first time: decides whether its body is compressed, and adapts its headers. */
void compress_upload(struct stream *s);
/* The body of a request that is here in full, in s->comp_req->out at once. false: it does not fit, or was begun otherwise. */
bool compress_whole(struct stream *s) MUST_CHECK;
/* Compresses what has been received, as far as there is room. */
void compress_fill(struct stream *s, struct comp_body *b);
/* As fwd_move(), through the compressor. */
enum fwd_result compress_move(struct stream *s, struct comp_body *b);
void compress_end(struct stream *s);

#endif
