// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern tables of a generation: taken over from the one before as long as their file says what it said, else read from it; inherited by the
 * workers. While two generations live both have the same table, so what one changes the other sees. The leader gives back memory that nobody can be
 * reading any more. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

#define RECLAIM_MS 200
#define OTHERS_MS 5000u /* workers of another generation: their beats are not looked at */

/* ---- over a reload ------------------------------------------------------------------------------------------------ */

/* The file and its content, then how it is looked up: a table with other indexes is another table. */
static void table_key(const struct pat_file *f, bool uses, struct ipc_key *key)
{
	unsigned long long name = hash_xxh3(f->name, f->pairs), how = hash_xxh3(str_n((const char *)f->how, f->nhow * sizeof(*f->how)), f->nhow);

	memset(key, 0, sizeof(*key));
	int n = snprintf(key->text, sizeof(key->text), "patterns:%016llx:%016llx:", name, (unsigned long long)f->hash);

	if (uses)
		snprintf(key->text + n, sizeof(key->text) - (size_t)n, "%016llx", how);
}

static bool same_uses(const struct pat_file *f, const struct ptab *t)
{
	struct ptab_use use[PTAB_USES];

	return ptab_uses(t, use) == f->nhow && memcmp(use, f->how, f->nhow * sizeof(*use)) == 0;
}

/* A table of the same content that is looked up in other ways now, or whose writer died in the middle of a change. */
static bool copy_table(struct pat_file *f, struct ptab *t)
{
	bool ok = t && pat_file_copy(f, t);

	ptab_unmap(t);
	return ok;
}

static bool copy_former(struct pat_file *f, struct inherited *in)
{
	struct ipc_key name;
	bool torn;

	table_key(f, false, &name);
	for (unsigned i = 0; i < in->n; i++) {
		if (in->at[i].fd < 0 || strncmp(in->at[i].key.text, name.text, strlen(name.text)) != 0)
			continue;
		int fd = in->at[i].fd;

		in->at[i].fd = -1;
		if (copy_table(f, ptab_map(fd, &torn)))
			return true;
	}
	return false;
}

static bool table_open(struct leader *l, struct pat_file *f, struct inherited *in)
{
	struct ipc_key key;
	bool torn = false, kept;

	table_key(f, true, &key);
	int fd = inherited_take(in, &key);
	struct ptab *t = fd >= 0 ? ptab_map(fd, &torn) : NULL;

	if (fd >= 0 && !t)
		notice(SAY_WARNING, "the patterns of " STR_FMT " are read from the file: what was changed at run time was written by a build with another form of them",
		       STR_ARG(f->name));
	kept = t && !torn && same_uses(f, t);
	if (kept)
		pat_file_take(f, t);
	else if (!(t ? copy_table(f, t) : copy_former(f, in)) && !pat_file_build(f))
		return false;
	pat_file_settle(f);
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &key, sizeof(key), kept ? -1 : ptab_fd(f->tab));
}

bool patterns_open(struct leader *l, struct inherited *in)
{
	clock_update();
	for (struct pat_file *f = l->rt->patterns.first; f; f = f->next) {
		if (table_open(l, f, in))
			continue;
		notice(SAY_ALERT, "cannot share the patterns of " STR_FMT ": %s", STR_ARG(f->name), strerror(errno));
		return false;
	}
	return true;
}

bool patterns_show(struct leader *l)
{
	struct ipc_key key;

	for (const struct pat_file *f = l->rt->patterns.first; f; f = f->next) {
		table_key(f, true, &key);
		if (!master_tell(l, IPC_LISTENER, 0, 0, &key, sizeof(key), ptab_fd(f->tab)))
			return false;
	}
	return true;
}

void patterns_in_child(const struct leader *l)
{
	for (struct pat_file *f = l->rt->patterns.first; f; f = f->next)
		ptab_read_only(f->tab);
}

/* ---- upkeep ------------------------------------------------------------------------------------------------------- */

/* Every worker has begun another turn of its loop since. */
static uint64_t all_past(const struct leader *l)
{
	uint64_t past = clock_ms();

	for (unsigned i = 0; i < l->nworkers; i++) {
		const struct seg_slot *s = &l->seg->slot[i];
		uint32_t st = atomic_load_explicit(&s->state, memory_order_acquire);

		if (st != SLOT_FREE && st != SLOT_DEAD)
			past = MIN(past, atomic_load_explicit(&s->beat, memory_order_acquire));
	}
	return l->ngens > 1 ? MIN(past, clock_ms() - OTHERS_MS) : past;
}

void patterns_reclaim(struct leader *l)
{
	uint64_t past = all_past(l);

	for (struct pat_file *f = l->rt->patterns.first; f; f = f->next) {
		if (!ptab_waits(f->tab, past))
			continue;
		ptab_begin(f->tab);
		ptab_reclaim(f->tab, past);
		ptab_end(f->tab);
	}
}

static void reclaim(struct timer *t)
{
	timer_set(t, clock_ms() + RECLAIM_MS);
	patterns_reclaim(CONTAINER_OF(t, struct leader, reclaim));
}

void patterns_start(struct leader *l)
{
	timer_init(&l->reclaim, reclaim);
	if (l->rt->patterns.first)
		timer_set(&l->reclaim, clock_ms() + RECLAIM_MS);
}
