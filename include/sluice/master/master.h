// SPDX-License-Identifier: GPL-3.0-or-later
/* The supervisor: owns a copy of every listening descriptor, starts generations, commits, drains and reaps them. It reads no
 * configuration and no bytes but the fixed-size messages of its leaders. */
#ifndef SLUICE_MASTER_MASTER_H
#define SLUICE_MASTER_MASTER_H

#include <sluice/ipc/msg.h>

struct master_opts {
	int argc;
	char **argv;          /* as given to the program: a leader gets the same switches */
	bool daemon;          /* fork, answer to the caller when ready, no terminal */
	bool exit_by_signal;  /* -W, -Ws: exit with 128 + signal after SIGTERM or SIGINT */
	const char *adopt;    /* where leaders of a master that died are found (ipc/adopt.h) */
	bool quiet;
	const int32_t *old; unsigned nold; /* -sf, -st: pids to be told once ready */
	int old_signal;
};

/* Runs until everything has ended; returns the exit status of the program: 1 when the first generation never got ready. */
int master_run(const struct master_opts *o);

#endif
