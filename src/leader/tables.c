// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables of a generation: made here or taken over from the one before, inherited by the workers. The leader frees
 * what has expired, a slice at a time, and repairs what a dead worker left. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/base/notice.h>
#include <sluice/stick/stick.h>

#include "leader_priv.h"

#define NAME_MAX_KEY  64 /* bytes of a name in the key of its table */
#define SWEEP_MS      100
#define RECOVER_EVERY 10
#define SWEEP_ROUND   50    /* slices in which a large table is swept once */
#define SWEEP_LEAST   4096u /* small ones are swept whole each time */

/* ---- over a reload ---- */

/* The name (cut, with a hash of it whole), then what tells layouts apart: a table of another layout is another table,
 * so that a generation that fails to start takes nothing away from the one that serves. */
static void table_key(const struct rt_table *spec, bool layout, struct ipc_key *key)
{
	memset(key, 0, sizeof(*key));
	int n = snprintf(key->text, sizeof(key->text), "table:%.*s:%08x:", (int)MIN(spec->name.n, (size_t)NAME_MAX_KEY),
			 spec->name.p, (uint32_t)hash_xxh3(spec->name, 0));
	if (layout)
		snprintf(key->text + n, sizeof(key->text) - (size_t)n, "%016llx",
			 (unsigned long long)stick_layout(spec));
}

/* A table of that name and another layout: what fits is copied. What is counted in it until it is left stays there. */
static void copy_former(struct stick_table *t, struct inherited *in)
{
	const struct rt_table *spec = stick_spec(t);
	struct stick_table *old = NULL;
	struct rt_table old_spec;
	struct ipc_key name;

	table_key(spec, false, &name);
	for (unsigned i = 0; i < in->n && !old; i++) {
		if (in->at[i].fd < 0 || strncmp(in->at[i].key.text, name.text, strlen(name.text)) != 0)
			continue;
		old = stick_map_any(&old_spec, in->at[i].fd);
		if (!old || old_spec.type != spec->type) {
			notice(SAY_WARNING, "stick table " STR_FMT " begins empty: its keys were of another type",
			       STR_ARG(spec->name));
			continue;
		}
		in->at[i].fd = -1;
		if (stick_attach(old))
			stick_copy(t, old, (uint32_t)clock_ms());
	}
	stick_unmap(old);
}

static struct stick_table *table_open(struct leader *l, const struct rt_table *spec, struct inherited *in)
{
	struct stick_table *t = NULL;
	struct ipc_key key;
	int fd;

	table_key(spec, true, &key);
	fd = inherited_take(in, &key);
	if (fd >= 0)
		t = stick_map(spec, fd);
	bool kept = t != NULL;

	if (!kept)
		t = stick_create(spec);
	if (!t || !stick_attach(t)) {
		stick_unmap(t);
		return NULL;
	}
	if (!kept)
		copy_former(t, in);
	if (master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &key, sizeof(key), kept ? -1 : stick_fd(t)))
		return t;
	stick_unmap(t);
	return NULL;
}

bool tables_open(struct leader *l, struct inherited *in)
{
	clock_update();
	l->tables = calloc(l->rt->ntbl + 1, sizeof(*l->tables));
	for (uint32_t i = 0; l->tables && i < l->rt->ntbl; i++) {
		l->tables[i] = table_open(l, &l->rt->tbl[i], in);
		if (l->tables[i])
			continue;
		notice(SAY_ALERT, "cannot create stick table " STR_FMT ": %s", STR_ARG(l->rt->tbl[i].name),
		       strerror(errno));
		return false;
	}
	return l->tables != NULL;
}

bool tables_show(struct leader *l)
{
	struct ipc_key key;

	for (uint32_t i = 0; l->tables && i < l->rt->ntbl; i++) {
		table_key(&l->rt->tbl[i], true, &key);
		if (!master_tell(l, IPC_LISTENER, 0, 0, &key, sizeof(key), stick_fd(l->tables[i])))
			return false;
	}
	return true;
}

/* ---- upkeep ---- */

void tables_teach(struct leader *l)
{
	for (uint32_t i = 0; i < l->rt->ntbl; i++) {
		uint32_t to = l->rt->tbl[i].write_to;

		if (to)
			stick_teach(l->tables[to - 1], l->tables[i], (uint32_t)clock_ms());
	}
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

	timer_set(t, clock_ms() + SWEEP_MS);
	if (l->phase != LEAD_ACTIVE)
		return;
	if (++l->sweeps % RECOVER_EVERY == 0) /* workers whose leader is gone die unseen */
		tables_recover(l);
	for (uint32_t i = 0; i < l->rt->ntbl; i++)
		stick_sweep(l->tables[i], MAX(l->rt->tbl[i].size / SWEEP_ROUND, SWEEP_LEAST), (uint32_t)clock_ms());
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
