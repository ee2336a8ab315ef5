// SPDX-License-Identifier: GPL-3.0-or-later
/* The name of a process in ps: written over the memory of argv. */
#ifndef SLUICE_BASE_PROCTITLE_H
#define SLUICE_BASE_PROCTITLE_H

#include <sluice/base/defs.h>

/* Remembers the memory of argv and the environment behind it, and copies both out of the way. Returns the copy of argv to be used
 * from then on; never NULL, fatal without memory. First thing in main(). */
char **proctitle_init(int argc, char **argv) MUST_CHECK;
/* "sluice: <text>"; cut to the room there is. */
void proctitle_set(const char *fmt, ...) PRINTF_FMT(1, 2);

#endif
