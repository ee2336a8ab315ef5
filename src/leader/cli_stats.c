// SPDX-License-Identifier: GPL-3.0-or-later
/* `show stat`, `show info`, `show schema json`: the statistics layer's texts, one object a step. */
#include <stdlib.h>
#include <sluice/base/num.h>
#include <sluice/stats/stats.h>
#include "cli_change.h"

struct stat_show { struct stats_src src; struct stats_dump dump; };

static void show_end(struct cli_run *r) { free(r->priv); }

static struct stat_show *show_new(struct cli_run *r)
{
	struct stat_show *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	stats_src_init(&w->src, r->l->rt, r->l->seg, r->l->master_pid);
	w->src.legends = r->s->level >= CLI_OPERATOR;
	w->dump.it.iid = w->dump.it.sid = -1;
	w->dump.form = r->json ? STATS_JSON : STATS_CSV;
	r->priv = w;
	r->end = show_end;
	return w;
}

/* A word that says how to write; false when it is none of them. */
static bool take_form(struct stat_show *w, struct str v)
{
	struct stats_iter *it = &w->dump.it;

	if (str_eq(v, STR("typed")))
		w->dump.form = STATS_TYPED;
	else if (str_eq(v, STR("json")))
		w->dump.form = STATS_JSON;
	else if (str_eq(v, STR("desc")))
		w->dump.desc = true;
	else if (str_eq(v, STR("up")))
		it->flags |= STATS_UP;
	else if (str_eq(v, STR("no-maint")))
		it->flags |= STATS_NO_MAINT;
	else
		return str_eq(v, STR("float"));
	return true;
}

/* <iid> <type> <sid>, numbers; the first may be the name of a proxy. */
static bool take_filter(struct cli_run *r, struct stat_show *w, unsigned nth, struct str v)
{
	int64_t n;
	bool number = num_i64(v, &n);

	if (nth == 0 && !number) {
		for (uint32_t i = 0; i < r->l->rt->npx; i++)
			if (str_eq(r->l->rt->px[i].name, v)) {
				w->dump.it.iid = r->l->rt->px[i].id;
				return true;
			}
		return false;
	}
	if (!number)
		return false;
	if (nth == 0)
		w->dump.it.iid = n;
	else if (nth == 1)
		w->dump.it.types = n < 0 ? 0 : (uint32_t)n;
	else
		w->dump.it.sid = n;
	return true;
}

static bool stat_args(struct cli_run *r, struct stat_show *w)
{
	unsigned i = r->n > 1 && str_eq(r->w[0], STR("domain")) && str_eq(r->w[1], STR("proxy")) ? 2 : 0, nth = 0;

	for (; i < r->n; i++)
		if (!take_form(w, r->w[i]) && (nth == 3 || !take_filter(r, w, nth++, r->w[i]))) {
			cli_fail(r, nth == 1 ? "No such proxy." : "'show stat' expects [<iid>|<proxy> <type> <sid>] [typed|json] [desc] [up|no-maint].");
			return false;
		}
	return true;
}

enum cli_state cli_show_stat(struct cli_run *r)
{
	struct stat_show *w = r->priv;
	bool more = true;

	if (!w) {
		if (!(w = show_new(r)))
			return cli_fail(r, "Out of memory.");
		if (!stat_args(r, w))
			return CLI_DONE;
	}
	stats_src_refresh(&w->src);
	while (!cli_full(r) && (more = stats_dump_step(&w->src, &w->dump, r->out)))
		;
	return more ? CLI_AGAIN : CLI_DONE;
}

enum cli_state cli_show_info(struct cli_run *r)
{
	struct stat_show *w = show_new(r);

	if (!w)
		return cli_fail(r, "Out of memory.");
	for (unsigned i = 0; i < r->n; i++)
		if (!take_form(w, r->w[i]))
			return cli_fail(r, "'show info' expects [typed|json] [desc] [float].");
	stats_src_refresh(&w->src);
	stats_info(&w->src, w->dump.form, w->dump.desc, r->out);
	return CLI_DONE;
}

enum cli_state cli_show_schema(struct cli_run *r)
{
	stats_schema(r->out);
	return CLI_DONE;
}
