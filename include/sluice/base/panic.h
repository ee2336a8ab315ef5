// SPDX-License-Identifier: GPL-3.0-or-later
/* The last words of a process. */
#ifndef SLUICE_BASE_PANIC_H
#define SLUICE_BASE_PANIC_H

#include <sluice/base/defs.h>

/* Installs handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT that write role, pid, signal and a backtrace
 * to fd 2 (async-signal-safe), then let the default action happen. role must be a string literal. */
void panic_install(const char *role);
/* "sluice: fatal: ..." on stderr and exit(1): start-up errors that nothing can continue from. */
NORETURN void die(const char *fmt, ...) PRINTF_FMT(1, 2);

#endif
