// SPDX-License-Identifier: GPL-3.0-or-later
/* Generations and processes: `reload` and its verdict, `show proc`, `show generations`, `show startup-logs`. */
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include "cli_priv.h"

/* ---- reload ---- */

struct reloading { struct cli_run *r; bool done, ok; int text; off_t at; };

static void reload_end(struct cli_run *r)
{
	struct reloading *w = r->priv;

	if (!w->done)
		leader_forget_reload(r->l, w);
	if (w->text >= 0)
		close(w->text);
	free(w);
}

static void reload_done(void *arg, bool ok, uint64_t gen UNUSED, int text)
{
	struct reloading *w = arg;

	w->done = true;
	w->ok = ok;
	w->text = text >= 0 ? dup(text) : -1;
	cli_resume(w->r);
}

static enum cli_state reload_begin(struct cli_run *r)
{
	struct reloading *w = calloc(1, sizeof(*w));

	if (!w)
		return cli_fail(r, "Out of memory.");
	*w = (struct reloading){ .r = r, .text = -1 };
	r->priv = w;
	r->end = reload_end;
	if (leader_ask_reload(r->l, reload_done, w))
		return CLI_WAIT;
	w->done = true;
	return cli_fail(r, "Success=0\n--\nThere is no master to ask.");
}

/* The verdict first, then what the new generation printed while it started, as HAProxy's master has it. */
enum cli_state cli_reload(struct cli_run *r)
{
	struct reloading *w = r->priv;
	char piece[4096];
	ssize_t n = 0;

	if (!w)
		return reload_begin(r);
	if (!w->at) {
		sbuf_printf(r->out, "Success=%d\n--\n", w->ok);
		r->failed = !w->ok;
	}
	while (w->text >= 0 && !cli_full(r) && (n = pread(w->text, piece, sizeof(piece), w->at)) > 0) {
		cli_lines(r->out, str_n(piece, (size_t)n));
		w->at += n;
	}
	if (n > 0)
		return CLI_AGAIN;
	r->s->prompt = false; /* the generation that answers from now on is another */
	return CLI_DONE;
}

enum cli_state cli_show_startup_logs(struct cli_run *r)
{
	ssize_t n = 0;
	char piece[4096];

	while (r->l->startup_fd >= 0 && !cli_full(r) && (n = pread(r->l->startup_fd, piece, sizeof(piece), (off_t)r->num)) > 0) {
		cli_lines(r->out, str_n(piece, (size_t)n));
		r->num += (uint64_t)n;
	}
	return n > 0 ? CLI_AGAIN : CLI_DONE;
}

/* ---- generations ---- */

static const char *state_word(const struct ipc_gen *g)
{
	static const char *const words[] = {
		[IPC_GEN_STARTING] = "starting", [IPC_GEN_COMMITTING] = "committing", [IPC_GEN_SERVING] = "serving", [IPC_GEN_DRAINING] = "draining",
	};

	return g->state < ARRAY_LEN(words) ? words[g->state] : "unknown";
}

enum cli_state cli_show_generations(struct cli_run *r)
{
	uint64_t now = clock_ms();

	cli_head(r, "# generation state leader workers alive age_s version");
	for (unsigned i = 0; i < r->l->ngens; i++) {
		const struct ipc_gen *g = &r->l->gens[i];

		cli_row(r);
		cli_num(r, "generation", (int64_t)g->id);
		cli_str(r, "state", str_c(state_word(g)));
		cli_num(r, "leader", g->leader);
		cli_num(r, "workers", g->nworkers);
		cli_num(r, "alive", g->alive);
		cli_num(r, "age_s", (int64_t)(now > g->started_ms ? (now - g->started_ms) / 1000 : 0));
		cli_str(r, "version", str_c(g->version));
		cli_row_end(r);
	}
	cli_tail(r);
	return CLI_DONE;
}

/* ---- show proc ---- */

static void proc_line(struct cli_run *r, int64_t pid, const char *type, uint64_t reloads, uint64_t since_ms, const char *version)
{
	uint64_t now = clock_ms(), s = now > since_ms ? (now - since_ms) / 1000 : 0;
	char up[32];

	snprintf(up, sizeof(up), "%llud%02lluh%02llum%02llus", (unsigned long long)s / 86400, (unsigned long long)s / 3600 % 24,
		 (unsigned long long)s / 60 % 60, (unsigned long long)s % 60);
	if (!r->json) {
		sbuf_printf(r->out, "%-15lld %-15s %-15llu %-15s %-15s\n", (long long)pid, type, (unsigned long long)reloads, up, version);
		return;
	}
	cli_row(r);
	cli_num(r, "pid", pid);
	cli_str(r, "type", str_c(type));
	cli_num(r, "reloads", (int64_t)reloads);
	cli_str(r, "uptime", str_c(up));
	cli_str(r, "version", str_c(version));
	cli_row_end(r);
}

static uint64_t newest(const struct leader *l)
{
	uint64_t n = l->o->generation;

	for (unsigned i = 0; i < l->ngens; i++)
		n = MAX(n, l->gens[i].id);
	return n;
}

static uint64_t oldest_start(const struct leader *l)
{
	uint64_t ms = l->started_ms;

	for (unsigned i = 0; i < l->ngens; i++)
		ms = MIN(ms, l->gens[i].started_ms);
	return ms;
}

static void note(struct cli_run *r, const char *text)
{
	if (!r->json)
		sbuf_printf(r->out, "%s\n", text);
}

/* HAProxy's table of the master: reloads counts how many starts came after this process's own. */
enum cli_state cli_show_proc(struct cli_run *r)
{
	const struct leader *l = r->l;
	uint64_t last = newest(l);

	if (r->json)
		cli_head(r, NULL);
	note(r, "#<PID>          <type>          <reloads>       <uptime>        <version>      ");
	proc_line(r, l->master_pid, "master", last - 1, oldest_start(l), SLUICE_VERSION);
	note(r, "# workers");
	proc_line(r, getpid(), "leader", last - l->o->generation, l->started_ms, SLUICE_VERSION);
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].pid)
			proc_line(r, l->child[i].pid, l->child[i].role == ROLE_CHECKER ? "checker" : "worker", last - l->o->generation,
				  l->child[i].started, SLUICE_VERSION);
	note(r, "# old workers");
	for (unsigned i = 0; i < l->ngens; i++)
		if (l->gens[i].id < l->o->generation && l->gens[i].leader)
			proc_line(r, l->gens[i].leader, "leader", last - l->gens[i].id, l->gens[i].started_ms, l->gens[i].version);
	note(r, "# programs");
	cli_tail(r);
	return CLI_DONE;
}
