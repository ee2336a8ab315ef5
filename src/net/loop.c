// SPDX-License-Identifier: GPL-3.0-or-later
/* The loop itself: turns, deferred tasks, and the choice of the back-end. Waiting and delivery are the back-end's. */
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/base/panic.h>

#include "loop_priv.h"

#define TASK_ROUNDS 4 /* tasks that wake tasks run in the same turn at most so often: I/O is not starved */

static const struct loop_backend *backend;
static struct list tasks = LIST_INIT(tasks);
static struct loop_stats stats;
static bool stopping;

void loop_init(const char *name, unsigned max_fd)
{
	static const struct loop_backend *const all[] = { &loop_epoll, &loop_poll };
	backend = NULL;
	stopping = false;
	list_init(&tasks);
	clock_update();
	for (size_t i = 0; i < ARRAY_LEN(all) && !backend; i++)
		if ((!name || strcmp(name, all[i]->name) == 0) && all[i]->init(max_fd))
			backend = all[i];
	if (!backend)
		die("no event back-end%s%s", name ? ": " : "", name ? name : "");
}

const char *loop_backend(void) { return backend ? backend->name : "none"; }
const struct loop_stats *loop_stats(void) { return &stats; }
void loop_stop(void) { stopping = true; }

void loop_free(void)
{
	if (backend)
		backend->free();
	backend = NULL;
	timers_free();
}

bool io_add(struct io *io, int fd, enum io_mode mode, io_fn *fn)
{
	io->fn = fn;
	io->fd = fd;
	io->mode = (uint8_t)mode;
	io->ready = 0;
	io->slot = 0;
	io->watched = backend->add(io);
	return io->watched;
}

void io_del(struct io *io)
{
	if (!io->watched)
		return;
	io->watched = false;
	if (backend)
		backend->del(io);
}

void task_wake(struct task *t)
{
	if (list_empty(&t->link))
		list_push(&tasks, &t->link);
}

void task_cancel(struct task *t) { list_del(&t->link); }

static void tasks_run(void)
{
	for (int round = 0; round < TASK_ROUNDS && !list_empty(&tasks); round++) {
		struct list mark;
		list_push(&tasks, &mark); /* what is woken from here on goes behind the mark */
		while (tasks.next != &mark) {
			struct task *t = LIST_ENTRY(tasks.next, struct task, link);
			list_del(&t->link);
			stats.tasks_run++;
			t->fn(t);
		}
		list_del(&mark);
	}
}

void loop_turn(int max_wait_ms)
{
	int wait = list_empty(&tasks) ? timers_wait() : 0;
	if (wait < 0 || (max_wait_ms >= 0 && max_wait_ms < wait))
		wait = max_wait_ms;
	int n = backend->wait(wait);
	stats.turns++;
	stats.events += (uint64_t)n;
	stats.waits_empty += n == 0;
	tasks_run();
	stats.timers_fired += timers_run();
}

void loop_run(void (*hook)(void))
{
	while (!stopping) {
		loop_turn(-1);
		if (hook)
			hook();
	}
}
