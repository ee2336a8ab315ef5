// SPDX-License-Identifier: GPL-3.0-or-later
/* A generation from its configuration to its end. Set-up is a straight line in which any failure ends the process before anybody
 * noticed; then one small state machine, driven by the master's messages, the children's, and signals.
 * When the master is gone the leader goes on: it serves, respawns, and ends on SIGTERM or SIGUSR1. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/base/clock.h>
#include <sluice/base/fault.h>
#include <sluice/base/notice.h>
#include <sluice/base/panic.h>
#include <sluice/base/proctitle.h>
#include <sluice/health/health.h>
#include <sluice/ipc/sandbox.h>
#include <sluice/rt/row.h>

#include "certs.h"
#include "cli_priv.h"
#include "leader_priv.h"
#include "roster.h"

/* ---- phases ---- */

static void segment_state(struct leader *l, enum seg_state st)
{
	atomic_store_explicit(&l->seg->h->state, (uint32_t)st, memory_order_release);
}

static void finish(struct leader *l, int status)
{
	FAULT_POINT("leader:R9");
	l->status = status;
	segment_state(l, SEG_STOPPED);
	loop_stop();
}

void leader_abort(struct leader *l)
{
	children_kill(l, SIGKILL);
	finish(l, 1);
}

static void stop_children(struct leader *l)
{
	if (l->phase == LEAD_STOPPING) {
		children_kill(l, SIGKILL);
		return;
	}
	l->phase = LEAD_STOPPING;
	children_tell(l, ROLE_WORKER, IPC_STOP, 0);
	children_tell(l, ROLE_CHECKER, IPC_CHK_STOP, 0);
	timer_set(&l->deadline, clock_ms() + STOP_KILL_MS);
	leader_step(l);
}

/* Too many generations drain, and this is the oldest: what is left is closed within close-spread-time. */
static void hurry_children(struct leader *l, uint64_t hard)
{
	children_tell(l, ROLE_WORKER, IPC_DRAIN, hard);
	timer_set(&l->deadline, clock_ms() + hard + l->rt->g.server_close_spread + DRAIN_GRACE_MS);
}

static void drain_children(struct leader *l)
{
	uint32_t hard = l->rt->g.hard_stop_after;

	if (l->phase == LEAD_STARTING || l->phase == LEAD_READY) {
		leader_abort(l);
		return;
	}
	if (l->phase >= LEAD_DRAINING)
		return;
	FAULT_POINT("leader:R6");
	l->phase = LEAD_DRAINING;
	segment_state(l, SEG_DRAINING);
	children_tell(l, ROLE_WORKER, IPC_DRAIN, hard);
	if (l->on_drain)
		l->on_drain(l);
	listeners_close(l);
	if (hard)
		timer_set(&l->deadline, clock_ms() + hard + l->rt->g.server_close_spread + DRAIN_GRACE_MS);
	else
		timer_stop(&l->deadline);
	leader_step(l);
}

static void deadline_passed(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, deadline);

	if (l->phase == LEAD_STARTING) {
		notice(SAY_ALERT, "not all processes were ready within %u s", READY_MS / 1000);
		leader_abort(l);
	} else if (l->phase == LEAD_DRAINING) {
		stop_children(l);
	} else if (l->phase == LEAD_STOPPING) {
		children_kill(l, SIGKILL);
	}
}

void pidfile_write(struct leader *l)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", l->master_pid);

	if (l->pid_fd < 0)
		return;
	if (ftruncate(l->pid_fd, 0) < 0 || pwrite(l->pid_fd, text, (size_t)n, 0) != n)
		notice(SAY_WARNING, "cannot write the pid file: %s", strerror(errno));
	close(l->pid_fd);
	l->pid_fd = -1;
}

static void become_active(struct leader *l)
{
	l->phase = LEAD_ACTIVE;
	notice_copy_to(-1);
	roster_start(l);
	tables_teach(l);
	pidfile_write(l);
	if (l->o->detach)
		stdio_detach();
	FAULT_POINT("leader:R5b");
	(void)master_tell(l, IPC_GEN_ACTIVE, 0, 0, NULL, 0, -1);
}

/* Called whenever something may have changed: moves on when the phase is complete. */
void leader_step(struct leader *l)
{
	if (l->phase == LEAD_STARTING && children_all(l, CHILD_READY)) {
		l->phase = LEAD_READY;
		timer_stop(&l->deadline);
		struct ipc_build b = { SLUICE_VERSION };
		if (!master_tell(l, IPC_GEN_READY, l->nworkers, l->rt->g.hard_stop_after, &b, sizeof(b), -1))
			leader_abort(l);
	} else if (l->phase == LEAD_COMMITTED && children_all(l, CHILD_SERVING)) {
		become_active(l);
	} else if (l->phase >= LEAD_DRAINING && !children_alive(l, ROLE_WORKER)) {
		if (l->phase == LEAD_DRAINING) {
			l->drained = true;
			stop_children(l);
		} else if (!children_alive(l, ROLE_CHECKER) && (!l->drained || !cli_owes(l))) {
			finish(l, 0);
		}
	}
}

static void commit(struct leader *l)
{
	if (l->phase != LEAD_READY)
		return;
	FAULT_POINT("leader:R5");
	l->phase = LEAD_COMMITTED;
	import_words(l);
	last_look_prepare(l);
	segment_state(l, SEG_ACTIVE);
	follow_start(l);
	watchdog_start(l);
	journal_catch_up(l);
	children_go(l);
	cli_start(l);
	leader_step(l);
}

/* ---- events ---- */

static void master_lost(struct leader *l)
{
	io_del(&l->ctl_io);
	close(l->ctl);
	reload_master_gone(l);
	if (l->phase == LEAD_STARTING || l->phase == LEAD_READY) {
		leader_abort(l);
		return;
	}
	adopt_offer(l);
	notice(SAY_ALERT, "the master is gone; generation %llu goes on serving", (unsigned long long)l->o->generation);
}

void master_message(struct io *io)
{
	struct leader *l = CONTAINER_OF(io, struct leader, ctl_io);
	struct ipc_msg m;
	int fd, r;

	while ((r = ipc_recv(io->fd, ROLE_LEADER, ROLE_MASTER, &m, &fd)) > 0) {
		switch (m.type) {
		case IPC_COMMIT: commit(l); break;
		case IPC_GEN_DRAIN:
			drain_children(l);
			if (m.num && l->phase == LEAD_DRAINING)
				hurry_children(l, m.num);
			break;
		case IPC_GEN_STOP: l->drained = false; stop_children(l); break;
		case IPC_VERDICT: reload_verdict(l, &m, fd); break;
		case IPC_NEXT_DIR: successor_dir(l, fd); break;
		case IPC_NEXT_SEG: successor_seg(l, fd); break;
		case IPC_GEN_CLEAR: counters_clear(l, &m); break;
		case IPC_GENERATIONS: gens_received(l, &m, fd); break;
		}
	}
	if (r < 0)
		master_lost(l);
}

static void signals_read(struct io *io)
{
	struct leader *l = CONTAINER_OF(io, struct leader, sig_io);
	struct signalfd_siginfo si;

	while (read(io->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGCHLD: children_reap(l); break;
		case SIGTERM: l->drained = false; stop_children(l); break;
		case SIGUSR1: drain_children(l); break;
		}
	}
}

/* ---- set-up ---- */

bool pidfile_open(struct leader *l)
{
	char path[4096] = "";

	if (l->o->pidfile)
		snprintf(path, sizeof(path), "%s", l->o->pidfile);
	else if (l->rt->g.pidfile.n)
		snprintf(path, sizeof(path), STR_FMT, STR_ARG(l->rt->g.pidfile));
	if (!*path)
		return true;
	l->pid_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (l->pid_fd < 0)
		notice(SAY_ALERT, "cannot create the pid file %s: %s", path, strerror(errno));
	return l->pid_fd >= 0;
}

/* Limits as configured; the runtime interface may change them. */
static void admin_defaults(struct leader *l)
{
	const struct rt_global *g = &l->rt->g;
	struct seg_header *h = l->seg->h;

	atomic_store_explicit(&h->maxconn, g->maxconn, memory_order_relaxed);
	atomic_store_explicit(&h->conn_rate, g->maxconnrate, memory_order_relaxed);
	atomic_store_explicit(&h->sess_rate, g->maxsessrate, memory_order_relaxed);
	atomic_store_explicit(&h->ssl_rate, g->maxsslrate, memory_order_relaxed);
	for (uint32_t i = 0; i < l->rt->npx; i++)
		atomic_store_explicit(&l->seg->be[i].fe_maxconn, l->rt->px[i].maxconn, memory_order_relaxed);
}

static bool segment_prepare(struct leader *l)
{
	uint32_t now_s;

	l->seg = segment_create(l->o->generation, l->nworkers, l->rt->npx, l->rt->nsrv, l->rt->nlst);
	if (!l->seg) {
		notice(SAY_ALERT, "cannot create the shared segment: %s", strerror(errno));
		return false;
	}
	if (!hits_open(&l->hits, l->rt->nrules, l->nworkers)) {
		notice(SAY_ALERT, "cannot share the counts of rules: %s", strerror(errno));
		return false;
	}
	if (!dns_stats_open(&l->dns, l->rt->nns)) {
		notice(SAY_ALERT, "cannot share the counters of nameservers: %s", strerror(errno));
		return false;
	}
	clock_update();
	now_s = (uint32_t)(clock_ms() / 1000);
	l->seg->h->started_ms = clock_ms();
	l->seg->h->started_s = clock_real.tv_sec;
	admin_defaults(l);
	health_initial_states(l->seg, l->rt, now_s);
	return true;
}

static bool privs_prepare(struct leader *l)
{
	char err[300];

	if (privs_resolve(&l->rt->g, &l->ids, err, sizeof(err)))
		return true;
	notice(SAY_ALERT, "%s", err);
	return false;
}

static bool prepare(struct leader *l)
{
	limits_memory(l->o->mem_mb);
	roster_peek(l);
	struct conf_opts conf = l->o->conf;
	conf.changes = l->changes;
	l->rt = leader_load(&conf, l->o->quiet, l->o->warn_fatal);
	if (!l->rt) {
		roster_refused(l);
		return false;
	}
	l->nworkers = leader_workers(l->rt);
	return limits_apply(l->rt, l->nworkers) && privs_prepare(l) && listeners_open(l) && cli_open(l) && pidfile_open(l) &&
	       segment_prepare(l) && state_import(l);
}

/* The arena describes itself inside its own pages: it is frozen through a copy. */
static void tables_freeze(const struct rt *rt)
{
	struct arena a = rt->arena;
	arena_freeze(&a);
}

/* From here on signals are messages. Until then SIGTERM just ends a leader that nobody depends on. */
static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool watch(struct leader *l)
{
	int sig = signals_open();

	loop_init(l->rt->g.noepoll || l->o->conf.poll_only ? "poll" : NULL, l->nworkers + CLI_SESSIONS_MAX + l->rt->ncli + 64);
	l->started_ms = clock_ms();
	timer_init(&l->deadline, deadline_passed);
	tables_start(l);
	patterns_start(l);
	tickets_start(l);
	maps_start(l);
	certs_start(l);
	cert_watch_start(l);
	ocsp_update_start(l);
	timer_set(&l->deadline, clock_ms() + READY_MS);
	return sig >= 0 && io_add(&l->sig_io, sig, IO_READ, signals_read) && io_add(&l->ctl_io, l->ctl, IO_READ, master_message);
}

static void teardown(struct leader *l)
{
	cli_stop();
	listeners_close(l);
	for (unsigned i = 0; i < l->nworkers; i++)
		close(l->wake_fd[i]);
	free(l->wake_fd);
	children_forget(l);
	free(l->listen_fd);
	free(l->cli_fd);
	free(l->gens);
	VEC_FREE(&l->asks);
	timer_stop(&l->follow);
	timer_stop(&l->watchdog);
	state_release(l);
	roster_stop();
	tables_close(l);
	var_area_close(l->vars);
	rt_rows_free(l->rt);
	segment_unmap(l->seg);
	hits_close(&l->hits);
	dns_stats_close(&l->dns);
	loop_free();
}

int leader_run(const struct leader_opts *o)
{
	static struct leader l;

	l = (struct leader){ .o = o, .phase = LEAD_STARTING, .ctl = o->ctl, .master_pid = o->master_pid, .dir_fd = -1, .pid_fd = -1,
			     .ticket_fd = -1, .secret_fd = -1, .roster_fd = -1, .journal_fd = -1, .successor_dir = -1, .startup_fd = -1 };
	panic_install("leader");
	proctitle_set("leader, generation %llu", (unsigned long long)o->generation);
	notice_quiet(o->quiet);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* a terminal sends it to all of us: the master decides */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sock_cloexec(o->ctl, true);
	if (o->text >= 0) {
		sock_cloexec(o->text, true);
		l.startup_fd = fcntl(o->text, F_DUPFD_CLOEXEC, 0);
		notice_copy_to(o->text);
	}
	FAULT_POINT("leader:R1");
	if (!prepare(&l))
		return 1;
	FAULT_POINT("leader:R3");
	tables_freeze(l.rt);
	if (!watch(&l) || !children_start(&l))
		return 1;
	FAULT_POINT("leader:R4");
	sandbox_enter(ROLE_LEADER);
	loop_run(NULL);
	teardown(&l);
	return l.status;
}
