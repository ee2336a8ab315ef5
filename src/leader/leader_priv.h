// SPDX-License-Identifier: GPL-3.0-or-later
/* The leader's state. One a process; its parts point at each other. */
#ifndef SLUICE_LEADER_PRIV_H
#define SLUICE_LEADER_PRIV_H

#include <sys/types.h>
#include <sluice/base/backoff.h>
#include <sluice/base/vec.h>
#include <sluice/ipc/adopt.h>
#include <sluice/ipc/msg.h>
#include <sluice/ipc/state.h>
#include <sluice/leader/leader.h>
#include <sluice/net/loop.h>

#define READY_MS 10000u      /* fork to READY of all children */
#define STOP_KILL_MS 2000u   /* after a stop: what still lives is killed */
#define DRAIN_GRACE_MS 5000u /* beyond hard-stop-after and close-spread-time, which the workers keep themselves */

enum leader_phase {
	LEAD_STARTING,   /* children warm up; any death aborts the generation */
	LEAD_READY,      /* waiting for the master's COMMIT */
	LEAD_COMMITTED,  /* children were told to go */
	LEAD_ACTIVE,
	LEAD_DRAINING,
	LEAD_STOPPING,
};

enum child_state { CHILD_NONE, CHILD_STARTING, CHILD_READY, CHILD_GOING, CHILD_SERVING };

struct child {
	struct io io;           /* our end of its channel */
	struct leader *l;
	enum role role;         /* ROLE_CHECKER or ROLE_WORKER */
	unsigned slot;
	enum child_state state;
	pid_t pid;              /* 0 = none */
	uint64_t started;       /* ms */
	struct backoff deaths;
	struct timer respawn;
	/* watchdog.c */
	uint64_t beat, cpu_at;  /* its last beat; ms of CPU when that was first seen to stand still, 0 = not yet */
	uint64_t kill_at;       /* SIGABRT was sent: when SIGKILL follows; 0 = no */
	pid_t busy_pid;         /* whose CPU time was looked at last, and what it was in ms */
	uint64_t busy_cpu;
};

struct ids { int64_t uid, gid; }; /* -1 = unchanged */

/* The end of a reload that was asked for. ok: generation gen serves now; else gen is the one that failed, 0 when none was started.
 * text_fd: what the new leader printed while it started, at offset 0 (pread); it is closed after the call; -1 when the master is gone. */
typedef void reload_done_fn(void *arg, bool ok, uint64_t gen, int text_fd);
struct reload_ask { uint64_t ticket; reload_done_fn *done; void *arg; };

#define LEADER_MAPS 2

struct leader {
	const struct leader_opts *o;
	struct rt *rt;
	struct segment *seg;
	struct hits hits;
	struct dns_stats dns;
	int *listen_fd, *wake_fd;  /* rt->nlst, nworkers */
	int *cli_fd;               /* rt->ncli; closed and -1 from the start of a drain on */
	void (*on_drain)(struct leader *l); /* called before the listeners are closed; NULL = nobody cares */
	void (*in_child)(struct leader *l); /* called in a child after fork, to close what only the leader uses; NULL = nothing */
	int ctl;                   /* channel to the master */
	uint32_t master_pid;
	bool master_gone;
	struct io adopt_io;        /* while it is gone */
	int dir_fd;                /* description of our segment, -1 = none */
	VEC(struct reload_ask) asks;
	uint64_t last_ticket;
	struct ipc_gen *gens;      /* all generations, ours among them, as the master last said; ngens may be 0 */
	unsigned ngens;
	struct state_names names;
	struct state_obj *live_names;  /* its servers in the description of our segment */
	struct state_view *before;    /* the generation that served before us: whose words were taken over; may be in seg->older as well */
	struct last_look *last_look;  /* what is to be compared when that one drains; NULL = no more */
	struct state_view *successor; /* while draining: the generation that serves now; NULL = not known */
	int successor_dir;            /* half of the message about it, -1 = none */
	uint64_t followed;            /* epochs of the successor that were copied last */
	struct timer follow, watchdog, look; /* look: until the last look */
	struct { uint64_t at; unsigned looks; } busy; /* how busy the workers are: measured last at, looks of the watchdog */
	unsigned commit_deaths;       /* of workers between the order to accept and the last answer */
	unsigned nworkers;
	struct ids ids;
	struct child *child;       /* [0] the checker, then the workers */
	unsigned nchild;
	enum leader_phase phase;
	struct io sig_io, ctl_io;
	struct stick_table **tables; /* rt->ntbl */
	struct var_area *vars;     /* of scope proc, NULL = there are none */
	struct timer sweep;        /* of the tables */
	struct timer reclaim;      /* patterns.c */
	unsigned sweeps;
	struct timer deadline;     /* READY, or the end of a drain or stop */
	uint8_t secret[16];        /* of forms of the statistics page, for the workers */
	int secret_fd;             /* where it is kept for later generations; -1 = nowhere */
	int pid_fd;                /* pid file, opened early, written late; -1 = none */
	int status;
	bool drained;              /* it ends by itself, not because it was told to stop */
	int startup_fd;            /* what was said until the generation was active; -1 = not kept */
	uint64_t started_ms;       /* clock_ms() */
	int ticket_fd;             /* -1 = no TLS listener */
	struct conf_changes *changes; /* roster.c: what the files do not say of servers */
	int roster_fd;             /* of roster.c, -1 = nothing was changed */
	int journal_fd;            /* of cert_journal.c, -1 = no certificates */
	int map_fd[LEADER_MAPS];   /* of maps.c, -1 = not wanted */
	struct timer ticket_timer, cert_timer, map_timer;
};

/* load.c: also fills in what follows from the machine: workers, maxconn. */
unsigned leader_workers(const struct rt *rt);

/* limits.c: memory limit; raises the descriptor limit to fit maxconn, or, when that came from no line and the limit stays lower, lowers
 * maxconn to fit. false: said on stderr. */
void limits_memory(unsigned mb);
uint32_t limits_fds_needed(const struct rt *rt, unsigned nworkers);
uint32_t limits_derive_maxconn(uint64_t nofile, uint32_t reserve);
uint32_t limits_reserve(const struct rt *rt, unsigned nworkers);
bool limits_apply(struct rt *rt, unsigned nworkers) MUST_CHECK;

/* Descriptors that the master kept of generations before, by key. */
struct inherited { struct ipc_fd_entry *at; unsigned n; };
/* Each is handed out once; the caller's then. -1 = there is none. */
int inherited_take(struct inherited *in, const struct ipc_key *key);

/* listeners.c: binds or inherits what the configuration names and tells the master. false: every failure was printed. */
void listener_key(const struct addr *a, const struct sock_listen_opts *o, struct ipc_key *key);
bool listeners_open(struct leader *l) MUST_CHECK;
void listeners_close(struct leader *l);
void cli_listeners_close(struct leader *l); /* those of the runtime socket alone: a worker has no use for them */

/* reload.c. The verdict is that of a start that began after the call; false when there is no master to ask. Several may wait at once. */
bool leader_ask_reload(struct leader *l, reload_done_fn *done, void *arg) MUST_CHECK;
/* Whoever asked with this arg is no more: its verdict is dropped. */
void leader_forget_reload(struct leader *l, void *arg);
void reload_verdict(struct leader *l, const struct ipc_msg *m, int fd); /* takes fd, as does the next */
/* Another generation's leader was told to clear counters, and with them those of this one, which drains. */
void counters_clear(struct leader *l, const struct ipc_msg *m);
void gens_received(struct leader *l, const struct ipc_msg *m, int fd);
void reload_master_gone(struct leader *l);

/* names.c: fills l->names from l->rt; freed by state_release. */
bool names_make(struct leader *l) MUST_CHECK;

/* import.c. state_import: after the segment is made and before anything is forked; hands ours to the master. false: said on stderr. */
bool state_import(struct leader *l) MUST_CHECK;
void import_words(struct leader *l);                  /* from l->before, again */
void import_late(struct leader *l, uint32_t i);       /* ... of a server that was added there after we had looked */
/* Pieces of it: what was set for a server (whose admin word there is given), for a frontend; and where our global limits are. */
void import_srv_admin(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i, uint64_t admin);
void import_fe(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i);
#define IMPORT_LIMITS 4u
_Atomic uint32_t *import_limit(const struct leader *l, unsigned i);

/* last_look.c: at the commit, behind import_words(): the look is taken by itself when l->before has begun to drain or has ended. */
void last_look_prepare(struct leader *l);
void last_look_take(struct leader *l);
void last_look_drop(struct leader *l);
bool last_look_waits(const struct leader *l); /* is it still to come? */
uint64_t import_admin(uint64_t cfg, uint64_t old, uint64_t old_cfg);
uint64_t import_op(const struct rt_server *s, uint64_t old, uint32_t now_s);
void state_release(struct leader *l);

/* The runtime address of their server j becomes our server i's; false: it has none, or it cannot be read. */
bool import_place(struct leader *l, uint32_t i, const struct state_view *v, uint32_t j, uint64_t admin);

/* state_file.c: files with states of servers, into the segment. */
void state_files_load(struct leader *l);

/* follow.c */
/* Does the generation that v describes still live? */
bool gen_lives(const struct leader *l, const struct state_view *v);
void follow_start(struct leader *l);                  /* from the commit on, while others live */
void successor_dir(struct leader *l, int fd);         /* both take fd */
void successor_seg(struct leader *l, int fd);
/* tables.c: stick tables. false: said on stderr. */
/* page_secret.c: fills l->secret. */
bool page_secret_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool page_secret_show(struct leader *l) MUST_CHECK; /* to a new master */

/* tickets.c: the secret of TLS session tickets. */
bool tickets_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool tickets_show(struct leader *l) MUST_CHECK;  /* to a new master */
void tickets_start(struct leader *l);  /* the loop exists */
/* maps.c: what workers of all generations share of TLS. */
bool maps_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool maps_show(struct leader *l) MUST_CHECK;   /* to a new master */
void maps_start(struct leader *l);   /* the loop exists */
/* certs.c: warns of certificates that end soon; also when one has been replaced. */
void certs_start(struct leader *l);
void certs_look(void);
/* patterns.c: tables of map and ACL files. false: said on stderr. */
bool patterns_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool patterns_show(struct leader *l) MUST_CHECK; /* to a new master */
void patterns_start(struct leader *l);           /* the loop exists */
void patterns_reclaim(struct leader *l);         /* memory that no reader can be in any more; also done by itself */
void patterns_in_child(const struct leader *l);
bool tables_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool tables_show(struct leader *l) MUST_CHECK;   /* to a new master */
void tables_start(struct leader *l);   /* the loop exists */
/* What the generation before has left is what its peer teaches it: tables that are written to others pass it on. */
void tables_teach(struct leader *l);
void tables_recover(struct leader *l); /* a worker has died */
void tables_close(struct leader *l);

/* adopt.c: the master is gone: waits for another. */
void adopt_offer(struct leader *l);

/* variables.c */
bool variables_open(struct leader *l, struct inherited *in) MUST_CHECK;
bool variables_show(struct leader *l) MUST_CHECK; /* to a new master */

/* watchdog.c */
void watchdog_start(struct leader *l);
void watchdog_measure(struct leader *l);                    /* publishes how busy the workers were since the last call */
void watchdog_look(struct child *c, uint32_t stuck_ms); /* at one worker, now */

/* privs.c: names to numbers, in the leader; the drop itself, in a child. */
bool privs_resolve(const struct rt_global *g, struct ids *ids, char *err, size_t errlen) MUST_CHECK;
bool privs_drop(const struct rt_global *g, const struct ids *ids, char *err, size_t errlen) MUST_CHECK;

/* spawn.c: forks one child; false when fork failed. */
bool spawn_child(struct child *c) MUST_CHECK;
/* A message to the master that must not be lost: waits for room, not for ever. false when the master is gone. */
bool master_tell(struct leader *l, enum ipc_type t, uint32_t arg, uint64_t num, const void *payload, size_t n, int fd);

/* children.c */
bool children_start(struct leader *l) MUST_CHECK;
void child_message(struct io *io);
void children_reap(struct leader *l);
void children_go(struct leader *l);
bool children_all(const struct leader *l, enum child_state at_least);
void children_tell(struct leader *l, enum role role, enum ipc_type t, uint64_t num);
void children_kill(struct leader *l, int sig);
unsigned children_alive(const struct leader *l, enum role role);
void children_forget(struct leader *l);  /* at the end, when none is left */

/* names.c: what server i of the tables is known by; all zero for a spare row. */
void names_of_server(const struct leader *l, uint32_t i, struct state_obj *o);

/* rows.c: servers that come and go. A step is told to all children; `done` is called when the last has answered, has died (its successor is forked from
 * our tables) or is too late. */
enum rows_end { ROWS_DONE, ROWS_REFUSED, ROWS_LATE };
typedef void rows_done_fn(void *arg, enum rows_end end);
/* The spare row becomes s, in our tables, the segment and all children. Nothing has changed when it returns false (errno). */
bool rows_put(struct leader *l, uint32_t row, const struct rt_server *s, rows_done_fn *done, void *arg) MUST_CHECK;
/* The server of the row goes, unless a child refuses: then all have it again. */
bool rows_drop(struct leader *l, uint32_t row, rows_done_fn *done, void *arg) MUST_CHECK;
/* A spare row of a backend that no step is about; RT_NONE: there is none. */
uint32_t rows_spare(const struct rt_backend *be);
/* Is a server of that name on its way out? It may come back. */
bool rows_going(uint32_t px, struct str name);
/* Whoever asked with this arg is no more; the step goes on. */
void rows_forget(void *arg);
void rows_answered(const struct child *c, const struct ipc_msg *m);
void rows_child_gone(const struct child *c);

/* orders.c: an order from the statistics page, checked before anything is done. */
void order_servers(struct leader *l, const struct ipc_msg *m);
/* The same from the agent of a server. */
void order_agent(struct leader *l, const struct ipc_msg *m);
void order_resolved(struct leader *l, const struct ipc_msg *m); /* the checker has an address of a server, or none any more */
void order_record(struct leader *l, const struct ipc_msg *m, int fd); /* an SRV record says where a server is; fd stays the caller's */

/* pattern_orders.c: a rule's change of a map or an ACL, checked before anything is done. */
void order_pattern(struct child *c, const struct ipc_msg *m, int fd);

/* leader.c: the pid file, opened early (false: said on stderr) and written late. */
bool pidfile_open(struct leader *l) MUST_CHECK;
void pidfile_write(struct leader *l);
void master_message(struct io *io);
/* what the deaths and messages of children lead to. */
void leader_step(struct leader *l);
void leader_abort(struct leader *l);

#endif
