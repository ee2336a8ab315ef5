// SPDX-License-Identifier: GPL-3.0-or-later
/* The secret of session tickets over a reload: a memfd that the master keeps beside the listeners, under a name. Each
 * leader brings what lies there forward to the present epoch and writes it back, so that what older tickets were made
 * with is nowhere any more. Workers have their own copy, and the descriptor is closed in them. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/front.h>
#include <sluice/tls/tickets.h>

#include "leader_priv.h"

static void save(const struct leader *l)
{
	struct tls_ticket_state st;

	tls_tickets_export(&st);
	if (pwrite(l->ticket_fd, &st, sizeof(st), 0) != (ssize_t)sizeof(st))
		notice(SAY_WARNING, "session tickets will not be good after a reload: %s", strerror(errno));
}

static const struct ipc_key ticket_key = { .text = "tls tickets" };

bool tickets_show(struct leader *l)
{
	return l->ticket_fd < 0 || master_tell(l, IPC_LISTENER, 0, 0, &ticket_key, sizeof(ticket_key), l->ticket_fd);
}

bool tickets_open(struct leader *l, struct inherited *in)
{
	struct tls_ticket_state st;

	if (!tls_front_first())
		return true;
	tls_tickets_init(l->rt->g.tls_lifetime);
	l->ticket_fd = inherited_take(in, &ticket_key);
	bool kept = l->ticket_fd >= 0;

	if (kept && pread(l->ticket_fd, &st, sizeof(st), 0) == (ssize_t)sizeof(st))
		(void)tls_tickets_import(&st);
	if (!kept)
		l->ticket_fd = memfd_create("tls-tickets", MFD_CLOEXEC);
	if (l->ticket_fd < 0) {
		notice(SAY_ALERT, "cannot keep the secret of session tickets: %s", strerror(errno));
		return false;
	}
	save(l);
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &ticket_key, sizeof(ticket_key), kept ? -1 : l->ticket_fd);
}

static void next_epoch(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, ticket_timer);

	if (l->phase < LEAD_DRAINING)
		save(l);
	timer_set(t, clock_ms() + 1000 * (uint64_t)tls_tickets_next_s() + 1000);
}

void tickets_start(struct leader *l)
{
	timer_init(&l->ticket_timer, next_epoch);
	if (l->ticket_fd >= 0)
		timer_set(&l->ticket_timer, clock_ms() + 1000 * (uint64_t)tls_tickets_next_s() + 1000);
}
