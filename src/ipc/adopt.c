// SPDX-License-Identifier: GPL-3.0-or-later
/* The sockets over which leaders and a new master meet. What they say there is in tbl/ipc_msgs.def. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <sluice/base/hash.h>
#include <sluice/ipc/adopt.h>

void adopt_key(const char *const *paths, unsigned npaths, char key[ADOPT_KEY])
{
	char cwd[4096] = "";
	uint64_t h = 1;

	if (!getcwd(cwd, sizeof(cwd)))
		cwd[0] = '\0';
	for (unsigned i = 0; i < npaths; i++) {
		h = hash_xxh3(str_c(paths[i][0] == '/' ? "" : cwd), h);
		h = hash_xxh3(str_c(paths[i]), h);
	}
	snprintf(key, ADOPT_KEY, "sluice-%u-%016llx", (unsigned)geteuid(), (unsigned long long)h);
}

static socklen_t slot_name(const char *key, unsigned slot, struct sockaddr_un *un)
{
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1, "%s-%u", key, slot);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static int channel(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }

static bool is_us(int fd, pid_t *pid)
{
	struct ucred c;
	socklen_t n = sizeof(c);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0 || c.uid != geteuid())
		return false;
	*pid = c.pid;
	return true;
}

int adopt_listen(const char *key)
{
	struct sockaddr_un un;
	int fd = channel();

	for (unsigned slot = 0; fd >= 0 && slot < ADOPT_SLOTS; slot++) {
		socklen_t n = slot_name(key, slot, &un);
		if (bind(fd, (const struct sockaddr *)&un, n) == 0 && listen(fd, 4) == 0)
			return fd;
	}
	int err = errno;
	if (fd >= 0)
		close(fd);
	errno = err;
	return -1;
}

static int checked(int fd, pid_t *pid)
{
	if (fd < 0 || is_us(fd, pid))
		return fd;
	close(fd);
	return -1;
}

int adopt_accept(int lfd, pid_t *pid) { return checked(accept4(lfd, NULL, NULL, SOCK_CLOEXEC), pid); }

int adopt_connect(const char *key, unsigned slot, pid_t *pid)
{
	struct sockaddr_un un;
	socklen_t n = slot_name(key, slot, &un);
	int fd = channel();

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&un, n) < 0) {
		close(fd);
		return -1;
	}
	return checked(fd, pid);
}
