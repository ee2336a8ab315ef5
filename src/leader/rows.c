// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go: one step at all processes. Our own tables change first, so that a child forked meanwhile is right; the words of the
 * segment and the names that other generations read follow when nobody means the old server any more. A child that cannot be told is killed: its
 * successor is forked from tables that are right. Orders to one child arrive in order, so what is taken back later is never overtaken. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/health/health.h>
#include <sluice/rt/row.h>

#include "cli_change.h"
#include "leader_priv.h"
#include "roster.h"

#define STEP_WAIT_MS 3000u /* a worker that is stuck is found and replaced before that */

struct step {
	struct list link;
	struct leader *l;
	uint64_t ticket;
	uint32_t row;
	bool drop, refused;
	struct rt_server was; /* drop */
	int record;           /* drop: memfd of what was, else -1 */
	unsigned waiting;
	struct timer late;
	rows_done_fn *done;
	void *arg;
	pid_t pid[SEG_MAX_WORKERS + 1]; /* by child: who owes an answer, 0 = nobody */
};

static struct list steps = LIST_INIT(steps);

/* ---- the segment -------------------------------------------------------------------------------------------------- */

static void store64(_Atomic uint64_t *at, uint64_t v) { atomic_store_explicit(at, v, memory_order_release); }
static void store32(_Atomic uint32_t *at, uint32_t v) { atomic_store_explicit(at, v, memory_order_release); }

/* Nobody writes the words and counters of a spare row, so all of them are ours for the moment. */
static void words_begin(struct leader *l, uint32_t row)
{
	const struct rt_server *s = &l->rt->srv[row];
	struct seg_srv *w = &l->seg->srv[row];

	store64(&w->op, health_initial_op(s, (uint32_t)(clock_ms() / 1000)));
	store64(&w->check, 0);
	store64(&w->ewma, 0);
	store32(&w->agent, 0);
	store32(&w->chk_fail, 0), store32(&w->chk_down, 0), store32(&w->down_s, 0);
	store32(&w->fail_hint, 0), store32(&w->foreign, 0);
	store64(&w->admin, health_first_admin(s));
	for (unsigned col = 0; col <= l->nworkers; col++)
		ctr_clear_column(l->seg, col, true, row);
	state_forget_srv(l->seg->older, row);
	state_forget_srv(l->before, row);
	state_forget_srv(l->successor, row);
	events_forget(row);
}

static void names_follow(struct leader *l, uint32_t row)
{
	struct state_obj *ours = (struct state_obj *)(uintptr_t)&l->names.srv[row];

	names_of_server(l, row, ours);
	state_set_srv(l->live_names, row, ours->key ? ours : NULL);
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

static bool tell(const struct child *c, uint32_t row, uint64_t ticket, bool drop, int fd)
{
	bool checker = c->role == ROLE_CHECKER;
	enum ipc_type t = drop ? (checker ? IPC_CHK_DROP : IPC_SRV_DROP) : checker ? IPC_CHK_PUT : IPC_SRV_PUT;

	if (ipc_send(c->io.fd, t, row, ticket, NULL, 0, drop ? -1 : fd))
		return true;
	notice(SAY_ALERT, "%s (%d) cannot be told of a server and is started again", checker ? "checker" : "worker", (int)c->pid);
	kill(c->pid, SIGKILL);
	return false;
}

static void tell_all(struct step *k, int fd)
{
	for (unsigned i = 0; i < k->l->nchild; i++) {
		const struct child *c = &k->l->child[i];
		if (!c->pid || !tell(c, k->row, k->ticket, k->drop, fd))
			continue;
		k->pid[i] = c->pid;
		k->waiting++;
	}
}

/* What some have dropped already all are given again. */
static void take_back(struct step *k)
{
	rt_row_restore(k->l->rt, k->row, &k->was);
	for (unsigned i = 0; i < k->l->nchild; i++)
		if (k->l->child[i].pid)
			(void)tell(&k->l->child[i], k->row, 0, false, k->record);
}

static void step_free(struct step *k)
{
	timer_stop(&k->late);
	if (k->record >= 0)
		close(k->record);
	free(k);
}

static void step_over(struct step *k)
{
	enum rows_end end = k->refused ? ROWS_REFUSED : k->waiting ? ROWS_LATE : ROWS_DONE;

	list_del(&k->link);
	if (k->drop && end == ROWS_DONE) {
		store64(&k->l->seg->srv[k->row].admin, health_initial_admin(&k->l->rt->srv[k->row]));
		names_follow(k->l, k->row);
		roster_deleted(k->l, &k->was);
	} else if (k->drop) {
		take_back(k);
	}
	changes_told(k->l);
	if (k->done)
		k->done(k->arg, end);
	step_free(k);
}

static void late(struct timer *t) { step_over(CONTAINER_OF(t, struct step, late)); }

static struct step *step_new(struct leader *l, uint32_t row, bool drop, rows_done_fn *done, void *arg)
{
	static uint64_t tickets;
	struct step *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	*k = (struct step){ .l = l, .ticket = ++tickets, .row = row, .drop = drop, .record = -1, .done = done, .arg = arg };
	timer_init(&k->late, late);
	timer_set(&k->late, clock_ms() + STEP_WAIT_MS);
	list_push(&steps, &k->link);
	return k;
}

/* The answers come in a later turn, so that `done` never runs inside the call that asked. */
static void step_begin(struct step *k, int fd)
{
	tell_all(k, fd);
	if (!k->waiting)
		timer_set(&k->late, clock_ms());
}

static bool step_about(uint32_t row)
{
	LIST_EACH(p, &steps)
		if (LIST_ENTRY(p, struct step, link)->row == row)
			return true;
	return false;
}

bool rows_put(struct leader *l, uint32_t row, const struct rt_server *s, rows_done_fn *done, void *arg)
{
	int fd = rt_row_memfd(s);
	struct step *k = fd >= 0 ? step_new(l, row, false, done, arg) : NULL;

	if (!k || !rt_row_receive(l->rt, row, fd)) {
		if (k) {
			list_del(&k->link);
			step_free(k);
		}
		if (fd >= 0)
			close(fd);
		return false;
	}
	words_begin(l, row);
	names_follow(l, row);
	step_begin(k, fd);
	close(fd);
	return true;
}

bool rows_drop(struct leader *l, uint32_t row, rows_done_fn *done, void *arg)
{
	int fd = rt_row_memfd(&l->rt->srv[row]);
	struct step *k = fd >= 0 ? step_new(l, row, true, done, arg) : NULL;

	if (!k) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	k->was = l->rt->srv[row];
	k->record = fd;
	rt_row_drop(l->rt, row);
	step_begin(k, -1);
	return true;
}

uint32_t rows_spare(const struct rt_backend *be)
{
	uint32_t any = RT_NONE;

	for (uint32_t row = rt_row_free(be, 0); row != RT_NONE; row = rt_row_free(be, row + 1)) {
		if (step_about(row))
			continue;
		if (!be->srv[row - be->srv0].loc.file) /* the row of a deleted one remembers its number */
			return row;
		any = any == RT_NONE ? row : any;
	}
	return any;
}

bool rows_going(uint32_t px, struct str name)
{
	LIST_EACH(p, &steps) {
		const struct step *k = LIST_ENTRY(p, struct step, link);
		if (k->drop && k->was.px == px && str_eq(k->was.name, name))
			return true;
	}
	return false;
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static struct step *step_of(uint64_t ticket)
{
	LIST_EACH(p, &steps)
		if (LIST_ENTRY(p, struct step, link)->ticket == ticket)
			return LIST_ENTRY(p, struct step, link);
	return NULL;
}

static void settle(struct step *k, unsigned i)
{
	k->pid[i] = 0;
	if (--k->waiting == 0)
		step_over(k);
}

void rows_answered(const struct child *c, const struct ipc_msg *m)
{
	struct step *k = step_of(m->num);
	unsigned i = (unsigned)(c - c->l->child);

	if (!k || k->pid[i] != c->pid)
		return;
	k->refused |= !m->arg;
	settle(k, i);
}

/* Its successor is forked from our tables, which are right. */
void rows_child_gone(const struct child *c)
{
	unsigned i = (unsigned)(c - c->l->child);

	LIST_EACH_SAFE(p, n, &steps) {
		struct step *k = LIST_ENTRY(p, struct step, link);
		if (k->pid[i])
			settle(k, i);
	}
}

void rows_forget(void *arg)
{
	LIST_EACH(p, &steps)
		if (LIST_ENTRY(p, struct step, link)->arg == arg)
			LIST_ENTRY(p, struct step, link)->done = NULL;
}
