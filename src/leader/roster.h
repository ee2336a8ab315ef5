// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files do not say of the servers: those that were added at run time, and those of the files that were deleted. A memfd that the master
 * keeps from generation to generation; whoever leads reads it before it compiles and writes it with each change.
 *
 *   head | area | area        the head says which bytes count in one word; a new list is written beside the old one before that is stored,
 *                             so a leader that dies at any point leaves the one or the other
 *
 * Two leaders may have it open at a reload: each change is made under a record lock upon what stands there then. */
#ifndef SLUICE_LEADER_ROSTER_H
#define SLUICE_LEADER_ROSTER_H

#include "leader_priv.h"

/* From the table of what the master kept, before the files are read: fills conf_opts' changes. Never fails: an unreadable list is empty, and said. */
void roster_peek(struct leader *l);
bool roster_open(struct leader *l, struct inherited *in) MUST_CHECK; /* with the listeners: tells the master that it is kept */
bool roster_show(struct leader *l) MUST_CHECK;                       /* to a new master */
/* The configuration was refused: what was to come with it and nothing else is forgotten, or the next start would fail by it too. */
void roster_refused(struct leader *l);
/* Committed: what the files have overtaken is forgotten, what was changed since the files were read is made up for, now and while we serve. */
void roster_start(struct leader *l);

void roster_stop(void);

/* c: add, be, w and n, numbered, pending. false: it could not be written down. */
bool roster_add(struct leader *l, const struct conf_change *c) MUST_CHECK;
/* Does at once what another leader may have written down meanwhile: before something is added that could collide with it. */
void roster_catch_up(void);
/* The addition of that name is no more. */
void roster_remove(struct leader *l, struct str be, struct str name);
/* A server is deleted: its addition is forgotten, or the line that defines it does not count until it changes. */
void roster_deleted(struct leader *l, const struct rt_server *s);
/* The next addition to a backend, from *at on, which is moved behind it; NULL = there is no more. */
const struct conf_change *roster_next(struct str be, size_t *at);

#endif
