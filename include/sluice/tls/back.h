// SPDX-License-Identifier: GPL-3.0-or-later
/* The client side of TLS: how servers are spoken to. Contexts are shared by servers with equal options; what is
 * remembered for resumption is kept for each server and name, and dies with the process. */
#ifndef SLUICE_TLS_BACK_H
#define SLUICE_TLS_BACK_H

#include <sluice/tls/cert.h>

struct tls_back;

/* o is copied, its texts are kept. Equal options give the same object. */
const struct tls_back *tls_back_get(const struct tls_opts *o, struct tls_err *err) MUST_CHECK;
/* The one that exists for equal options, or NULL. */
const struct tls_back *tls_back_find(const struct tls_opts *o);
/* What is offered by ALPN, wire form. */
struct str tls_back_alpn(const struct tls_back *b);
/* c has been replaced: connections from now on show the new one. */
bool tls_backs_refresh(const struct tls_cert *c, struct tls_err *err);
/* Do servers see it? */
bool tls_back_uses(const struct tls_cert *c);
void tls_backs_drop(void);

#define TLS_SESSIONS 8
struct tls_sessions {               /* of one server, in one process; zeroed at start */
	struct tls_session {
		char *sni;
		SSL_SESSION *s;
		const struct tls_back *back;
		uint32_t trust_no, used;
		bool spent;         /* early data has been sent with it */
	} at[TLS_SESSIONS];
	uint32_t clock;
};
void tls_sessions_free(struct tls_sessions *s);

struct tls_connect {                /* cfg of xprt_tls.open for a connection we make; read during open() only */
	const struct tls_back *back;
	struct tls_sessions *sessions; /* NULL: always a full handshake. Outlives the connection. */
	struct str sni;             /* empty: none is sent */
	struct str alpn;            /* wire form; empty: that of the server's options */
	bool early;                 /* what is sent first may go as early data, where the options allow it */
	struct str preface;         /* bytes that go before the handshake in the clear (a PROXY header) */
};

#endif
