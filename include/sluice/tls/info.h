// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be asked about the TLS of a connection, for rules and logs. */
#ifndef SLUICE_TLS_INFO_H
#define SLUICE_TLS_INFO_H

#include <sluice/base/arena.h>
#include <sluice/net/conn.h>

enum tls_ask {
	TLS_ASK_TLS,              /* int: is it TLS at all? (0 or 1) */
	TLS_ASK_SNI, TLS_ASK_HAS_SNI, TLS_ASK_ALPN, TLS_ASK_PROTOCOL, TLS_ASK_CIPHER, TLS_ASK_CURVE,
	TLS_ASK_KEY_BITS, TLS_ASK_ALG_BITS, TLS_ASK_RESUMED, TLS_ASK_EARLY, TLS_ASK_SESSION_ID, TLS_ASK_SESSION_KEY,
	TLS_ASK_UNIQUE_ID, TLS_ASK_CLIENT_RANDOM, TLS_ASK_SERVER_RANDOM,
	TLS_ASK_ERR, TLS_ASK_ERR_TEXT,             /* OpenSSL's code of a failed handshake */
	TLS_ASK_CONN_ERR, TLS_ASK_CONN_ERR_TEXT,   /* enum tls_failure */
	TLS_ASK_CRT_SENT,         /* int: the peer sent a certificate in this very handshake */
	TLS_ASK_VERIFY, TLS_ASK_CRT_ERR, TLS_ASK_CA_ERR, TLS_ASK_CA_ERR_DEPTH,
	TLS_ASK_JA3, TLS_ASK_JA4, /* fingerprints of the client, if tls_fingerprints_wanted() was called before the fork */
	TLS_ASK_CRT_USED,         /* int: the session has a certificate of the peer */
	/* of a certificate */
	TLS_ASK_DER, TLS_ASK_SHA1, TLS_ASK_SERIAL, TLS_ASK_SUBJECT, TLS_ASK_ISSUER, TLS_ASK_NOT_BEFORE, TLS_ASK_NOT_AFTER,
	TLS_ASK_KEY_ALG, TLS_ASK_SIG_ALG, TLS_ASK_VERSION,
};
#define TLS_ASK_OWN 0x100         /* or-ed to the questions of a certificate: about ours, not the peer's */

struct tls_answer { int64_t num; struct str text; };

/* Part of a distinguished name: attr ("CN", any case; empty: all of them as /CN=x/O=y), the occurrence (negative: from
 * the end, 0: the first), rfc2253: all of them as CN=x,O=y. */
struct tls_dn { struct str attr; int at; bool rfc2253; };

/* Answers number or text, whichever the question is about; texts live in tmp or as long as the connection. false: there
 * is no answer (no TLS, no certificate, ...). dn may be NULL but for subject and issuer parts. */
bool tls_ask(struct conn *c, unsigned what, const struct tls_dn *dn, struct arena *tmp, struct tls_answer *a);

/* Some rule or log asks for fingerprints: they are taken from every hello from now on. */
void tls_fingerprints_wanted(void);

#endif
