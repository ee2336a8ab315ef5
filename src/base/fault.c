// SPDX-License-Identifier: GPL-3.0-or-later
/* Deaths and halts on order, in debug builds. SIGKILL and SIGSTOP: nothing of the process's own can soften them. */
#include <sluice/base/fault.h>

#ifdef SLUICE_DEBUG
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fault_point(const char *where)
{
	const char *path = getenv("SLUICE_CRASH_AT");
	char order[64] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd >= 0 ? read(fd, order, sizeof(order) - 1) : 0;

	if (fd >= 0)
		close(fd);
	bool halt = n > 0 && order[0] == '=';

	if (n > 0 && strcmp(order + halt, where) == 0 && unlink(path) == 0)
		raise(halt ? SIGSTOP : SIGKILL);
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
