// SPDX-License-Identifier: GPL-3.0-or-later
/* Taking over the leaders of a master that died, and replacing this master's own program by a newer one, which is the same thing: the new
 * program finds the leaders that this one let go of, under the pid that this one had.
 *
 * Leaders that are adopted are nobody's children here: their end is the end of their channel, and that of their children likewise. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "master_priv.h"

#define SHOW_MS 5000  /* for one message of a leader that shows itself */
#define FIND_MS 3000u /* for leaders to notice that their master is gone */

static void gen_adopted(struct master *m, const struct ipc_msg *msg, int ctl, pid_t leader)
{
	const struct ipc_adopt *a = (const struct ipc_adopt *)(const void *)msg->data;
	struct gen g = { .id = msg->num, .state = a->draining ? GEN_DRAINING : GEN_ACTIVE, .leader = leader, .ctl = ctl, .text = -1,
			 .started = a->started_ms, .hard_stop_ms = a->hard_stop_ms, .nworkers = a->nworkers, .served = true, .adopted = true };

	memcpy(g.version, a->version, sizeof(g.version) - 1);
	VEC_PUSH(&m->gens, g);
	m->next_id = MAX(m->next_id, g.id + 1);
	m->gens_changed = true;
}

static void gen_forget(struct master *m, uint64_t id)
{
	fds_abort(m, id);
	state_ended(m, id, false);
	for (size_t i = m->kids.n; i-- > 0;)
		if (m->kids.at[i].gen == id)
			kid_gone(m, m->kids.at[i].pid);
	for (size_t i = m->gens.n; i-- > 0;)
		if (m->gens.at[i].id == id) {
			close(m->gens.at[i].ctl);
			m->gens.at[i] = m->gens.at[--m->gens.n];
		}
}

/* One leader from its first message to its last; false: it did not come to the end, and nothing of it is ours. */
static bool take_over(struct master *m, int ctl, pid_t leader)
{
	struct ipc_msg msg;
	uint64_t id = 0;
	int fd;

	while (ipc_wait(ctl, SHOW_MS) && ipc_recv(ctl, ROLE_MASTER, ROLE_LEADER, &msg, &fd) == 1) {
		if (!id) {
			if (msg.type != IPC_ADOPT || !msg.num || gen_find(m, msg.num))
				break;
			id = msg.num;
			gen_adopted(m, &msg, ctl, leader);
		} else if (msg.type == IPC_ADOPT_END) {
			return true;
		} else {
			gen_message(m, gen_find(m, id), &msg, fd);
		}
	}
	if (id)
		gen_forget(m, id);
	else
		close(ctl);
	return false;
}

static unsigned adopt_round(struct master *m)
{
	unsigned n = 0;

	for (unsigned slot = 0; slot < ADOPT_SLOTS; slot++) {
		pid_t pid;
		int ctl = adopt_connect(m->o->adopt, slot, &pid);
		n += ctl >= 0 && take_over(m, ctl, pid);
	}
	return n;
}

static struct gen *newest_active(struct master *m)
{
	struct gen *best = NULL;

	for (size_t i = 0; i < m->gens.n; i++)
		if (m->gens.at[i].state == GEN_ACTIVE && (!best || m->gens.at[i].id > best->id))
			best = &m->gens.at[i];
	return best;
}

/* What the old master may have died in the middle of: two that accept, ended generations that nobody said were ended. */
static void settle(struct master *m)
{
	const struct gen *active = newest_active(m);
	uint64_t id = active ? active->id : 0;

	states_mark_ended(m);
	for (size_t i = 0; active && i < m->gens.n; i++)
		if (m->gens.at[i].id != id) {
			gen_drain(m, &m->gens.at[i]);
			state_show(m, &m->gens.at[i], id);
		}
	for (size_t i = 0; i < m->fds.n; i++)
		m->fds.at[i].claimed_by = id;
}

bool master_adopt(struct master *m)
{
	const char *expected = getenv(ADOPT_ENV);
	unsigned want = expected ? (unsigned)atoi(expected) : 0, got = adopt_round(m);
	uint64_t until = clock_read_ns() / 1000000 + FIND_MS;

	while (got < want && clock_read_ns() / 1000000 < until) {
		poll(NULL, 0, 10);
		got += adopt_round(m);
	}
	if (!got)
		return false;
	settle(m);
	notice(SAY_NOTICE, "took over %u generation%s of a former master", got, got == 1 ? "" : "s");
	return newest_active(m) != NULL;
}

/* ---- a newer program ---- */

bool master_outdated(const struct master *m)
{
	struct stat now;

	return stat(m->exe, &now) == 0 && S_ISREG(now.st_mode) && (now.st_ino != m->exe_ino || now.st_dev != m->exe_dev);
}

/* All our descriptors are close-on-exec: when it works the leaders see the end of their channels and wait for whom they find next. */
void master_upgrade(struct master *m)
{
	char n[16];
	char **argv = calloc((size_t)m->o->argc + 1, sizeof(*argv));

	if (!argv)
		return;
	for (int i = 0; i < m->o->argc; i++)
		argv[i] = m->o->argv[i];
	snprintf(n, sizeof(n), "%zu", m->gens.n);
	setenv(ADOPT_ENV, n, 1);
	notice(SAY_NOTICE, "the program was replaced: going on as the new one");
	execv(m->exe, argv);
	notice(SAY_WARNING, "cannot go on as %s: %s", m->exe, strerror(errno));
	unsetenv(ADOPT_ENV);
	free(argv);
}
