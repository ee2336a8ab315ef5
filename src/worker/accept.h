// SPDX-License-Identifier: GPL-3.0-or-later
/* Listeners of this worker: accepting, the limits that pause it, and leaving work to less busy workers. */
#ifndef SLUICE_WORKER_ACCEPT_H
#define SLUICE_WORKER_ACCEPT_H

#include <sluice/rt/rt.h>

/* Adds the inherited listeners to the loop. */
void accept_start(void);
/* Takes what already waits in the accept queues once more, then leaves them to others for good. */
void accept_stop(void);
/* Frontends may have been disabled or enabled. */
void accept_follow(void);
/* Gives back what the accept of a connection has taken of the limits. */
void accept_place_give(const struct rt_listener *lst);
/* A session of fe has ended: listeners that waited for it accept again. */
void accept_released(const struct rt_proxy *fe);
/* Should worker `mine` leave a connection to others? loads: sessions of each live worker. Pure. */
bool accept_stand_back(uint32_t mine, uint32_t least);

#endif
