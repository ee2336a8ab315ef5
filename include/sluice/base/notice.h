// SPDX-License-Identifier: GPL-3.0-or-later
/* What a process of the tree says on stderr about itself and its children: "[NOTICE]   (pid) : text", HAProxy's form. */
#ifndef SLUICE_BASE_NOTICE_H
#define SLUICE_BASE_NOTICE_H

#include <sluice/base/defs.h>

enum notice_level { SAY_NOTICE, SAY_WARNING, SAY_ALERT };

/* -q: alerts only. Inherited over fork. */
void notice_quiet(bool quiet);
/* One line of at most 1 KiB, one write. Never blocks: a reader that does not read loses the line. */
void notice(enum notice_level l, const char *fmt, ...) PRINTF_FMT(2, 3);
/* From now on what is said here and through stdio's stderr goes to fd as well, up to 64 KiB; -1 = no longer. The descriptor belongs to this
 * module and is closed with it. Inherited over fork. */
void notice_copy_to(int fd);
/* stdin, stdout and stderr become /dev/null: the process has left its terminal. */
void stdio_detach(void);
/* Descriptors 0 to 2 that the caller had closed become /dev/null, so that no socket is ever written to as "stderr". Start of main(). */
void stdio_ensure(void);

#endif
