// SPDX-License-Identifier: GPL-3.0-or-later
/* Command line parsing over tbl/switches.def. Everything that has an effect is in main.c. */
#include <stdio.h>
#include <signal.h>
#include <sluice/args/args.h>
#include <sluice/base/num.h>

struct parse {
	struct args *a;
	char *err;
	size_t errlen;
	const char *word;   /* the switch in hand */
};

static bool refuse(struct parse *p, const char *why, const char *value)
{
	snprintf(p->err, p->errlen, "'%s': %s%s%s%s", p->word, why, value ? " '" : "", value ? value : "", value ? "'" : "");
	return false;
}

static bool number(struct parse *p, const char *v, uint64_t max, uint64_t *out)
{
	if (!num_u64(str_c(v), out) || *out > max)
		return refuse(p, "not a number in range:", v);
	return true;
}

/* ---- one function a switch ---- */

#define ON(name, what) \
	static bool sw_##name(struct parse *p, const char *v) \
	{ \
		(void)v; \
		what; \
		return true; \
	}
ON(none, (void)p)
ON(check, p->a->cmd = CMD_CHECK)
ON(condition, p->a->cmd = CMD_CONDITION; p->a->condition = v)
ON(version, p->a->cmd = CMD_VERSION)
ON(version_long, p->a->cmd = CMD_VERSION_LONG)
ON(keywords, p->a->cmd = CMD_KEYWORDS)
ON(verbose, p->a->verbose = true)
ON(daemon, p->a->daemon = true)
ON(foreground, p->a->foreground = true)
ON(mworker, p->a->mworker = true)
ON(mworker_notify, p->a->mworker = p->a->notify = true)
ON(master_sock, p->a->leader.conf.master_sock = v)
ON(quiet, p->a->leader.quiet = p->a->master.quiet = true)
ON(pidfile, p->a->leader.pidfile = v)
ON(chdir, p->a->chdir = v)
ON(localpeer, p->a->leader.conf.localpeer = v)
ON(old_sock, (void)p)
ON(no_epoll, p->a->leader.conf.poll_only = true)
ON(warn_fatal, p->a->leader.warn_fatal = true)
ON(detach, p->a->leader.detach = true)

static bool sw_file(struct parse *p, const char *v)
{
	struct conf_opts *c = &p->a->leader.conf;

	if (c->npaths == ARRAY_LEN(p->a->paths))
		return refuse(p, "too many configuration files", NULL);
	p->a->paths[c->npaths++] = v;
	return true;
}

static bool sw_maxconn(struct parse *p, const char *v)
{
	uint64_t n;
	if (!number(p, v, INT32_MAX, &n))
		return false;
	p->a->leader.conf.maxconn_override = (uint32_t)n;
	return true;
}

static bool sw_maxconn_px(struct parse *p, const char *v)
{
	uint64_t n;
	return number(p, v, INT32_MAX, &n);
}

static bool sw_mem(struct parse *p, const char *v)
{
	uint64_t n;
	if (!number(p, v, UINT32_MAX, &n))
		return false;
	p->a->leader.mem_mb = (unsigned)n;
	return true;
}

static bool add_pid(struct parse *p, const char *v, int sig)
{
	struct master_opts *m = &p->a->master;
	uint64_t n;

	m->old_signal = sig;
	if (!number(p, v, INT32_MAX, &n) || n == 0)
		return refuse(p, "not a pid:", v);
	if (m->nold == ARGS_MAX_PIDS)
		return refuse(p, "too many pids", NULL);
	p->a->old_pids[m->nold++] = (int32_t)n;
	return true;
}
static bool sw_finish(struct parse *p, const char *v) { return add_pid(p, v, SIGUSR1); }
static bool sw_terminate(struct parse *p, const char *v) { return add_pid(p, v, SIGTERM); }

/* What a master tells the leader it starts; not for people. */
static bool sw_role(struct parse *p, const char *v)
{
	if (strcmp(v, "leader") != 0)
		return refuse(p, "unknown role", v);
	p->a->cmd = CMD_LEADER;
	return true;
}

static bool fd_number(struct parse *p, const char *v, int *fd)
{
	uint64_t n;
	if (!number(p, v, INT32_MAX, &n))
		return false;
	*fd = (int)n;
	return true;
}
static bool sw_ctl(struct parse *p, const char *v) { return fd_number(p, v, &p->a->leader.ctl); }
static bool sw_fds(struct parse *p, const char *v) { return fd_number(p, v, &p->a->leader.fds); }
static bool sw_text(struct parse *p, const char *v) { return fd_number(p, v, &p->a->leader.text); }
static bool sw_state(struct parse *p, const char *v) { return fd_number(p, v, &p->a->leader.state); }
static bool sw_gen(struct parse *p, const char *v) { return number(p, v, UINT64_MAX, &p->a->leader.generation); }

static bool sw_master(struct parse *p, const char *v)
{
	uint64_t n;
	if (!number(p, v, INT32_MAX, &n))
		return false;
	p->a->leader.master_pid = (uint32_t)n;
	return true;
}

/* ---- the walk ---- */

enum want { WANT_NONE, WANT_ONE, WANT_PIDS };
static const struct sw { const char *name; enum want want; bool (*fn)(struct parse *, const char *); const char *arg, *help; } switches[] = {
#define SWITCH(name, want, fn, arg, help) { name, WANT_##want, sw_##fn, arg, help },
#include <sluice/tbl/switches.def>
#undef SWITCH
};

static const struct { const char *name; enum args_cmd cmd; } commands[] = {
	{ "fmt", CMD_FMT }, { "dump", CMD_DUMP }, { "cli", CMD_CLI }, { "explain", CMD_EXPLAIN },
};

/* -dM and -dI, -dL, -dC, -dr, ... may have something glued on, as in -dMno-merge or -dC[key]. */
static bool debug_with_tail(const struct sw *s, const char *w)
{
	return s->name[0] == '-' && s->name[1] == 'd' && s->name[2] && s->fn == sw_none && strncmp(w, s->name, 3) == 0;
}

static const struct sw *switch_find(const char *w)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (strcmp(w, switches[i].name) == 0)
			return &switches[i];
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (debug_with_tail(&switches[i], w))
			return &switches[i];
	return NULL;
}

static bool is_pid(const char *w) { return w && *w >= '0' && *w <= '9'; }

/* Handles argv[i]; returns the index of the next word, 0 on failure. */
static int parse_switch(struct parse *p, char **argv, int i)
{
	const struct sw *s = switch_find(argv[i]);

	p->word = argv[i++];
	if (!s)
		return refuse(p, "unknown switch", NULL);
	if (s->want == WANT_NONE)
		return s->fn(p, NULL) ? i : 0;
	if (s->want == WANT_ONE)
		return !argv[i] ? refuse(p, "needs an argument", NULL) : s->fn(p, argv[i]) ? i + 1 : 0;
	for (; is_pid(argv[i]); i++)
		if (!s->fn(p, argv[i]))
			return 0;
	return i;
}

static bool parse_switches(struct parse *p, char **argv, int i)
{
	while (argv[i]) {
		if (strcmp(argv[i], "--") == 0) {
			for (p->word = argv[i++]; argv[i]; i++)
				if (!sw_file(p, argv[i]))
					return false;
			return true;
		}
		if (argv[i][0] != '-') {
			p->word = argv[i];
			return refuse(p, "not a switch (a file needs -f)", NULL);
		}
		if (!(i = parse_switch(p, argv, i)))
			return false;
	}
	return true;
}

static bool parse_fmt(struct parse *p, char **argv)
{
	int i = 2;

	p->word = "fmt";
	if (argv[i] && strcmp(argv[i], "-w") == 0)
		p->a->fmt_write = true, i++;
	if (!argv[i] || argv[i + 1])
		return refuse(p, "usage: sluice fmt [-w] FILE", NULL);
	return sw_file(p, argv[i]);
}

/* Files first, then the words of the request. */
static bool parse_explain(struct parse *p, int argc, char **argv)
{
	int i = 2;

	p->word = "explain";
	for (; argv[i] && strcmp(argv[i], "-f") == 0; i += 2)
		if (!argv[i + 1])
			return refuse(p, "-f needs an argument", NULL);
		else if (!sw_file(p, argv[i + 1]))
			return false;
	p->a->rest = (const char *const *)(argv + i);
	p->a->nrest = (unsigned)(argc - i);
	return i > 2 || refuse(p, "usage: sluice explain -f FILE 'GET URL' [--src IP] [--header 'N: v'] [--frontend NAME] [--proto h1|h2] [--sni NAME] …", NULL);
}

static bool parse_command(struct parse *p, int argc, char **argv)
{
	if (p->a->cmd == CMD_EXPLAIN)
		return parse_explain(p, argc, argv);
	if (p->a->cmd == CMD_FMT)
		return parse_fmt(p, argv);
	if (p->a->cmd == CMD_DUMP)
		return parse_switches(p, argv, 2);
	p->a->rest = (const char *const *)(argv + 2);
	p->a->nrest = (unsigned)argc - 2;
	return true;
}

static bool needs_file(const struct args *a)
{
	return a->cmd == CMD_RUN || a->cmd == CMD_LEADER || a->cmd == CMD_CHECK || a->cmd == CMD_DUMP;
}

bool args_parse(struct args *a, int argc, char **argv, char *err, size_t errlen)
{
	struct parse p = { .a = a, .err = err, .errlen = errlen, .word = "" };
	bool ok;

	*a = (struct args){ .cmd = CMD_RUN, .leader = { .ctl = -1, .fds = -1, .text = -1, .state = -1 }, .master = { .argc = argc, .argv = argv } };
	a->leader.conf.paths = a->paths;
	a->master.old = a->old_pids;
	snprintf(err, errlen, "nothing to do");
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			a->cmd = commands[i].cmd;
			return parse_command(&p, argc, argv) && (!needs_file(a) || a->leader.conf.npaths);
		}
	ok = parse_switches(&p, argv, argc > 0 ? 1 : 0);
	if (ok && needs_file(a) && !a->leader.conf.npaths) {
		snprintf(err, errlen, "no configuration file (-f)");
		return false;
	}
	a->master.exit_by_signal = a->mworker;
	return ok;
}

void args_usage(FILE *out)
{
	fprintf(out, "sluice %s\nusage: sluice -f FILE|DIR [switches]        run\n"
		     "       sluice -c -f FILE                    check\n"
		     "       sluice cli [SOCKET] [COMMAND...]     talk to a running sluice\n"
		     "       sluice explain -f FILE 'GET URL'     which rules match and why\n"
		     "       sluice fmt [-w] FILE                 format\n"
		     "       sluice dump -f FILE                  show the compiled tables\nswitches:\n", SLUICE_VERSION);
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (*switches[i].help)
			fprintf(out, "  %-3s %-9s %s\n", switches[i].name, switches[i].arg, switches[i].help);
}
