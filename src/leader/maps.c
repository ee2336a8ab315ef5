// SPDX-License-Identifier: GPL-3.0-or-later
/* Maps that the workers of all generations share: early data that was taken (tls/replay.h), sessions by id (tls/cache.h).
 * Each is a memfd that the master keeps beside the listeners under a name. One that does not fit any more, because its
 * size is another now, is made anew. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/cache.h>
#include <sluice/tls/front.h>
#include <sluice/tls/replay.h>

#include "leader_priv.h"

struct map {
	struct ipc_key key;
	bool (*wanted)(const struct rt_global *g);
	int (*create)(const struct rt_global *g);
	bool (*use)(int fd, const struct rt_global *g);
};

static bool early_wanted(const struct rt_global *g UNUSED)
{
	for (struct tls_front *f = tls_front_first(); f; f = tls_front_next(f))
		if (tls_front_opts(f)->early_data)
			return true;
	return false;
}

static int early_create(const struct rt_global *g UNUSED) { return tls_replay_create(); }

static bool early_use(int fd, const struct rt_global *g UNUSED)
{
	if (!tls_replay_use(fd))
		return false;
	tls_replay_turn();
	return true;
}

static bool cache_wanted(const struct rt_global *g) { return tls_front_first() && g->tls_cache; }
static int cache_create(const struct rt_global *g) { return tls_cache_create(g->tls_cache); }
static bool cache_use(int fd, const struct rt_global *g) { return tls_cache_use(fd, g->tls_cache); }

static const struct map maps[LEADER_MAPS] = {
	{ { "tls early data" }, early_wanted, early_create, early_use },
	{ { "tls sessions" }, cache_wanted, cache_create, cache_use },
};

bool maps_show(struct leader *l)
{
	for (unsigned i = 0; i < LEADER_MAPS; i++)
		if (l->map_fd[i] >= 0 && !master_tell(l, IPC_LISTENER, 0, 0, &maps[i].key, sizeof(maps[i].key), l->map_fd[i]))
			return false;
	return true;
}

static bool open_one(struct leader *l, unsigned i, struct inherited *in)
{
	const struct map *m = &maps[i];
	const struct rt_global *g = &l->rt->g;
	int fd = m->wanted(g) ? inherited_take(in, &m->key) : -1;
	bool kept = fd >= 0 && m->use(fd, g);

	if (!m->wanted(g))
		return true;
	if (!kept && fd >= 0)
		close(fd);
	if (!kept && ((fd = m->create(g)) < 0 || !m->use(fd, g))) {
		notice(SAY_ALERT, "cannot make the map of %s: %s", m->key.text, strerror(errno));
		return false;
	}
	l->map_fd[i] = fd;
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &m->key, sizeof(m->key), kept ? -1 : fd);
}

bool maps_open(struct leader *l, struct inherited *in)
{
	for (unsigned i = 0; i < LEADER_MAPS; i++)
		l->map_fd[i] = -1;
	for (unsigned i = 0; i < LEADER_MAPS; i++)
		if (!open_one(l, i, in))
			return false;
	return true;
}

/* While it drains as well: its workers may still look at the map when the new generation has no use for it. */
static void turn(struct timer *t)
{
	tls_replay_turn();
	timer_set(t, clock_ms() + TLS_REPLAY_TURN_S * 1000 / 3);
}

void maps_start(struct leader *l)
{
	timer_init(&l->map_timer, turn);
	if (early_wanted(&l->rt->g))
		turn(&l->map_timer);
}
