// SPDX-License-Identifier: GPL-3.0-or-later
/* Counter slots: the entries of stick tables that a session or a stream is counted in (track-sc…), and what expressions
 * ask of tables. Those of connection and session rules live as long as the session, others as long as the stream. A
 * slot that a stream tracks hides the session's of the same number. */
#ifndef SLUICE_WORKER_TRACK_H
#define SLUICE_WORKER_TRACK_H

#include <sluice/stick/stick.h>

struct stream;
struct session;

struct sc {
	struct stick_table *t;
	struct stick_ref ref;
}; /* t NULL: not tracked */
struct sc_set {
	struct sc at[STICK_SC_MAX];
}; /* sets exist from the first track on */

/* Takes a holder number in every table. After fork, before the first session. */
void track_setup(void);
void track_teardown(void);
/* The table of an index, NULL when it is none or this process counts nothing (explain). */
struct stick_table *track_table(int64_t idx);
static inline uint32_t track_now(void);
/* Has the slot tracked the key from now on: a connection. false: it tracks something already, or no entry was to be
 * had. */
bool track_key(struct sc_set **set, unsigned slot, struct stick_table *t, struct str key);
/* Gives everything back. */
void track_end(struct sc_set **set);
/* What slot n counts in, the stream's before the session's; NULL = nothing. */
const struct sc *track_slot(const struct stream *s, int64_t n);
/* Counts an event in all slots, in those of the session. */
void track_event(const struct stream *s, enum stick_event e, uint32_t n);
void track_session_event(const struct session *se, enum stick_event e, uint32_t n);
/* Counts the bytes since the last call. */
void track_bytes(struct stream *s);
/* The response of the server by its status, as error of the client or failure of the server. */
void track_status(const struct stream *s, unsigned status);
enum stick_event track_status_event(unsigned status);
/* gpc0, gpc1, gpt0 and their rates stand for elements of arrays where the table stores those instead. */
void track_alias(const struct rt_table *spec, enum stick_data *d, unsigned *elem);
/* smp_env.stick */
bool track_ask(struct smp_ctx *c, const struct smp_stick *q, int64_t *out);

#include <sluice/base/clock.h>
static inline uint32_t track_now(void) { return (uint32_t)clock_ms(); }

#endif
