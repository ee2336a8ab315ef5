// SPDX-License-Identifier: GPL-3.0-or-later
/* How a new master finds the leaders of one that died: abstract unix sockets whose names follow from the user and the configuration files.
 *
 * A leader listens on the first free of ADOPT_SLOTS names as soon as its master is gone, and never before: a second instance that is started
 * by mistake beside a living master finds nothing. Both sides ask the kernel who the other is (SO_PEERCRED), for an abstract name belongs to
 * whoever takes it first. */
#ifndef SLUICE_IPC_ADOPT_H
#define SLUICE_IPC_ADOPT_H

#include <sys/types.h>
#include <sluice/base/defs.h>

#define ADOPT_SLOTS 16
#define ADOPT_KEY 64

/* Name without the slot for a program that reads these files; relative paths count from the working directory. */
void adopt_key(const char *const *paths, unsigned npaths, char key[ADOPT_KEY]);
/* Leader. -1 and errno: no slot is free. */
int adopt_listen(const char *key) MUST_CHECK;
/* Leader: the master that has knocked, with its pid; -1: nobody, or not of our user. */
int adopt_accept(int lfd, pid_t *pid) MUST_CHECK;
/* Master: the leader in a slot, with its pid; -1: nobody, or not of our user. */
int adopt_connect(const char *key, unsigned slot, pid_t *pid) MUST_CHECK;

#endif
