// SPDX-License-Identifier: GPL-3.0-or-later
/* A record of decisions while they are made, for `explain`. wk.trace is NULL in a worker that serves. */
#ifndef SLUICE_WORKER_TRACE_H
#define SLUICE_WORKER_TRACE_H

#include <sluice/lb/lb.h>

#include "rules.h"

/* A rule's condition was evaluated to hit; before its action runs, so that the values are those the condition saw. */
void trace_rule(struct stream *s, enum rule_phase ph, const struct rule *r, enum cond_result hit);
/* A line of a first-match list of names. word: "use_backend", "use-server". target: the name it stands for now. */
void trace_target(struct stream *s, const char *word, const struct rt_use_be *u, struct str target, bool hit);
/* The cookie of the backend was looked for (cookie.c), a stick rule had its turn with this key. srv: whom the request belongs to
 * by now, before: until then; or RT_NONE. */
void trace_cookie(const struct stream *s, uint32_t before, uint32_t srv);
void trace_stick(const struct rt_stick *r, struct str key, uint32_t srv);

/* Its name; empty: RT_NONE. */
struct str trace_server(uint32_t srv);
/* Where the draws of a pick are written down: empty. */
struct lb_drawn *trace_draws(void);
/* Those of the last pick. */
const struct lb_drawn *trace_drawn(void);

#endif
