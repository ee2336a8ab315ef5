// SPDX-License-Identifier: GPL-3.0-or-later
/* poll(2) back-end: the table is rebuilt from what each descriptor still waits for, which gives edge semantics on a
 * level-triggered call: a bit that is known to be ready is not asked for again. */
#include <poll.h>
#include <stdlib.h>
#include <sluice/base/clock.h>

#include "loop_priv.h"

static struct pollfd *fds;
static struct watch {
	struct io *io;          /* NULL = removed; io->slot = index + 1 */
	bool over;              /* POLLHUP was seen: reported for ever, and nothing follows it */
} *ios;
static uint32_t count, cap, holes;

static bool poll_init(unsigned max_fd UNUSED)
{
	count = holes = 0;
	return true;
}

static void poll_free(void)
{
	free(fds);
	free(ios);
	fds = NULL;
	ios = NULL;
	count = cap = holes = 0;
}

static bool grow(void)
{
	uint32_t want = cap ? cap * 2 : 64;
	struct pollfd *f = reallocarray(fds, want, sizeof *fds);
	if (f)
		fds = f;
	struct watch *p = reallocarray(ios, want, sizeof *ios);
	if (p)
		ios = p;
	if (!f || !p)
		return false;
	cap = want;
	return true;
}

static bool poll_add(struct io *io)
{
	if (count == cap && !grow())
		return false;
	ios[count] = (struct watch){ .io = io };
	fds[count] = (struct pollfd){ .fd = -1 }; /* waits from the next turn on */
	io->slot = ++count;
	return true;
}

static void poll_del(struct io *io)
{
	ios[io->slot - 1].io = NULL;
	io->slot = 0;
	holes++;
}

static void close_holes(void)
{
	uint32_t n = 0;
	for (uint32_t i = 0; holes && i < count; i++) {
		if (!ios[i].io)
			continue;
		ios[n] = ios[i];
		ios[n].io->slot = n + 1;
		n++;
	}
	if (holes)
		count = n;
	holes = 0;
}

static short wanted(const struct io *io)
{
	short ev = 0;
	if (io->mode != IO_STREAM)
		return POLLIN;
	if (!(io->ready & IO_RD))
		ev |= POLLIN;
	if (!(io->ready & IO_WR))
		ev |= POLLOUT;
	if (!(io->ready & IO_HUP))
		ev |= POLLRDHUP;
	return ev;
}

/* Sticky conditions are reported whether asked for or not: once known they must not be polled again. A peer that has
 * only ended its sending side may still reset. */
static bool known(const struct watch *w)
{
	const unsigned ended = IO_HUP | IO_RD | IO_WR, ready = w->io->ready;
	return w->io->mode == IO_STREAM && ((ready & IO_ERR) || (w->over && (ready & ended) == ended));
}

static unsigned bits_of(short ev)
{
	unsigned b = 0;
	if (ev & POLLIN)
		b |= IO_RD;
	if (ev & POLLOUT)
		b |= IO_WR;
	if (ev & POLLRDHUP)
		b |= IO_RD | IO_HUP;
	if (ev & POLLHUP)
		b |= IO_RD | IO_WR | IO_HUP;
	if (ev & (POLLERR | POLLNVAL))
		b |= IO_RD | IO_WR | IO_ERR;
	return b;
}

static int poll_deliver(int ms)
{
	int events = 0;
	close_holes();
	uint32_t n = count;
	for (uint32_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = known(&ios[i]) ? -1 : ios[i].io->fd, .events = wanted(ios[i].io) };
	int hit = poll(fds, n, ms);
	clock_update();
	for (uint32_t i = 0; i < n && events < hit; i++) {
		short ev = fds[i].revents;
		if (!ev)
			continue;
		events++;
		ios[i].over |= (ev & POLLHUP) != 0;
		if (ios[i].io)
			loop_deliver(ios[i].io, bits_of(ev));
	}
	return events;
}

const struct loop_backend loop_poll = { "poll", poll_init, poll_free, poll_add, poll_del, poll_deliver };
