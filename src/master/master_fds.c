// SPDX-License-Identifier: GPL-3.0-or-later
/* The listeners of all generations under their canonical address keys. The master holds the last reference of each, so that a
 * connection waiting in a queue survives whoever dies. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "master_priv.h"

static struct kept_fd *fds_find(struct master *m, const struct ipc_key *key)
{
	for (size_t i = 0; i < m->fds.n; i++)
		if (memcmp(&m->fds.at[i].key, key, sizeof(*key)) == 0)
			return &m->fds.at[i];
	return NULL;
}

static void fds_drop(struct master *m, size_t i)
{
	close(m->fds.at[i].fd);
	m->fds.at[i] = m->fds.at[--m->fds.n];
}

/* A key that is bound again was closed by everybody else meanwhile (or is a new unix socket under an old path): the new one counts. */
void fds_add(struct master *m, const struct ipc_key *key, int fd, uint64_t gen)
{
	struct kept_fd *old = fds_find(m, key);
	if (old) {
		close(old->fd);
		old->fd = fd, old->claimed_by = MAX(old->claimed_by, gen);
		return;
	}
	struct kept_fd f = { .key = *key, .fd = fd, .added_by = gen, .claimed_by = gen };
	VEC_PUSH(&m->fds, f);
}

void fds_claim(struct master *m, const struct ipc_key *key, uint64_t gen)
{
	struct kept_fd *f = fds_find(m, key);
	if (f)
		f->claimed_by = gen;
}

void fds_abort(struct master *m, uint64_t gen)
{
	for (size_t i = m->fds.n; i-- > 0;)
		if (m->fds.at[i].added_by == gen)
			fds_drop(m, i);
}

/* A later generation that is just starting, or has failed, may have claimed what the active one uses. */
void fds_retire(struct master *m, uint64_t active)
{
	for (size_t i = m->fds.n; i-- > 0;)
		if (!active || m->fds.at[i].claimed_by < active)
			fds_drop(m, i);
}

int fds_table(const struct master *m)
{
	int fd = memfd_create("sluice-listeners", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < m->fds.n; i++) {
		struct ipc_fd_entry e = { .fd = m->fds.at[i].fd, .key = m->fds.at[i].key };
		if (write(fd, &e, sizeof(e)) != (ssize_t)sizeof(e)) {
			close(fd);
			return -1;
		}
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -1 : fd;
}

void fds_inherit(const struct master *m)
{
	for (size_t i = 0; i < m->fds.n; i++)
		fcntl(m->fds.at[i].fd, F_SETFD, 0);
}
