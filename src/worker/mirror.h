// SPDX-License-Identifier: GPL-3.0-or-later
/* mirror lines: copies of requests for other backends.
 *
 *   stream ── copies ──► copy ◄── its own stream ── session without a client
 *
 * A copy gets bytes of its own: the head as the frontend's rules have left it, then the body as it passes. When it has all of it, it runs as a
 * stream like any other from the backend's rules on, in a later turn; whoever gave it the bytes has forgotten it by then. Its client is a mux
 * that hands out the collected bytes and swallows the answer. So nothing that happens to a copy can reach the exchange it was taken from. */
#ifndef SLUICE_WORKER_MIRROR_H
#define SLUICE_WORKER_MIRROR_H

#include "stream.h"

/* The request is routed: takes the copies that mirror lines of the frontend want. */
void mirror_begin(struct stream *s);
/* Further bytes of the body of s, which has copies; eom: the last. */
void mirror_feed(struct stream *s, struct str bytes, bool eom);
/* s ends while copies still want bytes: those that are at hand, or none. */
void mirror_leave(struct stream *s);
/* The copy s ends: counts what has become of it. */
void mirror_ended(const struct stream *s);
/* Is a line of the copy s wanted in the log? */
bool mirror_logged(const struct stream *s);

#endif
