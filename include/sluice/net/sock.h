// SPDX-License-Identifier: GPL-3.0-or-later
/* Sockets: making, binding, connecting. All are non-blocking and close-on-exec. Errors: -1 and errno. */
#ifndef SLUICE_NET_SOCK_H
#define SLUICE_NET_SOCK_H

#include <sluice/base/addr.h>

struct sock_listen_opts {
	int backlog;          /* <= 0: SOMAXCONN of the system */
	bool v6only, v4v6;    /* IPv6: never / also IPv4 */
	bool transparent, defer_accept;
	int tfo;              /* TCP fast open queue, 0 = off */
	unsigned mss, tcp_ut_ms;
	const char *interface;
	int unix_mode;        /* permission bits or -1 */
	int unix_uid, unix_gid; /* or -1 */
};

/* Listening socket on a. TCP: SO_REUSEADDR, no SO_REUSEPORT, so that a second instance fails with EADDRINUSE.
 * Unix: a stale path is replaced in one step, a path that somebody still listens on is EADDRINUSE. Leader only. */
int sock_listen(const struct addr *a, const struct sock_listen_opts *o) MUST_CHECK;

struct sock_connect_opts {
	const struct addr *source;  /* bind to this first; NULL = any */
	const char *interface;
	bool tfo;
	unsigned tcp_ut_ms;
	int tos, mark;              /* -1 = leave */
	const struct addr *socks4;  /* conn_new_back(): the proxy that leads there; NULL = straight */
};

/* Starts a connection; *done is true when it is already established (unix). TCP_NODELAY is set. */
int sock_connect(const struct addr *a, const struct sock_connect_opts *o, bool *done) MUST_CHECK;
int sock_error(int fd);                       /* SO_ERROR, 0 when connected */
int sock_accept(int lfd, struct addr *peer) MUST_CHECK; /* accept4, TCP_NODELAY for TCP */
int sock_udp(sa_family_t family) MUST_CHECK;  /* unconnected datagram socket */
bool sock_local(int fd, struct addr *a);      /* getsockname */
bool sock_peer(int fd, struct addr *a);       /* getpeername */
void sock_set_linger_reset(int fd);           /* close() sends RST */
/* The peer is not to notice that fd is closed: no packet is sent any more (TCP_REPAIR, with CAP_NET_ADMIN), or, without the capability and with ttl > 0,
 * packets live for ttl hops (else one). */
void sock_mute(int fd, int ttl);
/* SO_KEEPALIVE: probes at most, s of silence before the first, s between them; 0 = as the system has it. */
struct sock_keepalive { uint32_t cnt, idle, intvl; };
void sock_keepalive(int fd, const struct sock_keepalive *k);
bool sock_cloexec(int fd, bool on);

/* Raises RLIMIT_NOFILE to at least n when it may; returns the limit in force. */
unsigned sock_raise_nofile(unsigned n);

#endif
