// SPDX-License-Identifier: GPL-3.0-or-later
/* The command line: HAProxy's switches with HAProxy's meaning, and sub-commands. Parsing has no effect but on the result. */
#ifndef SLUICE_ARGS_ARGS_H
#define SLUICE_ARGS_ARGS_H

#include <stdio.h>
#include <sluice/leader/leader.h>
#include <sluice/master/master.h>

enum args_cmd {
	CMD_RUN, CMD_LEADER, CMD_CHECK, CMD_CONDITION, CMD_VERSION, CMD_VERSION_LONG, CMD_KEYWORDS, CMD_FMT, CMD_DUMP, CMD_CLI, CMD_EXPLAIN
};

#define ARGS_MAX_PIDS 64

struct args {
	enum args_cmd cmd;
	struct leader_opts leader;
	struct master_opts master;
	const char *paths[256];     /* -f and what follows --; leader.conf.paths points here */
	int32_t old_pids[ARGS_MAX_PIDS];
	const char *chdir, *condition;
	bool verbose, daemon, foreground, mworker, notify, fmt_write;
	const char *const *rest; unsigned nrest; /* words of a sub-command */
};

/* Fills a; false with a message in err when the line cannot be understood. Keeps pointers into argv. */
bool args_parse(struct args *a, int argc, char **argv, char *err, size_t errlen) MUST_CHECK;
void args_usage(FILE *out);
void args_version(FILE *out, bool detailed);

#endif
