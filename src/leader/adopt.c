// SPDX-License-Identifier: GPL-3.0-or-later
/* Without a master: waiting for a new one, and handing it all that the old one knew of this generation. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/notice.h>

#include "certs.h"
#include "roster.h"

static bool show_listener(struct leader *l, const struct addr *a, const struct sock_listen_opts *o, int fd)
{
	struct ipc_key key;

	if (fd < 0)
		return true;
	listener_key(a, o, &key);
	return master_tell(l, IPC_LISTENER, 0, 0, &key, sizeof(key), fd);
}

static bool show_listeners(struct leader *l)
{
	for (unsigned i = 0; i < l->rt->nlst; i++) {
		const struct rt_listener *lst = &l->rt->lst[i];
		if (lst->inherited_fd < 0 && !show_listener(l, &lst->addr, &lst->opts->sock, l->listen_fd[i]))
			return false;
	}
	for (unsigned i = 0; i < l->rt->ncli; i++)
		if (l->rt->cli[i].fd < 0 && !show_listener(l, &l->rt->cli[i].addr, &l->rt->cli[i].sock, l->cli_fd[i]))
			return false;
	return true;
}

static bool show_children(struct leader *l)
{
	for (unsigned i = 0; i < l->nchild; i++) {
		const struct child *c = &l->child[i];
		if (c->pid && !master_tell(l, IPC_CHILD, c->role, (uint64_t)c->pid, NULL, 0, c->io.fd))
			return false;
	}
	return true;
}

static bool show_state(struct leader *l, uint64_t gen, int dir, int seg)
{
	return dir < 0 || (master_tell(l, IPC_STATE_DIR, 0, gen, NULL, 0, dir) && master_tell(l, IPC_STATE_SEG, 0, gen, NULL, 0, seg));
}

/* Ours, and those of generations that may have ended since: their counts would be lost to the next one. */
static bool show_states(struct leader *l)
{
	bool ok = show_state(l, 0, l->dir_fd, l->seg->fd);

	for (const struct state_view *v = l->seg->older; ok && v; v = v->next)
		ok = show_state(l, v->h.generation, v->dir_fd, v->fd);
	return ok;
}

static bool show_all(struct leader *l)
{
	struct ipc_adopt a = { .version = SLUICE_VERSION, .started_ms = l->started_ms, .hard_stop_ms = l->rt->g.hard_stop_after,
			       .nworkers = l->nworkers, .draining = l->phase >= LEAD_DRAINING };

	return master_tell(l, IPC_ADOPT, 0, l->o->generation, &a, sizeof(a), -1) && show_listeners(l) &&
	       (a.draining || (tables_show(l) && variables_show(l) && tickets_show(l) && page_secret_show(l) && journal_show(l) && patterns_show(l) && roster_show(l))) &&
	       (a.draining || maps_show(l)) && show_children(l) && show_states(l) &&
	       master_tell(l, IPC_ADOPT_END, 0, 0, NULL, 0, -1);
}

static void knock(struct io *io)
{
	struct leader *l = CONTAINER_OF(io, struct leader, adopt_io);
	pid_t pid;
	int fd = adopt_accept(io->fd, &pid);

	if (fd < 0)
		return;
	l->ctl = fd;
	l->master_gone = false;
	if (!show_all(l) || !io_add(&l->ctl_io, fd, IO_READ, master_message)) {
		l->master_gone = true;
		close(fd);
		return;
	}
	io_del(io);
	close(io->fd);
	l->master_pid = (uint32_t)pid;
	if (l->phase == LEAD_ACTIVE && pidfile_open(l))
		pidfile_write(l);
	notice(SAY_NOTICE, "generation %llu has a new master (%d)", (unsigned long long)l->o->generation, (int)pid);
}

void adopt_offer(struct leader *l)
{
	int fd = adopt_listen(l->o->adopt);

	if (fd >= 0 && io_add(&l->adopt_io, fd, IO_READ, knock))
		return;
	notice(SAY_WARNING, "no new master will find generation %llu: %s", (unsigned long long)l->o->generation, strerror(errno));
	if (fd >= 0)
		close(fd);
}
