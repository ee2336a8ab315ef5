// SPDX-License-Identifier: GPL-3.0-or-later
/* Listening sockets of a generation. What the master already holds under the same address key is used again, so that its queue
 * survives; the rest is bound here and copied to the master. All failures are reported in one run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "certs.h"
#include "roster.h"

/* Two listeners are the same socket when address, IPv6 scope of acceptance, device and transparency are: what bind(2) and the options
 * that cannot change on a living socket depend on. */
void listener_key(const struct addr *a, const struct sock_listen_opts *o, struct ipc_key *key)
{
	char text[256];

	size_t n = addr_text(a, text);
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
int inherited_take(struct inherited *in, const struct ipc_key *key)
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

/* What is to be opened: the address of a bind line or of a runtime socket. */
struct wanted { const struct addr *addr; int given; const struct sock_listen_opts *sock; const struct rt_loc *loc; };

static bool complain(const struct wanted *w, const char *what)
{
	char text[ADDR_TEXT_MAX];
	int err = errno;

	size_t n = addr_text(w->addr, text);
	fprintf(stderr, "%s:%u:%u: error: %s %.*s: %s%s\n", w->loc->file ? w->loc->file : "?", w->loc->line, w->loc->col, what, (int)n,
		text, strerror(err), err == EADDRINUSE ? " (another instance running?)" : "");
	return false;
}

/* fd@N: made by our parent and open in all of us since. */
static bool open_given(const struct wanted *w, int *out)
{
	const struct rt_loc *loc = w->loc;
	int listening = 0, fd = w->given, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(listening);

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening) {
		fprintf(stderr, "%s:%u:%u: error: fd@%d is not a listening socket\n", loc->file ? loc->file : "?", loc->line,
			loc->col, fd);
		return false;
	}
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	*out = fd;
	return true;
}

static bool open_one(struct leader *l, const struct wanted *w, struct inherited *in, int *out)
{
	struct ipc_key key;

	if (w->given >= 0)
		return open_given(w, out);
	listener_key(w->addr, w->sock, &key);
	int fd = inherited_take(in, &key);
	bool kept = fd >= 0;
	if (kept)
		listen(fd, w->sock->backlog > 0 ? w->sock->backlog : SOMAXCONN); /* the backlog may have changed */
	else
		fd = sock_listen(w->addr, w->sock);
	if (fd < 0)
		return complain(w, "cannot bind");
	*out = fd;
	if (!master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &key, sizeof(key), kept ? -1 : fd))
		return complain(w, "cannot hand to the master the listener");
	return true;
}

static bool open_listener(struct leader *l, unsigned i, struct inherited *in)
{
	const struct rt_listener *lst = &l->rt->lst[i];
	struct wanted w = { &lst->addr, lst->inherited_fd, &lst->opts->sock, &lst->opts->loc };

	return l->rt->px[lst->px].caps & PX_DISABLED || open_one(l, &w, in, &l->listen_fd[i]);
}

static bool open_cli(struct leader *l, unsigned i, struct inherited *in)
{
	const struct rt_cli_sock *c = &l->rt->cli[i];
	struct wanted w = { &c->addr, c->fd, &c->sock, &c->loc };

	return open_one(l, &w, in, &l->cli_fd[i]);
}

static int *no_fds(unsigned n)
{
	int *fd = malloc((n ? n : 1) * sizeof(*fd));

	for (unsigned i = 0; fd && i < n; i++)
		fd[i] = -1;
	return fd;
}

bool listeners_open(struct leader *l)
{
	struct inherited in;
	bool ok = inherited_read(l->o->fds, &in);

	l->listen_fd = no_fds(l->rt->nlst);
	l->cli_fd = no_fds(l->rt->ncli);
	if (!l->listen_fd || !l->cli_fd)
		return false;
	for (unsigned i = 0; i < l->rt->nlst; i++)
		ok = open_listener(l, i, &in) && ok;
	for (unsigned i = 0; i < l->rt->ncli; i++)
		ok = open_cli(l, i, &in) && ok;
	ok = tickets_open(l, &in) && page_secret_open(l, &in) && journal_open(l, &in) && roster_open(l, &in) && ok;
	ok = variables_open(l, &in) && ok;
	ok = maps_open(l, &in) && ok;
	ok = tables_open(l, &in) && ok; /* these come the same way */
	ok = patterns_open(l, &in) && ok;
	inherited_close(&in);
	if (l->o->fds >= 0)
		close(l->o->fds);
	return ok;
}

static void close_all(int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

void cli_listeners_close(struct leader *l) { close_all(l->cli_fd, l->rt->ncli); }

void listeners_close(struct leader *l)
{
	close_all(l->listen_fd, l->rt->nlst);
	cli_listeners_close(l);
}
