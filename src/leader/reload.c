// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking the master for a reload and waiting for its verdict, and the table of all generations as the master last sent it. Who asks is mostly
 * a session of the runtime socket; by the time of a good verdict its leader is the old one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_priv.h"
#include "leader_priv.h"

#define GENS_MAX 64u /* rows that are believed */

bool leader_ask_reload(struct leader *l, reload_done_fn *done, void *arg)
{
	struct reload_ask a = { .ticket = ++l->last_ticket, .done = done, .arg = arg };

	if (l->master_gone || !master_tell(l, IPC_RELOAD, 0, a.ticket, NULL, 0, -1))
		return false;
	VEC_PUSH(&l->asks, a);
	return true;
}

void leader_forget_reload(struct leader *l, void *arg)
{
	for (size_t i = l->asks.n; i-- > 0;)
		if (l->asks.at[i].arg == arg)
			l->asks.at[i] = l->asks.at[--l->asks.n];
}

void reload_verdict(struct leader *l, const struct ipc_msg *m, int fd)
{
	uint64_t ticket = ((const struct ipc_ticket *)(const void *)m->data)->n;

	if (m->arg == 1)
		cli_deaf(); /* who asked may come again at once, and is to meet the generation that serves now */
	for (size_t i = 0; i < l->asks.n; i++)
		if (l->asks.at[i].ticket == ticket) {
			struct reload_ask a = l->asks.at[i];
			l->asks.at[i] = l->asks.at[--l->asks.n];
			a.done(a.arg, m->arg == 1, m->num, fd);
			break;
		}
	close(fd);
}

void reload_master_gone(struct leader *l)
{
	l->master_gone = true;
	while (l->asks.n) {
		struct reload_ask a = l->asks.at[--l->asks.n];
		a.done(a.arg, false, 0, -1);
	}
}

void gens_received(struct leader *l, const struct ipc_msg *m, int fd)
{
	unsigned n = (unsigned)MIN(m->num, (uint64_t)GENS_MAX);
	struct ipc_gen *at = calloc(n ? n : 1, sizeof(*at));

	if (at && pread(fd, at, n * sizeof(*at), 0) == (ssize_t)(n * sizeof(*at))) {
		for (unsigned i = 0; i < n; i++)
			at[i].version[sizeof(at[i].version) - 1] = '\0';
		free(l->gens);
		l->gens = at;
		l->ngens = n;
		at = NULL;
	}
	free(at);
	close(fd);
}
