// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS towards servers: the name a request asks for, and the connection that asks for it. */
#ifndef SLUICE_WORKER_TLS_OUT_H
#define SLUICE_WORKER_TLS_OUT_H

#include <sluice/net/conn.h>
#include <sluice/net/sock.h>

struct stream;
struct sconn;

/* Is srv spoken to over TLS: as configured, unless that was switched off. */
bool tls_out_wanted(uint32_t srv);
/* The SNI of s at srv: by the server's `sni`, else from the Host header (mode tcp: what the client asked for). Returns
 * its hash, never 0 for a name; 0 and an empty name without TLS or when there is none. */
uint64_t tls_out_sni(struct stream *s, uint32_t srv, struct str *name);
/* sc: the server and the protocol that is wanted. */
struct conn *tls_out_connect(struct stream *s, const struct sconn *sc, const struct addr *dst, const struct sock_connect_opts *o,
			     struct str sni);

#endif
