// SPDX-License-Identifier: GPL-3.0-or-later
/* Sockets: system calls and their options, nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <sluice/net/sock.h>

static bool set(int fd, int level, int opt, int v) { return setsockopt(fd, level, opt, &v, sizeof v) == 0; }

static bool bind_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1) == 0;
}

static int fail_close(int fd)
{
	int e = errno;
	close(fd);
	errno = e;
	return -1;
}

static bool listen_options(int fd, const struct addr *a, const struct sock_listen_opts *o)
{
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (a->family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !o->v4v6);
	if (o->defer_accept)
		set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
	if (o->tfo)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN, o->tfo);
	if (o->mss)
		set(fd, IPPROTO_TCP, TCP_MAXSEG, (int)o->mss);
	if (o->tcp_ut_ms)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)o->tcp_ut_ms);
	/* these two decide who can reach the listener: without them it must not come up */
	bool six = a->family == AF_INET6;
	if (o->transparent && !set(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1))
		return false;
	return !o->interface || bind_device(fd, o->interface);
}

/* Does somebody listen on this path? Only ECONNREFUSED says no for sure. */
static bool unix_alive(const struct sockaddr_storage *ss, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	bool dead = connect(fd, (const struct sockaddr *)ss, len) < 0 && (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return !dead;
}

static int backlog_of(const struct sock_listen_opts *o) { return o->backlog > 0 ? o->backlog : SOMAXCONN; }

static bool unix_owner(const char *path, const struct sock_listen_opts *o)
{
	return (o->unix_mode < 0 || chmod(path, (mode_t)o->unix_mode) == 0) &&
	       ((o->unix_uid < 0 && o->unix_gid < 0) || chown(path, (uid_t)o->unix_uid, (gid_t)o->unix_gid) == 0);
}

/* A name beside the path; the path itself when there is no room for a longer one. */
static void name_beside(const char *path, char *out, size_t n)
{
	if (snprintf(out, n, "%s.%d", path, (int)getpid()) >= (int)sizeof(((struct sockaddr_un *)0)->sun_path))
		snprintf(out, n, "%s", path);
}

/* The socket is made under another name and takes the path when it listens and has its owner and mode: who connects finds the old one or
 * the new one, never none and never one with the wrong rights. */
static int listen_unix_path(int fd, const struct addr *a, const struct sock_listen_opts *o)
{
	char name[sizeof(struct sockaddr_un) + 16];
	struct addr at = { .family = AF_UNIX, .path = name };
	struct sockaddr_storage ss;

	name_beside(a->path, name, sizeof(name));
	unlink(name);
	if (bind(fd, (struct sockaddr *)&ss, addr_to_sockaddr(&at, &ss)) < 0)
		return -1;
	if (unix_owner(name, o) && listen(fd, backlog_of(o)) == 0 && rename(name, a->path) == 0)
		return 0;
	int e = errno;
	unlink(name);
	errno = e;
	return -1;
}

static int listen_unix(int fd, const struct addr *a, const struct sock_listen_opts *o, const struct sockaddr_storage *ss, socklen_t len)
{
	struct stat st;

	if (!a->path || a->path[0] == '@')
		return bind(fd, (const struct sockaddr *)ss, len) < 0 ? -1 : listen(fd, backlog_of(o));
	if (lstat(a->path, &st) == 0 && (!S_ISSOCK(st.st_mode) || unix_alive(ss, len))) {
		errno = EADDRINUSE;
		return -1;
	}
	return listen_unix_path(fd, a, o);
}

int sock_listen(const struct addr *a, const struct sock_listen_opts *o)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, &ss);
	if (!len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	bool ok = a->family == AF_UNIX ? listen_unix(fd, a, o, &ss, len) == 0
				       : listen_options(fd, a, o) && bind(fd, (struct sockaddr *)&ss, len) == 0 &&
						 listen(fd, backlog_of(o)) == 0;
	return ok ? fd : fail_close(fd);
}

static bool bind_source(int fd, const struct addr *source)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(source, &ss);
	if (source->port == 0)
		set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	else
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind(fd, (struct sockaddr *)&ss, len) == 0;
}

static bool connect_options(int fd, const struct addr *a, const struct sock_connect_opts *o)
{
	if (a->family != AF_UNIX)
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!o)
		return true;
	if (o->tcp_ut_ms)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)o->tcp_ut_ms);
	if (o->tos >= 0)
		set(fd, a->family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
			a->family == AF_INET6 ? IPV6_TCLASS : IP_TOS, o->tos);
	if (o->mark >= 0)
		set(fd, SOL_SOCKET, SO_MARK, o->mark);
	if (o->tfo)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	if (o->interface)
		bind_device(fd, o->interface);
	return !o->source || o->source->family != a->family || bind_source(fd, o->source);
}

int sock_connect(const struct addr *a, const struct sock_connect_opts *o, bool *done)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, &ss);
	*done = false;
	if (!len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect_options(fd, a, o))
		return fail_close(fd);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		*done = true;
	else if (errno != EINPROGRESS)
		return fail_close(fd);
	return fd;
}

int sock_error(int fd)
{
	int e = 0;
	socklen_t n = sizeof e;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0 ? errno : e;
}

int sock_accept(int lfd, struct addr *peer)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	ss.ss_family = AF_UNSPEC;
	int fd = accept4(lfd, (struct sockaddr *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	addr_from_sockaddr(peer, &ss);
	if (peer->family != AF_UNIX)
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

int sock_udp(sa_family_t family) { return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

bool sock_local(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	if (getsockname(fd, (struct sockaddr *)&ss, &n) < 0)
		return false;
	addr_from_sockaddr(a, &ss);
	return true;
}

bool sock_peer(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	if (getpeername(fd, (struct sockaddr *)&ss, &n) < 0)
		return false;
	addr_from_sockaddr(a, &ss);
	return true;
}

void sock_set_linger_reset(int fd)
{
	struct linger l = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

void sock_mute(int fd, int ttl)
{
	if (ttl <= 0 && set(fd, IPPROTO_TCP, TCP_REPAIR, 1))
		return;
	ttl = ttl > 0 ? ttl : 1;
	set(fd, IPPROTO_IP, IP_TTL, ttl);
	set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
}

void sock_keepalive(int fd, const struct sock_keepalive *k)
{
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (k->cnt)
		set(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)k->cnt);
	if (k->idle)
		set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)k->idle);
	if (k->intvl)
		set(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)k->intvl);
}

bool sock_cloexec(int fd, bool on)
{
	int f = fcntl(fd, F_GETFD);
	return f >= 0 && fcntl(fd, F_SETFD, on ? f | FD_CLOEXEC : f & ~FD_CLOEXEC) == 0;
}

unsigned sock_raise_nofile(unsigned n)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1024;
	if (r.rlim_cur < n) {
		struct rlimit want = { .rlim_cur = n, .rlim_max = r.rlim_max > n ? r.rlim_max : n };
		if (setrlimit(RLIMIT_NOFILE, &want) < 0) {
			want = (struct rlimit){ .rlim_cur = r.rlim_max, .rlim_max = r.rlim_max };
			setrlimit(RLIMIT_NOFILE, &want);
		}
		getrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur > UINT32_MAX ? UINT32_MAX : (unsigned)r.rlim_cur;
}
