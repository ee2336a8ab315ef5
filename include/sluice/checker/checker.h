// SPDX-License-Identifier: GPL-3.0-or-later
/* The health-check process: one a generation, sole writer of the operational state of servers. */
#ifndef SLUICE_CHECKER_CHECKER_H
#define SLUICE_CHECKER_CHECKER_H

#include <sluice/ipc/heritage.h>

int checker_run(const struct heritage *h);

#endif
