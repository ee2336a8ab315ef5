// SPDX-License-Identifier: GPL-3.0-or-later
/* How long servers and backends are down. A backend is down while none of its servers takes requests; it has no health of its own, so
 * it is looked at whenever one of its servers or the orders of the operator change. */
#include <sluice/base/clock.h>
#include "checker_priv.h"

static uint32_t now_s(void) { return (uint32_t)(clock_ms() / 1000); }

static void add_word(_Atomic uint32_t *w, uint32_t n)
{
	atomic_store_explicit(w, atomic_load_explicit(w, memory_order_relaxed) + n, memory_order_relaxed);
}

void downtime_server(const struct target *t)
{
	struct seg_srv *w = &t->ck->seg->srv[t->srv];
	uint64_t op = atomic_load_explicit(&w->op, memory_order_relaxed);

	if ((srv_op_state(op) == SRV_DOWN || t->maint) && srv_op_since(op) < now_s())
		add_word(&w->down_s, now_s() - srv_op_since(op));
}

void downtime_backend(const struct checker *ck, uint32_t px)
{
	const struct rt_proxy *p = &ck->rt->px[px];
	struct seg_be *w = &ck->seg->be[px];
	uint64_t old = atomic_load_explicit(&w->state, memory_order_relaxed);
	uint32_t since = (uint32_t)(old >> 32);
	unsigned active, backup, down;

	if (!(p->caps & PX_BE) || !rt_has_servers(&p->be))
		return;
	fleet_count(ck, p, &active, &backup);
	down = !active && !backup;
	if (old && (old & 1) == down)
		return;
	if (old & 1 && since < now_s())
		add_word(&w->down_s, now_s() - since);
	if (old && down)
		add_word(&w->chk_down, 1);
	atomic_store_explicit(&w->state, down | (uint64_t)MAX(now_s(), 1u) << 32, memory_order_relaxed);
}
