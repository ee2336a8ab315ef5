// SPDX-License-Identifier: GPL-3.0-or-later
/* Workers that spin. A worker stores a beat with every turn of its loop; when its CPU clock has run for 2 s and no beat came, it is in a loop
 * that it does not leave. It gets SIGABRT, whose handler writes where it stands, and SIGKILL half a second later. Time on the wall says nothing:
 * a worker that is stopped, or a machine that stands still, is left alone. Others accept meanwhile, for the queues belong to nobody. */
#include <signal.h>
#include <time.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

#define LOOK_MS 250
#define STUCK_MS 2000u
#define KILL_MS 500u
#define BUSY_LOOKS 4 /* looks that make one figure of how busy the workers are */

/* ms of CPU that the process has used, 0 when that cannot be known. */
static uint64_t cpu_ms(pid_t pid)
{
	clockid_t id;
	struct timespec ts;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void abort_stuck(struct child *c, uint64_t spun)
{
	notice(SAY_ALERT, "worker (%d) has used %llu ms of CPU without a turn of its loop: it is killed", (int)c->pid, (unsigned long long)spun);
	kill(c->pid, SIGABRT);
	c->kill_at = clock_ms() + KILL_MS;
}

void watchdog_look(struct child *c, uint32_t stuck_ms)
{
	const struct seg_slot *s = &c->l->seg->slot[c->slot];
	uint64_t beat = atomic_load_explicit(&s->beat, memory_order_relaxed);

	if (c->kill_at && clock_ms() >= c->kill_at) {
		kill(c->pid, SIGKILL);
		return;
	}
	if (beat != c->beat || !beat) {
		c->beat = beat;
		c->cpu_at = 0;
		return;
	}
	uint64_t now = cpu_ms(c->pid);
	if (!c->cpu_at)
		c->cpu_at = now;
	else if (!c->kill_at && now >= c->cpu_at + stuck_ms)
		abort_stuck(c, now - c->cpu_at);
}

void watchdog_measure(struct leader *l)
{
	uint64_t cpu = 0, now = clock_ms(), took = now - l->busy.at;
	unsigned n = 0;

	for (unsigned i = 0; i < l->nchild; i++) {
		struct child *c = &l->child[i];
		if (c->role != ROLE_WORKER || !c->pid)
			continue;
		uint64_t used = cpu_ms(c->pid);
		cpu += c->pid == c->busy_pid && used > c->busy_cpu ? used - c->busy_cpu : 0;
		c->busy_pid = c->pid, c->busy_cpu = used;
		n++;
	}
	if (l->busy.at && took && n)
		atomic_store_explicit(&l->seg->h->busy_pct, (uint32_t)MIN(cpu * 100 / (took * n), 100u), memory_order_relaxed);
	l->busy.at = now;
}

static void tick(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, watchdog);

	if (l->busy.looks++ % BUSY_LOOKS == 0)
		watchdog_measure(l);

	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].role == ROLE_WORKER && l->child[i].pid)
			watchdog_look(&l->child[i], STUCK_MS);
	timer_set(t, clock_ms() + LOOK_MS);
}

void watchdog_start(struct leader *l)
{
	timer_init(&l->watchdog, tick);
	timer_set(&l->watchdog, clock_ms() + LOOK_MS);
}
