// SPDX-License-Identifier: GPL-3.0-or-later
/* Orders of rules to change maps and ACLs: act_map.c. */
#ifndef SLUICE_WORKER_PATTERNS_H
#define SLUICE_WORKER_PATTERNS_H

#include <sluice/ipc/msg.h>

/* The leader has carried out the order of that ticket and all before it. */
void patterns_obeyed(uint64_t ticket);

#endif
