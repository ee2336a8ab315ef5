// SPDX-License-Identifier: GPL-3.0-or-later
/* The list of servers that come and go beside the files: its memfd, its changes, and what a leader makes up for that read it too early. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>

#include "roster.h"
#include "row_live.h"

#define MAGIC 0x736c7231u
#define AREA 64u            /* where the first area begins */
#define LIST_MAX (1u << 30) /* bytes of a list that is believed */
#define LOOK_MS 500
#define GARBAGE (1u << 20)

enum entry_flags { ENT_ADD = 1, ENT_PENDING = 2, ENT_NUMBERED = 4 };
struct head { uint32_t magic, zero; uint64_t span; }; /* span: offset << 32 | bytes */
struct entry { uint32_t size; uint8_t flags, zero; uint16_t n; uint64_t line; }; /* texts behind it: backend, then n words, each with its NUL */

static struct {
	int fd;
	uint64_t span;          /* of the list as we know it */
	struct arena a;
	VEC(struct conf_change) at;
	bool foreign;           /* what we know has changes of another leader in it that were not made up for */
	bool again;             /* something that was deleted elsewhere may still be here */
	struct conf_changes view;
	struct timer look;
	struct leader *l;
} ro = { .fd = -1 };
static const struct ipc_key key = { .text = "servers" };

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool take_text(struct str *rest, struct str *out)
{
	ptrdiff_t end = str_chr(*rest, '\0');

	if (end < 0)
		return false;
	*out = arena_str(&ro.a, str_sub(*rest, 0, (size_t)end));
	*rest = str_sub(*rest, (size_t)end + 1, rest->n);
	return true;
}

static bool take_entry(struct str *list)
{
	struct conf_change c = { 0 };
	struct entry e;

	if (list->n < sizeof(e))
		return false;
	memcpy(&e, list->p, sizeof(e));
	if (e.size < sizeof(e) || e.size > list->n || !e.n)
		return false;
	struct str texts = str_sub(*list, sizeof(e), e.size - sizeof(e));

	c = (struct conf_change){ .add = e.flags & ENT_ADD, .pending = e.flags & ENT_PENDING, .numbered = e.flags & ENT_NUMBERED && e.n > 4,
				  .n = e.n, .line = e.line, .w = ARENA_NEWN(&ro.a, struct str, e.n) };
	if (!take_text(&texts, &c.be))
		return false;
	for (unsigned i = 0; i < e.n; i++)
		if (!take_text(&texts, &c.w[i]))
			return false;
	VEC_PUSH(&ro.at, c);
	*list = str_sub(*list, e.size, list->n);
	return true;
}

static uint64_t span_now(void)
{
	struct head h;

	return ro.fd >= 0 && pread(ro.fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && h.magic == MAGIC ? h.span : 0;
}

/* The list as it stands in the memfd. What we were given pointers to stays until then. */
static void read_list(void)
{
	char *p = NULL;
	uint32_t n;

	ro.at.n = 0;
	arena_reset(&ro.a);
	do {
		free(p);
		ro.span = span_now();
		n = MIN((uint32_t)ro.span, LIST_MAX);
		p = malloc(n + 1u);
		if (p && pread(ro.fd, p, n, (off_t)(ro.span >> 32)) != (ssize_t)n)
			n = 0;
	} while (p && ro.span != span_now());
	struct str list = str_n(p, p ? n : 0);

	while (take_entry(&list))
		;
	if (list.n || n != (uint32_t)ro.span)
		notice(SAY_WARNING, "what was changed about servers at run time cannot be read whole");
	free(p);
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static bool lock(short type)
{
	struct flock f = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };
	int r;

	while ((r = fcntl(ro.fd, F_SETLKW, &f)) < 0 && errno == EINTR)
		;
	return r == 0;
}

static void put_entry(struct sbuf *b, const struct conf_change *c)
{
	struct entry e = { .size = (uint32_t)(sizeof(e) + c->be.n + 1), .n = (uint16_t)c->n, .line = c->line,
			   .flags = (uint8_t)((c->add ? ENT_ADD : 0) | (c->pending ? ENT_PENDING : 0) | (c->numbered ? ENT_NUMBERED : 0)) };

	for (unsigned i = 0; i < c->n; i++)
		e.size += (uint32_t)c->w[i].n + 1;
	sbuf_add(b, str_n((const char *)&e, sizeof(e)));
	sbuf_add(b, c->be);
	sbuf_addc(b, '\0');
	for (unsigned i = 0; i < c->n; i++) {
		sbuf_add(b, c->w[i]);
		sbuf_addc(b, '\0');
	}
}

/* Beside what counts now: in front of it where there is room, else behind. */
static bool write_list(void)
{
	struct sbuf b = { 0 };
	uint64_t from = ro.span >> 32, end = from + (uint32_t)ro.span;
	struct head h = { MAGIC, 0, 0 };

	for (size_t i = 0; i < ro.at.n; i++)
		put_entry(&b, &ro.at.at[i]);
	uint64_t at = ro.span && from - AREA >= b.n ? AREA : MAX(end, (uint64_t)AREA);
	bool ok = at + b.n <= UINT32_MAX && (!b.n || pwrite(ro.fd, b.p, b.n, (off_t)at) == (ssize_t)b.n);

	h.span = at << 32 | b.n;
	ok = ok && pwrite(ro.fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h);
	if (ok)
		ro.span = h.span;
	if (ok && at == AREA)
		(void)!ftruncate(ro.fd, (off_t)(at + b.n));
	sbuf_free(&b);
	if (!ok)
		notice(SAY_WARNING, "a change of servers will not outlive a reload: %s", strerror(errno));
	return ok;
}

/* The first change of all makes the memfd. */
static bool ready(struct leader *l)
{
	if (ro.fd >= 0)
		return true;
	ro.fd = memfd_create("servers", MFD_CLOEXEC);
	l->roster_fd = ro.fd;
	return ro.fd >= 0 && (l->master_gone || roster_show(l));
}

static bool begin_change(struct leader *l)
{
	if (!ready(l) || !lock(F_WRLCK))
		return false;
	if (span_now() != ro.span) {
		read_list();
		ro.foreign = true;
	}
	return true;
}

static bool end_change(void)
{
	bool ok = write_list();

	(void)lock(F_UNLCK);
	if (ro.a.total > GARBAGE + 4 * (size_t)(uint32_t)ro.span) /* texts of what is gone */
		read_list();
	return ok;
}

/* ---- changes ------------------------------------------------------------------------------------------------------ */

static bool is(const struct conf_change *c, bool add, struct str be, struct str name)
{
	return c->add == add && str_eq(c->be, be) && str_eq(c->w[0], name);
}

/* Was there one? */
static bool take_out(bool add, struct str be, struct str name)
{
	size_t n = 0, had = ro.at.n;

	for (size_t i = 0; i < had; i++)
		if (!is(&ro.at.at[i], add, be, name))
			ro.at.at[n++] = ro.at.at[i];
	ro.at.n = n;
	return n != had;
}

static void push(const struct conf_change *given)
{
	struct conf_change c = *given;

	c.be = arena_str(&ro.a, c.be);
	c.w = ARENA_NEWN(&ro.a, struct str, c.n);
	for (unsigned i = 0; i < c.n; i++)
		c.w[i] = arena_str(&ro.a, given->w[i]);
	VEC_PUSH(&ro.at, c);
}

bool roster_add(struct leader *l, const struct conf_change *c)
{
	if (!begin_change(l))
		return false;
	(void)take_out(true, c->be, c->w[0]);
	push(c);
	return end_change();
}

void roster_remove(struct leader *l, struct str be, struct str name)
{
	if (!begin_change(l))
		return;
	(void)take_out(true, be, name);
	(void)end_change();
}

void roster_deleted(struct leader *l, const struct rt_server *s)
{
	struct str be = l->rt->px[s->px].name;

	if (!begin_change(l))
		return;
	if (s->flags & SRVF_ADDED) {
		(void)take_out(true, be, s->name);
	} else {
		(void)take_out(false, be, s->name);
		push(&(struct conf_change){ .be = be, .w = (struct str *)(uintptr_t)&s->name, .n = 1, .line = s->line });
	}
	(void)end_change();
}

const struct conf_change *roster_next(struct str be, size_t *at)
{
	while (*at < ro.at.n) {
		const struct conf_change *c = &ro.at.at[(*at)++];
		if (c->add && str_eq(c->be, be))
			return c;
	}
	return NULL;
}

/* ---- over generations --------------------------------------------------------------------------------------------- */

void roster_peek(struct leader *l)
{
	struct ipc_fd_entry e;

	arena_init(&ro.a, 0);
	ro.l = l;
	ro.fd = -1;
	ro.span = 0;
	for (off_t at = 0; l->o->fds >= 0 && pread(l->o->fds, &e, sizeof(e), at) == (ssize_t)sizeof(e); at += (off_t)sizeof(e))
		if (memcmp(&e.key, &key, sizeof(key)) == 0)
			ro.fd = e.fd;
	if (ro.fd >= 0)
		read_list();
	ro.view = (struct conf_changes){ .at = ro.at.at, .n = (unsigned)ro.at.n };
	l->changes = &ro.view;
}

void roster_stop(void)
{
	timer_stop(&ro.look);
	VEC_FREE(&ro.at);
	arena_free(&ro.a);
}

bool roster_open(struct leader *l, struct inherited *in)
{
	if (ro.fd < 0)
		return true;
	ro.fd = inherited_take(in, &key);
	l->roster_fd = ro.fd;
	return ro.fd < 0 || master_tell(l, IPC_LISTENER_KEPT, 0, 0, &key, sizeof(key), -1);
}

bool roster_show(struct leader *l) { return ro.fd < 0 || master_tell(l, IPC_LISTENER, 0, 0, &key, sizeof(key), ro.fd); }

void roster_refused(struct leader *l)
{
	size_t n = 0;

	if (ro.fd < 0 || !begin_change(l))
		return;
	for (size_t i = 0; i < ro.at.n; i++)
		if (!ro.at.at[i].pending)
			ro.at.at[n++] = ro.at.at[i];
	ro.at.n = n;
	(void)end_change();
}

/* Marks of the compilation: the files have a server of that name, or the line is not the one that was deleted any more. */
static void settle(struct leader *l)
{
	size_t n = 0;

	if (ro.fd < 0 || !begin_change(l))
		return;
	for (size_t i = 0; i < ro.at.n; i++) {
		ro.at.at[i].pending = false;
		if (!ro.at.at[i].over)
			ro.at.at[n++] = ro.at.at[i];
	}
	ro.at.n = n;
	(void)end_change();
}

/* Servers that another leader has deleted; the next look finds whether they went. */
static void make_up_deleted(struct leader *l)
{
	ro.again = false;
	for (size_t i = 0; i < ro.at.n; i++)
		ro.again |= !ro.at.at[i].add && row_live_del(l, &ro.at.at[i]);
	for (uint32_t i = 0; i < l->rt->nsrv; i++) {
		const struct rt_server *s = &l->rt->srv[i];
		bool known = !rt_srv_exists(s) || !(s->flags & SRVF_ADDED);
		for (size_t k = 0; !known && k < ro.at.n; k++)
			known = is(&ro.at.at[k], true, l->rt->px[s->px].name, s->name);
		if (known)
			continue;
		row_live_drop(l, i);
		ro.again = true;
	}
}

/* Another leader has changed the list after we had read it: the same is done here. */
static void make_up(struct leader *l)
{
	read_list();
	ro.foreign = false;
	for (size_t i = 0; i < ro.at.n; i++) {
		struct conf_change c = ro.at.at[i]; /* the list may be written meanwhile */
		if (c.add)
			row_live_add(l, &c);
	}
	make_up_deleted(l);
}

void roster_catch_up(void)
{
	if (ro.fd >= 0 && (ro.foreign || span_now() != ro.span))
		make_up(ro.l);
}

static void look(struct timer *t)
{
	if (ro.l->phase >= LEAD_DRAINING)
		return;
	roster_catch_up();
	if (ro.again)
		make_up_deleted(ro.l);
	timer_set(t, clock_ms() + LOOK_MS);
}

void roster_start(struct leader *l)
{
	timer_init(&ro.look, look);
	settle(l);
	look(&ro.look);
}
