// SPDX-License-Identifier: GPL-3.0-or-later
/* The leader's side of a question to the workers: a memfd for each, a ticket, and patience of two seconds. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include "cli_ask.h"

struct answer { pid_t pid; int text; bool waited, missing; };
struct asking {
	struct list link;
	struct cli_run *r;
	uint64_t ticket;
	struct timer late;
	unsigned waiting;   /* workers that have not answered */
	uint32_t found;
	unsigned at;        /* the answer being copied */
	off_t off;
	struct answer of[SEG_MAX_WORKERS];
};

static struct list askings = LIST_INIT(askings);

static void ask_over(struct asking *k)
{
	timer_stop(&k->late);
	cli_resume(k->r);
}

static void late(struct timer *t)
{
	struct asking *k = CONTAINER_OF(t, struct asking, late);

	for (unsigned i = 0; i < k->r->l->nworkers; i++)
		k->of[i].missing |= k->of[i].waited;
	k->waiting = 0;
	ask_over(k);
}

static void ask_end(struct cli_run *r)
{
	struct asking *k = r->priv;

	timer_stop(&k->late);
	list_del(&k->link);
	for (unsigned i = 0; i < r->l->nworkers; i++)
		if (k->of[i].text >= 0)
			close(k->of[i].text);
	free(k);
}

static void ask_worker(struct asking *k, const struct child *c, enum ask_kind kind, const struct ipc_ask *q)
{
	struct answer *a = &k->of[c->slot];

	a->missing = true;
	if (!c->pid || c->state < CHILD_READY)
		return;
	a->text = memfd_create("answer", MFD_CLOEXEC);
	a->pid = c->pid;
	if (a->text < 0 || !ipc_send(c->io.fd, IPC_ASK, (uint32_t)kind, k->ticket, q, sizeof(*q), a->text))
		return;
	a->missing = false;
	a->waited = true;
	k->waiting++;
}

enum cli_state cli_ask(struct cli_run *r, enum ask_kind kind, const struct ipc_ask *q)
{
	static uint64_t tickets;
	struct asking *k = calloc(1, sizeof(*k));

	if (!k)
		return cli_fail(r, "Out of memory.");
	k->r = r;
	k->ticket = ++tickets;
	for (unsigned i = 0; i < SEG_MAX_WORKERS; i++)
		k->of[i].text = -1;
	timer_init(&k->late, late);
	list_push(&askings, &k->link);
	r->priv = k;
	r->end = ask_end;
	for (unsigned i = 0; i < r->l->nchild; i++)
		if (r->l->child[i].role == ROLE_WORKER)
			ask_worker(k, &r->l->child[i], kind, q);
	if (!k->waiting)
		return CLI_AGAIN;
	timer_set(&k->late, clock_ms() + ASK_WAIT_MS);
	return CLI_WAIT;
}

static void settle(struct asking *k, struct answer *a)
{
	a->waited = false;
	if (--k->waiting == 0)
		ask_over(k);
}

void cli_answered(const struct child *c, const struct ipc_msg *m)
{
	LIST_EACH(p, &askings) {
		struct asking *k = LIST_ENTRY(p, struct asking, link);
		struct answer *a = &k->of[c->slot];

		if (k->ticket != m->num || !a->waited || a->pid != c->pid)
			continue;
		k->found += m->arg;
		settle(k, a);
		return;
	}
}

void cli_worker_gone(const struct child *c)
{
	LIST_EACH(p, &askings) {
		struct asking *k = LIST_ENTRY(p, struct asking, link);
		struct answer *a = &k->of[c->slot];

		if (!a->waited)
			continue;
		a->missing = true;
		settle(k, a);
	}
}

uint32_t cli_ask_found(const struct cli_run *r) { return ((const struct asking *)r->priv)->found; }

enum cli_state cli_ask_copy(struct cli_run *r)
{
	struct asking *k = r->priv;
	char piece[8192];

	while (k->at < r->l->nworkers && !cli_full(r)) {
		struct answer *a = &k->of[k->at];
		ssize_t n = a->missing ? 0 : pread(a->text, piece, sizeof(piece), k->off);

		if (n > 0) {
			sbuf_add(r->out, str_n(piece, (size_t)n));
			k->off += n;
			continue;
		}
		if (a->missing)
			sbuf_printf(r->out, "# worker %u does not answer\n", k->at);
		k->at++;
		k->off = 0;
	}
	return k->at < r->l->nworkers ? CLI_AGAIN : CLI_DONE;
}
