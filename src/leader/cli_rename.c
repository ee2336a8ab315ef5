// SPDX-License-Identifier: GPL-3.0-or-later
/* `set server … name`: a server that was added at run time gets another name. It goes and comes again under the new one, in the same row: every
 * process that could mean it is asked, as for a deletion. What is under way outlives the session that asked. */
#include <stdlib.h>
#include <sluice/base/notice.h>
#include <sluice/conf/conf.h>
#include "cli_change.h"
#include "roster.h"
#include "row_live.h"

struct rename {
	struct leader *l;
	struct cli_run *r;     /* who asked, NULL = is gone */
	uint32_t row;
	bool over, lost;       /* lost: it went and could not come again */
	enum rows_end end;
	struct arena mem;      /* of the name and the words */
	struct rt_server as;   /* the row with the new name */
	struct conf_change c;  /* its line with the new name */
	uint64_t admin;
};

static void rename_free(struct rename *n)
{
	arena_free(&n->mem);
	free(n);
}

static void rename_end(struct cli_run *r)
{
	struct rename *n = r->priv;

	n->r = NULL;
	if (n->over)
		rename_free(n);
}

static void finish(struct rename *n, enum rows_end end)
{
	n->over = true;
	n->end = end;
	if (n->r)
		cli_resume(n->r);
	else
		rename_free(n);
}

static void came(void *arg, enum rows_end end) { finish(arg, end == ROWS_LATE ? ROWS_DONE : end); }

/* The row is ours within this call: nobody else can take it before it has the new name. */
static void gone(void *arg, enum rows_end end)
{
	struct rename *n = arg;

	if (end != ROWS_DONE) {
		finish(n, end);
		return;
	}
	if (!rows_put(n->l, n->row, &n->as, came, n)) {
		notice(SAY_ALERT, "Server " STR_FMT "/" STR_FMT " is lost: out of memory while it was renamed.", STR_ARG(n->c.be), STR_ARG(n->as.name));
		n->lost = true;
		finish(n, ROWS_REFUSED);
		return;
	}
	(void)!roster_add(n->l, &n->c); /* said there */
	atomic_store_explicit(&n->l->seg->srv[n->row].admin, n->admin, memory_order_release);
	changes_told(n->l);
}

static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && !strchr("_-.:", s.p[i]))
			return false;
	return s.n > 0;
}

/* The line that added it, with the new name in front. */
static bool take_line(struct rename *n, struct str be, struct str old, struct str name)
{
	const struct conf_change *c;
	size_t at = 0;

	while ((c = roster_next(be, &at)))
		if (str_eq(c->w[0], old))
			break;
	if (!c)
		return false;
	n->c = *c;
	n->c.be = arena_str(&n->mem, c->be);
	n->c.w = ARENA_NEWN(&n->mem, struct str, c->n);
	for (unsigned i = 0; i < c->n; i++)
		n->c.w[i] = i ? arena_str(&n->mem, c->w[i]) : name;
	return true;
}

static enum cli_state begin(struct cli_run *r, uint32_t srv, struct str name)
{
	const struct rt_server *s = &r->l->rt->srv[srv];
	struct rename *n = calloc(1, sizeof(*n));

	if (!n)
		return cli_fail(r, "Out of memory.");
	*n = (struct rename){ .l = r->l, .r = r, .row = srv, .as = *s, .admin = srv_admin_now(r->l, srv) & ~((uint64_t)ADMF_PLACE << 24) };
	arena_init(&n->mem, 0);
	n->as.name = arena_str(&n->mem, name);
	if (!take_line(n, r->l->rt->px[s->px].name, s->name, n->as.name)) {
		rename_free(n);
		return cli_fail(r, "'set server <srv> name' is only possible for servers added at run time.");
	}
	if (!rows_drop(r->l, srv, gone, n)) {
		rename_free(n);
		return cli_fail(r, "Out of memory.");
	}
	r->priv = n;
	r->end = rename_end;
	return CLI_WAIT;
}

enum cli_state cli_rename(struct cli_run *r, uint32_t srv, struct str name)
{
	const struct rt_server *s = &r->l->rt->srv[srv];

	if (r->s->txn)
		return cli_fail(r, "A name cannot be changed in a transaction.");
	if (!name_ok(name))
		return cli_fail(r, "'set server <srv> name' expects a name of letters, digits, '_', '-', '.' and ':'.");
	if (rt_find_server(r->l->rt, &r->l->rt->px[s->px], name) != RT_NONE)
		return cli_fail(r, "Already exists a server with the same name in backend.");
	if (!(s->flags & SRVF_ADDED))
		return cli_fail(r, "'set server <srv> name' is only possible for servers added at run time.");
	if (!cli_may_change(r))
		return CLI_DONE;
	if (row_is_named(r->l->rt, srv))
		return cli_fail(r, "This server cannot be renamed: other configuration elements point to it.");
	if (!cli_row_idle(r, srv, "renamed", "rename"))
		return CLI_DONE;
	return begin(r, srv, name);
}

enum cli_state cli_renamed(struct cli_run *r)
{
	const struct rename *n = r->priv;

	if (!n->over)
		return CLI_WAIT;
	if (n->lost)
		return cli_fail(r, "Out of memory: the server is deleted.");
	if (n->end == ROWS_LATE)
		return cli_fail(r, "A process does not answer: the server keeps its name.");
	if (n->end != ROWS_DONE)
		return cli_fail(r, CLI_ROW_BUSY, "rename");
	notice(SAY_WARNING, "Server " STR_FMT "/" STR_FMT " has that name now (runtime socket).", STR_ARG(n->c.be), STR_ARG(n->as.name));
	return CLI_DONE;
}
