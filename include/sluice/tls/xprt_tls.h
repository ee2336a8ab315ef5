// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS as a transport (net/xprt.h), and what can be asked about a connection on it. The questions take any connection:
 * for one without TLS they answer false or empty. Texts live as long as the connection. */
#ifndef SLUICE_TLS_XPRT_TLS_H
#define SLUICE_TLS_XPRT_TLS_H

#include <openssl/ssl.h>
#include <sluice/net/conn.h>
#include <sluice/tls/back.h>
#include <sluice/tls/front.h>

/* cfg of open(): struct tls_front for accepted connections, struct tls_connect for others. */
extern const struct xprt_ops xprt_tls;

/* How a handshake ended, in the order and with the texts of HAProxy's connection errors (fc_err). */
enum tls_failure {
	TLS_OK = 0, TLS_EMPTY = 24, TLS_ABORT = 25, TLS_TIMEOUT = 26, TLS_NO_MEM = 28, TLS_CA_FAIL = 30, TLS_CRT_FAIL = 31,
	TLS_MISMATCH = 32, TLS_MISMATCH_SNI = 33, TLS_HANDSHAKE = 34, TLS_EARLY_REFUSED = 38,
};
const char *tls_failure_text(enum tls_failure f);

struct tls_result {
	enum tls_failure failure;
	unsigned long ssl_err;       /* OpenSSL's code of the last failure, 0 = none */
	int crt_err, ca_err, ca_err_depth; /* verification errors that were tolerated or fatal (X509_V_ERR_*) */
};
/* NULL: not TLS. */
const struct tls_result *tls_result(const struct conn *c);
/* The owner's clock ran out during the handshake. */
void tls_timed_out(struct conn *c);
SSL *tls_ssl(const struct conn *c);      /* NULL: not TLS */
/* Connections that are only there to send their last bytes. */
unsigned tls_lingering(void);

/* Does what the client says come in early data, or did it until now, with the handshake still open? It may be a copy that
 * somebody else sent to another machine (RFC 8470). */
bool tls_is_early(const struct conn *c);
/* Goes on with the handshake of a client whose early data is being served: true when it is over, or has failed, in which case
 * tls_is_early() stays true. */
bool tls_early_over(struct conn *c);
/* Wakes w->task when tls_early_over() becomes true, once. Its link is initialised before and after; list_del() ends the wait. */
struct tls_waiter { struct list link; struct task *task; };
void tls_early_wait(struct conn *c, struct tls_waiter *w);

/* Does what we send to this server go out before the handshake is over? It counts as sent, and is sent again below when the server has
 * thrown it away. A server that takes another protocol then breaks the connection with TLS_EARLY_REFUSED: it has read nothing. */
bool tls_sends_early(const struct conn *c);

#endif
