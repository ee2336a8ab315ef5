// SPDX-License-Identifier: GPL-3.0-or-later
/* Generations as the master sees them: starting a leader, what its messages mean, asking it to finish. What follows from the end of
 * a process is decided in master.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/fault.h>
#include <sluice/base/notice.h>

#include "master_priv.h"

struct gen *gen_find(struct master *m, uint64_t id)
{
	for (size_t i = 0; i < m->gens.n; i++)
		if (m->gens.at[i].id == id)
			return &m->gens.at[i];
	return NULL;
}

struct gen *gen_with(struct master *m, enum gen_state st)
{
	for (size_t i = 0; i < m->gens.n; i++)
		if (m->gens.at[i].state == st)
			return &m->gens.at[i];
	return NULL;
}

bool gen_has_kids(const struct master *m, uint64_t id)
{
	for (size_t i = 0; i < m->kids.n; i++)
		if (m->kids.at[i].gen == id)
			return true;
	return false;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- starting ---- */

/* Descriptors for a leader that is started: our end of the channel and its; listeners, states, words. */
struct starting { int ctl[2], fds, state, text; };

struct exec_args { char ctl[16], fds[16], gen[24], pid[16], text[16], state[16]; const char **argv; };

/* Hidden switches first, then the switches the program was started with: `--` among them ends nothing of ours. */
static void exec_args_fill(struct exec_args *x, const struct master *m, const struct starting *s)
{
	const struct master_opts *o = m->o;
	unsigned n = 0;

	snprintf(x->ctl, sizeof(x->ctl), "%d", s->ctl[1]);
	snprintf(x->fds, sizeof(x->fds), "%d", s->fds);
	snprintf(x->text, sizeof(x->text), "%d", s->text);
	snprintf(x->state, sizeof(x->state), "%d", s->state);
	snprintf(x->gen, sizeof(x->gen), "%llu", (unsigned long long)m->next_id);
	snprintf(x->pid, sizeof(x->pid), "%d", (int)getppid());
	const char *own[] = { o->argv[0], "--role", "leader", "--ctl", x->ctl, "--fds", x->fds, "--gen", x->gen, "--master", x->pid,
			      "--text", x->text, "--state", x->state };
	x->argv = calloc(ARRAY_LEN(own) + (size_t)o->argc + 2, sizeof(*x->argv));
	if (!x->argv)
		_exit(1);
	for (; n < ARRAY_LEN(own); n++)
		x->argv[n] = own[n];
	if (o->daemon)
		x->argv[n++] = "--detach";
	for (int i = 1; i < o->argc; i++)
		x->argv[n++] = o->argv[i];
}

static void leader_exec(const struct master *m, const struct starting *s)
{
	struct exec_args x;
	sigset_t none;

	exec_args_fill(&x, m, s);
	const int own[] = { s->ctl[1], s->fds, s->text, s->state };
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		fcntl(own[i], F_SETFD, 0);
	fds_inherit(m);
	states_inherit(m);
	unsetenv("NOTIFY_SOCKET");
	unsetenv(ADOPT_ENV);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	notice_copy_to(s->text);
	execv(m->exe, (char *const *)x.argv);
	notice(SAY_ALERT, "cannot execute %s: %s", m->exe, strerror(errno));
	_exit(1);
}

static void gen_new(struct master *m, pid_t leader, int ctl, int text)
{
	uint64_t now = clock_read_ns() / 1000000;
	struct gen g = { .id = m->next_id++, .state = GEN_STARTING, .leader = leader, .ctl = ctl, .started = now,
			 .deadline = now + GEN_START_MS, .text = text };
	VEC_PUSH(&m->gens, g);
	asks_assign(m, g.id);
	m->gens_changed = true;
}

bool gen_start(struct master *m)
{
	struct starting s = { .ctl = { -1, -1 }, .fds = fds_table(m), .state = states_table(m), .text = text_new() };
	pid_t pid = -1;

	if (s.fds >= 0 && s.state >= 0 && s.text >= 0 && ipc_pair(s.ctl) == 0)
		pid = fork();
	if (pid == 0)
		leader_exec(m, &s);
	int err = errno;
	close_if(s.fds);
	close_if(s.state);
	close_if(s.ctl[1]);
	if (pid > 0) {
		gen_new(m, pid, s.ctl[0], s.text);
		FAULT_POINT("master:R1");
		return true;
	}
	notice(SAY_ALERT, "cannot start a leader: %s", strerror(err));
	close_if(s.ctl[0]);
	close_if(s.text);
	asks_answer(m, 0, false, -1);
	return false;
}

/* ---- messages ---- */

static void kid_add(struct master *m, uint64_t gen, const struct ipc_msg *msg, int fd)
{
	struct kid k = { .gen = gen, .pid = (pid_t)msg->num, .role = (enum role)msg->arg, .ctl = fd };
	VEC_PUSH(&m->kids, k);
}

void kid_gone(struct master *m, pid_t pid)
{
	for (size_t i = m->kids.n; i-- > 0;)
		if (m->kids.at[i].pid == pid) {
			m->gens_changed = true;
			close(m->kids.at[i].ctl);
			m->kids.at[i] = m->kids.at[--m->kids.n];
		}
}

static void gen_is_ready(struct gen *g, const struct ipc_msg *msg)
{
	if (g->state != GEN_STARTING)
		return;
	FAULT_POINT("master:R4");
	g->state = GEN_COMMITTING;
	g->hard_stop_ms = msg->num;
	g->nworkers = msg->arg;
	memcpy(g->version, ((const struct ipc_build *)(const void *)msg->data)->version, sizeof(g->version) - 1);
	g->deadline = clock_read_ns() / 1000000 + GEN_COMMIT_MS;
	ipc_send(g->ctl, IPC_COMMIT, 0, 0, NULL, 0, -1);
	FAULT_POINT("master:R5");
}

/* Passed on unread. */
static void gen_clear(struct master *m, const struct ipc_msg *msg)
{
	const struct gen *g = gen_find(m, msg->num);

	if (g && g->ctl >= 0)
		ipc_send(g->ctl, IPC_GEN_CLEAR, 0, 0, msg->data, sizeof(struct ipc_clear), -1);
}

void gen_message(struct master *m, struct gen *g, const struct ipc_msg *msg, int fd)
{
	const struct ipc_key *key = (const struct ipc_key *)(const void *)msg->data;

	m->gens_changed |= msg->type != IPC_RELOAD;
	switch (msg->type) {
	case IPC_STATE_SEG:
		FAULT_POINT("master:R3");
		state_seg_add(m, msg->num ? msg->num : g->id, fd);
		break;
	case IPC_LISTENER: fds_add(m, key, fd, g->id); break;
	case IPC_LISTENER_KEPT: fds_claim(m, key, g->id); break;
	case IPC_CHILD: kid_add(m, g->id, msg, fd); break;
	case IPC_CHILD_GONE: kid_gone(m, (pid_t)msg->num); break;
	case IPC_GEN_READY: gen_is_ready(g, msg); break;
	case IPC_GEN_ACTIVE:
		if (g->state == GEN_COMMITTING)
			g->state = GEN_ACTIVE, g->served = true, g->deadline = 0;
		break;
	case IPC_STATE_DIR: state_dir_add(m, msg->num ? msg->num : g->id, fd); break;
	case IPC_RELOAD: ask_add(m, g->id, msg->num); break;
	case IPC_CLEAR: gen_clear(m, msg); break;
	}
}

/* ---- ending ---- */

static void kids_tell(struct master *m, const struct gen *g, bool drain)
{
	for (size_t i = 0; i < m->kids.n; i++) {
		const struct kid *k = &m->kids.at[i];
		if (k->gen != g->id)
			continue;
		if (k->role == ROLE_CHECKER)
			ipc_send(k->ctl, IPC_CHK_STOP, 0, 0, NULL, 0, -1);
		else
			ipc_send(k->ctl, drain ? IPC_DRAIN : IPC_STOP, 0, drain ? g->hard_stop_ms : 0, NULL, 0, -1);
	}
}

/* Its leader died while it drained, or before it had passed that on. */
void gen_orphaned(struct master *m, struct gen *g) { kids_tell(m, g, !m->stopping || m->stopping == SIGUSR1); }

void gen_drain(struct master *m, struct gen *g)
{
	if (g->state == GEN_DRAINING)
		return;
	g->state = GEN_DRAINING;
	g->deadline = 0;
	m->gens_changed = true;
	if (!g->leader)
		kids_tell(m, g, true);
	else if (!ipc_send(g->ctl, IPC_GEN_DRAIN, 0, 0, NULL, 0, -1))
		kill(g->leader, SIGUSR1);
}

void gen_hurry(struct master *m, struct gen *g)
{
	if (!g->leader) {
		g->hard_stop_ms = 1;
		kids_tell(m, g, true);
	} else if (!ipc_send(g->ctl, IPC_GEN_DRAIN, 0, 1, NULL, 0, -1)) {
		kill(g->leader, SIGTERM);
	}
}

/* A leader that still reads its configuration does not listen to its channel: the signal ends it. */
void gen_stop(struct master *m, struct gen *g)
{
	bool early = g->state == GEN_STARTING;

	g->state = GEN_DRAINING;
	if (!g->leader)
		kids_tell(m, g, false);
	else if (early || !ipc_send(g->ctl, IPC_GEN_STOP, 0, 0, NULL, 0, -1))
		kill(g->leader, SIGTERM);
}

void gen_kill(struct master *m, struct gen *g, int sig)
{
	for (size_t i = 0; i < m->kids.n; i++)
		if (m->kids.at[i].gen == g->id)
			kill(m->kids.at[i].pid, sig);
	if (g->leader)
		kill(g->leader, sig);
}

void gens_sweep(struct master *m)
{
	for (size_t i = m->gens.n; i-- > 0;) {
		struct gen *g = &m->gens.at[i];
		if (g->leader || gen_has_kids(m, g->id))
			continue;
		close_if(g->text);
		state_ended(m, g->id, g->served);
		m->gens.at[i] = m->gens.at[--m->gens.n];
		m->gens_changed = true;
	}
}
