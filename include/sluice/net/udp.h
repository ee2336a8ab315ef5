// SPDX-License-Identifier: GPL-3.0-or-later
/* Fire-and-forget datagrams: syslog over UDP and unix sockets. Never blocks; a refused datagram is counted by the
 * caller. */
#ifndef SLUICE_NET_UDP_H
#define SLUICE_NET_UDP_H

#include <sys/uio.h>
#include <sluice/base/addr.h>

/* Non-blocking datagram socket connected to a (UDP or unix datagram); dgram_sendv() connects it anew when a unix peer
 * was replaced, so a path must live as long as the socket. -1 on error. Closed with close(2). */
int dgram_open(const struct addr *a) MUST_CHECK;
/* true when the kernel took the whole message. */
bool dgram_sendv(int fd, const struct iovec *iov, int niov);

#endif
