// SPDX-License-Identifier: GPL-3.0-or-later
/* The worker process: set-up after fork, orders from the leader, heartbeat, graceful and hard stop. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/base/clock.h>
#include <sluice/base/fault.h>
#include <sluice/base/notice.h>
#include <sluice/base/panic.h>
#include <sluice/base/pool.h>
#include <sluice/base/rand.h>
#include <sluice/ipc/counters.h>
#include <sluice/ipc/msg.h>
#include <sluice/ptab/ptab.h>
#include <sluice/rt/row.h>
#include <sluice/tls/cache.h>
#include <sluice/tls/live.h>
#include <sluice/tls/xprt_tls.h>
#include <sluice/base/notice.h>
#include <sluice/worker/worker.h>
#include "accept.h"
#include "compress.h"
#include "ask.h"
#include "patterns.h"
#include "pool.h"
#include "resolve.h"
#include "row.h"
#include "session.h"
#include "steps.h"
#include "stream_priv.h"
#include "track.h"
#include "worker_priv.h"

struct worker wk;

static struct io ctl_io, wake_io;
static bool at_once; /* stop: nothing is waited for */
#define BEAT_MS 100

static struct timer stop_timer, queue_timer, beat_timer;

static struct seg_slot *my_slot(void) { return &wk.seg->slot[wk.slot]; }

static void slot_state(enum slot_state st) { atomic_store_explicit(&my_slot()->state, st, memory_order_release); }

static void kill_all(char why)
{
	while (!list_empty(&wk.sessions))
		session_kill(LIST_ENTRY(wk.sessions.next, struct session, link), why);
	pool_drop_all();
}

/* Time is up: what is left goes, spread out so that its clients do not all come back in the same moment. */
static void hard_stop(struct timer *t UNUSED)
{
	LIST_EACH_SAFE(p, n, &wk.sessions)
		session_kill_within(LIST_ENTRY(p, struct session, link), wk.rt->g.server_close_spread);
}

/* Stop accepting, finish what is open; the loop ends with the last session. */
static void drain(uint64_t hard_stop_ms)
{
	if (hard_stop_ms)
		timer_set(&stop_timer, clock_ms() + hard_stop_ms);
	if (wk.draining)
		return;
	FAULT_POINT("worker:R6");
	wk.draining = true;
	slot_state(SLOT_DRAINING);
	accept_stop();
	LIST_EACH_SAFE(p, n, &wk.sessions)
		session_drain(LIST_ENTRY(p, struct session, link));
	pool_drop_all();
}

static void change_tls(const struct ipc_msg *m, int fd)
{
	struct tls_err e;

	if (fd >= 0 && !tls_live_apply(fd, m->num, &e))
		notice(SAY_WARNING, "a change of certificates was not applied: %s", e.text);
}

static void ctl_order(const struct ipc_msg *m, int fd)
{
	switch (m->type) {
	case IPC_GO:
		if (wk.draining || wk.accepting)
			return;
		notice_copy_to(-1); /* the verdict on this start is not ours any more */
		slot_state(SLOT_ACTIVE);
		FAULT_POINT("worker:R5");
		accept_start();
		(void)ipc_send(wk.h->ctl, IPC_ACCEPTING, 0, 0, NULL, 0, -1);
		return;
	case IPC_TLS_CHANGE:
		change_tls(m, fd);
		return;
	case IPC_DRAIN:
		drain(m->num);
		return;
	case IPC_ASK:
		ask_begin(m, fd);
		return;
	case IPC_PAT_DONE:
		patterns_obeyed(m->num);
		return;
	case IPC_RESOLVE_DONE:
		resolve_answered(m);
		return;
	case IPC_SHUT_SERVER:
		if (m->num < wk.rt->nsrv)
			pool_end_streams((uint32_t)m->num, 'K');
		return;
	case IPC_SRV_PUT:
		row_put(m, fd);
		return;
	case IPC_SRV_DROP:
		row_drop(m);
		return;
	case IPC_STOP:
		wk.draining = at_once = true;
		accept_stop();
		kill_all('K');
		return;
	default:
		return;
	}
}

static void ctl_ready(struct io *io)
{
	struct ipc_msg m;
	int fd, r;

	while ((r = ipc_recv(io->fd, ROLE_WORKER, ROLE_LEADER, &m, &fd)) == 1) {
		ctl_order(&m, fd);
		if (fd >= 0)
			close(fd);
	}
	if (r < 0) {
		io_del(io); /* leader and master are gone: serve on, a successor cannot be told from here */
		if (!wk.accepting && !wk.draining)
			loop_stop(); /* nothing was begun */
	}
}

/* Another worker has given back a slot that one of our requests waits for. */
static void wake_ready(struct io *io)
{
	uint64_t n;

	if (read(io->fd, &n, sizeof(n)) == sizeof(n))
		lb_queue_poll(&wk.q);
}

static void queue_tick(struct timer *t)
{
	if (!wk.q.waiting)
		return;
	lb_queue_poll(&wk.q);
	timer_set(t, clock_ms() + LB_QUEUE_POLL_MS);
}

/* An idle worker still shows that it lives, and follows the states of servers. */
static void beat_tick(struct timer *t) { timer_set(t, clock_ms() + BEAT_MS); }

static void tell_more(uint64_t *ctr, uint64_t *told, uint64_t now)
{
	if (LIKELY(now == *told))
		return;
	ctr_add(ctr, now - *told);
	*told = now;
}

/* What lower layers count for themselves: losses, lookups. */
static void tell_losses(void)
{
	static uint64_t logs, regex, json, lookups, misses;
	uint64_t looked, missed;
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);
	uint64_t failed = 0;

	tell_more(&p->log_dropped, &logs, log_dropped());
	tell_more(&p->regex_limit, &regex, expr_given_up.regex);
	tell_more(&p->json_limit, &json, expr_given_up.json);
	tls_cache_counts(&looked, &missed);
	tell_more(&p->ssl_lookups, &lookups, looked);
	tell_more(&p->ssl_misses, &misses, missed);
	for (const struct pool *pl = pool_first(); pl; pl = pool_next(pl))
		failed += pl->failed;
	if (failed != ctr_load(&p->pool_failed))
		ctr_store(&p->pool_failed, failed);
}

/* Once a turn: the beat, server states, and the end when draining is done. */
static void each_turn(void)
{
	static uint64_t beat;
	uint64_t now = clock_ms();

	ptab_next_turn(); /* before the beat: it says that nothing older is being read */
	if (now != beat) {
		beat = now;
		atomic_store_explicit(&my_slot()->beat, now, memory_order_relaxed);
		pool_follow_states();
		tell_losses();
	}
	if (wk.q.waiting && !timer_on(&queue_timer))
		timer_set(&queue_timer, now + LB_QUEUE_POLL_MS);
	if (wk.draining && list_empty(&wk.sessions) && (at_once || !(tls_lingering() + mux_lingering())))
		loop_stop();
}

static void setup_balancing(void)
{
	const struct rt *rt = wk.rt;

	wk.lb = calloc(rt->npx ? rt->npx : 1, sizeof(*wk.lb));
	wk.srv = calloc(rt->nsrv ? rt->nsrv : 1, sizeof(*wk.srv));
	if (!wk.lb || !wk.srv)
		die("worker %u: out of memory for %u proxies and %u servers", wk.slot, rt->npx, rt->nsrv);
	for (uint32_t i = 0; i < rt->npx; i++)
		if (rt->px[i].caps & PX_BE && !lb_init(&wk.lb[i], &rt->px[i].be, i, wk.seg, wk.slot))
			die("worker %u: out of memory for backend %.*s", wk.slot, STR_ARG(rt->px[i].name));
	if (!lb_queues_init(&wk.q, rt, wk.seg, wk.slot, wk.lb, wk.h->wake_fd))
		die("worker %u: out of memory for queues", wk.slot);
	pool_start();
}

void worker_setup(const struct heritage *h)
{
	unsigned fds = h->rt->g.ulimit_n;

	wk = (struct worker){ .h = h, .rt = h->rt, .seg = h->seg, .slot = h->slot };
	wk.hits = h->hits.at ? hits_column(&h->hits, h->slot) : NULL;
	list_init(&wk.sessions);
	panic_install("worker");
	fault_spin_install();
	rand_seed();
	clock_update();
	loop_init(h->poll_only ? "poll" : NULL, fds ? fds : 2 * h->rt->g.maxconn + 256);
	expr_process_init();
	wk.memo = memo_new(&h->rt->memo);
	vars_process_init(h->rt->vars, &wk.vars);
	if (h->vars)
		var_store_share(&wk.vars, h->vars);
	auth_start();
	buf_set_size(h->rt->g.bufsize);
	strm_setup((uint16_t)h->rt->g.maxhdr);
	session_setup();
	setup_balancing();
	track_setup();
	compress_setup();
	timer_init(&stop_timer, hard_stop);
	timer_init(&queue_timer, queue_tick);
	timer_init(&beat_timer, beat_tick);
	beat_tick(&beat_timer);
}

void worker_teardown(void)
{
	for (uint32_t i = 0; i < wk.rt->npx; i++)
		if (wk.rt->px[i].caps & PX_BE)
			lb_free(&wk.lb[i]);
	lb_queues_free(&wk.q);
	track_teardown();
	var_store_drop(&wk.vars);
	memo_free(wk.memo);
	errors_drop();
	for (uint32_t i = 0; i < wk.rt->nsrv; i++)
		tls_sessions_free(&wk.srv[i].tls);
	rt_rows_free(wk.rt);
	free(wk.lst);
	free(wk.srv);
	free(wk.lb);
	loop_free();
}

int worker_run(const struct heritage *h)
{
	worker_setup(h);
	if (h->ctl >= 0 && !io_add(&ctl_io, h->ctl, IO_READ, ctl_ready))
		die("worker %u: cannot watch the control channel: %m", wk.slot);
	if (h->wake_fd && h->wake_fd[wk.slot] >= 0 && !io_add(&wake_io, h->wake_fd[wk.slot], IO_READ, wake_ready))
		die("worker %u: cannot watch the wake-up channel: %m", wk.slot);
	atomic_store_explicit(&my_slot()->pid, (uint32_t)getpid(), memory_order_relaxed);
	slot_state(SLOT_READY);
	FAULT_POINT("worker:R4");
	(void)ipc_send(h->ctl, IPC_READY, 0, 0, NULL, 0, -1);
	loop_run(each_turn);
	FAULT_POINT("worker:R9");
	pool_drop_all();
	(void)ipc_send(h->ctl, IPC_DRAINED, 0, 0, NULL, 0, -1);
	slot_state(SLOT_DEAD);
	worker_teardown();
	return 0;
}
