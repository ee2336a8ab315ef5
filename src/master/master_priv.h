// SPDX-License-Identifier: GPL-3.0-or-later
/* The master's state: generations, the children it may have to speak to itself, the listeners it keeps. All small arrays. */
#ifndef SLUICE_MASTER_PRIV_H
#define SLUICE_MASTER_PRIV_H

#include <signal.h>
#include <sys/types.h>
#include <sluice/base/backoff.h>
#include <sluice/base/vec.h>
#include <sluice/ipc/adopt.h>
#include <sluice/master/master.h>

#define GEN_START_MS 45000u     /* exec to READY: 30 s to read, 10 s to fork and warm up, and some */
#define GEN_COMMIT_MS 10000u    /* COMMIT to ACTIVE */
#define RETIRE_MS 2000u         /* after a commit: removed listeners are closed */
#define STOP_KILL_MS 5000u      /* after a stop: what still lives is killed */
/* after a commit: a newer program takes this process over */
#ifdef SLUICE_DEBUG
#define UPGRADE_MS 1000u
#else
#define UPGRADE_MS 10000u
#endif
#define ADOPT_ENV "SLUICE_ADOPT" /* set over exec: generations that wait to be found */
#define MAX_DRAINING 8u         /* generations; the oldest beyond that is stopped */

enum gen_state {
	GEN_STARTING,   /* no READY yet; a failure is an abort that nobody notices */
	GEN_COMMITTING, /* told to accept */
	GEN_ACTIVE,
	GEN_DRAINING,   /* told to finish, or replaced while its leader was dead */
};

struct gen {
	uint64_t id;
	enum gen_state state;
	pid_t leader;           /* 0 = dead; its children are ours then */
	int ctl;                /* -1 = closed */
	uint64_t started, deadline; /* ms; deadline 0 = none */
	uint64_t hard_stop_ms;  /* as the leader said with READY */
	bool served;            /* it was active once */
	bool adopted;           /* its leader is no child of ours: it has ended when its channel has */
	int text;               /* memfd with what its leader said while it started; -1 once the verdict is given */
	uint32_t nworkers;
	char version[32];       /* of its binary, "" before READY */
};

/* A checker or worker. The descriptor is the leader's end of its channel: with it the master can drain a worker whose leader died. */
struct kid { uint64_t gen; pid_t pid; enum role role; int ctl; };

/* A listener. added_by: the generation that bound it (closed again when that one fails). claimed_by: the newest that uses it. */
struct kept_fd { struct ipc_key key; int fd; uint64_t added_by, claimed_by; };

/* The segment of a generation and its description. shown_to: the generation that was told of it as ended, 0 = none. seg -1: not come yet. */
struct kept_state { uint64_t gen; int dir, seg; bool ended; uint64_t shown_to; };

/* Somebody waits for a reload: the leader of generation gen, under its ticket. run: the generation whose start answers it, 0 = not begun. */
struct ask { uint64_t gen, ticket, run; };

struct master {
	const struct master_opts *o;
	char exe[4096];         /* path of the program, resolved at start: a replaced file is taken at the next reload */
	int sigfd, ready_pipe;  /* ready_pipe: to the process that waits in the foreground of -D, or -1 */
	ino_t exe_ino; dev_t exe_dev; /* of the program that runs */
	uint64_t next_id;
	VEC(struct gen) gens;
	VEC(struct kid) kids;
	VEC(struct kept_fd) fds;
	VEC(struct ask) asks;
	VEC(struct kept_state) states;
	bool gens_changed;      /* since the table went out */
	bool ever_active, reload_pending;
	int stopping;           /* signal that ended us, 0 = running; SIGUSR1 waits for connections */
	uint64_t stop_deadline, retire_at, restart_at, upgrade_at; /* ms, 0 = not set */
	struct backoff restarts;
};

/* master_gen.c */
struct gen *gen_find(struct master *m, uint64_t id);
struct gen *gen_with(struct master *m, enum gen_state st);
/* Forks and execs a leader. false when that failed; said on stderr. */
bool gen_start(struct master *m) MUST_CHECK;
/* Asks a generation to finish / to stop at once, through its leader or, when that is dead, child by child. */
void gen_drain(struct master *m, struct gen *g);
void gen_stop(struct master *m, struct gen *g);
void gen_orphaned(struct master *m, struct gen *g);   /* it is to finish, and its leader is dead */
/* One that drains is to close what is left within close-spread-time. */
void gen_hurry(struct master *m, struct gen *g);
void gen_kill(struct master *m, struct gen *g, int sig);
void gen_message(struct master *m, struct gen *g, const struct ipc_msg *msg, int fd);
/* Forgets generations of which nothing lives. */
void gens_sweep(struct master *m);
bool gen_has_kids(const struct master *m, uint64_t id);
void kid_gone(struct master *m, pid_t pid);

/* master_ask.c */
void ask_add(struct master *m, uint64_t gen, uint64_t ticket);
void asks_assign(struct master *m, uint64_t run);    /* those that wait for a start wait for this one now */
void asks_answer(struct master *m, uint64_t run, bool ok, int text_fd); /* text_fd stays the caller's; -1 = nothing was said */
int text_new(void);                                  /* -1 and errno on failure */
void text_add(int fd, const char *line);
/* The first line that speaks of an error, else the first line, printable; "" when there is none. */
void text_first_error(int fd, char *out, size_t n);
/* Sends the table of generations to every leader that got ready, when it has changed. */
void gens_publish(struct master *m);

/* master_adopt.c */
/* At the start: takes over what a former master left. true when a generation of it serves. */
bool master_adopt(struct master *m) MUST_CHECK;
bool master_outdated(const struct master *m);
void master_upgrade(struct master *m);               /* returns when it failed */

/* master_state.c */
void states_mark_ended(struct master *m);            /* those whose generation is not known */
void state_dir_add(struct master *m, uint64_t gen, int fd); /* both take fd */
void state_seg_add(struct master *m, uint64_t gen, int fd);
void state_ended(struct master *m, uint64_t gen, bool served);
void states_absorbed(struct master *m, uint64_t by);  /* generation `by` is active: it has what it was shown as ended */
void states_drop(struct master *m);
/* For the leader that is started next: memfd with struct ipc_state_entry; -1 and errno on failure. */
int states_table(struct master *m) MUST_CHECK;
void states_inherit(const struct master *m);          /* in the child between fork and exec */
/* Tells a draining generation of the one that serves. */
void state_show(struct master *m, const struct gen *to, uint64_t gen);

/* master_fds.c */
void fds_add(struct master *m, const struct ipc_key *key, int fd, uint64_t gen); /* takes fd */
void fds_claim(struct master *m, const struct ipc_key *key, uint64_t gen);
void fds_abort(struct master *m, uint64_t gen);      /* closes what a failed generation added */
void fds_retire(struct master *m, uint64_t active);  /* closes what no generation from the active one on claims; 0: everything */
/* memfd with one ipc_fd_entry a listener, read position 0; -1 and errno on failure. */
int fds_table(const struct master *m) MUST_CHECK;
/* In the child between fork and exec: lets all listeners through. */
void fds_inherit(const struct master *m);

/* sd_notify.c: no-op without NOTIFY_SOCKET. */
void sd_notify_send(const char *text);

/* daemon.c: forks; the caller waits for daemon_ready and exits. Returns in the child only: the descriptor for daemon_ready. */
int daemon_fork(void);
void daemon_ready(int fd);

#endif
