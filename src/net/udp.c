// SPDX-License-Identifier: GPL-3.0-or-later
/* Datagrams that nobody waits for. A unix peer that went away leaves the socket without an address (the kernel
 * forgets it), so the addresses of all open sinks are kept here, found by descriptor: there are few, and they are
 * looked up after a failure only. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/vec.h>
#include <sluice/net/sock.h>
#include <sluice/net/udp.h>

struct sink {
	int fd;
	struct addr to;
};

static VEC(struct sink) sinks;

static struct sink *sink_find(int fd)
{
	for (size_t i = 0; i < sinks.n; i++)
		if (sinks.at[i].fd == fd)
			return &sinks.at[i];
	return NULL;
}

static bool sink_connect(int fd, const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, &ss);
	if (len)
		return connect(fd, (struct sockaddr *)&ss, len) == 0;
	errno = ENAMETOOLONG;
	return false;
}

int dgram_open(const struct addr *a)
{
	int fd = sock_udp(a->family);
	if (fd < 0)
		return -1;
	if (!sink_connect(fd, a)) {
		int e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	struct sink *s = sink_find(fd); /* of a socket that was closed since */
	if (s)
		s->to = *a;
	else
		VEC_PUSH(&sinks, ((struct sink){ fd, *a }));
	return fd;
}

bool dgram_sendv(int fd, const struct iovec *iov, int niov)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)niov };
	if (LIKELY(sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0))
		return true;
	if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET)
		return false;
	/* UDP: the answer to an earlier datagram, this one was not sent. Unix: the peer is gone, perhaps another has
	 * its name. */
	const struct sink *s = sink_find(fd);
	if (s && s->to.family == AF_UNIX && !sink_connect(fd, &s->to))
		return false;
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}
