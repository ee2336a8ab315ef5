// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables of a generation: made here, inherited by the workers. The leader frees what has expired, a slice at a
 * time, and repairs what a dead worker left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/stick/stick.h>

#include "leader_priv.h"

#define SWEEP_MS    100
#define SWEEP_ROUND 50	  /* slices in which a large table is swept once */
#define SWEEP_LEAST 4096u /* small ones are swept whole each time */

static struct stick_table *table_open(struct leader *l, const struct rt_table *spec)
{
	(void)l;
	return stick_create(spec);
}

bool tables_open(struct leader *l)
{
	l->tables = calloc(l->rt->ntbl + 1, sizeof(*l->tables));
	for (uint32_t i = 0; l->tables && i < l->rt->ntbl; i++) {
		l->tables[i] = table_open(l, &l->rt->tbl[i]);
		if (l->tables[i] && stick_attach(l->tables[i]))
			continue;
		notice(SAY_ALERT, "cannot create stick table " STR_FMT ": %s", STR_ARG(l->rt->tbl[i].name),
		       strerror(errno));
		return false;
	}
	return l->tables != NULL;
}

void tables_recover(struct leader *l)
{
	clock_update();
	for (uint32_t i = 0; i < l->rt->ntbl; i++)
		stick_recover(l->tables[i], (uint32_t)clock_ms());
}

static void sweep(struct timer *t)
{
	struct leader *l = CONTAINER_OF(t, struct leader, sweep);

	for (uint32_t i = 0; i < l->rt->ntbl; i++)
		stick_sweep(l->tables[i], MAX(l->rt->tbl[i].size / SWEEP_ROUND, SWEEP_LEAST), (uint32_t)clock_ms());
	timer_set(t, clock_ms() + SWEEP_MS);
}

void tables_start(struct leader *l)
{
	timer_init(&l->sweep, sweep);
	if (l->rt->ntbl)
		timer_set(&l->sweep, clock_ms() + SWEEP_MS);
}

void tables_close(struct leader *l)
{
	for (uint32_t i = 0; i < l->rt->ntbl; i++)
		stick_unmap(l->tables[i]);
	free(l->tables);
}
