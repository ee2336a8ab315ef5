// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the loop and its back-ends. */
#ifndef SLUICE_NET_LOOP_PRIV_H
#define SLUICE_NET_LOOP_PRIV_H

#include <sluice/net/loop.h>

struct loop_backend {
	const char *name;
	bool (*init)(unsigned max_fd);
	void (*free)(void);
	bool (*add)(struct io *io);
	/* Also drops events of the present batch that were not delivered yet. */
	void (*del)(struct io *io);
	/* Waits at most ms (-1 = for ever), updates the clock, delivers; returns the number of events. */
	int (*wait)(int ms);
};

extern const struct loop_backend loop_epoll, loop_poll;

/* Merges bits and calls io->fn. */
static inline void loop_deliver(struct io *io, unsigned bits)
{
	if (io->mode != IO_LISTEN)
		io->ready |= (uint8_t)bits;
	io->fn(io);
}

/* Milliseconds until the next timer, -1 when there is none; timers_run() fires those that are due and returns their
 * number. */
int timers_wait(void);
unsigned timers_run(void);
void timers_free(void);

#endif
