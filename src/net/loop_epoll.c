// SPDX-License-Identifier: GPL-3.0-or-later
/* epoll back-end: one registration per descriptor for its life, edge-triggered for connections, exclusive for
 * listeners. */
#include <sys/epoll.h>
#include <unistd.h>
#include <sluice/base/clock.h>

#include "loop_priv.h"

#define BATCH 256

static int ep = -1;
static struct epoll_event batch[BATCH];
static int batch_n;

static bool epoll_init(unsigned max_fd UNUSED)
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	return ep >= 0;
}

static void epoll_free(void)
{
	close(ep);
	ep = -1;
}

static bool epoll_add(struct io *io)
{
	static const uint32_t events[] = {
		[IO_STREAM] = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		[IO_LISTEN] = EPOLLIN | EPOLLEXCLUSIVE,
		[IO_READ] = EPOLLIN,
	};
	struct epoll_event ev = { .events = events[io->mode], .data.ptr = io };
	return epoll_ctl(ep, EPOLL_CTL_ADD, io->fd, &ev) == 0;
}

static void epoll_del(struct io *io)
{
	struct epoll_event ev = { 0 };
	epoll_ctl(ep, EPOLL_CTL_DEL, io->fd, &ev);
	if (io->slot) /* an event of this batch is still to come: its io may be freed by then */
		batch[io->slot - 1].data.ptr = NULL;
	io->slot = 0;
}

static unsigned bits_of(uint32_t ev)
{
	unsigned b = 0;
	if (ev & EPOLLIN)
		b |= IO_RD;
	if (ev & EPOLLOUT)
		b |= IO_WR;
	if (ev & EPOLLRDHUP)
		b |= IO_RD | IO_HUP;
	if (ev & EPOLLHUP)
		b |= IO_RD | IO_WR | IO_HUP;
	if (ev & EPOLLERR)
		b |= IO_RD | IO_WR | IO_ERR;
	return b;
}

static int epoll_deliver(int ms)
{
	int n = epoll_wait(ep, batch, BATCH, ms);
	clock_update();
	batch_n = n > 0 ? n : 0;
	for (int i = 0; i < batch_n; i++)
		((struct io *)batch[i].data.ptr)->slot = (uint32_t)i + 1;
	for (int i = 0; i < batch_n; i++) {
		struct io *io = batch[i].data.ptr;
		if (!io)
			continue;
		io->slot = 0;
		loop_deliver(io, bits_of(batch[i].events));
	}
	return batch_n;
}

const struct loop_backend loop_epoll = { "epoll", epoll_init, epoll_free, epoll_add, epoll_del, epoll_deliver };
