// SPDX-License-Identifier: GPL-3.0-or-later
/* What is special about gRPC (gRPC over HTTP/2, the protocol's own description): deadlines of requests, and answers that
 * its clients understand. */
#ifndef SLUICE_WORKER_GRPC_H
#define SLUICE_WORKER_GRPC_H

#include <sluice/base/str.h>

struct stream;
struct http_msg;

/* Is it a gRPC request? grpc-web is not: it is plain HTTP to us. */
bool grpc_is(const struct http_msg *req);
/* The value of grpc-timeout in ms, rounded up; 0 when it is malformed. */
uint32_t grpc_timeout_ms(struct str v);
/* After the head of a request was received: its grpc-timeout becomes its server timeout when that would be longer. */
void grpc_begin(struct stream *s);
/* The gRPC status that stands for an HTTP status of ours. */
unsigned grpc_status_of(unsigned http_status);
/* A call whose response has begun ends here: its status follows in trailers, where the client's HTTP/2 stream can still take them; otherwise
 * nothing is done, and the stream will be reset. */
void grpc_give_up(struct stream *s, unsigned http_status);
/* Makes the answer to a gRPC request that fails here: HTTP 200 whose head is its trailers too. */
void grpc_reply(struct stream *s, unsigned http_status);

#endif
