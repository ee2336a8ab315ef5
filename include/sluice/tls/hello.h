// SPDX-License-Identifier: GPL-3.0-or-later
/* The first message of a TLS client or server, read without taking part in the handshake: for routing by name, and for
 * fingerprints. Pure: bytes in, slices of them out. */
#ifndef SLUICE_TLS_HELLO_H
#define SLUICE_TLS_HELLO_H

#include <sluice/base/arena.h>
#include <sluice/base/buf.h>

enum tls_hello_verdict { TLS_HELLO_OK, TLS_HELLO_MORE, TLS_HELLO_BAD };

struct tls_hello {
	uint8_t type;                 /* 1 client, 2 server */
	uint16_t record_version;      /* of the first record */
	uint16_t version;             /* legacy_version of the message */
	struct str ciphers;           /* pairs of bytes */
	struct str exts;              /* the extensions as they stand: type, length, content */
	/* contents of single extensions, without their outer lengths; p == NULL: not there */
	struct str sni, alpn, groups, formats, sigalgs, versions, ticket;
};

/* Reads a hello from the start of a stream (RFC 8446, 4.1.2, 5.1; records may cut it anywhere). tmp is used when it lies
 * in several records. TLS_HELLO_MORE: it may still become one. */
enum tls_hello_verdict tls_hello_parse(struct str in, struct arena *tmp, struct tls_hello *h);

/* A value that means nothing, there to keep servers tolerant (RFC 8701). */
static inline bool tls_grease(unsigned v) { return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff); }

/* Iterates over extensions: *rest begins as h->exts. */
bool tls_hello_ext(struct str *rest, uint16_t *type, struct str *content);
/* The next name of an ALPN list: *rest begins as h->alpn. */
bool tls_hello_alpn(struct str *rest, struct str *name);
/* Highest version that the client takes, GREASE left out. */
uint16_t tls_hello_max_version(const struct tls_hello *h);

/* JA3 (MD5 in hex, 32 characters; https://github.com/salesforce/ja3) and JA4 (36 characters, FoxIO's specification for
 * TLS over TCP) of a ClientHello. */
#define TLS_JA3_LEN 32
#define TLS_JA4_LEN 36
void tls_hello_ja3_text(const struct tls_hello *h, struct sbuf *out);
bool tls_hello_ja3(const struct tls_hello *h, char out[TLS_JA3_LEN]);
bool tls_hello_ja4(const struct tls_hello *h, char out[TLS_JA4_LEN]);

#endif
