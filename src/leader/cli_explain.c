// SPDX-License-Identifier: GPL-3.0-or-later
/* `explain` on the runtime socket: the described request against the tables and the states of this moment.
 *
 * A child of the leader does it, over private copies of the segment and the stick tables: it sees every state, load and count as
 * it is and changes none of them, and a rule that runs away costs its own few seconds of CPU time and nobody else's. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/stick/stick.h>
#include <sluice/worker/explain.h>
#include "cli_priv.h"

#define EXPLAIN_CPU_S 5

struct explaining {
	struct io done;   /* reading end of a pipe that the child's end closes */
	struct cli_run *r;
	pid_t pid;
	int text;         /* memfd */
	off_t at;
	bool ended;
};

/* ---- in the child ---- */

static void write_all(int fd, struct str s)
{
	for (ssize_t n; s.n && (n = write(fd, s.p, s.n)) > 0;)
		s = str_sub(s, (size_t)n, SIZE_MAX);
}

NORETURN static void explain_child(struct leader *l, const struct explain_request *q, int text)
{
	struct rlimit cpu = { EXPLAIN_CPU_S, EXPLAIN_CPU_S };
	struct heritage h = {
		.role = ROLE_WORKER, .nworkers = l->nworkers, .generation = l->o->generation, .rt = l->rt, .seg = l->seg, .ctl = -1,
		.master_pid = l->master_pid, .tables = l->tables, .vars = l->vars,
	};
	struct sbuf out = { 0 };
	bool own = segment_make_private(l->seg) && var_area_make_private(l->vars);

	setrlimit(RLIMIT_CPU, &cpu);
	loop_free();
	for (uint32_t i = 0; own && i < l->rt->ntbl; i++)
		own = stick_make_private(l->tables[i]);
	if (own)
		(void)explain_run(&h, q, &out);
	else
		sbuf_printf(&out, "cannot copy the shared memory: %s\n", strerror(errno));
	write_all(text, sbuf_str(&out));
	_exit(0);
}

/* ---- in the leader ---- */

static void child_ended(struct io *io)
{
	struct explaining *x = CONTAINER_OF(io, struct explaining, done);

	io_del(&x->done);
	close(x->done.fd);
	x->ended = true;
	cli_resume(x->r);
}

static void explain_end(struct cli_run *r)
{
	struct explaining *x = r->priv;

	if (!x->ended) {
		kill(x->pid, SIGKILL);
		io_del(&x->done);
		close(x->done.fd);
	}
	close(x->text);
	free(x);
}

static bool explain_start(struct cli_run *r, const struct explain_request *q)
{
	struct explaining *x = calloc(1, sizeof(*x));
	int p[2] = { -1, -1 };

	if (!x)
		return false;
	x->r = r;
	x->text = memfd_create("explain", MFD_CLOEXEC);
	if (x->text < 0 || pipe2(p, O_CLOEXEC) < 0 || (x->pid = fork()) < 0 || (x->pid && !io_add(&x->done, p[0], IO_READ, child_ended)))
		goto fail;
	if (!x->pid)
		explain_child(r->l, q, x->text);
	close(p[1]);
	r->priv = x;
	r->end = explain_end;
	return true;
fail:
	for (unsigned i = 0; i < 2; i++)
		if (p[i] >= 0)
			close(p[i]);
	if (x->text >= 0)
		close(x->text);
	free(x);
	return false;
}

enum cli_state cli_explain(struct cli_run *r)
{
	struct explaining *x = r->priv;
	struct explain_request q;
	char err[256], piece[4096];
	ssize_t n = 0;

	if (!x) {
		if (!explain_parse(&q, r->w, r->n, err, sizeof(err)))
			return cli_fail(r, "%s", err);
		return explain_start(r, &q) ? CLI_WAIT : cli_fail(r, "Cannot fork: %s", strerror(errno));
	}
	while (!cli_full(r) && (n = pread(x->text, piece, sizeof(piece), x->at)) > 0) {
		sbuf_add(r->out, str_n(piece, (size_t)n));
		x->at += n;
	}
	if (n > 0)
		return CLI_AGAIN;
	return x->at ? CLI_DONE : cli_fail(r, "The explanation came to no end.");
}
