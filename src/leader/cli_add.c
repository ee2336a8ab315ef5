// SPDX-License-Identifier: GPL-3.0-or-later
/* `add server` and `del server`. Messages are HAProxy's where it has one. Both answer when every process knows. */
#include <stdlib.h>
#include <sluice/base/notice.h>
#include <sluice/conf/conf.h>
#include <sluice/rt/row.h>
#include "cli_change.h"

struct adding { struct cli_run *r; uint32_t row; bool done, ok; };

static void adding_end(struct cli_run *r)
{
	rows_forget(r->priv);
	free(r->priv);
}

static void step_done(void *arg, bool ok)
{
	struct adding *a = arg;

	a->done = true;
	a->ok = ok;
	cli_resume(a->r);
}

static struct adding *begin(struct cli_run *r, uint32_t row)
{
	struct adding *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct adding){ .r = r, .row = row };
	r->priv = a;
	r->end = adding_end;
	return a;
}

/* backend/server: the backend's index, and what stands behind the slash; RT_NONE after a message. */
static uint32_t split_name(struct cli_run *r, struct str *srv)
{
	struct str name = r->n ? r->w[0] : STR_NULL;
	ptrdiff_t slash = str_chr(name, '/');
	const struct rt_proxy *px;

	if (slash < 0 || (size_t)slash + 1 == name.n) {
		cli_fail(r, "Require 'backend/server'.");
		return RT_NONE;
	}
	*srv = str_sub(name, (size_t)slash + 1, name.n);
	px = rt_find_backend(r->l->rt, str_sub(name, 0, (size_t)slash));
	if (!px)
		cli_fail(r, "No such backend.");
	return px ? (uint32_t)(px - r->l->rt->px) : RT_NONE;
}

static bool may_change(struct cli_run *r)
{
	if (r->l->phase == LEAD_ACTIVE)
		return true;
	cli_fail(r, "Another generation takes over from this one; try again.");
	return false;
}

static void log_change(const struct leader *l, uint32_t row, const char *what)
{
	const struct rt_server *s = &l->rt->srv[row];
	struct str px = l->rt->px[s->px].name;

	notice(SAY_WARNING, "Server " STR_FMT "/" STR_FMT " was %s (runtime socket).", STR_ARG(px), STR_ARG(s->name), what);
}

/* ---- add ---------------------------------------------------------------------------------------------------------- */

static enum cli_state refuse(struct cli_run *r, const struct diags *d)
{
	struct sbuf b = { 0 };

	for (size_t i = 0; i < d->at.n; i++)
		if (d->at.at[i].level == DIAG_ERROR)
			sbuf_printf(&b, "%s" STR_FMT ".", b.n ? "\n" : "", STR_ARG(d->at.at[i].msg));
	cli_fail(r, STR_FMT, STR_ARG(sbuf_str(&b)));
	sbuf_free(&b);
	return CLI_DONE;
}

static enum cli_state put(struct cli_run *r, uint32_t row, const struct rt_server *s)
{
	struct adding *a = begin(r, row);

	if (a && rows_put(r->l, row, s, step_done, a))
		return CLI_WAIT;
	return cli_fail(r, "Out of memory.");
}

static enum cli_state add(struct cli_run *r, uint32_t px, struct str name, struct arena *a)
{
	const struct rt *rt = r->l->rt;
	struct str *w = ARENA_NEWN(a, struct str, r->n);
	struct rt_srv_opts o;
	struct rt_server s;
	struct diags d;
	uint32_t row;

	if (r->n < 2)
		return cli_fail(r, "'server' expects <name> and <addr>[:<port>] as arguments.");
	if (rt_find_server(rt, &rt->px[px], name) != RT_NONE)
		return cli_fail(r, "Already exists a server with the same name in backend.");
	diags_init(&d, a, NULL);
	memcpy(w, r->w, r->n * sizeof(*w));
	w[0] = name;
	if (conf_server_live(rt, px, w, r->n, a, &s, &o, &d) == CONF_LIVE_BAD)
		return refuse(r, &d);
	row = rt_row_free(&rt->px[px].be);
	return put(r, row, &s);
}

static enum cli_state added(struct cli_run *r, const struct adding *a)
{
	if (!a->ok)
		notice(SAY_WARNING, "a process is late to know of an added server");
	log_change(r->l, a->row, "added");
	return cli_say(r, CLI_INFO, "New server registered.");
}

enum cli_state cli_add_server(struct cli_run *r)
{
	const struct adding *a = r->priv;
	struct arena arena;
	struct str name;
	enum cli_state st;
	uint32_t px;

	if (a)
		return a->done ? added(r, a) : CLI_WAIT;
	if (!may_change(r) || (px = split_name(r, &name)) == RT_NONE)
		return CLI_DONE;
	arena_init(&arena, 0);
	st = add(r, px, name, &arena);
	arena_free(&arena);
	return st;
}

/* ---- del ---------------------------------------------------------------------------------------------------------- */

/* Rules, expressions or other servers mean it. */
static bool is_named(const struct rt *rt, uint32_t srv)
{
	if (rt->srv[srv].flags & SRVF_NAMED)
		return true;
	for (uint32_t i = 0; i < rt->nsrv; i++)
		if (rt->srv[i].track == srv)
			return true;
	return false;
}

static bool in_use(const struct leader *l, uint32_t srv)
{
	return live_sum(l->seg, LIVE_SRV, srv) || live_sum(l->seg, LIVE_SRV_QUEUE, srv);
}

static enum cli_state deleted(struct cli_run *r, const struct adding *a)
{
	if (!a->ok)
		return cli_fail(r, "Server still has connections attached to it, cannot remove it.");
	log_change(r->l, a->row, "deleted");
	return cli_say(r, CLI_INFO, "Server deleted.");
}

enum cli_state cli_del_server(struct cli_run *r)
{
	struct adding *a = r->priv;
	struct str name;
	uint32_t px, srv;

	if (a)
		return a->done ? deleted(r, a) : CLI_WAIT;
	if (!may_change(r) || (px = split_name(r, &name)) == RT_NONE)
		return CLI_DONE;
	srv = rt_find_server(r->l->rt, &r->l->rt->px[px], name);
	if (srv == RT_NONE)
		return cli_fail(r, "No such server.");
	if (is_named(r->l->rt, srv))
		return cli_fail(r, "This server cannot be removed at runtime due to other configuration elements pointing to it.");
	if (!(srv_admin_bits(srv_admin_now(r->l, srv)) & ADM_MAINT))
		return cli_fail(r, "Only servers in maintenance mode can be deleted.");
	if (in_use(r->l, srv))
		return cli_fail(r, "Server still has connections attached to it, cannot remove it.");
	a = begin(r, srv);
	if (a && rows_drop(r->l, srv, step_done, a))
		return CLI_WAIT;
	return cli_fail(r, "Out of memory.");
}
