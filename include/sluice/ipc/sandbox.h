// SPDX-License-Identifier: GPL-3.0-or-later
/* Confinement: the last call of a process's set-up, before its loop. */
#ifndef SLUICE_IPC_SANDBOX_H
#define SLUICE_IPC_SANDBOX_H

#include <sluice/ipc/heritage.h>

/* No new privileges through exec, no world-writable files. Cannot fail in a way that leaves more rights than before. */
void sandbox_enter(enum role role);

#endif
