// SPDX-License-Identifier: GPL-3.0-or-later
/* The name of a process in ps: written over the memory of argv. */
#ifndef SLUICE_BASE_PROCTITLE_H
#define SLUICE_BASE_PROCTITLE_H

#include <sluice/base/defs.h>

/* Remembers the memory of argv and the environment behind it; moves the environment away. First thing in main(); after a call of
 * proctitle_set the strings of argv are gone, so whoever needs one copies it before. */
void proctitle_init(int argc, char **argv);
/* "sluice: <text>"; cut to the room there is. */
void proctitle_set(const char *fmt, ...) PRINTF_FMT(1, 2);

#endif
