// SPDX-License-Identifier: GPL-3.0-or-later
/* From the command line's files to the tables, with the diagnostics printed. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sluice/base/notice.h>

#include <sluice/tls/info.h>

#include "leader_priv.h"

#define CHANGES_NAME "added at run time"

/* The text that is in force: what stands on disk may be another by the time somebody asks. */
static void keep_files(struct rt *rt, const struct conf_src *src)
{
	rt->files = ARENA_NEWN(&rt->arena, struct rt_file, src->files.n);
	for (; rt->nfiles < src->files.n && strcmp(src->files.at[rt->nfiles].name, CHANGES_NAME) != 0; rt->nfiles++)
		rt->files[rt->nfiles] = (struct rt_file){ arena_cstr(&rt->arena, str_c(src->files.at[rt->nfiles].name)),
							  arena_str(&rt->arena, src->files.at[rt->nfiles].text) };
}

/* The changes as a file, so that what is wrong with one is shown as for any other line. */
static void changes_as_file(const struct conf_changes *c, struct conf_src *src)
{
	struct sbuf b = { 0 };

	for (unsigned i = 0; i < c->n; i++) {
		sbuf_add(&b, STR("server"));
		for (unsigned k = 0; k < c->at[i].n; k++)
			sbuf_printf(&b, " " STR_FMT, STR_ARG(c->at[i].w[k]));
		sbuf_addc(&b, '\n');
	}
	struct src_file *at = ARENA_NEWN(src->arena, struct src_file, src->files.n + 1);

	memcpy(at, src->files.at, src->files.n * sizeof(*at));
	at[src->files.n] = (struct src_file){ .name = CHANGES_NAME, .text = arena_str(src->arena, sbuf_str(&b)) };
	src->files.at = at;
	src->files.cap = ++src->files.n;
	sbuf_free(&b);
}

static void leave_out(struct conf_change *c, const char *why)
{
	c->refused = true;
	notice(SAY_WARNING, "server " STR_FMT "/" STR_FMT ", which was %s at run time, does not fit this configuration: it is left %s", STR_ARG(c->be),
	       STR_ARG(c->w[0]), c->add ? "added" : "deleted", why);
}

/* What was done at run time stops no start. Additions whose lines are wrong are left out, and if that does not help, all changes. */
static bool less_changes(struct conf_changes *c, const struct diags *d, uint32_t file)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->at.n; i++) {
		const struct diag_entry *e = &d->at.at[i];
		if (e->level != DIAG_ERROR || e->at.file != file || !e->at.line || e->at.line > c->n)
			continue;
		struct conf_change *x = &c->at[e->at.line - 1];

		if (x->pending && !x->numbered)
			return false;
		n += !x->refused;
		if (x->numbered)
			x->numbered = false, x->n -= 2; /* perhaps it was that */
		else if (!x->refused)
			leave_out(x, "out");
	}
	for (unsigned i = 0; !n && i < c->n; i++)
		if (c->at[i].pending)
			return false;
	for (unsigned i = 0; !n && i < c->n; i++)
		if (!c->at[i].refused)
			leave_out(&c->at[i], c->at[i].add ? "out" : "in");
	return true;
}

static bool changes_left(const struct conf_changes *c)
{
	for (unsigned i = 0; c && i < c->n; i++)
		if (!c->at[i].refused)
			return true;
	return false;
}

static struct rt *compile(struct conf_src *src, struct diags *d, const struct conf_opts *given)
{
	struct conf_opts o = *given;
	struct rt *rt;

	if (!o.changes || !o.changes->n)
		return conf_compile(src, d, &o);
	o.changes_file = (uint32_t)src->files.n;
	changes_as_file(o.changes, src);
	while (!(rt = conf_compile(src, d, &o)) && changes_left(o.changes) && less_changes(o.changes, d, o.changes_file))
		diags_init(d, d->arena, src);
	return rt;
}

struct rt *leader_load(const struct conf_opts *o, bool quiet, bool warn_fatal)
{
	struct arena a;
	struct conf_src src = { .arena = &a };
	struct diags d;
	struct rt *rt = NULL;

	arena_init(&a, 0);
	diags_init(&d, &a, &src);
	if (conf_parse_files(&src, &d, o))
		rt = compile(&src, &d, o);
	bool refused = d.errors || (warn_fatal && d.warnings);
	quiet = quiet || (rt && rt->g.quiet);
	diags_print(&d, stderr, !quiet || refused);
	if (!d.errors && refused)
		fprintf(stderr, "error: %u warning%s and -dW\n", d.warnings, d.warnings == 1 ? "" : "s");
	if (refused && rt) {
		rt_free(rt);
		rt = NULL;
	}
	if (rt)
		keep_files(rt, &src);
	if (rt && rt->tls_prints)
		tls_fingerprints_wanted();
	arena_free(&a);
	return rt;
}

unsigned leader_workers(const struct rt *rt)
{
	cpu_set_t set;
	unsigned n = rt->g.workers;

	if (!n)
		n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
	return MIN(MAX(n, 1u), (unsigned)SEG_MAX_WORKERS);
}
