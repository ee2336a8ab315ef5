// SPDX-License-Identifier: GPL-3.0-or-later
/* Places where a process of a debug build can be made to die, for tests of what the others do then. SLUICE_CRASH_AT is the path of a file
 * with the name of a place, as worker:R5: the first process that comes there removes the file and dies; with '=' in front of the name it
 * stops (SIGSTOP) until somebody lets it go on. Nothing of it is in other builds. */
#ifndef SLUICE_BASE_FAULT_H
#define SLUICE_BASE_FAULT_H

#include <sluice/base/defs.h>

#ifdef SLUICE_DEBUG
#define FAULT_POINT(where) fault_point(where)
void fault_point(const char *where);
/* SIGUSR2 makes the process spin for ever. */
void fault_spin_install(void);
#else
#define FAULT_POINT(where) ((void)0)
static inline void fault_spin_install(void) {}
#endif

#endif
