// SPDX-License-Identifier: GPL-3.0-or-later
/* The listening descriptors of the runtime sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sluice/net/sock.h>
#include "cli_priv.h"

int cli_socket(struct leader *l, unsigned i)
{
	const struct rt_cli_sock *c = &l->rt->cli[i];
	char text[ADDR_TEXT_MAX];
	int fd = c->fd >= 0 ? fcntl(c->fd, F_DUPFD_CLOEXEC, 0) : sock_listen(&c->addr, &c->sock);

	if (fd >= 0) {
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
		return fd;
	}
	int err = errno;
	size_t n = addr_text(&c->addr, text);
	fprintf(stderr, "%s:%u:%u: error: cannot bind the runtime socket %.*s: %s\n", c->loc.file ? c->loc.file : "?", c->loc.line,
		c->loc.col, (int)n, text, strerror(err));
	return -1;
}
