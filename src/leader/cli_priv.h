// SPDX-License-Identifier: GPL-3.0-or-later
/* The runtime socket, served by the leader:
 *
 *   cli.c        listening, sessions: lines in, answers out, time and memory limits
 *   cli_line.c   lines into words (pure)
 *   cli_cmd.c    the command table: matching, levels, help
 *   cli_out.c    what commands write with: messages, rows as text or JSON
 *   cli_*.c      the commands of a theme, one function a row of tbl/cli_cmds.def
 *
 * A command is a generator. Its function is called again and again; each call adds a bounded piece of the answer, and the next comes when the
 * client has read. So neither a dump of 100,000 servers nor a client that does not read holds up the leader. */
#ifndef SLUICE_LEADER_CLI_PRIV_H
#define SLUICE_LEADER_CLI_PRIV_H

#include <sluice/base/buf.h>
#include <sluice/net/loop.h>
#include "cli_line.h"
#include "leader_priv.h"

#define CLI_SESSIONS_MAX 32
#define CLI_OUT_STEP 16384u       /* bytes after which a generator pauses */

enum cli_level { CLI_USER, CLI_OPERATOR, CLI_ADMIN };
enum cli_flags { CF_JSON = 1, CF_TXN = 2, CF_OWN = 4 };
/* Severity of a message, as syslog counts. */
enum cli_sev { CLI_ERR = 3, CLI_WARNING = 4, CLI_NOTICE = 5, CLI_INFO = 6 };

enum cli_state {
	CLI_DONE,
	CLI_AGAIN,   /* more to say: call again once the client has read */
	CLI_WAIT,    /* cli_resume() will say when to call again */
};

struct cli_sess;
struct cli_run;
struct txn;
typedef enum cli_state cli_fn(struct cli_run *r);

struct cli_cmd {
	struct str words;
	cli_fn *fn;
	uint8_t level, flags, nwords;
	const char *args, *help;
};

struct cli_run {                  /* a command being executed; all zero at its first call but for what stands in the line */
	struct cli_sess *s;
	struct leader *l;
	const struct cli_cmd *cmd;
	const struct str *w;      /* words behind those of the row */
	unsigned n;
	struct str payload;
	struct sbuf *out;         /* the answer so far; add to it until cli_full() */
	bool json;
	bool failed;              /* a message of severity error was written */
	/* the generator's own */
	unsigned calls;           /* 0 at the first call */
	uint32_t px, srv, at;
	uint64_t num;
	void *priv;               /* freed by `end` */
	void (*end)(struct cli_run *r); /* at the end of the command, however it ends; NULL = nothing to do */
	/* cli_out.c's own */
	unsigned rows, cells;
};

#define CLI_CMD(fn, level, words, args, flags, help) cli_fn cli_##fn;
#include <sluice/tbl/cli_cmds.def>
#undef CLI_CMD

/* ---- cli.c ---- */
/* Readies what serves l->cli_fd. false: no memory. */
bool cli_open(struct leader *l) MUST_CHECK;
/* Committed: begins to accept. */
void cli_start(struct leader *l);
/* Draining: accepts no more; sessions end with the command they run. */
void cli_drain(struct leader *l);
/* Does somebody wait for a verdict, or is about to ask or to read an answer? Draining, the leader stays that long, which the idle timeout
 * bounds; leader_step() is called when a session ends. */
bool cli_owes(const struct leader *l);
/* Closes all sessions: at the end, and (descriptors only) in a child that was forked. */
void cli_stop(void);
void cli_deaf(void); /* no more sessions: whoever connects is the next generation's */
void cli_close_in_child(struct leader *l);
/* A command that said CLI_WAIT goes on. */
void cli_resume(struct cli_run *r);

struct cli_sess {
	struct io io;
	struct task task;
	struct timer idle;
	struct list link;
	struct leader *l;
	struct sbuf in, out;
	size_t sent;              /* of out */
	char *line;               /* the line in hand, NULL between lines */
	size_t line_n, line_at;
	char mark[CLI_MARK_MAX];
	uint8_t mark_n;
	char *payload;
	size_t payload_n;
	struct cli_words words;
	struct cli_run run;
	struct sbuf text;         /* answer of a command that knows no JSON, before it is turned into it */
	bool running, waiting, want_payload, fresh, eof, closing, refused, dead;
	bool prompt, timed, json_open, json_str;
	uint8_t level, max_level, severity; /* enum cli_level; enum cli_sev_out */
	uint32_t timeout_ms;
	pid_t peer_pid;           /* of a unix socket's client, 0 = not known */
	uid_t peer_uid;
	struct txn *txn;          /* what `begin` collects, NULL = applied at once */
};
enum cli_sev_out { SEV_NONE, SEV_NUMBER, SEV_STRING };

/* ---- cli_sess.c ---- */
/* Asks for the next line: name of the node and generation. */
void cli_prompt(struct cli_sess *s);
/* @0, @1, @!pid, @@1: HAProxy's master socket says with it which process is to answer. All of ours answer here, with the rights the
 * session has; a prefix that names none of them is refused. */
bool cli_prefix_ok(const struct leader *l, struct str prefix);

/* ---- cli_cmd.c ---- */
/* The words of a line have been looked up, `used` of them name the command: may it run? Else the answer says why and r->cmd is NULL. */
void cli_begin(struct cli_run *r, unsigned used, bool too_many, const struct str *bad_prefix);
/* The row for these words, *used of them its own; NULL when there is none. */
const struct cli_cmd *cli_find(const struct str *w, unsigned n, unsigned *used);
/* Commands that begin with, or look like, the words; what the level allows. */
void cli_suggest(struct cli_run *r, enum cli_level level);
const char *cli_level_word(enum cli_level l);

/* ---- cli_out.c ---- */
static inline bool cli_full(const struct cli_run *r) { return r->out->n >= CLI_OUT_STEP; }
/* A message, with the severity the session asked for; JSON: {"message":…}. Both end the command. */
enum cli_state cli_say(struct cli_run *r, enum cli_sev sev, const char *fmt, ...) PRINTF_FMT(3, 4);
/* Only what stands in front of a message. */
void cli_severity(struct cli_run *r, enum cli_sev sev);
enum cli_state cli_fail(struct cli_run *r, const char *fmt, ...) PRINTF_FMT(2, 3);
/* Rows of a table. Text: `head` first, then the cells of a row separated by blanks. JSON: an array of objects. */
void cli_head(struct cli_run *r, const char *head);
void cli_row(struct cli_run *r);
void cli_str(struct cli_run *r, const char *name, struct str v);  /* text: "-" when empty */
void cli_num(struct cli_run *r, const char *name, int64_t v);
void cli_fmt(struct cli_run *r, const char *name, const char *fmt, ...) PRINTF_FMT(3, 4); /* a text cell */
void cli_row_end(struct cli_run *r);
void cli_tail(struct cli_run *r);
/* Text of another process: an empty line gets a blank, because one ends an answer; bytes that a terminal obeys become '?'. */
void cli_lines(struct sbuf *b, struct str text);
void cli_json_str(struct sbuf *b, struct str s);

#endif
