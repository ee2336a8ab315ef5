// SPDX-License-Identifier: GPL-3.0-or-later
/* `add server` and `del server`. Messages are HAProxy's where it has one. Both answer when every process knows. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/notice.h>
#include <sluice/conf/conf.h>
#include <sluice/rt/row.h>
#include "cli_change.h"
#include "roster.h"
#include "row_live.h"

struct adding {
	struct cli_run *r;
	uint32_t row;
	bool done, ok, late;
	bool reload;         /* the next generation has it or nobody */
	struct str be, name;
	char name_buf[256];
	int text;            /* what that said, -1 = nothing */
};

static void adding_end(struct cli_run *r)
{
	struct adding *a = r->priv;

	rows_forget(a);
	if (a->reload && !a->done)
		leader_forget_reload(r->l, a);
	if (a->text >= 0)
		close(a->text);
	free(a);
}

static void step_done(void *arg, enum rows_end end)
{
	struct adding *a = arg;

	a->done = true;
	a->ok = end == ROWS_DONE;
	a->late = end == ROWS_LATE;
	cli_resume(a->r);
}

static struct adding *begin(struct cli_run *r, uint32_t row)
{
	struct adding *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct adding){ .r = r, .row = row, .text = -1 };
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

bool cli_may_change(struct cli_run *r)
{
	if (r->l->phase == LEAD_ACTIVE)
		return true;
	cli_fail(r, "Another generation takes over from this one; try again.");
	return false;
}

bool cli_row_idle(struct cli_run *r, uint32_t srv, const char *done, const char *what)
{
	if (!(srv_admin_bits(srv_admin_now(r->l, srv)) & ADM_MAINT))
		cli_fail(r, "Only servers in maintenance mode can be %s.", done);
	else if (row_in_use(r->l, srv))
		cli_fail(r, CLI_ROW_BUSY, what);
	else
		return true;
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

/* Words that change nothing, and their kind. */
static void log_warnings(const struct diags *d)
{
	for (size_t i = 0; i < d->at.n; i++)
		if (d->at.at[i].level == DIAG_WARN)
			notice(SAY_WARNING, "add server: " STR_FMT, STR_ARG(d->at.at[i].msg));
}

static enum cli_state put(struct cli_run *r, uint32_t row, const struct row_line *x)
{
	struct adding *a = begin(r, row);

	if (!a || !rows_put(r->l, row, &x->s, step_done, a))
		return cli_fail(r, "Out of memory.");
	(void)!roster_add(r->l, &x->c); /* said there */
	return CLI_WAIT;
}

static void reload_done(void *arg, bool ok, uint64_t gen UNUSED, int text)
{
	struct adding *a = arg;

	a->done = true;
	a->ok = ok;
	a->text = text >= 0 ? dup(text) : -1;
	if (!ok)
		roster_remove(a->r->l, a->be, a->name);
	cli_resume(a->r);
}

/* Only a generation that starts with it can have it: the verdict on that is the answer. */
static enum cli_state put_by_reload(struct cli_run *r, struct row_line *x)
{
	struct adding *a = begin(r, RT_NONE);

	if (!a)
		return cli_fail(r, "Out of memory.");
	a->be = x->c.be;
	snprintf(a->name_buf, sizeof(a->name_buf), STR_FMT, STR_ARG(x->s.name));
	a->name = str_c(a->name_buf);
	x->c.pending = true;
	if (!roster_add(r->l, &x->c))
		return cli_fail(r, "The server cannot be kept for the next generation.");
	a->reload = leader_ask_reload(r->l, reload_done, a);
	if (a->reload)
		return CLI_WAIT;
	roster_remove(r->l, a->be, a->name);
	return cli_fail(r, "The server needs a reload, and there is no master to ask.");
}

static enum cli_state add(struct cli_run *r, uint32_t px, struct str name)
{
	const struct rt *rt = r->l->rt;
	struct str w[CLI_WORDS_MAX];
	enum cli_state st = CLI_DONE;
	struct row_line x;

	if (r->n < 2)
		return cli_fail(r, "'server' expects <name> and <addr>[:<port>] as arguments.");
	roster_catch_up();
	if (rt_find_server(rt, &rt->px[px], name) != RT_NONE)
		return cli_fail(r, "Already exists a server with the same name in backend.");
	if (rows_going(px, name))
		return cli_fail(r, "A server with the same name is being deleted; try again.");
	memcpy(w, r->w, r->n * sizeof(*w));
	w[0] = name;
	enum conf_live how = row_line_read(r->l, px, w, r->n, &x);

	log_warnings(&x.d);
	switch (how) {
	case CONF_LIVE_BAD: st = refuse(r, &x.d); break;
	case CONF_LIVE_OK: st = put(r, rows_spare(&rt->px[px].be), &x); break;
	case CONF_LIVE_RELOAD: st = put_by_reload(r, &x); break;
	}
	row_line_close(&x);
	return st;
}

/* The reason is the first error of the start that failed. */
static enum cli_state not_added(struct cli_run *r, const struct adding *a)
{
	char text[1024], *p;
	ssize_t n = a->text >= 0 ? pread(a->text, text, sizeof(text) - 1, 0) : 0;

	text[MAX(n, 0)] = '\0';
	p = strstr(text, "error: ");
	if (p)
		p[strcspn(p, "\n")] = '\0';
	return cli_fail(r, "The server needs a reload, and that failed: %s", p ? p + 7 : "see show startup-logs");
}

static enum cli_state added(struct cli_run *r, const struct adding *a)
{
	if (a->reload && !a->ok)
		return not_added(r, a);
	if (!a->ok)
		notice(SAY_WARNING, "a process is late to know of an added server");
	if (!a->reload)
		log_change(r->l, a->row, "added");
	else
		r->s->prompt = false; /* the generation that answers from now on is another */
	return cli_say(r, CLI_INFO, "New server registered.");
}

enum cli_state cli_add_server(struct cli_run *r)
{
	const struct adding *a = r->priv;
	struct str name;
	uint32_t px;

	if (a)
		return a->done ? added(r, a) : CLI_WAIT;
	if (!cli_may_change(r) || (px = split_name(r, &name)) == RT_NONE)
		return CLI_DONE;
	return add(r, px, name);
}

/* ---- del ---------------------------------------------------------------------------------------------------------- */

static enum cli_state deleted(struct cli_run *r, const struct adding *a)
{
	if (a->late)
		return cli_fail(r, "A process does not answer: the server stays.");
	if (!a->ok)
		return cli_fail(r, CLI_ROW_BUSY, "remove");
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
	if (!cli_may_change(r) || (px = split_name(r, &name)) == RT_NONE)
		return CLI_DONE;
	srv = rt_find_server(r->l->rt, &r->l->rt->px[px], name);
	if (srv == RT_NONE)
		return cli_fail(r, "No such server.");
	if (row_is_named(r->l->rt, srv))
		return cli_fail(r, "This server cannot be removed at runtime due to other configuration elements pointing to it.");
	if (!cli_row_idle(r, srv, "deleted", "remove"))
		return CLI_DONE;
	a = begin(r, srv);
	if (a && rows_drop(r->l, srv, step_done, a))
		return CLI_WAIT;
	return cli_fail(r, "Out of memory.");
}
