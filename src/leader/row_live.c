// SPDX-License-Identifier: GPL-3.0-or-later
/* Server lines at run time, for commands and for what stands in the roster. */
#include <stdio.h>
#include <unistd.h>
#include <sluice/base/notice.h>
#include <sluice/rt/row.h>

#include "cli_change.h"
#include "roster.h"
#include "row_live.h"

/* "id N" behind the words unless they have one. */
static void keep_words(struct row_line *x, struct str be, const struct str *w, unsigned n)
{
	struct conf_change *c = &x->c;
	bool has_id = false;

	*c = (struct conf_change){ .add = true, .be = be, .w = ARENA_NEWN(&x->a, struct str, n + 2) };
	for (; c->n < n; c->n++) {
		c->w[c->n] = arena_str(&x->a, w[c->n]);
		has_id |= c->n > 1 && str_eq(w[c->n], STR("id"));
	}
	c->numbered = !has_id && x->s.id;
	if (!c->numbered)
		return;
	c->w[c->n++] = STR("id");
	c->w[c->n++] = arena_printf(&x->a, "%u", x->s.id);
}

enum conf_live row_line_read(struct leader *l, uint32_t px, const struct str *w, unsigned n, struct row_line *x)
{
	enum conf_live how;

	arena_init(&x->a, 0);
	diags_init(&x->d, &x->a, NULL);
	how = conf_server_live(l->rt, px, w, n, &x->a, &x->s, &x->o, &x->d);
	keep_words(x, l->rt->px[px].name, w, n);
	return how == CONF_LIVE_OK && rows_spare(&l->rt->px[px].be) == RT_NONE ? CONF_LIVE_RELOAD : how;
}

void row_line_close(struct row_line *x) { arena_free(&x->a); }

bool row_is_named(const struct rt *rt, uint32_t srv)
{
	if (rt->srv[srv].flags & SRVF_NAMED)
		return true;
	for (uint32_t i = 0; i < rt->nsrv; i++)
		if (rt->srv[i].track == srv)
			return true;
	return false;
}

bool row_in_use(const struct leader *l, uint32_t srv)
{
	return live_sum(l->seg, LIVE_SRV, srv) || live_sum(l->seg, LIVE_SRV_QUEUE, srv);
}

/* ---- what the roster says ------------------------------------------------------------------------------------------ */

static void reload_ended(void *arg UNUSED, bool ok UNUSED, uint64_t gen UNUSED, int text UNUSED) {}

void row_live_add(struct leader *l, const struct conf_change *c)
{
	const struct rt_proxy *px = rt_find_backend(l->rt, c->be);
	struct row_line x;
	uint32_t row;
	bool ok = true;

	if (!px || c->over || c->refused || rt_find_server(l->rt, px, c->w[0]) != RT_NONE)
		return;
	enum conf_live how = row_line_read(l, (uint32_t)(px - l->rt->px), c->w, c->n, &x);

	if (how == CONF_LIVE_BAD && c->numbered) {
		row_line_close(&x);
		how = row_line_read(l, (uint32_t)(px - l->rt->px), c->w, c->n - 2, &x);
		ok = how == CONF_LIVE_BAD || roster_add(l, &x.c);
	}
	switch (how) {
	case CONF_LIVE_OK:
		ok = rows_put(l, row = rows_spare(&px->be), &x.s, NULL, NULL);
		if (ok)
			import_late(l, row);
		break;
	case CONF_LIVE_RELOAD: ok = leader_ask_reload(l, reload_ended, NULL); break;
	case CONF_LIVE_BAD: ok = false; break;
	}
	if (!ok)
		notice(SAY_WARNING, "server " STR_FMT "/" STR_FMT ", which was added at run time, is left out", STR_ARG(c->be), STR_ARG(c->w[0]));
	row_line_close(&x);
}

void row_live_drop(struct leader *l, uint32_t i)
{
	if (!(srv_admin_bits(srv_admin_now(l, i)) & ADM_MAINT)) {
		change_apply(l, &(struct change){ .kind = CHG_ADMIN, .at = i, .mask = ADM_FORCED_MAINT, .value = ADM_FORCED_MAINT });
		changes_told(l);
	} else if (!row_is_named(l->rt, i) && !row_in_use(l, i)) {
		(void)!rows_drop(l, i, NULL, NULL);
	}
}

bool row_live_del(struct leader *l, const struct conf_change *c)
{
	uint32_t i = rt_find_server(l->rt, rt_find_backend(l->rt, c->be), c->w[0]);

	if (i == RT_NONE || l->rt->srv[i].flags & SRVF_ADDED || l->rt->srv[i].line != c->line)
		return false;
	row_live_drop(l, i);
	return true;
}
