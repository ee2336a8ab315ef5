// SPDX-License-Identifier: GPL-3.0-or-later
/* Deaths on order, in debug builds. SIGKILL: nothing of the process's own can soften it. */
#include <sluice/base/fault.h>

#ifdef SLUICE_DEBUG
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fault_point(const char *where)
{
	const char *order = getenv("SLUICE_CRASH_AT");
	size_t n = strlen(where);

	if (order && strncmp(order, where, n) == 0 && order[n] == ':' && unlink(order + n + 1) == 0)
		raise(SIGKILL);
}

static void spin(int sig)
{
	(void)sig;
	for (volatile unsigned i = 0;; i++)
		;
}

void fault_spin_install(void) { signal(SIGUSR2, spin); }
#else
typedef int fault_is_for_debug_builds;
#endif
