// SPDX-License-Identifier: GPL-3.0-or-later
/* What the runtime interface asks of the checker: a state of health set by hand, checks of a server switched off and on. An order carries a
 * number and is obeyed once; a checker that is started again takes those that stand in the segment as obeyed. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include "checker_priv.h"

static uint32_t order_of(const struct checker *ck, uint32_t srv)
{
	return atomic_load_explicit(&ck->seg->srv[srv].order, memory_order_acquire);
}

static unsigned flags_of(const struct checker *ck, uint32_t srv)
{
	return srv_admin_flags(atomic_load_explicit(&ck->seg->srv[srv].admin, memory_order_acquire));
}

/* A server that nobody checks: its words are all there is of it. */
static void obey_unchecked(struct checker *ck, uint32_t srv, enum srv_order order)
{
	_Atomic uint64_t *op = &ck->seg->srv[srv].op;
	struct report r = { .status = CHK_UNKNOWN, .ms = -1, .ordered = true };
	uint64_t word = atomic_load_explicit(op, memory_order_relaxed);
	struct health h;

	health_restore(&h, &ck->rt->srv[srv], word);
	if (health_force(&h, order) == HEALTH_SAME)
		return;
	atomic_store_explicit(op, health_op_word(&h, (uint32_t)(clock_ms() / 1000)), memory_order_release);
	atomic_fetch_add_explicit(&ck->seg->h->epoch_checker, 1, memory_order_release);
	report_event(ck, srv, srv_op_state(word), (enum srv_op)h.state, &r);
}

static void obey(struct checker *ck, uint32_t srv, enum srv_order order)
{
	struct target *t = ck->of_srv[srv];

	if (order > ORDER_AGENT_DOWN)
		return;
	if (!t)
		obey_unchecked(ck, srv, order);
	else
		fleet_ordered(t, health_force(&t->health, order));
}

static void switch_checks(struct target *t, bool off)
{
	if (t->off == off)
		return;
	t->off = off;
	if (off && t->ops)
		probe_abort(t);
	else if (!off && !t->maint)
		probe_soon(t, 1);
}

void orders_look(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->rt->nsrv; i++) {
		uint32_t order = order_of(ck, i);
		struct target *t = ck->of_srv[i];

		if (order != ck->seen_order[i]) {
			ck->seen_order[i] = order;
			obey(ck, i, (enum srv_order)(order & 0xff));
		}
		if (t)
			switch_checks(t, flags_of(ck, i) & ADMF_NOCHECK);
		if (t && t->peer)
			switch_checks(t->peer, flags_of(ck, i) & ADMF_NOAGENT);
	}
}

void orders_flags(struct checker *ck, uint32_t srv)
{
	struct target *t = ck->of_srv[srv];

	if (t)
		t->off = flags_of(ck, srv) & ADMF_NOCHECK;
	if (t && t->peer)
		t->peer->off = flags_of(ck, srv) & ADMF_NOAGENT;
}

void orders_begin(struct checker *ck, uint32_t srv)
{
	ck->seen_order[srv] = order_of(ck, srv);
	orders_flags(ck, srv);
}

bool orders_init(struct checker *ck)
{
	ck->seen_order = calloc(MAX(ck->rt->nsrv, 1u), sizeof(*ck->seen_order));
	for (uint32_t i = 0; ck->seen_order && i < ck->rt->nsrv; i++)
		orders_begin(ck, i);
	return ck->seen_order != NULL;
}

void orders_free(struct checker *ck)
{
	free(ck->seen_order);
	ck->seen_order = NULL;
}
