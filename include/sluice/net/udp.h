// SPDX-License-Identifier: GPL-3.0-or-later
/* Fire-and-forget datagrams: syslog over UDP and unix sockets. Never blocks; a refused datagram is counted by the caller. */
#ifndef SLUICE_NET_UDP_H
#define SLUICE_NET_UDP_H

#include <sys/uio.h>
#include <sluice/base/addr.h>

/* Non-blocking datagram socket connected to a (UDP or unix datagram); reconnects lazily after ECONNREFUSED/ENOTCONN. -1 on error. */
int dgram_open(const struct addr *a) MUST_CHECK;
/* true when the kernel took the whole message. */
bool dgram_sendv(int fd, const struct iovec *iov, int niov);

#endif
