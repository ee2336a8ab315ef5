// SPDX-License-Identifier: GPL-3.0-or-later
/* The segments of all generations and their descriptions, kept so that a new generation finds what went before it. The master never maps them.
 *
 * A generation that has ended is kept until a later one that was shown it as ended has become active: that one has added its counters to its
 * own. What was shown as living is shown again. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "master_priv.h"

static struct kept_state *state_find(struct master *m, uint64_t gen)
{
	for (size_t i = 0; i < m->states.n; i++)
		if (m->states.at[i].gen == gen)
			return &m->states.at[i];
	return NULL;
}

static void state_drop(struct master *m, size_t i)
{
	close(m->states.at[i].dir);
	if (m->states.at[i].seg >= 0)
		close(m->states.at[i].seg);
	m->states.at[i] = m->states.at[--m->states.n];
}

void state_dir_add(struct master *m, uint64_t gen, int fd)
{
	struct kept_state s = { .gen = gen, .dir = fd, .seg = -1 };

	if (state_find(m, gen))
		close(fd);
	else
		VEC_PUSH(&m->states, s);
}

void state_seg_add(struct master *m, uint64_t gen, int fd)
{
	struct kept_state *s = state_find(m, gen);

	if (s && s->seg < 0)
		s->seg = fd;
	else
		close(fd);
}

/* One that never served has nothing to leave behind. */
void state_ended(struct master *m, uint64_t gen, bool served)
{
	for (size_t i = m->states.n; i-- > 0;)
		if (m->states.at[i].gen == gen) {
			m->states.at[i].ended = true;
			if (!served || m->states.at[i].seg < 0)
				state_drop(m, i);
		}
}

void states_absorbed(struct master *m, uint64_t by)
{
	for (size_t i = m->states.n; i-- > 0;)
		if (m->states.at[i].ended && m->states.at[i].shown_to == by)
			state_drop(m, i);
}

void states_mark_ended(struct master *m)
{
	for (size_t i = 0; i < m->states.n; i++)
		m->states.at[i].ended |= !gen_find(m, m->states.at[i].gen);
}

void states_drop(struct master *m)
{
	while (m->states.n)
		state_drop(m, m->states.n - 1);
	VEC_FREE(&m->states);
}

/* The generation whose words count: the one that serves, else the newest. */
static uint64_t latest(struct master *m)
{
	uint64_t best = 0;

	for (size_t i = 0; i < m->states.n; i++) {
		const struct gen *g = gen_find(m, m->states.at[i].gen);
		if (g && g->state == GEN_ACTIVE)
			return g->id;
		best = MAX(best, m->states.at[i].gen);
	}
	return best;
}

int states_table(struct master *m)
{
	uint64_t last = latest(m);
	int fd = memfd_create("sluice-states", MFD_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < m->states.n; i++) {
		struct kept_state *s = &m->states.at[i];
		struct ipc_state_entry e = { .dir = s->dir, .seg = s->seg, .generation = s->gen,
					     .flags = (s->ended ? IPC_STATE_ENDED : 0) | (s->gen == last ? IPC_STATE_LATEST : 0) };
		if (s->seg < 0)
			continue;
		s->shown_to = s->ended ? m->next_id : 0;
		if (write(fd, &e, sizeof(e)) != (ssize_t)sizeof(e)) {
			close(fd);
			return -1;
		}
	}
	return fd;
}

void states_inherit(const struct master *m)
{
	for (size_t i = 0; i < m->states.n; i++)
		if (m->states.at[i].seg >= 0) {
			fcntl(m->states.at[i].dir, F_SETFD, 0);
			fcntl(m->states.at[i].seg, F_SETFD, 0);
		}
}

void state_show(struct master *m, const struct gen *to, uint64_t gen)
{
	const struct kept_state *s = state_find(m, gen);

	if (s && s->seg >= 0 && to->ctl >= 0 && to->leader && ipc_send(to->ctl, IPC_NEXT_DIR, 0, gen, NULL, 0, s->dir))
		ipc_send(to->ctl, IPC_NEXT_SEG, 0, gen, NULL, 0, s->seg);
}
