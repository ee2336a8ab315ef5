// SPDX-License-Identifier: GPL-3.0-or-later
/* Listening sockets of a generation. What the master already holds under the same address key is used again, so that its queue
 * survives; the rest is bound here and copied to the master. All failures are reported in one run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "leader_priv.h"

struct inherited { struct ipc_fd_entry *at; unsigned n; };

/* Two listeners are the same socket when address, IPv6 scope of acceptance, device and transparency are: what bind(2) and the options
 * that cannot change on a living socket depend on. */
void listener_key(const struct rt_listener *l, struct ipc_key *key)
{
	const struct sock_listen_opts *o = &l->opts->sock;
	char text[256];

	size_t n = addr_text(&l->addr, text);
	snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s", o->v6only ? ",v6" : "", o->v4v6 ? ",v4v6" : "",
		 o->transparent ? ",tp" : "", o->interface ? "," : "", o->interface ? o->interface : "");
	memset(key, 0, sizeof(*key));
	memcpy(key->text, text, MIN(strlen(text), sizeof(key->text)));
}

static bool inherited_read(int memfd, struct inherited *in)
{
	off_t size = memfd >= 0 ? lseek(memfd, 0, SEEK_END) : 0;

	*in = (struct inherited){ .n = (unsigned)(MAX(size, 0) / (off_t)sizeof(*in->at)) };
	if (!in->n)
		return true;
	in->at = calloc(in->n, sizeof(*in->at));
	if (!in->at || pread(memfd, in->at, in->n * sizeof(*in->at), 0) != (ssize_t)(in->n * sizeof(*in->at)))
		return false;
	for (unsigned i = 0; i < in->n; i++)
		sock_cloexec(in->at[i].fd, true);
	return true;
}

/* Each is handed out once: the same address twice in a configuration must fail as it does at the first start. */
static int inherited_take(struct inherited *in, const struct ipc_key *key)
{
	for (unsigned i = 0; i < in->n; i++)
		if (in->at[i].fd >= 0 && memcmp(&in->at[i].key, key, sizeof(*key)) == 0) {
			int fd = in->at[i].fd;
			in->at[i].fd = -1;
			return fd;
		}
	return -1;
}

static void inherited_close(struct inherited *in)
{
	for (unsigned i = 0; i < in->n; i++)
		if (in->at[i].fd >= 0)
			close(in->at[i].fd);
	free(in->at);
}

static bool complain(const struct rt_listener *l, const char *what)
{
	const struct rt_loc *loc = &l->opts->loc;
	char text[ADDR_TEXT_MAX];
	int err = errno;

	size_t n = addr_text(&l->addr, text);
	fprintf(stderr, "%s:%u:%u: error: %s %.*s: %s%s\n", loc->file ? loc->file : "?", loc->line, loc->col, what, (int)n, text,
		strerror(err), err == EADDRINUSE ? " (another instance running?)" : "");
	return false;
}

/* fd@N: made by our parent and open in all of us since. */
static bool open_given(struct leader *l, unsigned i)
{
	const struct rt_listener *lst = &l->rt->lst[i];
	const struct rt_loc *loc = &lst->opts->loc;
	int listening = 0, fd = lst->inherited_fd, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(listening);

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening) {
		fprintf(stderr, "%s:%u:%u: error: fd@%d is not a listening socket\n", loc->file ? loc->file : "?", loc->line,
			loc->col, fd);
		return false;
	}
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	l->listen_fd[i] = fd;
	return true;
}

static bool open_one(struct leader *l, unsigned i, struct inherited *in)
{
	const struct rt_listener *lst = &l->rt->lst[i];
	const struct sock_listen_opts *o = &lst->opts->sock;
	struct ipc_key key;

	if (lst->inherited_fd >= 0)
		return open_given(l, i);
	listener_key(lst, &key);
	int fd = inherited_take(in, &key);
	bool kept = fd >= 0;
	if (kept)
		listen(fd, o->backlog > 0 ? o->backlog : SOMAXCONN); /* the backlog may have changed */
	else
		fd = sock_listen(&lst->addr, o);
	if (fd < 0)
		return complain(lst, "cannot bind");
	l->listen_fd[i] = fd;
	if (!master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &key, kept ? -1 : fd))
		return complain(lst, "cannot hand to the master the listener");
	return true;
}

bool listeners_open(struct leader *l)
{
	struct inherited in;
	bool ok = inherited_read(l->o->fds, &in);

	l->listen_fd = calloc(l->rt->nlst ? l->rt->nlst : 1, sizeof(*l->listen_fd));
	if (!l->listen_fd)
		return false;
	for (unsigned i = 0; i < l->rt->nlst; i++) {
		l->listen_fd[i] = -1;
		if (!(l->rt->px[l->rt->lst[i].px].caps & PX_DISABLED) && !open_one(l, i, &in))
			ok = false;
	}
	inherited_close(&in);
	if (l->o->fds >= 0)
		close(l->o->fds);
	return ok;
}

void listeners_close(struct leader *l)
{
	for (unsigned i = 0; i < l->rt->nlst; i++) {
		if (l->listen_fd[i] >= 0)
			close(l->listen_fd[i]);
		l->listen_fd[i] = -1;
	}
}
