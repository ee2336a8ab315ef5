// SPDX-License-Identifier: GPL-3.0-or-later
/* The checker process: takes over the states that stand in the segment, says it is ready, probes once told to, and stops when told to.
 *
 * The leader's death does not stop it: the workers go on serving and need its verdicts. Only a channel that closes before the order to start
 * ends it, because that generation never began. An orphan ends with the segment's state. Log sockets are open already. */
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/fault.h>
#include <sluice/base/notice.h>
#include <sluice/base/panic.h>
#include <sluice/base/rand.h>
#include <sluice/checker/checker.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/ipc/msg.h>
#include <sluice/tls/live.h>
#include <sluice/net/sock.h>
#include <sluice/rt/row.h>
#include "dns_priv.h"

#define FDS_BESIDE_CHECKS 64

static struct checker checker;
static struct io ctl;
static struct timer tick;
static int exit_status;

static void stop(int status)
{
	exit_status = status;
	loop_stop();
}

static void go(void)
{
	if (checker.going)
		return;
	FAULT_POINT("checker:R5");
	checker.going = true;
	notice_copy_to(-1); /* the verdict on this start is not ours any more */
	fleet_reload(&checker);
	for (uint32_t i = 0; i < checker.ntargets; i++)
		if (checker.t[i]->ops && !checker.t[i]->maint)
			probe_schedule_first(checker.t[i]);
	agents_go(&checker);
	names_go();
}

static void lose_leader(void)
{
	io_del(&ctl);
	close(ctl.fd);
	checker.ctl = -1;
	if (!checker.going)
		stop(1);
}

/* Checks over TLS judge servers by the same bytes as the workers do. */
static void change_tls(const struct ipc_msg *m, int fd)
{
	struct tls_err e;

	if (!tls_live_apply(fd, m->num, &e))
		notice(SAY_WARNING, "a change of certificates was not applied: %s", e.text);
}

/* A server comes with the row arg, or goes from it. */
static void put_server(const struct ipc_msg *m, int fd)
{
	bool ok = rt_row_receive(checker.rt, m->arg, fd) && fleet_put(&checker, m->arg);

	if (ok)
		names_put(m->arg);
	(void)ipc_send(checker.ctl, IPC_CHK_DONE, ok, m->num, NULL, 0, -1);
}

static void drop_server(const struct ipc_msg *m)
{
	bool ok = m->arg < checker.rt->nsrv && rt_srv_exists(&checker.rt->srv[m->arg]);

	if (ok) {
		fleet_drop(&checker, m->arg);
		names_drop(m->arg);
		rt_row_drop(checker.rt, m->arg);
		downtime_backend(&checker, checker.rt->srv[m->arg].px);
	}
	(void)ipc_send(checker.ctl, IPC_CHK_DONE, ok, m->num, NULL, 0, -1);
}

static void on_ctl(struct io *io)
{
	struct ipc_msg m;
	int fd = -1, r;

	while ((r = ipc_recv(io->fd, ROLE_CHECKER, ROLE_LEADER, &m, &fd)) == 1) {
		switch (m.type) {
		case IPC_CHK_GO: go(); break;
		case IPC_CHK_STOP: stop(0); break;
		case IPC_CHK_TLS_CHANGE: change_tls(&m, fd); break;
		case IPC_CHK_RESOLVE: asked_name(&m); break;
		case IPC_CHK_FETCH: fetch_begin(&checker, &m, fd); break;
		case IPC_CHK_PUT: put_server(&m, fd); break;
		case IPC_CHK_DROP: drop_server(&m); break;
		}
		if (fd >= 0)
			close(fd);
	}
	if (r < 0)
		lose_leader();
}

static void on_tick(struct timer *t)
{
	fleet_tick(&checker);
	if (checker.going)
		names_tick(&checker);
	if (atomic_load_explicit(&checker.seg->h->state, memory_order_acquire) == SEG_STOPPED)
		stop(0);
	timer_set(t, clock_ms() + TICK_MS);
}

static void beat(void)
{
	atomic_store_explicit(&checker.seg->h->checker_beat, clock_ms(), memory_order_relaxed);
}

static uint32_t count_checked(const struct rt *rt)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rt->nsrv; i++)
		n += !!(rt->srv[i].flags & SRVF_CHECK) + !!(rt->srv[i].flags & SRVF_AGENT);
	return n;
}

static void init_process(const struct heritage *h)
{
	const struct rt *rt = h->rt;

	panic_install("checker");
	clock_update();
	rand_seed();
	expr_process_init();
	vars_process_init(rt->vars, &checker.vars);
	if (h->vars)
		var_store_share(&checker.vars, h->vars);
	buf_set_size(rt->g.bufsize ? rt->g.bufsize : 16384);
	loop_init(h->poll_only ? "poll" : NULL, sock_raise_nofile(count_checked(rt) + 2 * rt->nspare + rt->nlogs + 4 * rt->nns + FDS_BESIDE_CHECKS));
}

int checker_run(const struct heritage *h)
{
	exit_status = 0;
	checker = (struct checker){ .h = h, .rt = h->rt, .seg = h->seg, .ctl = h->ctl };
	init_process(h);
	report_init(checker.rt);
	if (!fleet_init(&checker) || !http_requests_build(&checker) || !names_init(&checker) || !io_add(&ctl, h->ctl, IO_READ, on_ctl))
		return 1;
	timer_init(&tick, on_tick);
	timer_set(&tick, clock_ms() + TICK_MS);
	beat();
	FAULT_POINT("checker:R4");
	if (!ipc_send(h->ctl, IPC_CHK_READY, 0, 0, NULL, 0, -1))
		return 1;
	loop_run(beat);
	names_free();
	fetch_end();
	fleet_free(&checker);
	rt_rows_free(checker.rt);
	http_requests_free(&checker);
	chk_env_free();
	var_store_drop(&checker.vars);
	timer_stop(&tick);
	loop_free();
	return exit_status;
}
