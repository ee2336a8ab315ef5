// SPDX-License-Identifier: GPL-3.0-or-later
/* The secret in the forms of the statistics page, which the master keeps over reloads under a name: a form that was loaded before a reload is
 * good afterwards. Without a master that has it a generation makes one of its own. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/notice.h>
#include <sluice/base/rand.h>

#include "leader_priv.h"

static const struct ipc_key secret_key = { .text = "page secret" };

bool page_secret_show(struct leader *l)
{
	return l->secret_fd < 0 || master_tell(l, IPC_LISTENER, 0, 0, &secret_key, sizeof(secret_key), l->secret_fd);
}

bool page_secret_open(struct leader *l, struct inherited *in)
{
	l->secret_fd = inherited_take(in, &secret_key);
	if (l->secret_fd >= 0 && pread(l->secret_fd, l->secret, sizeof(l->secret), 0) == (ssize_t)sizeof(l->secret))
		return master_tell(l, IPC_LISTENER_KEPT, 0, 0, &secret_key, sizeof(secret_key), -1);
	if (l->secret_fd >= 0)
		close(l->secret_fd);
	rand_secret(l->secret, sizeof(l->secret));
	l->secret_fd = memfd_create("page-secret", MFD_CLOEXEC);
	if (l->secret_fd < 0 || pwrite(l->secret_fd, l->secret, sizeof(l->secret), 0) != (ssize_t)sizeof(l->secret)) {
		notice(SAY_WARNING, "forms of the statistics page will not be good after a reload: %s", strerror(errno));
		return true;
	}
	return page_secret_show(l);
}
