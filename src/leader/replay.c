// SPDX-License-Identifier: GPL-3.0-or-later
/* The map of early data that was taken (tls/replay.h), which the master keeps beside the listeners: a generation knows what
 * the one before has served. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/front.h>
#include <sluice/tls/replay.h>

#include "leader_priv.h"

static const struct ipc_key replay_key = { .text = "tls early data" };

bool replay_show(struct leader *l)
{
	return l->replay_fd < 0 || master_tell(l, IPC_LISTENER, 0, 0, &replay_key, sizeof(replay_key), l->replay_fd);
}

static bool wanted(void)
{
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		if (tls_front_opts(f)->early_data)
			return true;
	return false;
}

bool replay_open(struct leader *l, struct inherited *in)
{
	if (!wanted())
		return true;
	l->replay_fd = inherited_take(in, &replay_key);
	bool kept = l->replay_fd >= 0;

	if (!kept)
		l->replay_fd = tls_replay_create();
	if (l->replay_fd < 0 || !tls_replay_use(l->replay_fd)) {
		notice(SAY_ALERT, "cannot keep a map of early data: %s", strerror(errno));
		return false;
	}
	tls_replay_turn();
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &replay_key, sizeof(replay_key), kept ? -1 : l->replay_fd);
}

/* While it drains as well: its workers may still look at the map when the new generation has no use for it. */
static void turn(struct timer *t)
{
	tls_replay_turn();
	timer_set(t, clock_ms() + TLS_REPLAY_TURN_S * 1000 / 3);
}

void replay_start(struct leader *l)
{
	timer_init(&l->replay_timer, turn);
	if (l->replay_fd >= 0)
		turn(&l->replay_timer);
}
