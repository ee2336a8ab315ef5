// SPDX-License-Identifier: GPL-3.0-or-later
/* The termination state of a stream: HAProxy's four letters (Configuration Manual, "Session state at
 * disconnection"). First: who ended it (C client abort, S server abort or refusal, P proxy, L handled locally, R
 * resource, D marked down, U, K killed, c/s timeout of client/server). Second: where it was (R request, Q queue, C
 * connect, H response head, D data, L last data to the client, T tarpit). Third and fourth: persistence cookie. */
#ifndef SLUICE_WORKER_TERM_H
#define SLUICE_WORKER_TERM_H

#include "stream.h"

/* First cause wins: later ones do not overwrite it. */
void term_set(struct stream *s, char cause, char phase);
/* The same with the phase letter of the step the stream is in. */
void term_cause(struct stream *s, char cause);
/* The phase letter that belongs to the present step. */
char term_phase(const struct stream *s);
static inline bool term_is_set(const struct stream *s) { return s->term[0] != '-'; }

#endif
