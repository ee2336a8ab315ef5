// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP/1 codecs: bytes in, a verdict out. No descriptor, no malloc, no global. RFC 9112; strict where leniency has been
 * exploited: any doubt about framing is H1_BAD. */
#ifndef SLUICE_HTTP_H1_H
#define SLUICE_HTTP_H1_H

#include <sys/uio.h>
#include <sluice/http/msg.h>

enum h1_verdict { H1_OK, H1_MORE, H1_BAD };

/* Why a head or body was refused; rows in tbl/h1_errors.def: H1E(ID, status, "text for logs and show errors"). */
enum h1_error {
	H1E_NONE,
#define H1E(id, status, text) H1E_##id,
#include <sluice/tbl/h1_errors.def>
#undef H1E
};
unsigned h1_error_status(enum h1_error e);  /* 400, 413, 414, 422, 431, 501, 505 ... */
const char *h1_error_text(enum h1_error e);

struct h1_head_opts {
	bool request;
	bool head_request;      /* response to HEAD: MSG_NO_BODY */
	bool connect_request;   /* response to CONNECT: 2xx starts a tunnel */
	uint32_t max_head;      /* bytes; longer is H1E_HEAD_TOO_BIG (431), a request line alone longer is 414 */
};

/* Parses a complete head from the start of `in` (leading empty lines before a request, at most 2, are skipped and
 * counted in head_len). On H1_OK msg is filled, framing decided (flags, body_len), Connection processed: hop-by-hop
 * headers are marked HDR_DEL (Keep-Alive, Proxy-Connection, TE except "trailers", and those
 * named in Connection, save Host, Authorization, Cookie, Content-Length, Transfer-Encoding,
 * Content-Type, X-Forwarded-*; Upgrade stays when MSG_UPGRADE). *scan remembers how far an incomplete head was already
 * searched, so that slow senders do not cost quadratic time: start with 0. */
enum h1_verdict h1_head_parse(struct http_msg *msg, struct str in, const struct h1_head_opts *o, uint32_t *scan,
			      enum h1_error *err);

/* Chunked decoding, in place: turns framing plus data into data only. */
struct h1_chunk {
	uint64_t left;      /* data bytes left of the current chunk */
	uint8_t state;      /* private */
	uint8_t digits;     /* private */
	uint32_t ext_bytes; /* extension bytes seen in this message; more than 4096 is H1_BAD */
	uint32_t trl_bytes; /* trailer bytes seen */
};
void h1_chunk_init(struct h1_chunk *c);
/* Decodes from in[0..*len): data bytes are moved to the front of `in`, *data is their count, *used the number of raw
 * bytes consumed. H1_OK: the last chunk and the trailer section are complete (trailer lines that are allowed are added
 * behind msg's headers as slices of `in` copied to msg->arena; forbidden ones dropped). H1_MORE: everything usable was
 * consumed. */
enum h1_verdict h1_chunk_decode(struct h1_chunk *c, char *in, uint32_t len, uint32_t *used, uint32_t *data,
				struct http_msg *msg, enum h1_error *err);

/* Writing. The caller sends iov[0..n) in order; slices point into the message, its arena, and `scratch`. */
struct h1_out {
	struct iovec *iov;
	int n, max;
	size_t bytes;
	char *scratch;      /* room for generated text (numbers, fixed headers), owned by the caller */
	uint32_t scratch_len, scratch_cap;
	bool full;          /* iov or scratch did not suffice: nothing may be sent */
};
enum h1_conn_hdr { H1_CONN_NONE, H1_CONN_CLOSE, H1_CONN_KEEPALIVE, H1_CONN_UPGRADE };
/* Puts the head of m as HTTP/1.1 (runs of adjacent raw headers become one slice), the framing header that the flags ask
 * for if it is not there already (Transfer-Encoding: chunked / Content-Length), the Connection header, and the empty
 * line. */
void h1_write_head(struct h1_out *o, const struct http_msg *m, enum h1_conn_hdr conn);
void h1_write_chunk_size(struct h1_out *o, uint64_t n);   /* "1a\r\n" */
void h1_write_bytes(struct h1_out *o, struct str s);      /* adds a slice as it is */
void h1_write_last_chunk(struct h1_out *o, const struct http_msg *trailers_of); /* "0\r\n", trailers or none, "\r\n" */

#endif
