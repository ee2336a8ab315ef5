// SPDX-License-Identifier: GPL-3.0-or-later
/* Orders of workers to change maps and ACLs (set-map and the like). A worker may have gone astray: the file, the lengths and the text are
 * checked, and only files that rules of the configuration change are changed. Each order is answered, so that the worker does not wait. */
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"
#include "patterns.h"

#define FULL_EVERY_MS 10000u

static struct pat_file *file_of(const struct leader *l, uint32_t id)
{
	for (struct pat_file *f = l->rt->patterns.first; f; f = f->next)
		if (f->id == id)
			return f->roles & PAT_RULES ? f : NULL;
	return NULL;
}

/* Once in a while: there may be such an order for each request. */
static void say_full(const struct pat_file *f)
{
	static uint64_t next;

	if (clock_ms() < next)
		return;
	next = clock_ms() + FULL_EVERY_MS;
	notice(SAY_WARNING, STR_FMT " is full: rules cannot add to it", STR_ARG(f->name));
}

static bool clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return true;
}

static enum pattern_result obey(struct pat_file *f, unsigned kind, struct str key, struct str val)
{
	enum pattern_result res = PATTERN_NONE;
	int slot = ptab_current(f->tab);
	struct xerr err;

	switch (kind) {
	case PAT_ORDER_SET:
		res = pattern_set(f, 0, key, val, &err);
		return res == PATTERN_NONE ? pattern_add(f, slot, key, val, &err) : res;
	case PAT_ORDER_ADD: return ptab_by_key(f->tab, slot, key) ? PATTERN_OK : pattern_add(f, slot, key, STR_NULL, &err);
	case PAT_ORDER_DEL: return pattern_del(f, 0, key);
	}
	return res;
}

/* The text of an order: in the message, or in the file that came with it. */
static bool order_text(const struct ipc_pat_order *o, int fd, char *room, size_t cap)
{
	size_t n = (size_t)o->klen + o->vlen;

	if (fd >= 0)
		return n <= cap && pread(fd, room, n, 0) == (ssize_t)n;
	memcpy(room, o->text, sizeof(o->text));
	return n <= sizeof(o->text);
}

void order_pattern(struct child *c, const struct ipc_msg *m, int fd)
{
	static char room[2 * PAT_ORDER_TEXT_MAX];
	struct pat_file *f = file_of(c->l, m->arg);
	struct ipc_pat_order o;

	memcpy(&o, m->data, sizeof(o));
	if (!f || !order_text(&o, fd, room, sizeof(room)) || !clean(str_n(room, (size_t)o.klen + o.vlen)) || !o.klen)
		notice(SAY_ALERT, "a worker sends an order about a map or an ACL that cannot be carried out");
	else if (obey(f, o.kind, str_n(room, o.klen), str_n(room + o.klen, o.vlen)) == PATTERN_FULL)
		say_full(f);
	(void)ipc_send(c->io.fd, IPC_PAT_DONE, 0, m->num, NULL, 0, -1);
}
