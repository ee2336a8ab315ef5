// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions of the leader: keeping them, answering slice by slice, writing to the memfd. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include "ask.h"
#include "session.h"
#include "stream.h"
#include "worker_priv.h"

#define ASK_MAX 40        /* open at once: more than the leader has sessions */
#define ASK_TEXT_MAX (64u << 20) /* bytes of an answer */

static struct list asks = LIST_INIT(asks);
static unsigned nasks;

static ask_fn *const fns[ASK_KINDS] = {
#define ASK(id, fn, help) [ASK_##id] = ask_##fn,
#include <sluice/tbl/worker_asks.def>
#undef ASK
};

static void ask_end(struct ask *a)
{
	(void)ipc_send(wk.h->ctl, IPC_ASKED, a->found, a->ticket, NULL, 0, -1);
	list_del(&a->link);
	timer_stop(&a->timer);
	close(a->fd);
	sbuf_free(&a->out);
	free(a);
	nasks--;
}

static bool flush(struct ask *a)
{
	off_t end = lseek(a->fd, 0, SEEK_CUR);
	bool ok = !a->out.n || (end < (off_t)ASK_TEXT_MAX && write(a->fd, a->out.p, a->out.n) == (ssize_t)a->out.n);

	a->out.n = 0;
	return ok;
}

static void slice(struct timer *t)
{
	struct ask *a = CONTAINER_OF(t, struct ask, timer);
	bool last = fns[a->kind](a);

	a->calls++;
	if (!flush(a) || last)
		ask_end(a);
	else
		timer_set(t, clock_ms() + 1);
}

static bool sane(const struct ipc_msg *m, const struct ipc_ask *q)
{
	return m->arg < ASK_KINDS && (q->fe == RT_NONE || q->fe < wk.rt->npx) && (q->be == RT_NONE || q->be < wk.rt->npx) &&
	       (q->srv == RT_NONE || q->srv < wk.rt->nsrv);
}

void ask_begin(const struct ipc_msg *m, int fd)
{
	struct ipc_ask q;
	struct ask *a;

	memcpy(&q, m->data, sizeof(q));
	if (nasks == ASK_MAX || !sane(m, &q) || !(a = calloc(1, sizeof(*a))))
		return;
	a->kind = (enum ask_kind)m->arg;
	a->q = q;
	a->ticket = m->num;
	a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (a->fd < 0) {
		free(a);
		return;
	}
	nasks++;
	list_push(&asks, &a->link);
	a->at = list_empty(&wk.sessions) ? NULL : LIST_ENTRY(wk.sessions.next, struct session, link);
	timer_init(&a->timer, slice);
	slice(&a->timer);
}

void ask_forget(struct session *se)
{
	LIST_EACH(p, &asks) {
		struct ask *a = LIST_ENTRY(p, struct ask, link);

		if (a->at == se)
			a->at = se->link.next == &wk.sessions ? NULL : LIST_ENTRY(se->link.next, struct session, link);
	}
}

uint64_t ask_strm_id(const struct stream *s)
{
	uint32_t epoch = atomic_load_explicit(&wk.seg->slot[wk.slot].epoch, memory_order_relaxed);

	return (uint64_t)(wk.slot + 1) << 40 | (uint64_t)(epoch & 0xff) << 32 | s->req_counter;
}
