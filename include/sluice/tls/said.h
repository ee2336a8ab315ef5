// SPDX-License-Identifier: GPL-3.0-or-later
/* A client's TLS as somebody describes it: a transport that carries nothing and answers tls_ask() from the description, so that rules
 * can be explained without a handshake. */
#ifndef SLUICE_TLS_SAID_H
#define SLUICE_TLS_SAID_H

#include <sluice/tls/info.h>

struct tls_front;
struct x509_st;

struct tls_said {
	struct str sni, alpn, version, cipher;   /* empty: none, none, TLSv1.3, not known */
	struct x509_st *client;                  /* its certificate, which counts as verified; NULL = it sent none */
	struct x509_st *own;                     /* the certificate that it was shown, or NULL */
};

extern const struct xprt_ops xprt_said;         /* conn->xprt_ctx: struct tls_said */

/* Fills `client` from names as "/C=DE/O=Example/CN=joe"; issuer may be empty. false: subject or issuer is no such name. */
bool tls_said_client(struct tls_said *t, struct str subject, struct str issuer) MUST_CHECK;
/* Fills `own` with the certificate that f chooses for the name, and `alpn` with what it chooses of a client's offer, "h2,http/1.1" (empty: nothing
 * is). Returns the file of the certificate; empty: strict-sni refuses such a client. */
struct str tls_said_own(struct tls_said *t, const struct tls_front *f, struct str offered);
/* Would the handshake fail because f requires a certificate that this client does not have? */
bool tls_said_refused(const struct tls_said *t, const struct tls_front *f);
void tls_said_free(struct tls_said *t);

#endif
