// SPDX-License-Identifier: GPL-3.0-or-later
/* Server state files, for those who dump `show servers state` and load it at the next start. What a running generation knows is newer and
 * goes before them. A file that is missing or of another form is said and left out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/health/state_line.h>
#include <sluice/ipc/place.h>

#include "leader_priv.h"

#define PATH_BUF 4096

/* Where it was is where it is until nameservers say otherwise. */
static void take_place(struct leader *l, uint32_t i, const struct state_line *f)
{
	const struct rt_server *s = &l->rt->srv[i];
	struct srv_place p = { .addr = f->addr };

	if (!state_line_same_name(f, s) || f->fqdn.n >= sizeof(p.fqdn))
		return;
	if (s->flags & SRVF_SRV)
		memcpy(p.fqdn, f->fqdn.p, f->fqdn.n);
	else
		p.addr.port = s->addr.port;
	if (place_write(l->seg, i, &p) && !(f->admin & ADM_RESOLUTION))
		atomic_fetch_and_explicit(&l->seg->srv[i].admin, ~(uint64_t)ADM_RESOLUTION, memory_order_relaxed);
}

static void take_line(struct leader *l, const struct state_line *f, uint8_t from)
{
	const struct rt_proxy *px = rt_find_backend(l->rt, f->be_name);
	uint32_t now_s = (uint32_t)(clock_ms() / 1000);

	if (!px || px->state_from != from)
		return;
	for (uint32_t i = px->be.srv0; i < px->be.srv0 + px->be.nsrv; i++) {
		struct seg_srv *w = &l->seg->srv[i];
		if (!str_eq(l->rt->srv[i].name, f->srv_name))
			continue;
		uint64_t check = health_check_word(check_status_from_number((unsigned)f->check_status), 0, 0);
		atomic_store_explicit(&w->admin, state_line_admin(f, &l->rt->srv[i], atomic_load(&w->admin)), memory_order_relaxed);
		atomic_store_explicit(&w->op, state_line_op(f, &l->rt->srv[i], now_s), memory_order_relaxed);
		atomic_store_explicit(&w->check, check, memory_order_relaxed);
		take_place(l, i, f);
		return;
	}
}

static void file_path(const struct leader *l, struct str name, char *out)
{
	struct str base = l->rt->g.state_base;

	if (name.p[0] == '/' || !base.n)
		snprintf(out, PATH_BUF, STR_FMT, STR_ARG(name));
	else
		snprintf(out, PATH_BUF, STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(name));
}

static void load_file(struct leader *l, struct str name, uint8_t from)
{
	char path[PATH_BUF], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct state_line f;

	file_path(l, name, path);
	FILE *in = fopen(path, "re");
	if (!in) {
		notice(SAY_WARNING, "cannot read the server state file %s: %s", path, strerror(errno));
		return;
	}
	n = getline(&line, &cap, in);
	if (n > 0 && str_eq(str_trim(str_n(line, (size_t)n - (line[n - 1] == '\n'))), STR("1"))) {
		while ((n = getline(&line, &cap, in)) > 0)
			if (state_line_parse(str_n(line, (size_t)n - (line[n - 1] == '\n')), &f))
				take_line(l, &f, from);
	} else if (n > 0) {
		notice(SAY_WARNING, "the server state file %s is not of version 1", path);
	}
	free(line);
	fclose(in);
}

void state_files_load(struct leader *l)
{
	bool global = false;

	for (uint32_t i = 0; i < l->rt->npx; i++) {
		const struct rt_proxy *px = &l->rt->px[i];
		if (!(px->caps & PX_BE))
			continue;
		global |= px->state_from == STATE_FROM_GLOBAL;
		if (px->state_from == STATE_FROM_LOCAL)
			load_file(l, px->state_name.n ? px->state_name : px->name, STATE_FROM_LOCAL);
	}
	if (global && l->rt->g.state_file.n)
		load_file(l, l->rt->g.state_file, STATE_FROM_GLOBAL);
}
