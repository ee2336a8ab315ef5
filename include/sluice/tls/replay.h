// SPDX-License-Identifier: GPL-3.0-or-later
/* Early data that is sent twice (RFC 8446, 8). A copied first flight has the random of the original, and OpenSSL takes early
 * data within ten seconds of when the ticket says it was sent; so who has been here in the last half minute is written
 * down: one bit of a shared map for a hash of the random. All workers and generations of a service share the map. A bit
 * that somebody else has set costs a client its early data, nothing else. */
#ifndef SLUICE_TLS_REPLAY_H
#define SLUICE_TLS_REPLAY_H

#include <sluice/base/str.h>

/* A new map; -1 and errno. */
int tls_replay_create(void) MUST_CHECK;
/* Uses the map in fd, in this process and those it forks. false: it is none. */
bool tls_replay_use(int fd) MUST_CHECK;
/* Empties what will be needed next; the leader, at least every TLS_REPLAY_TURN_S. When it does not the map fills up, and
 * early data is refused more and more often. */
#define TLS_REPLAY_TURN_S 30
void tls_replay_turn(void);
/* true: this is the first time. Without a map it never is. */
bool tls_replay_first(struct str random);
void tls_replay_drop(void);

#endif
