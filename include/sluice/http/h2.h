// SPDX-License-Identifier: GPL-3.0-or-later
/* Header blocks of HTTP/2 as common messages (RFC 9113 section 8). HPACK and framing are not here: the input is what
 * libnghttp2 has decoded and checked (names are lower-case tokens, values without control characters, pseudo-headers
 * known, first and single, no connection-specific field); what remains is what HTTP/1 and the rules need to rely on.
 * Everything that the message keeps is copied to its arena. */
#ifndef SLUICE_HTTP_H2_H
#define SLUICE_HTTP_H2_H

#include <sluice/http/h1.h>

struct h2_field {
	const char *name, *val;
	uint32_t nlen, vlen;
};

struct h2_head_opts {
	bool end_stream;      /* no body follows */
	bool head_request;    /* response to HEAD */
	bool connect_request; /* response to CONNECT */
};

/* Fills msg (msg_init() was called) from the fields of a request head: start line from the pseudo-headers, :authority as
 * the first header Host, crumbs of Cookie joined (section 8.2.3), framing flags. An extended CONNECT (RFC 8441) becomes
 * a GET with Upgrade. H1E_NONE, or why it is refused. */
enum h1_error h2_request_build(struct http_msg *m, const struct h2_field *f, unsigned n, const struct h2_head_opts *o);
/* The same for a response head, interim ones included. */
enum h1_error h2_response_build(struct http_msg *m, const struct h2_field *f, unsigned n, const struct h2_head_opts *o);
/* Adds the fields of a trailer section that may be forwarded. */
enum h1_error h2_trailers_build(struct http_msg *m, const struct h2_field *f, unsigned n);
/* May h leave over HTTP/2? Connection-specific fields may not (section 8.2.2). */
bool h2_field_allowed(const struct hdr *h);

#endif
