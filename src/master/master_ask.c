// SPDX-License-Identifier: GPL-3.0-or-later
/* Who asked for a reload, and what became of it. A request belongs to the first start that begins after it; when that start has worked or
 * failed, the leader that asked gets the verdict and the descriptor with the words of the leader that was started. The master passes on
 * those words, it does not read them, but for the one line that a service manager is shown.
 * The table of generations goes out whenever one of them changed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/notice.h>

#include "master_priv.h"

void ask_add(struct master *m, uint64_t gen, uint64_t ticket)
{
	struct ask a = { .gen = gen, .ticket = ticket };
	VEC_PUSH(&m->asks, a);
	m->reload_pending = true;
}

void asks_assign(struct master *m, uint64_t run)
{
	for (size_t i = 0; i < m->asks.n; i++)
		if (!m->asks.at[i].run)
			m->asks.at[i].run = run;
}

static void answer(struct master *m, const struct ask *a, bool ok, int text_fd)
{
	const struct gen *g = gen_find(m, a->gen);
	struct ipc_ticket t = { a->ticket };

	if (g && g->ctl >= 0 && text_fd >= 0)
		ipc_send(g->ctl, IPC_VERDICT, ok, a->run, &t, sizeof(t), text_fd);
}

void asks_answer(struct master *m, uint64_t run, bool ok, int text_fd)
{
	int fd = text_fd >= 0 ? text_fd : open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = m->asks.n; i-- > 0;)
		if (m->asks.at[i].run == run) {
			answer(m, &m->asks.at[i], ok, fd);
			m->asks.at[i] = m->asks.at[--m->asks.n];
		}
	if (fd >= 0 && fd != text_fd)
		close(fd);
}

/* ---- what was said ---- */

int text_new(void) { return memfd_create("sluice-verdict", MFD_CLOEXEC); }

void text_add(int fd, const char *line)
{
	if (fd >= 0 && (write(fd, line, strlen(line)) < 0 || write(fd, "\n", 1) < 0))
		notice(SAY_WARNING, "cannot note: %s", line);
}

static void printable(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s == 127)
			*s = ' ';
}

void text_first_error(int fd, char *out, size_t n)
{
	char all[4096];
	ssize_t got = fd >= 0 ? pread(fd, all, sizeof(all) - 1, 0) : 0;

	all[MAX(got, 0)] = '\0';
	char *hit = strstr(all, "error:");
	if (!hit)
		hit = strstr(all, "[ALERT]");
	while (hit && hit > all && hit[-1] != '\n')
		hit--;
	hit = hit ? hit : all;
	snprintf(out, n, "%.*s", (int)strcspn(hit, "\n"), hit);
	printable(out);
}

/* ---- the table ---- */

static unsigned workers_alive(const struct master *m, uint64_t gen)
{
	unsigned n = 0;
	for (size_t i = 0; i < m->kids.n; i++)
		n += m->kids.at[i].gen == gen && m->kids.at[i].role == ROLE_WORKER;
	return n;
}

static bool table_write(const struct master *m, int fd)
{
	static const uint32_t states[] = { [GEN_STARTING] = IPC_GEN_STARTING, [GEN_COMMITTING] = IPC_GEN_COMMITTING,
					   [GEN_ACTIVE] = IPC_GEN_SERVING, [GEN_DRAINING] = IPC_GEN_DRAINING };
	for (size_t i = 0; i < m->gens.n; i++) {
		const struct gen *g = &m->gens.at[i];
		struct ipc_gen row = { .id = g->id, .started_ms = g->started, .state = states[g->state], .leader = g->leader,
				       .nworkers = g->nworkers, .alive = workers_alive(m, g->id) };
		memcpy(row.version, g->version, sizeof(row.version) - 1);
		if (write(fd, &row, sizeof(row)) != (ssize_t)sizeof(row))
			return false;
	}
	return true;
}

void gens_publish(struct master *m)
{
	if (!m->gens_changed)
		return;
	m->gens_changed = false;
	int fd = memfd_create("sluice-generations", MFD_CLOEXEC);
	if (fd < 0)
		return;
	bool whole = table_write(m, fd);
	for (size_t i = 0; whole && i < m->gens.n; i++) {
		const struct gen *g = &m->gens.at[i];
		if (g->ctl >= 0 && g->state != GEN_STARTING)
			ipc_send(g->ctl, IPC_GENERATIONS, 0, m->gens.n, NULL, 0, fd);
	}
	close(fd);
}
