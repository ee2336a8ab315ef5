// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go while this worker lives: orders of the leader, each answered with SRV_DONE. */
#ifndef SLUICE_WORKER_ROW_H
#define SLUICE_WORKER_ROW_H

#include <sluice/ipc/msg.h>

/* The row m->arg becomes the server in fd. */
void row_put(const struct ipc_msg *m, int fd);
/* The row m->arg becomes spare; refused while an exchange or a connection of this worker means its server. Idle connections are closed. */
void row_drop(const struct ipc_msg *m);

#endif
