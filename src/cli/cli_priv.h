// SPDX-License-Identifier: GPL-3.0-or-later
/* The client's parts:
 *
 *   cli.c       modes: one command, lines of stdin, watching
 *   client.c    connections and answers
 *   shell.c     the session on a terminal: readline, history, prompt
 *   complete.c  completion from the command table and from names that the socket gives
 *   table.c     tables and colours for terminals */
#ifndef SLUICE_CLI_CLI_PRIV_H
#define SLUICE_CLI_CLI_PRIV_H

#include <sluice/base/addr.h>
#include <sluice/base/buf.h>
#include <sluice/cli/cli.h>

struct client {
	struct addr addr;
	char path[512];       /* of a unix socket; addr points here */
	int fd;               /* of the session with a prompt, -1 = none */
	char prompt[300];     /* as the socket last gave it */
};

struct reply { struct sbuf text; bool failed; }; /* text: all answers of a line, each with the empty line that ends it */

/* ---- client.c ---- */
bool client_addr(struct client *c, const char *text);
/* Sends one line (with its payload, if it has one) on a connection of its own. false: no connection; errno. */
bool client_once(const struct client *c, struct str line, struct reply *r);
/* The same within the session, which is opened (again) when need be: what `begin` opened lasts. */
bool client_ask(struct client *c, struct str line, struct reply *r);
void client_close(struct client *c);
void reply_free(struct reply *r);

/* ---- table.c ---- */
/* Puts answers on a terminal: columns aligned, states coloured, errors red. width: of the terminal, 0 = unlimited. */
void table_print(struct str text, bool failed, unsigned width, struct sbuf *out);
void reply_print(const struct reply *r);
bool on_terminal(void);

/* ---- complete.c ---- */
/* Completions of the last word of `line`, one a line, sorted. names: asks the socket for names of a kind; may be NULL. */
typedef void names_fn(void *ctx, const char *kind, struct sbuf *out);
void complete_line(struct str line, names_fn *names, void *ctx, struct sbuf *out);
/* names_fn over a client: kinds "bk/srv", "backend", "frontend". */
void client_names(void *ctx, const char *kind, struct sbuf *out);

/* ---- shell.c ---- */
int shell_run(struct client *c);
/* cli.c: "watch [delay] command", until the terminal says stop. */
int watch_run(struct client *c, struct str line);

#endif
