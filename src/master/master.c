// SPDX-License-Identifier: GPL-3.0-or-later
/* The supervisor's loop: signals, messages of leaders, deaths, deadlines. Plain poll(2) over a handful of descriptors: the process
 * that must not die uses as little code as it can. Everything blocks on nothing but this poll. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/fault.h>
#include <sluice/base/notice.h>
#include <sluice/base/panic.h>
#include <sluice/net/sock.h>

#include "master_priv.h"

static uint64_t now_ms(void) { return clock_read_ns() / 1000000; }

static bool gen_serves(struct master *m)
{
	struct gen *g = gen_with(m, GEN_ACTIVE);
	return g && g->leader;
}

static bool gen_in_flight(struct master *m) { return gen_with(m, GEN_STARTING) || gen_with(m, GEN_COMMITTING); }

/* ---- reload ---- */

static void notify_reloading(void)
{
	char text[64];
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(clock_read_ns() / 1000));
	sd_notify_send(text);
}

static void notify_ready(const char *status)
{
	char text[480];
	snprintf(text, sizeof(text), "READY=1\nMAINPID=%d\nSTATUS=%s", (int)getpid(), status);
	sd_notify_send(text);
}

/* The start of a generation is over: everybody who waited for it is told. Before the old one is told to drain: it may have nothing left to
 * do but to pass this on. */
static void verdict(struct master *m, struct gen *g, bool ok)
{
	char line[300], status[400];

	asks_answer(m, g->id, ok, g->text);
	text_first_error(ok ? -1 : g->text, line, sizeof(line));
	if (g->text >= 0)
		close(g->text);
	g->text = -1;
	if (m->stopping)
		return;
	snprintf(status, sizeof(status), ok ? "Ready." : *line ? "Reload failed: %s" : "Reload failed.", line);
	notify_ready(status);
}

/* One at a time: requests that arrive meanwhile collapse into one. */
static void reload_if_due(struct master *m)
{
	bool due = m->reload_pending || (m->restart_at && now_ms() >= m->restart_at);

	if (!due || m->stopping || gen_in_flight(m))
		return;
	FAULT_POINT("master:R0");
	m->reload_pending = false;
	m->restart_at = 0;
	notice(SAY_NOTICE, "Reloading: starting generation %llu", (unsigned long long)m->next_id);
	notify_reloading();
	if (!gen_start(m) && !gen_serves(m))
		m->restart_at = now_ms() + BACKOFF_MAX_MS;
}

static void schedule_restart(struct master *m, uint64_t lived)
{
	uint64_t now = now_ms();
	if (!m->stopping && !gen_serves(m))
		m->restart_at = now + backoff_death(&m->restarts, now, lived);
}

static unsigned draining_from(const struct master *m, uint64_t id)
{
	unsigned n = 0;
	for (size_t i = 0; i < m->gens.n; i++)
		n += m->gens.at[i].state == GEN_DRAINING && m->gens.at[i].id >= id;
	return n;
}

/* A generation accepts: everything older finishes, and the oldest soon when there are too many. */
static void replace_older(struct master *m, uint64_t id)
{
	for (size_t i = 0; i < m->gens.n; i++)
		if (m->gens.at[i].id != id) {
			gen_drain(m, &m->gens.at[i]);
			state_show(m, &m->gens.at[i], id);
		}
	for (size_t i = 0; i < m->gens.n; i++)
		if (m->gens.at[i].id != id && draining_from(m, m->gens.at[i].id) > MAX_DRAINING)
			gen_hurry(m, &m->gens.at[i]);
	m->retire_at = now_ms() + RETIRE_MS;
	m->upgrade_at = now_ms() + UPGRADE_MS;
	FAULT_POINT("master:R6");
}

static void first_activation(struct master *m)
{
	m->ever_active = true;
	for (unsigned i = 0; i < m->o->nold; i++)
		kill(m->o->old[i], m->o->old_signal);
	if (m->ready_pipe >= 0) {
		stdio_detach();
		daemon_ready(m->ready_pipe);
		m->ready_pipe = -1;
	}
}

static void activated(struct master *m, uint64_t id)
{
	notice(SAY_NOTICE, "Generation %llu accepts connections", (unsigned long long)id);
	FAULT_POINT("master:R5b");
	verdict(m, gen_find(m, id), true);
	states_absorbed(m, id);
	replace_older(m, id);
	if (!m->ever_active)
		first_activation(m);
}

/* Taken over at the start: ready at once. What -sf and -st name was told by the program before, when this is the same process. */
static void adopted(struct master *m, bool again)
{
	m->ever_active = again;
	notify_ready("Ready.");
	if (!again)
		first_activation(m);
	m->retire_at = now_ms() + RETIRE_MS;
}

/* ---- deaths ---- */

/* About a generation that starts: for the operator and for whoever asked for it. */
static void say_of(struct gen *g, const char *line)
{
	notice(SAY_ALERT, "%s", line);
	text_add(g->text, line);
}

static const char *how_it_ended(int status, char *out, size_t n)
{
	if (WIFSIGNALED(status))
		snprintf(out, n, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out, n, "exited with code %d", WEXITSTATUS(status));
	return out;
}

static void generation_failed(struct master *m, struct gen *g, uint64_t lived)
{
	uint64_t id = g->id;

	if (g->state != GEN_COMMITTING) {
		g->state = GEN_DRAINING;
		gen_kill(m, g, SIGKILL);
	} else if (m->ever_active) {
		gen_drain(m, g); /* its workers may have accepted: their clients are served to the end */
	} else {
		gen_stop(m, g);
	}
	fds_abort(m, id);
	verdict(m, g, false);
	if (!m->ever_active && !m->stopping)
		m->stopping = -1;
	if (m->stopping)
		return;
	notice(SAY_ALERT, "Generation %llu did not start; %s", (unsigned long long)id,
	       gen_serves(m) ? "the running one goes on" : "its workers go on, trying again");
	schedule_restart(m, lived);
}

static void messages_of(struct master *m, uint64_t id);

static void leader_died(struct master *m, uint64_t id, int status)
{
	char how[80], line[120];

	messages_of(m, id);
	m->gens_changed = true;
	struct gen *g = gen_find(m, id);
	uint64_t lived = now_ms() - g->started;
	bool active = g->state == GEN_ACTIVE, draining = g->state == GEN_DRAINING;

	g->leader = 0;
	if (g->ctl >= 0)
		close(g->ctl);
	g->ctl = -1;
	if (g->state == GEN_STARTING || g->state == GEN_COMMITTING) {
		if (WIFSIGNALED(status)) {
			snprintf(line, sizeof(line), "Leader %s while starting", how_it_ended(status, how, sizeof(how)));
			say_of(g, line);
		}
		generation_failed(m, g, lived);
	} else if (active && !m->stopping) {
		notice(SAY_ALERT, "Leader of generation %llu %s; its workers go on, starting another", (unsigned long long)id,
		       how_it_ended(status, how, sizeof(how)));
		schedule_restart(m, lived);
	} else if (draining) {
		gen_orphaned(m, g);
		if (WIFSIGNALED(status) && m->stopping <= 0)
			notice(SAY_WARNING, "Draining leader %s", how_it_ended(status, how, sizeof(how)));
	}
}

static void reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		uint64_t id = 0;
		for (size_t i = 0; i < m->gens.n; i++)
			if (m->gens.at[i].leader == pid)
				id = m->gens.at[i].id;
		if (id)
			leader_died(m, id, status);
		else
			kid_gone(m, pid);
	}
	gens_sweep(m);
}

/* ---- signals ---- */

static void each_gen(struct master *m, void (*fn)(struct master *, struct gen *))
{
	for (size_t i = 0; i < m->gens.n; i++)
		fn(m, &m->gens.at[i]);
}

static void kill_all(struct master *m)
{
	for (size_t i = 0; i < m->gens.n; i++)
		gen_kill(m, &m->gens.at[i], SIGKILL);
}

static void finish_one(struct master *m, struct gen *g)
{
	if (g->state == GEN_STARTING)
		gen_stop(m, g);
	else
		gen_drain(m, g);
}

static void stop_gracefully(struct master *m)
{
	if (m->stopping)
		return;
	m->stopping = SIGUSR1;
	notice(SAY_NOTICE, "Finishing: open connections are served, no new ones accepted");
	sd_notify_send("STOPPING=1");
	each_gen(m, finish_one);
	fds_retire(m, 0); /* the workers close the last references, after a last look into the queues */
}

static void stop_at_once(struct master *m, int sig)
{
	if (m->stopping == SIGTERM || m->stopping == SIGINT) {
		kill_all(m);
		return;
	}
	m->stopping = sig;
	m->stop_deadline = now_ms() + STOP_KILL_MS;
	notice(SAY_NOTICE, "Stopping on signal %d", sig);
	sd_notify_send("STOPPING=1");
	each_gen(m, gen_stop);
	fds_retire(m, 0);
}

static void signals_read(struct master *m)
{
	struct signalfd_siginfo si;

	while (read(m->sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGCHLD: reap(m); break;
		case SIGHUP: case SIGUSR2: m->reload_pending = true; break;
		case SIGUSR1: stop_gracefully(m); break;
		case SIGTERM: case SIGINT: stop_at_once(m, (int)si.ssi_signo); break;
		}
	}
}

/* ---- the loop ---- */

static void messages_of(struct master *m, uint64_t id)
{
	struct ipc_msg msg;
	struct gen *g;
	int fd, r = 0;

	while ((g = gen_find(m, id)) && g->ctl >= 0 && (r = ipc_recv(g->ctl, ROLE_MASTER, ROLE_LEADER, &msg, &fd)) > 0) {
		enum gen_state before = g->state;
		gen_message(m, g, &msg, fd);
		if (before == GEN_COMMITTING && g->state == GEN_ACTIVE)
			activated(m, id);
	}
	if (g && r == -2) {
		notice(SAY_ALERT, "Leader of generation %llu breaks the protocol", (unsigned long long)id);
		gen_kill(m, g, SIGTERM);
	}
	if (g && r < 0 && g->ctl >= 0) {
		close(g->ctl);
		g->ctl = -1;
		if (g->adopted)
			leader_died(m, id, 0);
	}
}

static void gen_overdue(struct master *m, struct gen *g)
{
	if (!g->deadline || now_ms() < g->deadline)
		return;
	say_of(g, "The generation is not ready in time");
	g->deadline = 0;
	gen_kill(m, g, SIGKILL);
}

static void deadlines(struct master *m)
{
	uint64_t now = now_ms();
	struct gen *active = gen_with(m, GEN_ACTIVE);

	each_gen(m, gen_overdue);
	if (m->retire_at && now >= m->retire_at) {
		m->retire_at = 0;
		FAULT_POINT("master:R7");
		if (active)
			fds_retire(m, active->id);
	}
	if (m->stop_deadline && now >= m->stop_deadline) {
		m->stop_deadline = 0;
		kill_all(m);
	}
	reload_if_due(m);
	if (m->upgrade_at && now >= m->upgrade_at) {
		m->upgrade_at = 0;
		if (!m->stopping && !gen_in_flight(m) && master_outdated(m))
			master_upgrade(m);
	}
}

static int poll_timeout(const struct master *m)
{
	uint64_t first = UINT64_MAX, now = now_ms();
	uint64_t own[] = { m->retire_at, m->stop_deadline, m->restart_at, m->upgrade_at };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		first = own[i] ? MIN(first, own[i]) : first;
	for (size_t i = 0; i < m->gens.n; i++)
		first = m->gens.at[i].deadline ? MIN(first, m->gens.at[i].deadline) : first;
	return first == UINT64_MAX ? -1 : first <= now ? 0 : (int)MIN(first - now, (uint64_t)INT_MAX);
}

/* Children of an adopted leader that has died: nobody reports their end but their channel. */
static bool kid_is_watched(struct master *m, const struct kid *k)
{
	const struct gen *g = gen_find(m, k->gen);
	return g && g->adopted && !g->leader;
}

struct watched { struct pollfd p[1024]; uint64_t gen[1024]; pid_t kid[1024]; nfds_t n; };

static void watch(struct watched *w, int fd, short events, uint64_t gen, pid_t kid)
{
	if (fd < 0 || w->n == ARRAY_LEN(w->p))
		return;
	w->p[w->n] = (struct pollfd){ .fd = fd, .events = events };
	w->gen[w->n] = gen;
	w->kid[w->n++] = kid;
}

static void watch_all(struct master *m, struct watched *w)
{
	w->n = 0;
	watch(w, m->sigfd, POLLIN, 0, 0);
	for (size_t i = 0; i < m->gens.n; i++)
		watch(w, m->gens.at[i].ctl, POLLIN, m->gens.at[i].id, 0);
	for (size_t i = 0; i < m->kids.n; i++)
		if (kid_is_watched(m, &m->kids.at[i]))
			watch(w, m->kids.at[i].ctl, 0, 0, m->kids.at[i].pid);
}

static void turn(struct master *m)
{
	static struct watched w;

	watch_all(m, &w);
	if (poll(w.p, w.n, poll_timeout(m)) < 0 && errno != EINTR)
		die("poll: %m");
	for (nfds_t i = 1; i < w.n; i++)
		if (w.p[i].revents && w.gen[i])
			messages_of(m, w.gen[i]);
		else if (w.p[i].revents)
			kid_gone(m, w.kid[i]);
	gens_sweep(m);
	if (w.p[0].revents)
		signals_read(m);
	deadlines(m);
	gens_publish(m);
}

/* A copy of every listener may be more than the soft limit allows; leaders inherit it and take what they need of it. */
static void raise_fd_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0)
		(void)sock_raise_nofile((unsigned)MIN(r.rlim_max, (rlim_t)1048576));
}

static void master_setup(struct master *m)
{
	static const int caught[] = { SIGCHLD, SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGINT };
	struct stat exe;
	sigset_t set;

	ssize_t n = readlink("/proc/self/exe", m->exe, sizeof(m->exe) - 1);
	if (n < 0)
		die("readlink /proc/self/exe: %m");
	m->exe[n] = '\0';
	if (stat("/proc/self/exe", &exe) == 0)
		m->exe_ino = exe.st_ino, m->exe_dev = exe.st_dev;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	m->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->sigfd < 0)
		die("signalfd: %m");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	raise_fd_limit();
}

static int exit_status(const struct master *m)
{
	if (!m->ever_active && m->stopping == -1)
		return 1;
	return m->o->exit_by_signal && m->stopping != SIGUSR1 ? 128 + m->stopping : 0;
}

int master_run(const struct master_opts *o)
{
	struct master m = { .o = o, .next_id = 1, .ready_pipe = -1 };

	notice_quiet(o->quiet);
	bool again = getenv(ADOPT_ENV) != NULL; /* this process was the master before, as an older program */

	if (o->daemon && !again)
		m.ready_pipe = daemon_fork();
	panic_install("master");
	master_setup(&m);
	if (master_adopt(&m))
		adopted(&m, again);
	else if (!gen_start(&m))
		return 1;
	while (!m.stopping || m.gens.n)
		turn(&m);
	fds_retire(&m, 0);
	VEC_FREE(&m.gens);
	VEC_FREE(&m.kids);
	VEC_FREE(&m.fds);
	VEC_FREE(&m.asks);
	states_drop(&m);
	return exit_status(&m);
}
