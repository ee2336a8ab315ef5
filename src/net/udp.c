// SPDX-License-Identifier: GPL-3.0-or-later
/* Datagrams that nobody waits for. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/net/sock.h>
#include <sluice/net/udp.h>

int dgram_open(const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, &ss);
	int fd = sock_udp(a->family);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		int e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

bool dgram_sendv(int fd, const struct iovec *iov, int niov)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)niov };
	ssize_t r = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (r < 0 && errno == ECONNREFUSED) /* the answer to an earlier datagram: this one was not sent */
		r = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	return r >= 0;
}
