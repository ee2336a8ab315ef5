// SPDX-License-Identifier: GPL-3.0-or-later
/* What was set in the generation before us between the commit, when its words were taken over, and the moment when it began to drain. Until
 * then its runtime socket answers, and what it has confirmed must not be lost; from then on it refuses changes. So when it drains we look once
 * more, and take what has changed there and not here: who spoke to us has spoken later. */
#include <stdlib.h>
#include <sluice/base/clock.h>

#include "certs.h"
#include "cli_change.h"
#include "leader_priv.h"

#define LOOK_MS 2 /* a setting is not in force in the meantime */

struct seen { uint64_t theirs, ours; }; /* a word at the commit */

struct last_look { struct seen *srv, *fe, limit[IMPORT_LIMITS]; };

static bool srv_words(const struct leader *l, uint32_t i, struct seen *w)
{
	const struct state_view *v = l->before;
	struct state_srv s;

	if (v->of_srv[i] == STATE_NONE || !state_same_srv(v, v->of_srv[i], &l->names.srv[i]))
		return false;
	state_read_srv(v, v->of_srv[i], &s);
	*w = (struct seen){ s.admin, srv_admin_now(l, i) };
	return true;
}

static bool fe_words(const struct leader *l, uint32_t i, struct seen *w)
{
	const struct seg_be *our = &l->seg->be[i];
	struct state_be s;

	if (l->before->of_fe[i] == STATE_NONE)
		return false;
	state_read_be(l->before, l->before->of_fe[i], &s);
	*w = (struct seen){ (uint64_t)s.fe_state << 32 | s.fe_maxconn,
			    (uint64_t)atomic_load_explicit(&our->fe_state, memory_order_relaxed) << 32 |
				    atomic_load_explicit(&our->fe_maxconn, memory_order_relaxed) };
	return true;
}

static struct seen limit_words(const struct leader *l, unsigned i)
{
	return (struct seen){ state_read_limit(l->before, i), atomic_load_explicit(import_limit(l, i), memory_order_relaxed) };
}

static bool only_theirs_moved(const struct seen *was, const struct seen *now)
{
	return now->theirs != was->theirs && now->ours == was->ours;
}

void last_look_drop(struct leader *l)
{
	timer_stop(&l->look);
	if (l->last_look) {
		free(l->last_look->srv);
		free(l->last_look->fe);
	}
	free(l->last_look);
	l->last_look = NULL;
}

static void look_due(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, look);

	if (state_phase(l->before) >= SEG_DRAINING || !gen_lives(l, l->before))
		last_look_take(l);
	else
		timer_set(t, clock_ms() + LOOK_MS);
}

void last_look_prepare(struct leader *l)
{
	struct last_look *k = l->before ? calloc(1, sizeof(*k)) : NULL;

	if (!k)
		return;
	l->last_look = k;
	k->srv = calloc(MAX(l->rt->nsrv, 1u), sizeof(*k->srv));
	k->fe = calloc(MAX(l->rt->npx, 1u), sizeof(*k->fe));
	if (!k->srv || !k->fe) {
		last_look_drop(l);
		return;
	}
	for (uint32_t i = 0; i < l->rt->nsrv; i++)
		(void)srv_words(l, i, &k->srv[i]);
	for (uint32_t i = 0; i < l->rt->npx; i++)
		(void)fe_words(l, i, &k->fe[i]);
	for (unsigned i = 0; i < IMPORT_LIMITS; i++)
		k->limit[i] = limit_words(l, i);
	timer_init(&l->look, look_due);
	timer_set(&l->look, clock_ms() + LOOK_MS);
}

bool last_look_waits(const struct leader *l) { return l->last_look; }

void last_look_take(struct leader *l)
{
	const struct last_look *k = l->last_look;
	struct seen now;

	if (!k)
		return;
	for (uint32_t i = 0; i < l->rt->nsrv; i++)
		if (srv_words(l, i, &now) && only_theirs_moved(&k->srv[i], &now))
			import_srv_admin(l, i, l->before, l->before->of_srv[i], now.theirs);
	for (uint32_t i = 0; i < l->rt->npx; i++)
		if (fe_words(l, i, &now) && only_theirs_moved(&k->fe[i], &now))
			import_fe(l, i, l->before, l->before->of_fe[i]);
	for (unsigned i = 0; i < IMPORT_LIMITS; i++) {
		now = limit_words(l, i);
		if (only_theirs_moved(&k->limit[i], &now))
			atomic_store_explicit(import_limit(l, i), (uint32_t)now.theirs, memory_order_relaxed);
	}
	changes_told(l);
	journal_catch_up(l);
	last_look_drop(l);
}
