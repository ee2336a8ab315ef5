// SPDX-License-Identifier: GPL-3.0-or-later
/* Going to the background: the process that was called stays until the first generation accepts and passes the verdict on. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/panic.h>

#include "master_priv.h"

int daemon_fork(void)
{
	int p[2];
	char verdict = 1;

	if (pipe2(p, O_CLOEXEC) < 0)
		die("pipe: %m");
	pid_t pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (pid == 0) {
		close(p[0]);
		setsid();
		return p[1];
	}
	close(p[1]);
	_exit(read(p[0], &verdict, 1) == 1 && verdict == 0 ? 0 : 1);
}

void daemon_ready(int fd)
{
	(void)!write(fd, "", 1);
	close(fd);
}
