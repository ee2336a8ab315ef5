// SPDX-License-Identifier: GPL-3.0-or-later
/* `sluice cli`: the client of the runtime socket. It knows the commands from tbl/cli_cmds.def and everything else from the answers. */
#ifndef SLUICE_CLI_CLI_H
#define SLUICE_CLI_CLI_H

/* words: [SOCKET] [COMMAND…]. Without a command: a session on a terminal, else the lines of stdin. Returns the exit status: 0, 1 when an answer
 * was an error, 2 when there is no socket to talk to. */
int cli_client_run(const char *const *words, unsigned n);

#endif
