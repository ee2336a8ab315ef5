// SPDX-License-Identifier: GPL-3.0-or-later
/* The event loop of every process: readiness of descriptors, timers, deferred work. One loop a process.
 *
 * A watched descriptor is registered once for its life. Readiness is a fact kept in `io.ready`, not an event:
 * the loop sets bits, whoever meets EAGAIN (or a short read) clears them with io_wait(). epoll runs edge-triggered
 * on exactly that contract; the poll(2) back-end asks for those bits only that are not set. Code above cannot tell
 * the two apart. */
#ifndef SLUICE_NET_LOOP_H
#define SLUICE_NET_LOOP_H

#include <sluice/base/list.h>

enum io_bits {
	IO_RD = 1,    /* a read may succeed */
	IO_WR = 2,    /* a write may succeed */
	IO_HUP = 4,   /* the peer has shut down its sending side (sticky) */
	IO_ERR = 8,   /* the descriptor is in error (sticky) */
};

struct io;
typedef void io_fn(struct io *io); /* called once a turn with all fresh bits merged into io->ready */

struct io {
	io_fn *fn;
	int fd;
	uint8_t ready;      /* enum io_bits */
	uint8_t mode;       /* enum io_mode, set by io_add */
	bool watched;
	uint32_t slot;      /* private to the back-end */
};

enum io_mode {
	IO_STREAM,   /* connection: both directions, edge semantics */
	/* listener: level-triggered, EPOLLEXCLUSIVE; io->ready is not kept, fn is called while it is readable */
	IO_LISTEN,
	IO_READ,     /* read side only, level-triggered: control sockets, signalfd, eventfd */
};

struct timer;
typedef void timer_fn(struct timer *t);

/* Timers have 1 ms resolution on CLOCK_MONOTONIC and fire once. Moving a deadline later is free: the timer is left
 * where it is and re-queued when it surfaces; so inactivity timers may be pushed with every byte. */
struct timer {
	timer_fn *fn;
	uint64_t deadline;  /* ms on clock_ms(), 0 = not running */
	uint64_t queued_at; /* private: the deadline it is queued under */
	uint32_t pos;       /* private: heap position + 1, 0 = not queued */
};

struct task;
typedef void task_fn(struct task *t);
struct task {           /* deferred work: runs once, after the events of this turn, in order */
	struct list link;   /* list_init()ed by task_init */
	task_fn *fn;
};

/* backend: "epoll", "poll" or NULL for the best. max_fd sizes tables. Fatal on failure. Any process, after fork. */
void loop_init(const char *backend, unsigned max_fd);
const char *loop_backend(void);
void loop_free(void);

bool io_add(struct io *io, int fd, enum io_mode mode, io_fn *fn) MUST_CHECK;
/* Stops watching; the caller closes the fd afterwards. Pending events of this turn for io are dropped. */
void io_del(struct io *io);
/* "I met EAGAIN": clears the bits and lets the loop wait for them again. */
static inline void io_wait(struct io *io, unsigned bits) { io->ready &= (uint8_t)~bits; }

static inline void timer_init(struct timer *t, timer_fn *fn) { *t = (struct timer){ .fn = fn }; }
void timer_set(struct timer *t, uint64_t deadline_ms);  /* starts or moves */
void timer_stop(struct timer *t);
static inline bool timer_on(const struct timer *t) { return t->deadline != 0; }

static inline void task_init(struct task *t, task_fn *fn) { list_init(&t->link); t->fn = fn; }
void task_wake(struct task *t);   /* idempotent */
void task_cancel(struct task *t);

/* One turn: wait (at most max_wait_ms, -1 = until the next timer), run events, tasks, timers. */
void loop_turn(int max_wait_ms);
/* Turns until loop_stop(). hook, if not NULL, is called once each turn (heartbeats). */
void loop_run(void (*hook)(void));
void loop_stop(void);

struct loop_stats { uint64_t turns, events, waits_empty, timers_fired, tasks_run; };
const struct loop_stats *loop_stats(void);

#endif
