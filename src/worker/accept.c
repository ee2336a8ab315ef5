// SPDX-License-Identifier: GPL-3.0-or-later
/* Accepting. The sockets are shared by all workers and by generations; fairness comes from small helpings and from
 * moving to the end of the kernel's wait queue (leave and join again) every few accepts: an exclusive waiter that
 * was first stays first otherwise.
 *
 * A listener is in the loop or it is not: every reason to pause takes it out, and one timer (or the session that
 * ended) brings it back. Who stands back for a less loaded worker is the only one the kernel has woken for that connection:
 * if nobody has come across it meanwhile, it is taken after the pause. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/panic.h>
#include "accept.h"
#include "count.h"
#include "session.h"
#include "worker_priv.h"

#define ACCEPT_REJOIN 16       /* then go to the end of the wait queue */
#define ACCEPT_LAST 4096       /* bound of the last pass */
#define PAUSE_FULL_MS 20       /* another worker's sessions free the limit too, and nobody tells us */
#define PAUSE_FDS_MS 100
#define PAUSE_RATE_MS 50u
#define PAUSE_BACK_MS 2

enum wk_lst_state { LST_OFF, LST_ON, LST_PAUSED, LST_DISABLED };

struct wk_lst {
	struct io io;
	uint8_t state;         /* enum wk_lst_state */
	bool full;             /* paused for a connection limit: a session that ends may lift it */
	bool stood_back;       /* paused for the less loaded workers, whom nobody has woken for what was pending */
	uint32_t since_join;
	struct timer resume;
};

static uint32_t nfull; /* listeners with `full` set */

bool accept_stand_back(uint32_t mine, uint32_t least)
{
	return mine > least + 8 + least / 4;
}

static uint32_t least_loaded(void)
{
	_Atomic uint32_t *row = live_row(wk.seg, LIVE_PROCESS, 0);
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < wk.h->nworkers; i++) {
		uint32_t n;

		if (atomic_load_explicit(&wk.seg->slot[i].state, memory_order_relaxed) != SLOT_ACTIVE)
			continue;
		n = atomic_load_explicit(row + i, memory_order_relaxed);
		least = MIN(least, n);
	}
	return least;
}

static void accept_ready(struct io *io);

static void lst_join(struct wk_lst *l, int fd)
{
	l->since_join = 0;
	nfull -= l->full;
	l->full = false;
	l->state = io_add(&l->io, fd, IO_LISTEN, accept_ready) ? LST_ON : LST_PAUSED;
	if (l->state == LST_PAUSED)
		timer_set(&l->resume, clock_ms() + PAUSE_FDS_MS);
}

static void lst_pause(struct wk_lst *l, uint32_t ms)
{
	if (l->state == LST_ON)
		io_del(&l->io);
	l->state = LST_PAUSED;
	timer_set(&l->resume, clock_ms() + ms);
}

static void lst_resume(struct timer *t)
{
	struct wk_lst *l = CONTAINER_OF(t, struct wk_lst, resume);

	if (l->state != LST_PAUSED)
		return;
	lst_join(l, wk.h->listen_fd[l - wk.lst]);
	if (l->stood_back && l->state == LST_ON)
		accept_ready(&l->io);
}

static const struct rt_listener *lst_of(const struct wk_lst *l) { return &wk.rt->lst[l - wk.lst]; }
static const struct rt_proxy *lst_fe(const struct wk_lst *l) { return &wk.rt->px[wk.rt->lst[l - wk.lst].px]; }

/* What the runtime interface may have changed. */
static uint32_t tuned(const _Atomic uint32_t *w) { return atomic_load_explicit(w, memory_order_relaxed); }
static struct seg_be *fe_words(const struct rt_proxy *fe) { return &wk.seg->be[px_index(fe)]; }

/* Takes the place of one connection under the process-wide limits and the frontend's, one shared count each. */
static bool place_take(const struct rt_listener *lst)
{
	const struct rt_proxy *fe = &wk.rt->px[lst->px];

	if (lst->opts->ssl && !live_admit(wk.seg, LIVE_TLS, 0, wk.slot, wk.rt->g.maxsslconn, 0))
		return false;
	if (!live_admit(wk.seg, LIVE_PROCESS, 0, wk.slot, tuned(&wk.seg->h->maxconn), 0)) {
		ctr_inc(&proc_ctr(wk.seg, wk.slot)->conn_full);
		if (lst->opts->ssl)
			wk_live(LIVE_TLS, 0, -1);
		return false;
	}
	if (live_admit(wk.seg, LIVE_FE, px_index(fe), wk.slot, tuned(&fe_words(fe)->fe_maxconn), 0))
		return true;
	wk_live(LIVE_PROCESS, 0, -1);
	if (lst->opts->ssl)
		wk_live(LIVE_TLS, 0, -1);
	ctr_inc(&px_ctr(wk.seg, px_index(fe), wk.slot)->fe.limit_wait);
	return false;
}

void accept_place_give(const struct rt_listener *lst)
{
	wk_live(LIVE_FE, lst->px, -1);
	wk_live(LIVE_PROCESS, 0, -1);
	if (lst->opts->ssl)
		wk_live(LIVE_TLS, 0, -1);
}

/* Sums a rate over all workers: `at` is its word in our own column, the others stand at the same offset in theirs. */
static bool rate_reached(const uint64_t *at, uint32_t limit)
{
	const char *own = (const char *)at;
	uint64_t t = 0, now = clock_ms();

	for (unsigned i = 0; limit && i < wk.h->nworkers; i++) {
		ptrdiff_t d = ((ptrdiff_t)i - (ptrdiff_t)wk.slot) * (ptrdiff_t)wk.seg->geo.ctr_column;

		t += ctr_rate_read(ctr_load((const uint64_t *)(const void *)(own + d)), now);
	}
	return limit && t >= limit;
}

/* The strictest of the limits in force that is reached, events a second; 0 = none. */
static uint32_t rate_limit(const struct rt_listener *lst)
{
	const struct rt_proxy *fe = &wk.rt->px[lst->px];
	const uint32_t ssl = lst->opts->ssl ? tuned(&wk.seg->h->ssl_rate) : 0;
	const uint32_t conn = tuned(&wk.seg->h->conn_rate), sess = tuned(&wk.seg->h->sess_rate);
	const struct proc_counters *p = proc_ctr(wk.seg, wk.slot);
	uint32_t low = 0;

	if (rate_reached(&p->conn_rate, conn))
		low = conn;
	if (rate_reached(&p->sess_rate, sess) && (!low || sess < low))
		low = sess;
	if (rate_reached(&p->ssl_rate, ssl) && (!low || ssl < low))
		low = ssl;
	if (rate_reached(&px_ctr(wk.seg, px_index(fe), wk.slot)->fe.rate, fe->rate_limit) &&
	    (!low || fe->rate_limit < low))
		low = fe->rate_limit;
	return low;
}

/* With a place taken; it is the session's, or given back. false: nothing more to accept here for now. */
static bool accept_one(struct wk_lst *l)
{
	uint32_t idx = (uint32_t)(l - wk.lst);
	struct addr peer;
	int fd = sock_accept(wk.h->listen_fd[idx], &peer);

	if (fd >= 0) {
		count_accept(lst_fe(l));
		session_new(fd, &peer, idx);
		return true;
	}
	accept_place_give(lst_of(l));
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		ctr_inc(&proc_ctr(wk.seg, wk.slot)->fd_full);
		if (l->state == LST_ON)
			lst_pause(l, PAUSE_FDS_MS);
		return false;
	case ECONNABORTED:
	case EINTR:
	case EPROTO:
	case EPERM:
		return true;
	case EAGAIN:
		return false;
	default:
		ctr_inc(&proc_ctr(wk.seg, wk.slot)->accept_err);
		return false;
	}
}

static void accept_ready(struct io *io)
{
	struct wk_lst *l = CONTAINER_OF(io, struct wk_lst, io);
	uint32_t least = wk.h->nworkers > 1 ? least_loaded() : UINT32_MAX, rate;

	for (unsigned i = 0; i < wk.rt->g.maxaccept && l->state == LST_ON; i++) {
		if (!l->stood_back && least != UINT32_MAX && accept_stand_back(wk.nsess, least)) {
			l->stood_back = true;
			lst_pause(l, PAUSE_BACK_MS);
			return;
		}
		l->stood_back = false;
		rate = rate_limit(lst_of(l));
		if (rate) {
			lst_pause(l, MAX(MIN(1000 / rate, PAUSE_RATE_MS), 1u));
			return;
		}
		if (!place_take(lst_of(l))) {
			nfull += !l->full;
			l->full = true;
			lst_pause(l, PAUSE_FULL_MS);
			return;
		}
		if (!accept_one(l))
			return;
		if (++l->since_join >= ACCEPT_REJOIN && wk.h->nworkers > 1) {
			io_del(&l->io);
			lst_join(l, wk.h->listen_fd[l - wk.lst]);
			return;
		}
	}
}

void accept_released(const struct rt_proxy *fe)
{
	if (!wk.accepting || !nfull)
		return;
	for (uint32_t i = 0; i < wk.rt->nlst; i++) {
		struct wk_lst *l = &wk.lst[i];

		if (l->full && (&wk.rt->px[wk.rt->lst[i].px] == fe || tuned(&wk.seg->h->maxconn)))
			timer_set(&l->resume, clock_ms());
	}
}

static bool lst_open(const struct wk_lst *l) { return tuned(&fe_words(lst_fe(l))->fe_state) == FE_OPEN; }

static void lst_disable(struct wk_lst *l)
{
	if (l->state == LST_ON)
		io_del(&l->io);
	timer_stop(&l->resume);
	nfull -= l->full;
	l->full = false;
	l->state = LST_DISABLED;
}

void accept_follow(void)
{
	for (uint32_t i = 0; wk.accepting && i < wk.rt->nlst; i++) {
		struct wk_lst *l = &wk.lst[i];

		if (l->state == LST_DISABLED && lst_open(l))
			lst_join(l, wk.h->listen_fd[i]);
		else if ((l->state == LST_ON || l->state == LST_PAUSED) && !lst_open(l))
			lst_disable(l);
	}
}

void accept_start(void)
{
	wk.lst = calloc(wk.rt->nlst ? wk.rt->nlst : 1, sizeof(*wk.lst));
	if (!wk.lst)
		die("out of memory for %u listeners", wk.rt->nlst);
	wk.accepting = true;
	for (uint32_t i = 0; i < wk.rt->nlst; i++) {
		timer_init(&wk.lst[i].resume, lst_resume);
		if (wk.h->listen_fd[i] < 0)
			continue;
		if (!lst_open(&wk.lst[i])) {
			wk.lst[i].state = LST_DISABLED;
			continue;
		}
		(void)fcntl(wk.h->listen_fd[i], F_SETFL, O_NONBLOCK); /* one that came with fd@ may block */
		lst_join(&wk.lst[i], wk.h->listen_fd[i]);
	}
}

void accept_stop(void)
{
	if (!wk.accepting)
		return;
	wk.accepting = false;
	for (uint32_t i = 0; i < wk.rt->nlst; i++) {
		struct wk_lst *l = &wk.lst[i];

		timer_stop(&l->resume);
		if (l->state == LST_ON)
			io_del(&l->io);
		if (l->state != LST_OFF)
			for (unsigned n = 0; n < ACCEPT_LAST && place_take(lst_of(l)) && accept_one(l); n++)
				;
		l->state = LST_OFF;
		if (wk.h->listen_fd[i] >= 0)
			close(wk.h->listen_fd[i]); /* the last reference of a removed or stopping listener may be ours */
	}
}
