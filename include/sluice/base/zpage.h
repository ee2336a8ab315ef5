// SPDX-License-Identifier: GPL-3.0-or-later
/* Pages for tables that are mostly zeros: one that holds nothing but zeros need not exist. They are not shared with malloc, so the kernel can
 * have one back while it stays in use, and reads of it go on. One process, no thread but its own. */
#ifndef SLUICE_BASE_ZPAGE_H
#define SLUICE_BASE_ZPAGE_H

#include <sluice/base/defs.h>

#define ZPAGE_SIZE 4096u

/* ZPAGE_SIZE bytes of zeros, aligned to as much. NULL: no memory. */
void *zpage_get(void) MUST_CHECK;
/* Gives p back, which came from zpage_get(), whatever is in it. */
void zpage_put(void *p);
/* p stays in use: when it holds zeros alone it occupies no memory from here until it is written again. One system call then. */
bool zpage_trim(void *p);
/* Pages in use, of this process. */
size_t zpage_used(void);

#endif
