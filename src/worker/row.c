// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go. A row may be given to another server only when nothing here means the old one any more: exchanges that have chosen
 * it refuse, what merely remembers it (the last server of a session, servers that a request avoids) forgets. */
#include <sluice/ipc/place.h>
#include <sluice/ipc/state.h>
#include <sluice/rt/row.h>

#include "persist.h"
#include "pool.h"
#include "row.h"
#include "session.h"
#include "stream.h"
#include "worker_priv.h"

static void answer(const struct ipc_msg *m, bool done)
{
	(void)ipc_send(wk.h->ctl, IPC_SRV_DONE, done, m->num, NULL, 0, -1);
}

/* What was derived from the rows of its backend is derived again at the next pick. */
static void row_changed(uint32_t srv)
{
	struct lb *lb = &wk.lb[wk.rt->srv[srv].px];

	lb->epoch = UINT64_MAX;
}

void row_put(const struct ipc_msg *m, int fd)
{
	bool have = m->arg < wk.rt->nsrv && rt_srv_exists(&wk.rt->srv[m->arg]); /* it refused to drop it */
	bool ok = have || rt_row_receive(wk.rt, m->arg, fd);

	if (ok && !have) {
		wk.srv[m->arg].down = true; /* it begins in maintenance */
		wk.srv[m->arg].plain = false;
		wk.srv[m->arg].place_seq = place_seq(wk.seg, m->arg);
		state_forget_srv(wk.seg->older, m->arg);
		row_changed(m->arg);
	}
	answer(m, ok);
}

static void forget(struct stream *s, uint32_t srv)
{
	uint8_t n = 0;

	persist_moved(s, s->persist_srv == srv ? RT_NONE : s->persist_srv);
	for (uint8_t i = 0; i < s->navoid; i++)
		if (s->avoid[i] != srv)
			s->avoid[n++] = s->avoid[i];
	s->navoid = n;
}

/* Does an exchange of the session mean it? */
static bool session_has(struct session *se, uint32_t srv)
{
	LIST_EACH(p, &se->streams) {
		struct stream *s = LIST_ENTRY(p, struct stream, link);

		if (s->srv_idx == srv || (s->flags & SF_QUEUED && s->wait.srv == srv))
			return true;
		forget(s, srv);
	}
	if (se->last_srv == srv)
		se->last_srv = RT_NONE;
	return false;
}

static bool in_use(uint32_t srv)
{
	LIST_EACH(p, &wk.sessions)
		if (session_has(LIST_ENTRY(p, struct session, link), srv))
			return true;
	for (int k = LIVE_SRV; k <= LIVE_SRV_CONN; k++)
		if (atomic_load_explicit(live_row(wk.seg, (enum live_kind)k, srv) + wk.slot, memory_order_relaxed))
			return true;
	return !list_empty(&wk.srv[srv].streams);
}

void row_drop(const struct ipc_msg *m)
{
	uint32_t srv = m->arg;

	if (srv >= wk.rt->nsrv || !rt_srv_exists(&wk.rt->srv[srv])) {
		answer(m, srv < wk.rt->nsrv);
		return;
	}
	pool_close_idle(srv);
	if (in_use(srv)) {
		answer(m, false);
		return;
	}
	tls_sessions_free(&wk.srv[srv].tls);
	rt_row_drop(wk.rt, srv);
	row_changed(srv);
	answer(m, true);
}
