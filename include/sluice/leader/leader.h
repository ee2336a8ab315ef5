// SPDX-License-Identifier: GPL-3.0-or-later
/* The leader of a generation: reads the configuration, makes the segment, binds, forks and re-forks checker and workers. */
#ifndef SLUICE_LEADER_LEADER_H
#define SLUICE_LEADER_LEADER_H

#include <sluice/conf/conf.h>

struct leader_opts {
	struct conf_opts conf;
	const char *pidfile;      /* -p, goes before the configuration's; NULL = none given */
	bool quiet, warn_fatal;   /* -q, -dW */
	unsigned mem_mb;          /* -m: address space of each process in MiB, 0 = no limit */
	/* from the master, on the command line of the exec */
	int ctl, fds;             /* channel to the master; memfd with struct fd_entry of the listeners, -1 = none */
	int text;                 /* memfd for a copy of what is said until the generation is active, -1 = none */
	int state;                /* memfd with struct ipc_state_entry of the generations before, -1 = none */
	uint64_t generation;
	uint32_t master_pid;
	const char *adopt;        /* where a new master looks for us when ours has died (ipc/adopt.h) */
	bool detach;              /* daemon: stdio goes to /dev/null once committed */
};

/* Runs until the generation has ended; returns the exit status: 0 after a drain or stop, 1 when it never got ready. */
int leader_run(const struct leader_opts *o);
/* Reads and compiles the configuration and prints what there is to say on stderr. NULL when there were errors (or, with warn_fatal,
 * warnings). The result is not frozen. Leader, `-c`, `dump`. */
struct rt *leader_load(const struct conf_opts *o, bool quiet, bool warn_fatal) MUST_CHECK;

/* Prints what would become of a request (words: see worker/explain.h) under the configuration; returns the exit status. */
int leader_explain(const struct leader_opts *o, const char *const *words, unsigned nwords);

#endif
