// SPDX-License-Identifier: GPL-3.0-or-later
/* Persistence: which server a request belongs to, by use-server rules, then cookie, then stick rules; and what is kept
 * of the choice. */
#ifndef SLUICE_WORKER_PERSIST_H
#define SLUICE_WORKER_PERSIST_H

#include "stream.h"

/* The server this request is to go to, RT_NONE = whichever the algorithm picks. Once a stream, before the first pick.
 */
uint32_t persist_pick(struct stream *s);
/* May a request that belongs to srv go there? One that is down only with option persist or force-persist. */
bool persist_usable(const struct stream *s, uint32_t srv);
/* The server has answered (HTTP: with the response at hand) or is connected (TCP): what stick rules store is stored. */
void persist_store(struct stream *s);

#endif
