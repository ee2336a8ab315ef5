// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions to all workers at once. */
#ifndef SLUICE_LEADER_CLI_ASK_H
#define SLUICE_LEADER_CLI_ASK_H

#include <sluice/ipc/ask.h>
#include "cli_priv.h"

#define ASK_WAIT_MS 2000u /* then a worker is left out, with a note */

/* A question about everything. */
#define ASK_ANY { .fe = RT_NONE, .be = RT_NONE, .srv = RT_NONE }

/* Begins: returns CLI_WAIT, or CLI_DONE with a message. The command is called again when every worker has answered, or has not in time. */
enum cli_state cli_ask(struct cli_run *r, enum ask_kind kind, const struct ipc_ask *q);
/* Copies what was answered, worker after worker. */
enum cli_state cli_ask_copy(struct cli_run *r);
/* Things found by all workers together, and whether all have answered. */
uint32_t cli_ask_found(const struct cli_run *r);
/* From children.c: a worker has answered, or is no more. */
void cli_answered(const struct child *c, const struct ipc_msg *m);
void cli_worker_gone(const struct child *c);

#endif
