// SPDX-License-Identifier: GPL-3.0-or-later
/* What each role may no longer do once it is set up. */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sluice/ipc/sandbox.h>

void sandbox_enter(enum role role)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (role == ROLE_WORKER || role == ROLE_CHECKER)
		umask(077);
}
