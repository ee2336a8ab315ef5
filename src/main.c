// SPDX-License-Identifier: GPL-3.0-or-later
/* Entry: the command line decides which of the programs in this binary runs. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/args/args.h>
#include <sluice/cli/cli.h>
#include <sluice/base/notice.h>
#include <sluice/base/panic.h>
#include <sluice/base/proctitle.h>
#include <sluice/ipc/adopt.h>

static int run_check(const struct args *a)
{
	struct rt *rt = leader_load(&a->leader.conf, a->leader.quiet, a->leader.warn_fatal);
	if (!rt)
		return 1;
	if (a->verbose)
		puts("Configuration file is valid");
	return 0;
}

static int run_condition(const struct args *a)
{
	char err[256] = "";
	int r = conf_eval_condition(str_c(a->condition), err, sizeof(err));
	if (r < 0)
		fprintf(stderr, "sluice: -cc '%s': %s\n", a->condition, err);
	return r == 1 ? 0 : 1;
}

static int print_and_free(struct sbuf *out, FILE *to)
{
	bool ok = fwrite(out->p, 1, out->n, to) == out->n;
	sbuf_free(out);
	return ok && fflush(to) == 0 ? 0 : 1;
}

static int run_dump(const struct args *a)
{
	struct sbuf out = { 0 };
	struct rt *rt = leader_load(&a->leader.conf, a->leader.quiet, a->leader.warn_fatal);
	if (!rt)
		return 1;
	rt_dump(rt, &out);
	return print_and_free(&out, stdout);
}

/* Replaces the file only when all of the new text is on disk. */
static int rewrite(const char *path, struct sbuf *out)
{
	char tmp[4096];
	struct stat st;

	snprintf(tmp, sizeof(tmp), "%s.fmt.%d", path, (int)getpid());
	FILE *f = fopen(tmp, "w");
	if (!f)
		die("%s: %m", tmp);
	if (stat(path, &st) == 0 && fchmod(fileno(f), st.st_mode & 07777) < 0)
		die("%s: %m", tmp);
	int bad = print_and_free(out, f) | fsync(fileno(f)) | fclose(f);
	if (bad || rename(tmp, path) < 0) {
		unlink(tmp);
		die("%s: cannot write: %m", path);
	}
	return 0;
}

static int run_fmt(const struct args *a)
{
	struct arena arena;
	struct conf_src src = { .arena = &arena };
	struct diags d;
	struct sbuf out = { 0 };

	arena_init(&arena, 0);
	diags_init(&d, &arena, &src);
	bool ok = conf_format(a->paths[0], &out, &d);
	diags_print(&d, stderr, true);
	arena_free(&arena);
	if (!ok)
		return 1;
	return a->fmt_write ? rewrite(a->paths[0], &out) : print_and_free(&out, stdout);
}

/* ---- running ---- */

static bool all_can_be_read_twice(const struct conf_opts *c)
{
	struct stat st;

	for (unsigned i = 0; i < c->npaths; i++)
		if (stat(c->paths[i], &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
			return false;
	return true;
}

static bool says_daemon(const struct conf_src *src)
{
	bool on = false;

	for (size_t i = 0; i < src->sections.n; i++) {
		const struct section *s = &src->sections.at[i];
		if (!str_eq(s->head.w[0].s, STR("global")))
			continue;
		for (size_t j = 0; j < s->lines.n; j++)
			if (str_eq(s->lines.at[j].w[0].s, STR("daemon")))
				on = s->lines.at[j].prefix != LINE_NO;
	}
	return on;
}

/* `global / daemon`: the supervisor must know before it starts anything, but reads no configuration. A child looks. Its errors are
 * not printed: the leader will find the same. */
static bool config_wants_daemon(const struct conf_opts *c)
{
	int status;

	if (!all_can_be_read_twice(c))
		return false;
	pid_t pid = fork();
	if (pid == 0) {
		struct arena a;
		struct conf_src src = { .arena = &a };
		struct diags d;
		arena_init(&a, 0);
		diags_init(&d, &a, &src);
		_exit(conf_parse_files(&src, &d, c) && says_daemon(&src) ? 10 : 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 10;
}

/* The same in the master and in the leaders it starts: they read the same files from the same directory. */
static void name_meeting_place(struct args *a)
{
	static char key[ADOPT_KEY];

	adopt_key(a->leader.conf.paths, a->leader.conf.npaths, key);
	a->leader.adopt = a->master.adopt = key;
}

static int run(struct args *a)
{
	a->master.daemon = !a->foreground && !a->notify && (a->daemon || config_wants_daemon(&a->leader.conf));
	return master_run(&a->master);
}

static int dispatch(struct args *a)
{
	switch (a->cmd) {
	case CMD_RUN: return run(a);
	case CMD_LEADER: return leader_run(&a->leader);
	case CMD_CHECK: return run_check(a);
	case CMD_CONDITION: return run_condition(a);
	case CMD_VERSION: args_version(stdout, false); return 0;
	case CMD_VERSION_LONG: args_version(stdout, true); return 0;
	case CMD_DUMP: return run_dump(a);
	case CMD_FMT: return run_fmt(a);
	case CMD_KEYWORDS: keywords_print(stdout); return 0;
	case CMD_EXPLAIN: return leader_explain(&a->leader, a->rest, a->nrest);
	case CMD_CLI: return cli_client_run(a->rest, a->nrest);
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct args a;
	char err[300];

	stdio_ensure();
	setvbuf(stderr, NULL, _IOLBF, 0);
	argv = proctitle_init(argc, argv);
	if (!args_parse(&a, argc, argv, err, sizeof(err))) {
		fprintf(stderr, "sluice: %s\n", err);
		args_usage(stderr);
		return 1;
	}
	if (a.chdir && a.cmd != CMD_LEADER && chdir(a.chdir) < 0)
		die("-C %s: %m", a.chdir);
	notice_quiet(a.leader.quiet);
	name_meeting_place(&a);
	return dispatch(&a);
}
