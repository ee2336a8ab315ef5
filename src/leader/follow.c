// SPDX-License-Identifier: GPL-3.0-or-later
/* Living beside other generations. While this one drains, its checker is sent home (one checker probes a server, not two) and the states and
 * settings of its servers follow those of the generation that serves now, by name. And as long as several generations send requests to a
 * server with a limit, each knows how many of the others' are in flight. Both are a look every 100 ms. */
#include <errno.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

#define FOLLOW_MS 100

bool gen_lives(const struct leader *l, const struct state_view *v)
{
	if (state_phase(v) == SEG_STOPPED)
		return false;
	for (unsigned i = 0; i < l->ngens; i++)
		if (l->gens[i].id == v->h.generation)
			return true;
	return l->ngens == 0;
}

/* ---- limits over generations ---- */

static uint32_t load_of(const struct leader *l, const struct state_view *v, uint32_t srv)
{
	return v && v->of_srv[srv] != STATE_NONE && state_same_srv(v, v->of_srv[srv], &l->names.srv[srv]) && gen_lives(l, v) ? state_srv_load(v, v->of_srv[srv]) : 0;
}

static bool has_limit(const struct leader *l, uint32_t srv)
{
	return l->rt->srv[srv].o->minconn || srv_admin_maxconn(atomic_load_explicit(&l->seg->srv[srv].admin, memory_order_relaxed));
}

static void foreign_update(struct leader *l)
{
	for (uint32_t i = 0; i < l->rt->nsrv; i++) {
		uint32_t n = 0;

		if (!has_limit(l, i))
			continue;
		n = load_of(l, l->successor, i);
		for (const struct state_view *v = l->seg->older; v; v = v->next)
			n += load_of(l, v, i);
		atomic_store_explicit(&l->seg->srv[i].foreign, n, memory_order_relaxed);
	}
}

static bool others_live(const struct leader *l)
{
	if (l->successor)
		return true;
	for (const struct state_view *v = l->seg->older; v; v = v->next)
		if (gen_lives(l, v))
			return true;
	return false;
}

/* ---- states of the successor ---- */

static void copy_words(struct leader *l)
{
	const struct state_view *v = l->successor;
	struct state_srv s;

	for (uint32_t i = 0; i < l->rt->nsrv; i++) {
		if (v->of_srv[i] == STATE_NONE)
			continue;
		if (!state_same_srv(v, v->of_srv[i], &l->names.srv[i])) { /* deleted there; its row may be another's */
			atomic_fetch_or_explicit(&l->seg->srv[i].admin, ADM_FORCED_MAINT, memory_order_release);
			continue;
		}
		state_read_srv(v, v->of_srv[i], &s);
		atomic_store_explicit(&l->seg->srv[i].op, s.op, memory_order_release);
		if (!import_place(l, i, v, v->of_srv[i], s.admin))
			s.admin &= ~((uint64_t)ADMF_PLACE << 24);
		atomic_store_explicit(&l->seg->srv[i].admin, s.admin, memory_order_release);
	}
	atomic_fetch_add_explicit(&l->seg->h->epoch_checker, 1, memory_order_release);
	atomic_fetch_add_explicit(&l->seg->h->epoch_leader, 1, memory_order_release);
}

/* The checker is the writer of those words as long as it lives. */
static void follow(struct leader *l)
{
	uint64_t now = l->successor ? state_epochs(l->successor) + 1 : 0;

	if (now == l->followed || children_alive(l, ROLE_CHECKER))
		return;
	l->followed = now;
	copy_words(l);
}

static void tick(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, follow);

	if (l->successor)
		follow(l);
	foreign_update(l);
	if (others_live(l))
		timer_set(t, clock_ms() + FOLLOW_MS);
}

void follow_start(struct leader *l)
{
	timer_init(&l->follow, tick);
	timer_set(&l->follow, clock_ms() + 1);
}

void successor_dir(struct leader *l, int fd)
{
	if (l->successor_dir >= 0)
		close(l->successor_dir);
	l->successor_dir = fd;
}

void successor_seg(struct leader *l, int fd)
{
	bool wanted = l->successor_dir >= 0 && l->phase == LEAD_DRAINING; /* a generation without connections is past that at once */
	struct state_view *v = wanted ? state_open(l->successor_dir, fd) : NULL;

	close(fd);
	successor_dir(l, -1);
	if (!wanted)
		return;
	if (!v || !state_match(v, l->seg, &l->names)) {
		notice(SAY_WARNING, "the state of the new generation cannot be read (%s): this one goes on checking", strerror(errno));
		state_close(v);
		return;
	}
	state_close(l->successor);
	l->successor = v;
	l->followed = 0;
	children_tell(l, ROLE_CHECKER, IPC_CHK_STOP, 0);
	timer_set(&l->follow, clock_ms() + 1);
}
