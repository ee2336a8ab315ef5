// SPDX-License-Identifier: GPL-3.0-or-later
/* Control messages over SOCK_SEQPACKET: one packet is one message of fixed size. The table says who may send what to whom, how large
 * its payload is and whether a descriptor comes along; everything else is refused, and descriptors that came with it are closed. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/ipc/msg.h>

struct msg_row { enum role from, to; size_t payload; bool fd, known; };

static const struct msg_row rows[IPC_COUNT] = {
#define IPC_MSG(number, id, from, to, payload, fd, help) [IPC_##id] = { ROLE_##from, ROLE_##to, sizeof(struct ipc_##payload), fd, true },
#include <sluice/tbl/ipc_msgs.def>
#undef IPC_MSG
};

int ipc_pair(int sv[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv); }

bool ipc_send(int sock, enum ipc_type t, uint32_t arg, uint64_t num, const void *payload, size_t n, int fd)
{
	struct ipc_msg m = { .type = (uint16_t)t, .version = IPC_VERSION, .arg = arg, .num = num };
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int))]; } ctl = { 0 };
	struct iovec iov = { &m, sizeof(m) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	ASSERT((unsigned)t < IPC_COUNT && n <= sizeof(m.data) && n == rows[t].payload && (fd >= 0) == rows[t].fd);
	if (n)
		memcpy(m.data, payload, n);
	if (fd >= 0) {
		mh.msg_control = ctl.buf, mh.msg_controllen = sizeof(ctl.buf);
		struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	ssize_t r;
	do
		r = sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	return r == (ssize_t)sizeof(m);
}

/* Keeps the first descriptor, closes any other; the count of all that came. */
static unsigned take_fds(struct msghdr *mh, int *fd)
{
	unsigned got = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t off = 0; off + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); off += sizeof(int)) {
			int one;
			memcpy(&one, CMSG_DATA(c) + off, sizeof(int));
			if (got++ == 0)
				*fd = one;
			else
				close(one);
		}
	}
	return got;
}

/* A master and its leaders may be of different builds: what the other knows beyond us is no offence between them. */
static bool builds_differ(enum role a, enum role b)
{
	return (a == ROLE_MASTER && b == ROLE_LEADER) || (a == ROLE_LEADER && b == ROLE_MASTER);
}

static bool msg_unknown(const struct ipc_msg *m, enum role me, enum role peer)
{
	return builds_differ(me, peer) && m->version == IPC_VERSION && (m->type >= IPC_COUNT || !rows[m->type].known);
}

static bool msg_allowed(const struct ipc_msg *m, enum role me, enum role peer, unsigned nfds)
{
	if (m->type >= IPC_COUNT || m->version != IPC_VERSION)
		return false;
	const struct msg_row *row = &rows[m->type];
	if (!row->known || row->from != peer || row->to != me || nfds != (row->fd ? 1 : 0))
		return false;
	for (size_t i = row->payload; !builds_differ(me, peer) && i < sizeof(m->data); i++)
		if (m->data[i])
			return false;
	return true;
}

int ipc_recv(int sock, enum role me, enum role peer, struct ipc_msg *m, int *fd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(4 * sizeof(int))]; } ctl;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof(ctl.buf) };

	*fd = -1;
	ssize_t r;
	/* ECONNRESET: the peer ended without having read all of ours. It is reported once, before the messages that it still sent. */
	do
		r = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (r < 0 && (errno == EINTR || errno == ECONNRESET));
	if (r < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (r == 0)
		return -1;
	unsigned nfds = take_fds(&mh, fd);
	bool whole = r == (ssize_t)sizeof(*m) && !(mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
	if (whole && msg_allowed(m, me, peer, nfds))
		return 1;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return whole && msg_unknown(m, me, peer) ? ipc_recv(sock, me, peer, m, fd) : -2;
}

bool ipc_wait(int sock, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	return poll(&p, 1, timeout_ms) > 0;
}

void ipc_resolved_pack(struct ipc_resolved *r, const struct addr *a)
{
	*r = (struct ipc_resolved){ .family = a->family };
	if (a->family == AF_INET)
		memcpy(r->ip, &a->in4, sizeof(a->in4));
	else if (a->family == AF_INET6)
		memcpy(r->ip, &a->in6, sizeof(a->in6));
}

bool ipc_resolved_addr(const struct ipc_resolved *r, struct addr *a)
{
	*a = (struct addr){ .family = r->family };
	if (r->family == AF_INET)
		memcpy(&a->in4, r->ip, sizeof(a->in4));
	else if (r->family == AF_INET6)
		memcpy(&a->in6, r->ip, sizeof(a->in6));
	return r->family == AF_INET || r->family == AF_INET6;
}
