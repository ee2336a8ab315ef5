// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates of a generation that lives: what the runtime socket and changed files do to them. */
#ifndef SLUICE_LEADER_CERTS_H
#define SLUICE_LEADER_CERTS_H

#include <sluice/tls/lists.h>
#include <sluice/tls/live.h>
#include "leader_priv.h"

/* ---- cert_change.c ---- */
/* Applies a change here, in the checker and in all workers, and writes it down for the generations after us. A worker
 * that cannot be told is ended and started anew. false with err: nothing has changed. */
bool cert_change(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err) MUST_CHECK;
/* As cert_change(), of what a file on disk says by now: what was written down about it is forgotten. */
bool cert_change_from_file(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err) MUST_CHECK;
/* Tells everybody else of a change that was applied here. */
bool cert_hand_out(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err) MUST_CHECK;
/* A line `certificate [options] names` is added to a crt-list. */
bool cert_line_add(struct leader *l, struct str list, struct str line, struct tls_err *err) MUST_CHECK;
bool cert_line_del(struct leader *l, struct str list, unsigned no, struct tls_err *err) MUST_CHECK;

/* ---- cert_list.c ---- */
/* Takes a crt-list as its file has it now, with the certificates that are new in it. false with err: nothing has changed. */
bool cert_list_reread(struct leader *l, struct tls_list *t, struct tls_err *err) MUST_CHECK;

/* ---- cert_journal.c: in a memfd that the master keeps, as the secret of tickets is (tickets.c) ---- */
/* Something that was done at run time. Of lines of lists the text is the line as it was given, or as it stood there. */
void journal_add(struct leader *l, enum tls_change k, struct str name, struct str text);
void journal_forget(struct leader *l, enum tls_change k, struct str name);
/* Does again what was done before us, unless the file has changed since; once before the children are forked, and again
 * when we are to serve, for what was done meanwhile. */
bool journal_open(struct leader *l, struct inherited *in) MUST_CHECK;
void journal_catch_up(struct leader *l);
bool journal_show(struct leader *l) MUST_CHECK;  /* to a new master */

/* ---- ocsp_update.c ---- */
void ocsp_update_start(struct leader *l);                /* as cert_watch_start() */
/* Certificates have come, or are under other options: those that are to be renewed are from now on. */
void ocsp_update_more(void);
/* The checker has an answer (IPC_CHK_FETCHED). */
void ocsp_answered(struct leader *l, const struct ipc_msg *m, int fd);

/* ---- cert_watch.c: after the configuration is loaded, once the loop exists ---- */
void cert_watch_start(struct leader *l);

#endif
