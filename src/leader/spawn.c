// SPDX-License-Identifier: GPL-3.0-or-later
/* Forking a child and everything it does before its own code runs: the leader's descriptors go, log sockets are opened while paths
 * still mean something, then privileges drop. The child reads nothing of the leader but struct heritage. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/base/proctitle.h>
#include <sluice/checker/checker.h>
#include <sluice/ipc/sandbox.h>
#include <sluice/tls/tickets.h>
#include <sluice/worker/worker.h>

#include "leader_priv.h"

#define TELL_MS 5000

bool master_tell(struct leader *l, enum ipc_type t, uint32_t arg, uint64_t num, const void *payload, size_t n, int fd)
{
	struct pollfd p = { .fd = l->ctl, .events = POLLOUT };

	if (l->master_gone)
		return false;
	while (!ipc_send(l->ctl, t, arg, num, payload, n, fd)) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return false;
		if (poll(&p, 1, TELL_MS) != 1 || (p.revents & (POLLHUP | POLLERR)))
			return false;
	}
	return true;
}

/* ---- in the child ---- */

static void child_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_close_leaders(struct leader *l, const struct child *me)
{
	loop_free();
	if (!l->master_gone)
		close(l->ctl);
	else if (l->adopt_io.watched)
		close(l->adopt_io.fd);
	close(l->sig_io.fd);
	if (l->pid_fd >= 0)
		close(l->pid_fd);
	if (l->ticket_fd >= 0)
		close(l->ticket_fd);
	if (l->secret_fd >= 0)
		close(l->secret_fd);
	if (l->roster_fd >= 0)
		close(l->roster_fd);
	if (l->journal_fd >= 0)
		close(l->journal_fd);
	patterns_in_child(l);
	if (l->in_child)
		l->in_child(l);
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].pid && &l->child[i] != me)
			close(l->child[i].io.fd);
	if (me->role == ROLE_CHECKER)
		listeners_close(l);
	else
		cli_listeners_close(l);
}

static void child_open_logs(const struct leader *l)
{
	const struct rt_global *g = &l->rt->g;

	log_process_init(l->rt->logs, l->rt->nlogs, g->log_tag.n ? g->log_tag : STR("sluice"), g->log_send_hostname,
			 l->master_pid);
}

static void child_title(const struct child *c)
{
	unsigned long long gen = c->l->o->generation;

	if (c->role == ROLE_CHECKER)
		proctitle_set("checker, generation %llu", gen);
	else
		proctitle_set("worker %u of %u, generation %llu", c->slot, c->l->nworkers, gen);
}

NORETURN static void child_run(struct child *c, int ctl)
{
	struct leader *l = c->l;
	char err[300];
	struct heritage h = {
		.role = c->role, .slot = c->slot, .nworkers = l->nworkers, .generation = l->o->generation, .rt = l->rt, .seg = l->seg,
		.tables = l->tables, .vars = l->vars, .hits = l->hits, .dns = l->dns, .listen_fd = l->listen_fd, .ctl = ctl, .wake_fd = l->wake_fd,
		.master_pid = l->master_pid,
		.poll_only = l->rt->g.noepoll || l->o->conf.poll_only,
	};

	memcpy(h.secret, l->secret, sizeof(h.secret));
	child_signals();
	child_title(c);
	child_close_leaders(l, c);
	child_open_logs(l);
	if (!privs_drop(&l->rt->g, &l->ids, err, sizeof(err))) {
		notice(SAY_ALERT, "%s", err);
		_exit(1);
	}
	if (l->o->detach)
		stdio_detach();
	sandbox_enter(c->role);
	exit(c->role == ROLE_CHECKER ? checker_run(&h) : worker_run(&h));
}

/* ---- in the leader ---- */

static void slot_starting(const struct child *c, pid_t pid)
{
	struct seg_slot *s = &c->l->seg->slot[c->slot];

	if (c->role != ROLE_WORKER)
		return;
	atomic_store_explicit(&s->pid, (uint32_t)pid, memory_order_relaxed);
	atomic_store_explicit(&s->started, clock_ms(), memory_order_relaxed);
}

bool spawn_child(struct child *c)
{
	int sv[2];

	if (ipc_pair(sv) < 0)
		return false;
	if (c->role == ROLE_WORKER)
		atomic_store_explicit(&c->l->seg->slot[c->slot].state, SLOT_STARTING, memory_order_release);
	tls_tickets_advance(); /* a key that is no longer used does not go on into another process */
	pid_t pid = fork();
	if (pid == 0) {
		close(sv[0]);
		child_run(c, sv[1]);
	}
	int err = errno;
	close(sv[1]);
	if (pid < 0 || !io_add(&c->io, sv[0], IO_READ, child_message)) {
		close(sv[0]);
		errno = err;
		return false;
	}
	c->pid = pid;
	c->state = CHILD_STARTING;
	c->beat = c->cpu_at = c->kill_at = 0;
	c->started = clock_ms();
	slot_starting(c, pid);
	(void)master_tell(c->l, IPC_CHILD, c->role, (uint64_t)pid, NULL, 0, sv[0]);
	return true;
}
