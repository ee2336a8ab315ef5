// SPDX-License-Identifier: GPL-3.0-or-later
/* Open questions: a table of slots. A ticket names the slot and its turn, so an answer that comes late, or to a worker that died, finds nobody. */
#include <sluice/base/rand.h>
#include "resolve.h"
#include "worker_priv.h"

#define SLOTS 1024u

struct slot {
	struct stream *s;       /* NULL: free */
	uint64_t ticket;
	struct addr addr;       /* of the answer */
	bool answered;
};

static struct slot slots[SLOTS];
static uint32_t next;
static uint64_t turn;

static struct slot *slot_free(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct slot *q = &slots[next++ % SLOTS];

		if (!q->s)
			return q;
	}
	return NULL;
}

bool resolve_ask(struct stream *s, uint32_t resolvers, unsigned family, struct str name)
{
	struct ipc_name n = { .family = (uint8_t)family, .worker = (uint8_t)wk.h->slot };
	struct slot *q = slot_free();

	if (!q || name.n >= sizeof(n.text) || !name.n)
		return false;
	memcpy(n.text, name.p, name.n);
	if (!turn)
		turn = rand_u64() >> 24;
	*q = (struct slot){ .ticket = (++turn * SLOTS) + (uint64_t)(q - slots) };
	if (!ipc_send(wk.h->ctl, IPC_RESOLVE, resolvers, q->ticket, &n, sizeof(n), -1))
		return false;
	q->s = s;
	s->resolving = (uint32_t)(q - slots) + 1;
	return true;
}

bool resolve_answer(const struct stream *s, struct addr *a)
{
	const struct slot *q = s->resolving ? &slots[s->resolving - 1] : NULL;

	if (!q || !q->answered)
		return false;
	*a = q->addr;
	return true;
}

void resolve_forget(struct stream *s)
{
	if (s->resolving)
		slots[s->resolving - 1].s = NULL;
	s->resolving = 0;
}

void resolve_answered(const struct ipc_msg *m)
{
	struct slot *q = &slots[m->num % SLOTS];
	struct ipc_resolved r;

	if (!q->s || q->ticket != m->num || q->answered)
		return;
	memcpy(&r, m->data, sizeof(r));
	q->answered = true;
	if (!ipc_resolved_addr(&r, &q->addr))
		q->addr = (struct addr){ 0 };
	strm_run(q->s);
}
