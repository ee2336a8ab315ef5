// SPDX-License-Identifier: GPL-3.0-or-later
/* `sluice explain`: a described request against a configuration that is not running, over a segment made for it in which every
 * server is in its initial state, and stick tables that are empty. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/stick/stick.h>
#include <sluice/worker/explain.h>

#include "leader_priv.h"

static struct segment *fresh_segment(const struct rt *rt)
{
	struct segment *seg = segment_create(1, 1, rt->npx, rt->nsrv, rt->nlst);
	uint32_t now_s;

	if (!seg)
		return NULL;
	clock_update();
	now_s = (uint32_t)(clock_ms() / 1000);
	health_initial_states(seg, rt, now_s);
	return seg;
}

/* Stick tables of nothing yet; the array is in the arena of the configuration. */
static struct stick_table **empty_tables(struct rt *rt)
{
	struct stick_table **t = ARENA_NEWN(&rt->arena, struct stick_table *, rt->ntbl + 1);

	for (uint32_t i = 0; i < rt->ntbl; i++) {
		t[i] = stick_create(&rt->tbl[i]);
		if (!t[i])
			return NULL;
	}
	return t;
}

static void drop_tables(struct stick_table *const *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		stick_detach(t[i]);
		stick_unmap(t[i]);
	}
}

int leader_explain(const struct leader_opts *o, const char *const *words, unsigned nwords)
{
	struct heritage h = { .role = ROLE_WORKER, .nworkers = 1, .generation = 1, .ctl = -1 };
	struct explain_request q;
	struct sbuf out = { 0 };
	struct str w[2 * EXPLAIN_MAX_HDRS + 8];
	char err[300];
	bool ok;

	for (unsigned i = 0; i < MIN(nwords, (unsigned)ARRAY_LEN(w)); i++)
		w[i] = str_c(words[i]);
	if (!explain_parse(&q, w, MIN(nwords, (unsigned)ARRAY_LEN(w)), err, sizeof(err))) {
		fprintf(stderr, "sluice: explain: %s\n", err);
		return 1;
	}
	struct rt *rt = leader_load(&o->conf, o->quiet, o->warn_fatal);
	if (!rt)
		return 1;
	h.rt = rt;
	h.seg = fresh_segment(rt);
	h.tables = empty_tables(rt);
	if (!h.seg || !h.tables) {
		fprintf(stderr, "sluice: explain: cannot create a segment and stick tables: %s\n", strerror(errno));
		return 1;
	}
	ok = explain_run(&h, &q, &out);
	drop_tables(h.tables, rt->ntbl);
	if (ok)
		sbuf_printf(&out, "note      nothing runs: servers are in their initial state%s\n", rt->ntbl ? ", stick tables were empty" : "");
	fwrite(out.p, 1, out.n, ok ? stdout : stderr);
	sbuf_free(&out);
	return ok ? 0 : 1;
}
