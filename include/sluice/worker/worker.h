// SPDX-License-Identifier: GPL-3.0-or-later
/* The data plane process. */
#ifndef SLUICE_WORKER_WORKER_H
#define SLUICE_WORKER_WORKER_H

#include <sluice/ipc/heritage.h>

/* Runs until told to stop; returns the exit status. Called in the forked child, privileges already dropped. */
int worker_run(const struct heritage *h);

#endif
