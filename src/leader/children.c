// SPDX-License-Identifier: GPL-3.0-or-later
/* The checker and the workers from fork to reaping: their messages, their deaths, when they are started again. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "cli_ask.h"
#include "certs.h"
#include "leader_priv.h"

static const char *child_name(const struct child *c) { return c->role == ROLE_CHECKER ? "checker" : "worker"; }

/* ---- starting ---- */

static void child_start(struct child *c)
{
	if (spawn_child(c)) {
		notice(SAY_NOTICE, "New %s (%d) forked", child_name(c), (int)c->pid);
		return;
	}
	notice(SAY_ALERT, "cannot fork a %s: %s", child_name(c), strerror(errno));
	timer_set(&c->respawn, clock_ms() + BACKOFF_MAX_MS);
}

static void child_respawn(struct timer *t)
{
	struct child *c = CONTAINER_OF(t, struct child, respawn);
	if (c->l->phase < LEAD_DRAINING)
		child_start(c);
}

static bool wake_fds_open(struct leader *l)
{
	l->wake_fd = calloc(l->nworkers, sizeof(*l->wake_fd));
	for (unsigned i = 0; l->wake_fd && i < l->nworkers; i++)
		if ((l->wake_fd[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
			return false;
	return l->wake_fd != NULL;
}

bool children_start(struct leader *l)
{
	l->nchild = l->nworkers + 1;
	l->child = calloc(l->nchild, sizeof(*l->child));
	if (!l->child || !wake_fds_open(l)) {
		notice(SAY_ALERT, "cannot prepare the workers: %s", strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < l->nchild; i++) {
		struct child *c = &l->child[i];
		c->l = l;
		c->role = i ? ROLE_WORKER : ROLE_CHECKER;
		c->slot = i ? i - 1 : 0;
		timer_init(&c->respawn, child_respawn);
	}
	for (unsigned i = 0; i < l->nchild; i++)
		child_start(&l->child[i]);
	return true;
}

/* ---- talking ---- */

static void child_tell_go(struct child *c)
{
	bool checker = c->role == ROLE_CHECKER;

	if (c->state != CHILD_READY)
		return;
	ipc_send(c->io.fd, checker ? IPC_CHK_GO : IPC_GO, 0, 0, NULL, 0, -1);
	c->state = checker ? CHILD_SERVING : CHILD_GOING;
}

void children_go(struct leader *l)
{
	for (unsigned i = 0; i < l->nchild; i++)
		child_tell_go(&l->child[i]);
}

/* A name that an exchange of a worker waits for. What finds no room is lost: the exchange does not wait for ever. */
static void ask_checker(const struct child *c, const struct ipc_msg *m)
{
	const struct child *checker = &c->l->child[0];
	struct ipc_name n;

	memcpy(&n, m->data, sizeof(n));
	n.worker = (uint8_t)c->slot;
	if (checker->pid)
		ipc_send(checker->io.fd, IPC_CHK_RESOLVE, m->arg, m->num, &n, sizeof(n), -1);
}

static void tell_worker(const struct leader *l, const struct ipc_msg *m)
{
	struct ipc_resolved r;

	memcpy(&r, m->data, sizeof(r));
	if (m->arg < l->nworkers && l->child[1 + m->arg].pid)
		ipc_send(l->child[1 + m->arg].io.fd, IPC_RESOLVE_DONE, 0, m->num, &r, sizeof(r), -1);
}

/* fd: what came with it, -1 = nothing; the caller's. */
static void child_said(struct child *c, const struct ipc_msg *m, int fd)
{
	switch (m->type) {
	case IPC_READY: case IPC_CHK_READY:
		c->state = CHILD_READY;
		if (c->l->phase == LEAD_COMMITTED || c->l->phase == LEAD_ACTIVE)
			child_tell_go(c);
		break;
	case IPC_SRV_DONE: case IPC_CHK_DONE: rows_answered(c, m); break;
	case IPC_CHK_FETCHED: ocsp_answered(c->l, m, fd); break;
	case IPC_ASKED: cli_answered(c, m); break;
	case IPC_ACCEPTING: c->state = CHILD_SERVING; break;
	case IPC_SRV_ORDER: order_servers(c->l, m); break;
	case IPC_PAT_ORDER:
	case IPC_PAT_ORDER_LONG: order_pattern(c, m, fd); break;
	case IPC_AGENT: order_agent(c->l, m); break;
	case IPC_RESOLVED: order_resolved(c->l, m); break;
	case IPC_RECORD: order_record(c->l, m, fd); break;
	case IPC_RESOLVE: ask_checker(c, m); break;
	case IPC_NAME_FOUND: tell_worker(c->l, m); break;
	}
}

void child_message(struct io *io)
{
	struct child *c = CONTAINER_OF(io, struct child, io);
	struct ipc_msg m;
	int fd, r;

	while ((r = ipc_recv(io->fd, ROLE_LEADER, c->role, &m, &fd)) > 0) {
		child_said(c, &m, fd);
		if (fd >= 0)
			close(fd);
	}
	if (r == -2) {
		notice(SAY_ALERT, "%s (%d) breaks the protocol", child_name(c), (int)c->pid);
		kill(c->pid, SIGKILL);
	}
	if (r < 0)
		io_del(io); /* SIGCHLD tells the rest */
	leader_step(c->l);
}

void children_tell(struct leader *l, enum role role, enum ipc_type t, uint64_t num)
{
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].role == role && l->child[i].pid)
			ipc_send(l->child[i].io.fd, t, 0, num, NULL, 0, -1);
}

void children_kill(struct leader *l, int sig)
{
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].pid)
			kill(l->child[i].pid, sig);
}

bool children_all(const struct leader *l, enum child_state at_least)
{
	for (unsigned i = 0; i < l->nchild; i++)
		if (!l->child[i].pid || l->child[i].state < at_least)
			return false;
	return true;
}

unsigned children_alive(const struct leader *l, enum role role)
{
	unsigned n = 0;
	for (unsigned i = 0; i < l->nchild; i++)
		n += l->child[i].role == role && l->child[i].pid;
	return n;
}

/* ---- deaths ---- */

static void say_death(const struct child *c, pid_t pid, int status)
{
	bool asked = c->l->phase == LEAD_DRAINING || c->l->phase == LEAD_STOPPING;

	if (WIFSIGNALED(status))
		notice(asked ? SAY_WARNING : SAY_ALERT, "%s %s (%d) was killed by signal %d (%s)", asked ? "Former" : "Current",
		       child_name(c), (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (!asked || WEXITSTATUS(status))
		notice(asked ? SAY_WARNING : SAY_ALERT, "%s %s (%d) exited with code %d", asked ? "Former" : "Current", child_name(c),
		       (int)pid, WEXITSTATUS(status));
}

static void child_restart_later(struct child *c)
{
	uint64_t now = clock_ms();
	uint32_t wait = backoff_death(&c->deaths, now, now - c->started);

	if (!wait) {
		child_start(c);
		return;
	}
	notice(SAY_WARNING, "%s dies too often: next start in %u ms", child_name(c), wait);
	timer_set(&c->respawn, now + wait);
}

/* More than half of the workers died as they began to accept. The generation before still accepts: better that than this one. */
static void give_up(struct leader *l)
{
	notice(SAY_ALERT, "%u of %u workers died when they began to accept", l->commit_deaths, l->nworkers);
	leader_abort(l);
}

static void child_died(struct child *c, int status)
{
	struct leader *l = c->l;
	pid_t pid = c->pid;

	io_del(&c->io);
	close(c->io.fd);
	rows_child_gone(c);
	c->pid = 0;
	c->state = CHILD_NONE;
	if (c->role == ROLE_WORKER) {
		cli_worker_gone(c);
		segment_reap(l->seg, c->slot);
		tables_recover(l);
	}
	var_area_repair(l->vars, (uint32_t)pid);
	(void)master_tell(l, IPC_CHILD_GONE, 0, (uint64_t)pid, NULL, 0, -1);
	say_death(c, pid, status);
	l->commit_deaths += l->phase == LEAD_COMMITTED && c->role == ROLE_WORKER;
	if (l->phase == LEAD_STARTING || l->phase == LEAD_READY)
		leader_abort(l);
	else if (l->phase == LEAD_COMMITTED && 2 * l->commit_deaths > l->nworkers)
		give_up(l);
	else if (l->phase == LEAD_COMMITTED || l->phase == LEAD_ACTIVE)
		child_restart_later(c);
}

void children_reap(struct leader *l)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned i = 0; i < l->nchild; i++)
			if (l->child[i].pid == pid) {
				child_died(&l->child[i], status);
				break;
			}
	leader_step(l);
}

void children_forget(struct leader *l)
{
	for (unsigned i = 0; l->child && i < l->nchild; i++)
		timer_stop(&l->child[i].respawn);
	free(l->child);
	l->child = NULL;
}
