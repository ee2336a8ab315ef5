// SPDX-License-Identifier: GPL-3.0-or-later
/* From the command line's files to the tables, with the diagnostics printed. */
#include <sched.h>
#include <stdio.h>

#include "leader_priv.h"

/* The text that is in force: what stands on disk may be another by the time somebody asks. */
static void keep_files(struct rt *rt, const struct conf_src *src)
{
	rt->files = ARENA_NEWN(&rt->arena, struct rt_file, src->files.n);
	for (; rt->nfiles < src->files.n; rt->nfiles++)
		rt->files[rt->nfiles] = (struct rt_file){ arena_cstr(&rt->arena, str_c(src->files.at[rt->nfiles].name)),
							  arena_str(&rt->arena, src->files.at[rt->nfiles].text) };
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
		rt = conf_compile(&src, &d, o);
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
