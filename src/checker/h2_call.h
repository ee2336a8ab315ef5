// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP/2 as a check speaks it: one call after another on a connection, in the clear (prior knowledge) or in TLS. libnghttp2's session
 * lives as long as the connection; its callbacks only hand on or write down what has come, so that nobody gives a verdict inside of
 * one. RFC 9113. */
#ifndef SLUICE_CHECKER_H2_CALL_H
#define SLUICE_CHECKER_H2_CALL_H

#include <nghttp2/nghttp2.h>
#include "checker_priv.h"

struct h2_call {
	nghttp2_session *ng;
	int32_t id;                 /* of the stream of the call */
	bool settings, closed, goaway;
	uint32_t close_code, goaway_code; /* of HTTP/2 */
	const char *broken;         /* why it cannot be taken further, or NULL */
	uint32_t bytes;             /* from the server, for this call */
	struct str body;            /* of the request */
	size_t asked;               /* of body that was sent */
	/* A field of the head or of trailers; the end of either; bytes of the body. Of this call alone. */
	void (*field)(struct h2_call *c, struct str name, struct str value);
	void (*fields_end)(struct h2_call *c);  /* may be NULL */
	void (*data)(struct h2_call *c, struct str bytes);
	void *owner;
};

/* The callbacks are set. false: no memory. */
bool h2_call_open(struct h2_call *c) MUST_CHECK;
void h2_call_close(struct h2_call *c);
/* Begins a call; body lives until it is over. false: the connection takes none any more. */
bool h2_call_ask(struct h2_call *c, const nghttp2_nv *nv, size_t n, struct str body) MUST_CHECK;
/* What there is to be said leaves; WAIT also when there is nothing to say any more. */
enum probe_io h2_call_say(struct target *t, struct h2_call *c);
/* OK: something has been heard. */
enum probe_io h2_call_hear(struct target *t, struct h2_call *c);
/* What a call that ended without an answer has come to, in words. eof: the connection has ended. */
const char *h2_call_failure(const struct h2_call *c, bool eof, char *text, size_t n);
/* :authority of a check of t. */
struct str h2_call_authority(const struct target *t, char text[ADDR_TEXT_MAX]);

#define H2_FIELD(name, v) { (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(v).p, sizeof(name) - 1, (v).n, NGHTTP2_NV_FLAG_NONE }

#endif
