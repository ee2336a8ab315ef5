// SPDX-License-Identifier: GPL-3.0-or-later
/* The client's side of SOCKS4 (openssh.com, socks4.protocol), as a part of establishing a connection. */
#ifndef SLUICE_NET_SOCKS_H
#define SLUICE_NET_SOCKS_H

#include <sluice/net/conn.h>

/* The connection to the proxy stands: asks it to lead to c->dst, which is IPv4, and hears its answer. 0: it does, and the next byte is
 * the server's; XPRT_AGAIN; XPRT_ERR with c->err: ECONNREFUSED when it will not. */
int socks4_step(struct conn *c) MUST_CHECK;

#endif
